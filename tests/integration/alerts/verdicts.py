"""What should have been found: the oracle of each rule over every judging that was committed.

The oracle is asked as of each logged instant, in their order, with the whole list of facts; what
it finds is kept once for what it rests on, with the instant at which it was found first.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from alerts.domain.campaigns import Campaign
from alerts.domain.facts import Fact
from alerts.domain.rules.catalogue import RULES
from alerts.domain.workdays import Calendar
from tests.oracle import money
from tests.oracle.conduct import ORACLE
from tests.oracle.world import Finding, World

REASONS: Final[Mapping[tuple[str, str], str]] = {
    ("unusual_spend", "indeterminate"): "no_counterparty",
    ("outflow_anomaly", "indeterminate"): "short_history",
    ("release_prohibited_time", "indeterminate"): "no_lessons",
    ("overcollection_span", "indeterminate"): "no_dates",
    ("collect_without_licence", "indeterminate"): "registry_unknown",
    ("feed_silent", "hit"): "feed_silent",
}
"""The words that go with an outcome; the oracle knows no words."""

SLOW_TO_CLOSE: Final = frozenset({("min_balance_breach", "open"), ("coverage_shortfall", "open")})
"""Whose threshold is another while a case is open."""

Identity: TypeAlias = tuple[str, str, str, str | None, str, int, str]
"""Institution, rule, scope, severity, verdict, newest fact, reason."""

Rest: TypeAlias = tuple[datetime, frozenset[int]]
"""As of when it was found first, and what it rests on."""

_PARAMS: Final = {rule.number: rule.presets for rule in RULES.values()}


@dataclass(frozen=True)
class Record:
    """What one institution's books tell."""

    institution_id: str
    facts: Sequence[Fact]
    judged: Sequence[datetime]
    """As of when it was judged, in order."""


def expected(
    record: Record, calendar: Calendar, campaigns: Sequence[Campaign]
) -> dict[Identity, Rest]:
    """Return everything that should be stored of an institution."""
    found: dict[Identity, Rest] = {}
    is_open: set[tuple[str, str]] = set()
    for as_of in record.judged:
        world = World(record.facts, as_of, calendar, campaigns)
        for finding in _findings(world, frozenset(is_open)):
            rule, scope, severity, verdict, facts = finding
            reason = REASONS.get((rule, verdict), "")
            newest = max(facts, default=0)
            named = (record.institution_id, rule, scope, severity, verdict, newest, reason)
            found.setdefault(named, (as_of, facts))
            if verdict == "hit" and (rule, scope) in SLOW_TO_CLOSE:
                is_open.add((rule, scope))
    return found


def _findings(world: World, is_open: frozenset[tuple[str, str]]) -> Iterable[Finding]:
    said = money.judge(world.told, world.as_of, _PARAMS, is_open)
    for found in said.values():
        yield from found
    for key, judge in ORACLE.items():
        yield from (one for one in judge(world, RULES[key].presets) if one[3] != "no_hit")


def stored(rows: Iterable[Mapping[str, Any]]) -> dict[Identity, Rest]:
    """Return rows of evaluations in the shape of what is expected."""
    return {
        (
            row["institution_id"],
            row["rule"],
            row["scope"],
            row["severity"],
            row["outcome"],
            row["newest_fact"],
            row["reason"],
        ): (row["as_of"], frozenset(row["fact_ids"]))
        for row in rows
    }

"""What should have been found: the oracle of each rule over every judging that was committed.

The oracle is asked as of each logged instant, in their order, with the whole list of facts; what
it finds is kept once for what it rests on, with the instant at which it was found first.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

import asyncpg

from alerts.domain.campaigns import Campaign
from alerts.domain.events import Told, facts_of
from alerts.domain.facts import Fact
from alerts.domain.rules.catalogue import RULES
from alerts.domain.saying import Unclear
from alerts.domain.workdays import Calendar
from alerts.judging import views
from alerts.judging.replay import replay
from shared.pg.database import Database
from tests.integration.alerts.histories import Tale
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

Heard: TypeAlias = tuple[object, ...]
"""Whose, of which event which part, and what a fact says."""

SHOWN_MAX: Final = 5
"""Differences that are named of many."""

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


def _told(tales: Iterable[Tale]) -> tuple[Counter[Heard], set[str]]:
    """Return every fact that was told, once each, and the events that nobody understands."""
    told: Counter[Heard] = Counter()
    aside = set()
    for one in tales:
        if one.told is not None:
            told[_heard(one.institution_id, one.name, 1, one.told)] += 1
        for part, fact in enumerate(_facts_of(one) or ()):
            told[_heard(one.institution_id, one.event and one.event.id, part, fact)] += 1
        if one.event is not None and _facts_of(one) is None:
            aside.add(str(one.event.id))
    return told, aside


def _facts_of(tale: Tale) -> Iterable[Told] | None:
    if tale.event is None or tale.feed is None:
        return None
    try:
        return facts_of(tale.feed, tale.event.type, tale.event.time, tale.event.data)
    except Unclear:
        return None


def _heard(institution_id: str, event_id: object, part: int, one: Told | Fact) -> Heard:
    said = (one.kind, one.at, one.amount_fen, one.ref, one.tag, one.number)
    return (institution_id, event_id, part, *said, json.dumps(dict(one.body), sort_keys=True))


async def _facts(owner: asyncpg.Connection) -> dict[str, list[Fact]]:
    """Return every fact, by institution."""
    rows = await owner.fetch(
        "SELECT institution_id, fact_id, kind, at, seen_at, amount_fen, ref, tag, number,"
        " body::text FROM alerts.fact ORDER BY fact_id"
    )
    return views.facts_by_institution(rows)


async def _records(owner: asyncpg.Connection) -> list[Record]:
    """Return what was known and judged of each institution."""
    rows = await owner.fetch("SELECT institution_id, as_of FROM public.judged ORDER BY 2")
    judged: dict[str, list[datetime]] = {}
    for row in rows:
        judged.setdefault(row["institution_id"], []).append(row["as_of"])
    return [Record(name, facts, judged[name]) for name, facts in (await _facts(owner)).items()]


async def _assert_all_was_taken_in(owner: asyncpg.Connection, tales: list[Tale]) -> None:
    told, aside = _told(tales)
    facts = {one.fact_id: one for known in (await _facts(owner)).values() for one in known}
    rows = await owner.fetch(
        "SELECT institution_id, event_id, part, fact_id FROM alerts.fact WHERE kind <> 'rank'"
    )
    kept = Counter(_heard(name, event_id, part, facts[n]) for name, event_id, part, n in rows)
    assert kept == told, _difference(kept, told)
    left = await owner.fetch("SELECT event_id FROM alerts.set_aside")
    assert {row["event_id"] for row in left} == aside, "set aside is what nobody understands"
    waiting = "SELECT count(*) FROM alerts.institution WHERE touched_at IS NOT NULL"
    assert await owner.fetchval(waiting) == 0, "what was touched was judged"


async def _assert_cases_rest_on(
    owner: asyncpg.Connection, rows: Iterable[Mapping[str, Any]]
) -> None:
    """See that each key that was hit has one case, with the facts of all its hits."""
    wanted: dict[tuple[str, str, str], set[int]] = {}
    for row in rows:
        if row["outcome"] == "hit":
            key = (row["institution_id"], row["rule"], row["scope"])
            wanted.setdefault(key, set()).update(row["fact_ids"])
    cases = await owner.fetch(
        "SELECT c.institution_id, c.rule, c.scope, array_agg(e.fact_id) AS facts"
        ' FROM alerts."case" AS c JOIN alerts.case_evidence AS e USING (institution_id, case_id)'
        " GROUP BY c.institution_id, c.case_id"
    )
    found = {(one["institution_id"], one["rule"], one["scope"]): set(one["facts"]) for one in cases}
    assert found == wanted, _difference(found, wanted)
    assert len(cases) == len(wanted), "each key has one case"


def _difference(found: Mapping[Any, object], wanted: Mapping[Any, object]) -> str:
    """Name the first few that differ, with what was found and what was wanted."""
    keys = sorted({*found, *wanted}, key=repr)
    differ = [one for one in keys if found.get(one) != wanted.get(one)]
    shown = [f"{one}: {found.get(one)} and not {wanted.get(one)}" for one in differ[:SHOWN_MAX]]
    return "\n".join([f"{len(differ)} differ", *shown])


async def assert_exact(
    owner: asyncpg.Connection, database: Database, tales: list[Tale]
) -> set[str]:
    """See that what is stored is what the oracle finds, and replays; return the rules that hit."""
    await _assert_all_was_taken_in(owner, tales)
    async with database.ledger() as tx:
        around = await views.read_surroundings(tx)
    wanted: dict[Identity, Rest] = {}
    for record in await _records(owner):
        wanted |= expected(record, around.calendar, around.campaigns)
    rows = await owner.fetch("SELECT * FROM alerts.evaluation")
    assert stored(rows) == wanted, _difference(stored(rows), wanted)
    assert len(rows) == len(wanted), "nothing is stored twice"
    await _assert_cases_rest_on(owner, rows)
    for row in rows:
        again = await replay(database, row["institution_id"], row["evaluation_id"])
        assert again is not None, row["evaluation_id"]
        assert again.agrees, (row["rule"], again)
    return {row["rule"] for row in rows if row["outcome"] == "hit"}

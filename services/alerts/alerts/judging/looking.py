"""Judging in memory: known institutions by every rule in force, and what came of it."""

from collections import Counter as Tally
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import TypeAlias

from alerts.domain.judging import Edition, Mode, judge
from alerts.domain.outcome import Outcome, Severity, Verdict
from alerts.judging.presets import Presets
from alerts.judging.views import Known
from alerts.watching import instruments

CountKey: TypeAlias = tuple[str, str, str, str, str]
"""Rule, mode, outcome, severity, reason."""


@dataclass(frozen=True, slots=True)
class Found:
    """One outcome that is worth writing down."""

    institution_id: str
    district_code: str
    edition: Edition
    outcome: Outcome

    @property
    def opens_a_case(self) -> bool:
        """Whether it is a hit, of values that are live, and nobody muted it."""
        return self.outcome.verdict is Verdict.hit and self.edition.mode is Mode.live


@dataclass(slots=True)
class Round:
    """What came of judging some institutions."""

    known: Sequence[Known]
    found: list[Found] = field(default_factory=list)
    counts: Tally[CountKey] = field(default_factory=Tally)
    risks: dict[str, str] = field(default_factory=dict)


def look(known: Sequence[Known], presets: Presets, *, is_timed: bool = False) -> Round:
    """Judge institutions by every rule in force; nothing is written."""
    came = Round(known)
    for one in known:
        verdicts = []
        for edition in presets.editions(one.view.district_code):
            began = perf_counter()
            outcomes = judge(one.view, edition, one.circumstances)
            if is_timed:
                taken_s = perf_counter() - began
                instruments.RULE_DURATION.labels(edition.rule.key).observe(taken_s)
            for outcome in outcomes:
                came.counts[_count_key(edition, outcome)] += 1
                if outcome.verdict is not Verdict.no_hit:
                    came.found.append(
                        Found(one.institution_id, one.view.district_code, edition, outcome)
                    )
                    verdicts += [outcome] if edition.mode is Mode.live else []
        came.risks[one.institution_id] = _risk(verdicts)
    return came


def _count_key(edition: Edition, outcome: Outcome) -> CountKey:
    severity = outcome.severity.value if outcome.severity else ""
    return edition.rule.key, edition.mode, outcome.verdict, severity, outcome.reason


def _risk(outcomes: Iterable[Outcome]) -> str:
    """Return how an institution stands: as grave as its gravest hit, and unsure before harmless."""
    found = {one.severity for one in outcomes if one.verdict is Verdict.hit}
    if Severity.critical in found:
        return "critical"
    if Severity.warning in found:
        return "warning"
    unsure = {Verdict.indeterminate, Verdict.error}
    return "indeterminate" if any(one.verdict in unsure for one in outcomes) else "ok"

"""What a rule would have found over a span with other values, beside what it finds with its own.

Every judging is as of an instant at which something became known or a day ended, and sees what
was known by then: a backtest judges as live does, and cannot know the future.
"""

from bisect import bisect_right
from collections import Counter as Tally
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from alerts.domain.campaigns import Campaign
from alerts.domain.facts import BACKED, Fact, Kind
from alerts.domain.judging import Edition, judge
from alerts.domain.outcome import Severity, Verdict
from alerts.domain.view import FactView
from alerts.domain.workdays import Calendar
from shared.time import SHANGHAI, business_day

JOINS_FOR: Final = timedelta(days=14)
"""A hit joins the case of one so shortly before: ten working days, as officers take to close."""

FRESH_FOR: Final = timedelta(days=8)
"""How long after a debit what else becomes known may change what is found of it: the longest
window, a week, and a day."""

DAY_ENDS: Final = time(23, 59)

LISTED_MAX: Final = 200
"""Institutions named of a list; the count beside it is whole."""

PER_OFFICER: Final = 100
"""Institutions that one officer supervises (design: a county of 20,000 pupils)."""

_BY_DEBIT: Final = frozenset(
    {
        "large_outflow_single",
        "large_outflow_24h",
        "large_outflow_7d",
        "unusual_spend",
        "structuring",
        "rapid_in_out",
        "outflow_anomaly",
        "dormant_reactivation",
    }
)
"""Rules that find something only where a debit that nobody instructed becomes known."""

_NOT_ASKED: Final = frozenset(
    {
        Kind.contract,
        Kind.contract_closed,
        Kind.funded,
        Kind.unallocated,
        Kind.released,
        Kind.reversed,
        Kind.claim_refused,
        Kind.retained,
        Kind.refund,
        Kind.instruction,
    }
)
"""Kinds that those rules never ask for: most of what is known of an institution."""


@dataclass(slots=True)
class Found:
    """What one set of values found."""

    hits: int = 0
    cases: list[tuple[str, str, Severity, datetime]] = field(default_factory=list)
    """Institution, scope, severity, opened at: one for all hits that an open case would join."""
    unsure: Tally[str] = field(default_factory=Tally)
    """Judgings that could not be made, by reason."""

    @property
    def institutions(self) -> set[str]:
        """Return the institutions that a case would have been opened of."""
        return {name for name, *_ in self.cases}


@dataclass(slots=True)
class Backtest:
    """A candidate beside what is live, over a span, institution by institution."""

    candidate: Edition
    current: Edition
    from_at: datetime
    to_at: datetime
    institutions: int = 0
    with_facts: int = 0
    """Institutions of which anything became known within the span."""
    judged: int = 0
    found: Found = field(default_factory=Found)
    before: Found = field(default_factory=Found)
    by_district: Tally[str] = field(default_factory=Tally)

    def take(
        self,
        institution_id: str,
        facts: Sequence[Fact],
        calendar: Calendar,
        campaigns: Iterable[Campaign] = (),
    ) -> None:
        """Judge one institution at each of its instants."""
        self.institutions += 1
        moments = instants(facts, self.candidate.rule.key, self.from_at, self.to_at)
        self.with_facts += any(self.from_at <= _known_at(one) <= self.to_at for one in facts)
        opened = len(self.found.cases)
        district = ""
        for as_of in moments:
            view = FactView(facts, as_of, calendar, campaigns)
            district = view.district_code
            self.judged += 1
            _note(self.found, institution_id, view, self.candidate)
            _note(self.before, institution_id, view, self.current)
        self.by_district[district] += len(self.found.cases) - opened

    def result(self, confirmed: Iterable[str] = ()) -> dict[str, Any]:
        """Return the figures that people decide by; `confirmed` had a case confirmed by people."""
        found, before = self.found.institutions, self.before.institutions
        past = set(confirmed)
        days = max((self.to_at - self.from_at).days, 1)
        officers = -(-self.institutions // PER_OFFICER) or 1
        return {
            "institutions": self.institutions,
            "with_facts": self.with_facts,
            "is_empty": not self.with_facts,
            "judged": self.judged,
            "days": days,
            "officers": officers,
            "matched": self.found.hits,
            "matched_before": self.before.hits,
            "cases": len(self.found.cases),
            "cases_before": len(self.before.cases),
            "cases_per_officer_week_milli": 7_000 * len(self.found.cases) // (officers * days),
            "by_severity": _by_severity(self.found),
            "by_district": dict(sorted(self.by_district.items())),
            "institutions_hit": len(found),
            "newly_alerting": _listed(found - before),
            "no_longer_alerting": _listed(before - found),
            "confirmed": {"known": len(past), "found": len(past & found)},
            "indeterminate": dict(sorted(self.found.unsure.items())),
        }


def needless(rule: str) -> frozenset[Kind]:
    """Return the kinds of facts that a rule judges alike with and without."""
    return _NOT_ASKED if rule in _BY_DEBIT else frozenset()


def instants(
    facts: Sequence[Fact], rule: str, from_at: datetime, to_at: datetime
) -> list[datetime]:
    """Return when an institution is judged in a span, in order: where outcomes can differ."""
    if rule in _BY_DEBIT:
        found = _around_debits(facts)
    else:
        found = {_known_at(one) for one in facts}
        found.update(day_ends(business_day(from_at), business_day(to_at)))
    return sorted(one for one in found if from_at <= one <= to_at)


def _around_debits(facts: Sequence[Fact]) -> set[datetime]:
    """Return when a debit that nobody instructed became known, or anything else soon after.

    A credit, a payout or a floor that is heard later says what the debit was a share of.
    """
    debits = [one for one in facts if one.kind is Kind.debit and one.tag not in BACKED]
    moments = sorted(_known_at(one) for one in debits)
    found = set(moments)
    for fact in facts if moments else ():
        known = _known_at(fact)
        place = bisect_right(moments, known)
        if place and known - moments[place - 1] <= FRESH_FOR and fact.kind not in _NOT_ASKED:
            found.add(known)
    return found


def day_ends(first: date, last: date) -> Iterable[datetime]:
    """Give the last minute of each day of a span, in Asia/Shanghai."""
    for number in range((last - first).days + 1):
        yield datetime.combine(first + timedelta(days=number), DAY_ENDS, SHANGHAI)


def _known_at(fact: Fact) -> datetime:
    return max(fact.at, fact.seen_at)


def _note(found: Found, institution_id: str, view: FactView, edition: Edition) -> None:
    for outcome in judge(view, edition):
        if outcome.verdict in {Verdict.indeterminate, Verdict.error}:
            found.unsure[outcome.reason] += 1
        elif outcome.verdict is Verdict.hit and outcome.severity is not None:
            found.hits += 1
            _open(found, institution_id, outcome.scope, outcome.severity, view.as_of)


def _open(found: Found, institution_id: str, scope: str, severity: Severity, at: datetime) -> None:
    for name, known, _, opened in reversed(found.cases):
        if name != institution_id:
            break
        if known == scope and at - opened < JOINS_FOR:
            return
    found.cases.append((institution_id, scope, severity, at))


def _by_severity(found: Found) -> Mapping[str, int]:
    return dict(sorted(Tally(severity.value for _, _, severity, _ in found.cases).items()))


def _listed(names: set[str]) -> dict[str, Any]:
    return {"number": len(names), "institutions": sorted(names)[:LISTED_MAX]}

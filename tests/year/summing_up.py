"""What the year came to: which failures were caught, how early, and what it cost in false cases.

- caught: an officer was told, by a rule that speaks of the kind, from the planted start to the day
  on which the money was gone: by a new case, or by new evidence in an open one;
- lead: the days from then to that day;
- false: a case opened at an institution with no failure, or before its failure began.

Cases of `feed_silent` go to the operator of the feeds, as the design has it, and are counted
apart. Cases at an institution with a failure, by a rule that does not speak of it, are neither
caught nor false. Of fixed thresholds any case counts as caught, whatever it is about.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sandbox.misbehaving.acts import Failure
from tests.year import fixed
from tests.year.days import FIRST, LAST
from tests.year.watching import Watched

OFFICER_FOR: Final = 100
"""Institutions of one officer."""
OPERATORS: Final = frozenset({"feed_silent"})

_MONEY: Final = frozenset(
    {"large_outflow_single", "large_outflow_24h", "large_outflow_7d", "min_balance_breach"}
    | {"coverage_shortfall", "unusual_spend", "structuring", "rapid_in_out", "outflow_anomaly"}
)
SPEAKS_OF: Final[Mapping[Failure, frozenset[str]]] = {
    Failure.runaway: _MONEY | {"distress", "refund_surge", "dormant_reactivation"},
    Failure.structuring: _MONEY,
    Failure.fake_lessons: frozenset({"release_prohibited_time", "coverage_shortfall"}),
    Failure.off_account: frozenset({"off_account_collection", "collect_without_licence"}),
    Failure.refund_surge: frozenset({"refund_surge", "distress"}),
    Failure.not_clearing: frozenset({"clearance_projection", "clearance_overdue"}),
    Failure.dormant: _MONEY | {"dormant_reactivation", "distress"},
}
"""Which rules may be said to have caught which failure; settled before the year was played."""


@dataclass(frozen=True, slots=True)
class Catch:
    """What came of one planted failure."""

    kind: Failure
    number: int
    """Of the institution."""
    pupils: int
    start: date
    gone_on: date
    caught_on: date | None
    by: str
    tipped_on: date | None

    @property
    def lead_days(self) -> int | None:
        """Return the days before the money is gone; nothing where it was missed."""
        return (self.gone_on - self.caught_on).days if self.caught_on else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one way of watching came to."""

    name: str
    catches: Sequence[Catch]
    false_by: Mapping[str, int]
    """False cases by rule, or by threshold."""
    institutions: int
    weeks: float

    @property
    def false_cases(self) -> int:
        """Return the false cases that officers had to work."""
        return sum(number for rule, number in self.false_by.items() if rule not in OPERATORS)

    @property
    def per_officer_week(self) -> float:
        """Return the false cases of an officer in a week."""
        return self.false_cases / (self.institutions / OFFICER_FOR) / self.weeks

    @property
    def caught(self) -> int:
        """Return how many failures were caught."""
        return sum(one.caught_on is not None for one in self.catches)


def of_rules(
    watched: Sequence[Watched], name: str, span: tuple[date, date] = (FIRST, LAST)
) -> Outcome:
    """Return what the rules came to, by one set of values."""
    false_by: Counter[str] = Counter()
    catches = []
    for one in watched:
        told = one.noted[name]
        start = one.planted.start if one.planted else None
        false_by.update(
            note.rule for note in told if note.is_new and (not start or note.at.date() < start)
        )
        if one.planted:
            speaking = SPEAKS_OF[one.planted.kind]
            days = [(note.at.date(), note.rule) for note in told if note.rule in speaking]
            catches.append(_catch(one, days))
    return Outcome(name, catches, false_by, len(watched), _weeks(span))


def _weeks(span: tuple[date, date]) -> float:
    return ((span[1] - span[0]).days + 1) / 7


def _catch(one: Watched, days: Iterable[tuple[date, str]]) -> Catch:
    planted = one.planted
    assert planted is not None, "only what was planted is caught"
    in_time = [day for day in days if planted.start <= day[0] <= planted.gone_on]
    caught_on, by = min(in_time, default=(None, ""))
    return Catch(
        planted.kind,
        one.place.number,
        one.place.pupils,
        planted.start,
        planted.gone_on,
        caught_on,
        by,
        planted.tipped_on,
    )


_EVERY: Final = ("balance_fen", "out_fen", "share_bps")
_UNBACKED: Final = ("balance_fen", "unbacked_fen", "unbacked_share_bps")


def of_fixed(
    watched: Sequence[Watched],
    name: str,
    values: tuple[int, int, int],
    which: tuple[str, str, str] = _EVERY,
) -> Outcome:
    """Return what three fixed thresholds came to."""
    false_by: Counter[str] = Counter()
    catches = []
    for one in watched:
        told: list[tuple[date, str]] = []
        for field, value in zip(which, values, strict=True):
            told += [(day, field) for day in fixed.opened(one.days, field, value)]
        start = one.planted.start if one.planted else None
        false_by.update(field for day, field in told if not start or day < start)
        if one.planted:
            catches.append(_catch(one, told))
    return Outcome(name, catches, false_by, len(watched), _weeks((FIRST, LAST)))


def best_fixed(watched: Sequence[Watched], name: str, most_false: int) -> tuple[Outcome, str]:
    """Return the fixed thresholds that catch most at no more false cases, and say which."""
    best: tuple[int, int, tuple[int, int, int], tuple[str, str, str]] | None = None
    for which in (_EVERY, _UNBACKED):
        costs = {
            (field, value): _cost(watched, field, value)
            for field, choices in zip(
                which, (fixed.BALANCES, fixed.OUTFLOWS, fixed.SHARES), strict=True
            )
            for value in choices
        }
        for values in fixed.CHOICES:
            parts = [costs[pair] for pair in zip(which, values, strict=True)]
            false = sum(part[0] for part in parts)
            if false <= most_false:
                caught = len(frozenset().union(*(part[1] for part in parts)))
                if best is None or (caught, -false) > best[:2]:
                    best = (caught, -false, values, which)
    assert best is not None, "thresholds that are off cost nothing"
    _, _, values, which = best
    return of_fixed(watched, name, values, which), _said(values, which)


def _cost(watched: Sequence[Watched], field: str, value: int) -> tuple[int, frozenset[int]]:
    """Return a threshold's false cases, and the numbers of the institutions that it catches."""
    false, caught = 0, set()
    for one in watched:
        days = fixed.opened(one.days, field, value)
        if one.planted is None:
            false += len(days)
            continue
        false += sum(day < one.planted.start for day in days)
        if any(one.planted.start <= day <= one.planted.gone_on for day in days):
            caught.add(one.place.number)
    return false, frozenset(caught)


def _said(values: tuple[int, int, int], which: tuple[str, str, str]) -> str:
    balance, out, share = values
    parts = [
        "no balance" if balance == fixed.OFF else f"balance under {balance // 100:,} yuan",
        "no outflow" if out == fixed.OFF else f"a day's outflow over {out // 100:,} yuan",
        "no share" if share == fixed.OFF else f"an entry over {share // 100} %",
    ]
    debits = "every debit" if which == _EVERY else "debits without an instruction"
    return f"{'; '.join(parts)} ({debits})"

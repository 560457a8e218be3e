"""Payroll and rent: what leaves by the month, to the same, in about the same amount, is known.

Learned from the entries alone, so that it holds in a replay as it did that day. A debit is known
when three earlier ones of its kind lie before it, each about a month before the next, and each
about as large as it. Its kind is its counterparty; its purpose only where the bank withholds
one of the counterparties, as a purpose is what the payer writes.

The first three of a kind are judged as any others: nobody teaches this calendar by paying once.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from alerts.domain.facts import Fact
from shared.time import business_day

EARLIER: Final = 3
"""A quarter of payrolls: fewer could be chance, more than about 90 days are not asked for."""
SHORTEST: Final = 26
LONGEST: Final = 33
"""Days from one to the next: a calendar month is 28 to 31, two more on either side as payday
moves when it falls on a weekend."""
ROUGHLY_BPS: Final = 2_000
"""How far amounts may lie apart, of the earlier one: overtime and a teacher more or less."""
MOST: Final = 400
"""Earlier ones that are looked through: four a day for a quarter. Who pays out more has no
calendar to learn, and what is beyond this is judged as if it never had been."""
_WHOLE: Final = 10_000


def recurring(debits: Sequence[Fact]) -> frozenset[int]:
    """Return which of the unbacked debits, in the order of booking, recur by the month."""
    known = set()
    earlier = _Earlier()
    for one in debits:
        day = business_day(one.at)
        if _recurs(day, [old_day for old, old_day in earlier.of(one) if _is_about(old, one)]):
            known.add(one.fact_id)
        earlier.add(one, day)
    return frozenset(known)


class _Earlier:
    """The debits so far, where those of one kind can be found."""

    def __init__(self) -> None:
        self._by_counterparty: defaultdict[object, list[tuple[Fact, date]]] = defaultdict(list)
        self._by_purpose: defaultdict[object, list[tuple[Fact, date]]] = defaultdict(list)
        self._withheld: defaultdict[object, list[tuple[Fact, date]]] = defaultdict(list)

    def add(self, one: Fact, day: date) -> None:
        counterparty, purpose = one.body.get("counterparty_ref"), one.body.get("purpose")
        self._by_purpose[purpose].append((one, day))
        if counterparty is None:
            self._withheld[purpose].append((one, day))
        else:
            self._by_counterparty[counterparty].append((one, day))

    def of(self, one: Fact) -> Sequence[tuple[Fact, date]]:
        """Return the last ones of a debit's kind."""
        counterparty, purpose = one.body.get("counterparty_ref"), one.body.get("purpose")
        if counterparty is None:
            return self._by_purpose[purpose][-MOST:] if purpose else ()
        told = self._by_counterparty[counterparty][-MOST:]
        return told + self._withheld[purpose][-MOST:] if purpose else told


def _is_about(old: Fact, one: Fact) -> bool:
    return abs(one.amount_fen - old.amount_fen) * _WHOLE <= old.amount_fen * ROUGHLY_BPS


def _recurs(day: date, alike: Sequence[date]) -> bool:
    if len(alike) < EARLIER:
        return False
    reached = {day}
    for _ in range(EARLIER):
        reached = {old for old in alike if _is_month_before(old, reached)}
    return bool(reached)


def _is_month_before(day: date, later: Iterable[date]) -> bool:
    return any(SHORTEST <= (other - day).days <= LONGEST for other in later)

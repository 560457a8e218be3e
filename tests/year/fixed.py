"""Fixed thresholds, as cities published them: a balance, a day's outflow, the share of one entry.

| threshold | as written | source |
|---|---|---|
| balance | under 300,000 yuan | Hangzhou 2020 |
| a day's outflow | over 1,000,000 yuan | Hangzhou 2020 |
| one entry | over 10 % of the balance before it | Guangdong |

They are compared as written, and at their best: of all values of all three, for every debit and
for those without an instruction alone, the choice that catches most while it costs no more false
cases than the rules do. That choice is made with the answers in hand, as no bureau could.
Cases are counted as those of the rules: one open at a time, closed after ten working days.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from itertools import product
from typing import Final

from shared.time import business_day
from tests.year.casework import CLOSED_AFTER
from tests.year.days import calendar
from tests.year.feed import Event

_WAN: Final = 10_000_00
OFF: Final = -1
"""A threshold that is not used."""

BALANCES: Final = (OFF, *(n * _WAN // 10 for n in (1, 2, 5, 10, 20, 30, 50, 80, 120, 200, 300)))
"""Balances in fen: from 1,000 yuan to the 300,000 of Hangzhou."""
OUTFLOWS: Final = (OFF, *(n * _WAN for n in (1, 2, 3, 5, 8, 10, 15, 20, 30, 50, 100)))
SHARES: Final = (OFF, *range(1_000, 10_000, 500))

WRITTEN: Final = (30 * _WAN, 100 * _WAN, 1_000)


@dataclass(frozen=True, slots=True)
class Day:
    """What one day came to, of what fixed thresholds look at."""

    day: date
    balance_fen: int
    """At its lowest."""
    out_fen: int
    share_bps: int
    """Of its largest entry, of the balance before it."""
    unbacked_fen: int
    unbacked_share_bps: int
    is_moved: bool
    """Whether anything was booked."""


class Days:
    """Adds up a feed's entries by day."""

    def __init__(self, first: date) -> None:
        self._first = first
        self._balance_fen = 0

    def of(self, events: Sequence[Event]) -> list[Day]:
        """Return the days from the first on, on which anything was booked."""
        found: list[Day] = []
        seen: set[str] = set()
        by_day: dict[date, list[tuple[int, bool]]] = {}
        for event in events:
            signed = _signed_fen(event, seen)
            if signed:
                booked = business_day(datetime.fromisoformat(event.body["booked_at"]))
                unbacked = event.type == "debit.unbacked"
                by_day.setdefault(booked, []).append((signed, unbacked))
        for day, entries in sorted(by_day.items()):
            found.append(self._day(day, entries))
        return [one for one in found if one.day >= self._first]

    def _day(self, day: date, entries: Iterable[tuple[int, bool]]) -> Day:
        lowest = self._balance_fen
        sums, shares = [0, 0], [0, 0]
        for signed, is_unbacked in entries:
            if signed < 0:
                share = -signed * 10_000 // max(1, self._balance_fen)
                for basis in (0, 1) if is_unbacked else (0,):
                    sums[basis] -= signed
                    shares[basis] = max(shares[basis], share)
            self._balance_fen += signed
            lowest = min(lowest, self._balance_fen)
        return Day(day, lowest, sums[0], shares[0], sums[1], shares[1], is_moved=True)


def _signed_fen(event: Event, seen: set[str]) -> int:
    """Return what an event moves at the bank; an allocated entry was booked before."""
    body = event.body
    if event.type in {"debit.booked", "debit.unbacked"}:
        return -int(body["amount_fen"])
    if event.type in {"receipt.matched", "receipt.unmatched"} and body["entry_id"] not in seen:
        seen.add(body["entry_id"])
        return int(body["entry_fen"])
    return 0


def opened(days: Iterable[Day], which: str, threshold: int) -> list[date]:
    """Return when cases of one threshold are opened."""
    if threshold == OFF:
        return []
    found: list[date] = []
    closes: date | None = None
    for one in days:
        value = getattr(one, which)
        is_hit = value < threshold if which == "balance_fen" else value > threshold
        if is_hit and (closes is None or one.day > closes):
            found.append(one.day)
            closes = _closes(one.day)
    return found


@cache
def _closes(day: date) -> date:
    noon = datetime.combine(day, datetime.min.time()).astimezone()
    return business_day(calendar().add_workdays(noon, CLOSED_AFTER))


CHOICES: Final = list(product(BALANCES, OUTFLOWS, SHARES))

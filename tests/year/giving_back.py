"""Refunds: who asks, how soon it is agreed to, and how soon it is paid.

Assumed: in a month 1 in 100 families asks; it is agreed to within 1 to 5 working days and paid 1
to 3 working days later. 1 in 150 waits for 11 to 25 working days, because its payer's account is
gone or something is contested in good faith.
"""

from collections.abc import Sequence
from datetime import date
from random import Random
from typing import Final

from tests.year.days import at, next_workday
from tests.year.feed import Feed
from tests.year.school import Group, School, Seat
from tests.year.selling import Later

_A_DAY: Final = 0.01 / 30
_SLOW: Final = 1 / 150


class GivingBack:
    """How one institution gives money back."""

    def __init__(self, chance: Random, feed: Feed, school: School, later: Later) -> None:
        self._chance = chance
        self._feed = feed
        self._school = school
        self._later = later

    def let_ask(self, day: date) -> None:
        """Let the families of an ordinary day ask."""
        expected = _A_DAY * sum(len(group.seats) for group in self._school.groups)
        if self._chance.random() < expected:
            self.ask(day, 1)

    def ask(self, day: date, families: int, *, is_paid: bool = True, is_quick: bool = False) -> int:
        """Let so many families ask for their money; return how many did."""
        there = [one for one in self._school.seats() if one[1].left_fen]
        asking = self._chance.sample(there, min(families, len(there)))
        for group, seat in asking:
            self._ask(day, group, seat, is_paid=is_paid, is_quick=is_quick)
        return len(asking)

    def give_back(self, day: date, over: Sequence[tuple[Group, Seat]]) -> None:
        """Give the money of some contracts back, at once."""
        for group, seat in over:
            self._ask(day, group, seat, is_paid=True, is_quick=True)

    def _ask(self, day: date, group: Group, seat: Seat, *, is_paid: bool, is_quick: bool) -> None:
        group.seats.remove(seat)
        refund, amount_fen = self._feed.name("F"), seat.left_fen
        seat.lessons = seat.done
        self._tell(day, refund, amount_fen, "requested", seat)
        if not is_paid:
            # The money stays where it is: the family waits, and is told why not.
            self._later(
                next_workday(day, 5),
                lambda on: self._tell(on, refund, amount_fen, "contested", seat),
            )
            return
        waits = self._chance.randint(1, 3 if is_quick else 5)
        if not is_quick and self._chance.random() < _SLOW:
            waits = self._chance.randint(11, 25)
        self._later(next_workday(day, waits), lambda on: self._agree(on, refund, amount_fen, seat))

    def _agree(self, day: date, refund: str, amount_fen: int, seat: Seat) -> None:
        self._feed.held_fen -= amount_fen
        self._feed.payable_fen += amount_fen
        closed = {"contract_id": seat.contract_id, "state": "closed"}
        self._feed.tell(at(day, 9, 40), "contract.closed", closed)
        self._tell(day, refund, amount_fen, "instructed", seat)
        self._later(
            next_workday(day, self._chance.randint(1, 3)),
            lambda on: self._pay(on, refund, amount_fen),
        )

    def _pay(self, day: date, refund: str, amount_fen: int) -> None:
        if not self._feed.refund(at(day, 9, 50), amount_fen):
            return
        body = {"refund_id": refund, "state": "paid", "amount_fen": amount_fen}
        self._feed.tell(at(day, 9, 50, 30), "refund.changed", body)

    def _tell(self, day: date, refund: str, amount_fen: int, state: str, seat: Seat) -> None:
        body = {
            "refund_id": refund,
            "state": state,
            "amount_fen": amount_fen,
            "contract_id": seat.contract_id,
            "cause": "guardian",
        }
        self._feed.tell(at(day, 9, 45), "refund.changed", body)

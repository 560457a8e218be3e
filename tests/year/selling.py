"""Contracts: who comes, who goes on, who leaves, and how the fees reach the account.

Assumed: 88 of 100 families pay on the day, most others within four days, 3 in 200 take up to ten;
1 in 200 never pays and is cancelled after 15 days; 3 in 200 mistype the reference, and the money
waits for some days. 85 of 100 go on when their lessons run out; before the Spring Festival and in
late June many wait until after the holidays.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random
from typing import Final

from shared.time import add_months
from tests.year.days import ENROLMENT, ONE_DAY, OPENED, at
from tests.year.feed import Feed
from tests.year.places import Place
from tests.year.school import Group, School, Seat

CAP_FEN: Final = 5_000_00
"""What may be charged at once where no school subject is taught."""
_GOES_ON: Final = 0.85
_ARRIVING: Final = 0.065
"""Newcomers in an average month, of the pupils there are meant to be."""
_WEEKS: Final = (8, 10, 12)

Later = Callable[[date, Callable[[date], None]], None]
"""Puts something off to a day."""


class Selling:
    """How one institution's contracts come and go."""

    def __init__(
        self, place: Place, chance: Random, feed: Feed, school: School, later: Later
    ) -> None:
        self._place = place
        self._chance = chance
        self._feed = feed
        self._school = school
        self._later = later
        self._students = 0

    def found(self, day: date) -> None:
        """Sign the first contracts over some weeks, each as far along as it happens to be."""
        for _ in range(self._place.pupils):
            self._later(
                day + self._chance.randint(1, 25) * ONE_DAY,
                lambda on: self.enrol(on, is_first=True),
            )

    def admit(self, day: date) -> None:
        """Let newcomers of a day in."""
        place = self._place
        wanted = place.pupils * (1 + (place.growth - 1) * ((day - OPENED).days / 480))
        there = sum(len(group.seats) for group in self._school.groups) or 1
        pull = min(3.0, (wanted / there) ** 2)
        rate = place.pupils * _ARRIVING * ENROLMENT[day.month - 1] * pull / 30
        while rate > 0:
            if self._chance.random() < rate:
                self.enrol(day)
            rate -= 1

    def enrol(
        self, day: date, *, off_bps: int = 0, is_paid_in: bool = True, is_first: bool = False
    ) -> None:
        """Sign a newcomer's contract."""
        self._students += 1
        group = self._school.group_with_room()
        student = f"P{self._place.number}-{self._students}"
        seat = self._signed(group, student, off_bps)
        if is_first:
            seat.lessons = self._chance.randint(max(2, seat.lessons // 4), seat.lessons)
        self._accept(day, seat, off_bps, is_paid_in=is_paid_in)
        group.seats.append(seat)

    def go_on(self, day: date, *, is_selling: bool) -> None:
        """Renew the contracts that run out, and let those go who do not."""
        for group in self._school.groups:
            self._renew(day, group, is_selling=is_selling)

    def _renew(self, day: date, group: Group, *, is_selling: bool) -> None:
        if not any(seat.lessons - seat.done <= 1 and seat.is_funded for seat in group.seats):
            return
        kept = []
        for seat in group.seats:
            if seat.lessons - seat.done > 1 or not seat.is_funded:
                kept.append(seat)
                continue
            if not seat.is_last and is_selling and self._chance.random() < _GOES_ON:
                renewed = self._signed(group, seat.student)
                renewed.after = seat
                self._accept(day, renewed, 0, is_paid_in=True)
                seat.is_last = True
                kept += [seat, renewed] if seat.done < seat.lessons else [renewed]
            elif seat.done < seat.lessons:
                seat.is_last = True
                kept.append(seat)
        group.seats[:] = kept

    def _signed(self, group: Group, student: str, off_bps: int = 0) -> Seat:
        fee_fen = self._place.fee_fen * (10_000 - off_bps) // 10_000
        sessions = len(group.slots)
        lessons = sessions * self._chance.choice(_WEEKS)
        if not self._place.is_subject:
            lessons = min(lessons, CAP_FEN // fee_fen)
        contract_id = self._feed.name("C")
        return Seat(contract_id, student, lessons, fee_fen, sessions)

    def _accept(self, day: date, seat: Seat, off_bps: int, *, is_paid_in: bool) -> None:
        place = self._place
        signed = at(day, 10, self._chance.randint(0, 59), self._chance.randint(0, 59))
        starts = day + self._chance.randint(0, 7) * ONE_DAY
        paid_fen = seat.lessons * seat.fee_fen
        self._feed.tell(
            signed,
            "contract.accepted",
            {
                "contract_id": seat.contract_id,
                "student_ref": seat.student,
                "course_category": place.category,
                "course_delivery": "offline",
                "lessons": seat.lessons,
                "paid_fen": paid_fen,
                "list_fen": paid_fen * 10_000 // (10_000 - off_bps),
                "gift_lessons": 0,
                "gift_fen": 0,
                "signed_on": day.isoformat(),
                "starts_on": starts.isoformat(),
                "ends_on": (add_months(starts, 3) - ONE_DAY).isoformat(),
                "policy": "national@1",
            },
        )
        if is_paid_in:
            self._pay(day, seat, paid_fen)

    def _pay(self, day: date, seat: Seat, paid_fen: int) -> None:
        luck = self._chance.random()
        if luck < 0.005:
            self._later(day + 15 * ONE_DAY, lambda on: self._cancel(on, seat))
            return
        waits = 0
        if luck < 0.02:
            waits = self._chance.randint(5, 10)
        elif luck < 0.12:
            waits = self._chance.randint(1, 4)
        is_mistyped = self._chance.random() < 0.015
        pay = self._mistype if is_mistyped else self._paid
        if waits:
            self._later(day + waits * ONE_DAY, lambda on: pay(on, seat, paid_fen))
        else:
            pay(day, seat, paid_fen)

    def _paid(self, day: date, seat: Seat, paid_fen: int) -> None:
        self._feed.deposit(self._noon(day), seat.contract_id, paid_fen)
        seat.is_funded = True

    def _mistype(self, day: date, seat: Seat, paid_fen: int) -> None:
        booked = self._noon(day)
        entry = self._feed.mistyped(booked, paid_fen)

        def allocate(on: date) -> None:
            self._feed.allocate(self._noon(on), entry, seat.contract_id, paid_fen, booked)
            seat.is_funded = True

        self._later(day + self._chance.randint(1, 5) * ONE_DAY, allocate)

    def _cancel(self, day: date, seat: Seat) -> None:
        body = {"contract_id": seat.contract_id, "state": "cancelled"}
        self._feed.tell(at(day, 11), "contract.closed", body)
        for group in self._school.groups:
            if seat in group.seats:
                group.seats.remove(seat)

    def _noon(self, day: date) -> datetime:
        return at(day, 11) + timedelta(seconds=self._chance.randint(0, 7_000))

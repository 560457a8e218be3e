"""One institution's life from day to day, on its feed: ordinary days, oddities, planted acts.

Oddities that are nobody's fault and look like trouble, each with how often it is assumed:

- the bank takes a fee of 20 to 300 yuan by mistake and returns it in 1 to 5 working days: 4 in
  100 institutions under custody by the lesson, in a year;
- a moved classroom is put down with one teacher in two places at a time: 15 in 100;
- a class on school subjects ends late after a moved classroom: 10 in 100 of those that teach them;
- families ask for refunds in a wave after a change of schedule: 8 in 100, from 12 to 30 % of them;
- the Spring Festival: no classes, no income, no refunds for two to four weeks; then all at once;
- institutions that open during the year, and others that close in good order and give back all;
- in the campaign's district the teaching of subjects ends by the end of the year, in good order:
  what cannot be taught by then is given back by the campaign's first date.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any, Final

from sandbox.misbehaving.acts import Act
from shared.time import rfc3339
from tests.year.days import FIRST, LAST, ONE_DAY, OPENED, at, calendar, next_workday
from tests.year.feed import Event, Feed
from tests.year.giving_back import GivingBack
from tests.year.paying import Paying
from tests.year.places import CAMPAIGN_DISTRICT, Place
from tests.year.registering import Registering
from tests.year.school import School, lesson_of
from tests.year.selling import Selling

CAMPAIGN_MADE: Final = date(2025, 9, 10)
REFUND_BY: Final = date(2025, 10, 25)
CLEAR_BY: Final = date(2025, 12, 31)


class Life:
    """One institution, from its opening to the year's end."""

    def __init__(self, place: Place, seed: int, acts: Sequence[Act] = ()) -> None:
        self.place = place
        self.feed = Feed(place)
        self.chance = Random(f"life:{place.seed}")
        self.school = School(place, self.chance)
        self._due: defaultdict[date, list[Callable[[date], None]]] = defaultdict(list)
        self.selling = Selling(place, self.chance, self.feed, self.school, self.later)
        self.giving_back = GivingBack(self.chance, self.feed, self.school, self.later)
        self.paying = Paying(place, self.chance, self.feed, self.later)
        self.registering = Registering(place, self.chance, self.feed, seed)
        self.acts: defaultdict[date, list[Act]] = defaultdict(list)
        for act in acts:
            self.acts[act.day].append(act)
        self.is_selling = True
        self.is_shut = False
        self.left_bps = 10_000
        """How much of the timetable is given."""
        self.sold_elsewhere = False
        self._plan_oddities()

    def later(self, day: date, action: Callable[[date], None]) -> None:
        """Put something off to a day."""
        self._due[day].append(action)

    def live(self, until: date, act: Callable[["Life", Act], None]) -> list[Event]:
        """Live until a day and return the feed, in order; `act` plays what is planted."""
        day = self.place.opens
        self.registering.open(day)
        self.selling.found(day)
        if self.place.has_reserve:
            self.later(day + 35 * ONE_DAY, self._set_floor)
        while day <= until:
            self._live_day(day, act)
            day += ONE_DAY
        return sorted(self.feed.events, key=lambda event: event.time)

    def _live_day(self, day: date, act: Callable[["Life", Act], None]) -> None:
        self.registering.speak(day)
        for action in self._due.pop(day, ()):
            action(day)
        if not self.is_shut and self.place.closes != day:
            self._work(day)
        elif self.place.closes == day:
            self._close(day)
        self.feed.is_planting = True
        for one in self.acts.get(day, ()):
            act(self, one)
        self.feed.is_planting = False
        if not self.is_shut:
            self._teach(day)

    def _work(self, day: date) -> None:
        is_there = self.school.is_open(day) or self.chance.random() < 0.3
        is_kept = not self.sold_elsewhere or self.chance.random() < 0.3
        if self.is_selling and is_there and is_kept:
            self.selling.admit(day)
        self.selling.go_on(day, is_selling=self.is_selling)
        if calendar().is_workday(day):
            self.giving_back.let_ask(day)
            if self.place.has_reserve and not self.paying.is_skipping:
                self.paying.top_up(day)
                self.paying.pay(day)

    def _teach(self, day: date) -> None:
        lessons = self.school.taught(day, self.left_bps)
        self.release(day, lessons)

    def release(self, day: date, lessons: list[dict[str, Any]]) -> None:
        """Release lessons in the evening, close the contracts they complete, pay out tomorrow."""
        self.paying.taught(sum(one["amount_fen"] for one in lessons))
        if not lessons:
            return
        total_fen = self.feed.release(at(day, 20, 50), lessons)
        for _, seat in self.school.seats():
            if seat.done == seat.lessons and not seat.is_closed:
                seat.is_closed = True
                body = {"contract_id": seat.contract_id, "state": "completed"}
                self.feed.tell(at(day, 20, 50, 1), "contract.closed", body)
        self.later(day + ONE_DAY, lambda on: self.feed.pay_out(at(on, 9, 30), total_fen))

    def _set_floor(self, day: date) -> None:
        feed = self.feed
        feed.fixed_floor_fen = self.place.pupils * self.chance.randint(3, 8) * 100_00
        feed.has_floor = True
        self._tell_floor(day)

    def _tell_floor(self, day: date) -> None:
        feed = self.feed
        required, present = feed.required_fen(), feed.held_fen + feed.payable_fen + feed.reserve_fen
        body: dict[str, object] = {
            "floor_id": feed.name("L"),
            "rules": [],
            "effective_from": day.isoformat(),
            "document_no": "示教监〔2025〕1号",
            "required_fen": required,
            "deficit_fen": max(0, required - present),
        }
        feed.tell(at(day, 9), "floor.changed", body)

    def _close(self, day: date) -> None:
        """Close in good order: give back everything, and give up the licence."""
        self.is_selling = False
        self.giving_back.ask(day, 10_000, is_quick=True)
        self.paying.is_skipping = True
        self.later(next_workday(day, 10), self._lift_floor)
        self.later(next_workday(day, 15), self.registering.close)

    def _lift_floor(self, day: date) -> None:
        """Take the floor back once everything was given back."""
        if self.feed.has_floor:
            self.feed.is_lifted = True
            self._tell_floor(day)

    def _plan_oddities(self) -> None:
        place, chance = self.place, self.chance
        span = (LAST - FIRST).days

        def some_day() -> date:
            return FIRST + chance.randint(0, span) * ONE_DAY

        if not place.has_reserve and chance.random() < 0.04:
            self.later(next_workday(some_day()), self._take_fee)
        if chance.random() < 0.15:
            self.later(some_day(), self._move_classroom)
        if place.is_subject and chance.random() < 0.10:
            self.later(next_workday(some_day()), self._end_late)
        if chance.random() < 0.08:
            self.later(some_day(), self._change_schedule)
        if place.closes:
            self.later(max(OPENED, place.closes - 45 * ONE_DAY), self._stop_selling)
        if place.is_subject and place.district_code == CAMPAIGN_DISTRICT:
            self.later(CAMPAIGN_MADE + chance.randint(3, 40) * ONE_DAY, self._stop_selling)
            self.later(REFUND_BY - chance.randint(3, 14) * ONE_DAY, self._give_back_surplus)
            self.later(CLEAR_BY - chance.randint(14, 24) * ONE_DAY, self._clear)

    def _take_fee(self, day: date) -> None:
        amount_fen = self.chance.randint(20_00, 300_00)
        self.feed.withdraw(at(day, 13, 10), amount_fen, "bank", "账户管理费（误扣）")

        def give_back(on: date) -> None:
            self.feed.mistyped(at(on, 10, 5), amount_fen)

        self.later(next_workday(day, self.chance.randint(1, 5)), give_back)

    def _move_classroom(self, day: date) -> None:
        """Put two groups down with one teacher, half an hour apart."""
        groups = [group for group in self.school.groups if len(group.seats) > 1]
        if len(groups) < 2 or not self.school.is_open(day):
            return
        lessons: list[dict[str, Any]] = []
        first = at(day, 13, 30)
        for number, group in enumerate(self.chance.sample(groups, 2)):
            begins = first + number * timedelta(minutes=30)
            said = rfc3339(begins), rfc3339(begins + timedelta(minutes=90))
            seats = [seat for seat in group.seats if seat.may_begin]
            lessons += [lesson_of(seat, *said, groups[0].teacher) for seat in seats]
        self.release(day, lessons)

    def _end_late(self, day: date) -> None:
        groups = [group for group in self.school.groups if group.seats]
        if groups and self.school.is_open(day):
            group = self.chance.choice(groups)
            said = rfc3339(at(day, 19, 20)), rfc3339(at(day, 20, 50))
            seats = [seat for seat in group.seats if seat.may_begin]
            self.release(day, [lesson_of(seat, *said, "T-late") for seat in seats])

    def _change_schedule(self, day: date) -> None:
        there = sum(1 for _ in self.school.seats())
        families = there * self.chance.randint(12, 30) // 100
        for _ in range(families):
            after = self.chance.randint(0, 10)
            self.later(day + after * ONE_DAY, self._let_one_ask)

    def _let_one_ask(self, day: date) -> None:
        self.giving_back.ask(day, 1)

    def _stop_selling(self, _day: date) -> None:
        self.is_selling = False

    def _give_back_surplus(self, day: date) -> None:
        """Give back by the campaign's first date what cannot be taught by its last."""
        weeks = (CLEAR_BY - day).days // 7 - 1
        over = [
            (group, seat)
            for group, seat in self.school.seats()
            if seat.left_fen and seat.lessons - seat.done > weeks * len(group.slots) * 0.85
        ]
        if not any(self.acts.values()):
            self.giving_back.give_back(day, over)

    def _clear(self, day: date) -> None:
        if not any(self.acts.values()):
            self.giving_back.ask(day, 10_000, is_quick=True)

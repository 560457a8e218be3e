"""Teaching: groups, their slots in the week, the pupils in them, and the lessons of a day.

A teacher's groups never share a slot. School subjects are taught on the evenings of working days;
all else mostly at weekends, and in summer on weekday mornings too.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any, Final

from shared.time import rfc3339
from tests.year.days import at, calendar, is_holiday, is_summer, is_vacation
from tests.year.places import Place

_BELLS: Final = ((8, 30), (10, 15), (13, 30), (15, 15), (17, 0), (18, 45))
_EVENINGS: Final = ((16, 45), (18, 30))
_MORNINGS: Final = ((8, 30), (10, 15), (13, 30), (15, 15))
_LESSON: Final = timedelta(minutes=90)
_COMES: Final = 0.92
"""How likely a pupil is there."""

Slot = tuple[int, int, int]
"""Weekday, hour, minute."""

_WEEKENDS: Final[tuple[Slot, ...]] = (
    *((5, *bell) for bell in _BELLS),
    *((6, *bell) for bell in _BELLS),
    *((day, 18, 45) for day in range(5)),
)
_WEEKDAYS: Final[tuple[Slot, ...]] = tuple(
    (day, *bell) for bell in reversed(_EVENINGS) for day in range(5)
)


@dataclass(slots=True)
class Seat:
    """One pupil's running contract."""

    contract_id: str
    student: str
    lessons: int
    fee_fen: int
    sessions: int
    done: int = 0
    is_funded: bool = False
    is_last: bool = False
    """Whether the family has decided, to go on or not."""
    is_closed: bool = False
    """Whether the feed said that it is over."""
    after: "Seat | None" = None
    """The contract that this one continues: it begins when that one is over."""

    @property
    def may_begin(self) -> bool:
        """Tell whether a lesson may be given by this contract now."""
        is_next = self.after is None or self.after.done >= self.after.lessons
        return self.is_funded and self.done < self.lessons and is_next

    @property
    def left_fen(self) -> int:
        """Return what is neither taught nor given back, of a contract that was paid."""
        return (self.lessons - self.done) * self.fee_fen if self.is_funded else 0


@dataclass(slots=True)
class Group:
    """Pupils who are taught together."""

    teacher: str
    slots: tuple[Slot, ...]
    summer_slots: tuple[Slot, ...]
    most: int
    seats: list[Seat] = field(default_factory=list)


class School:
    """One institution's groups."""

    def __init__(self, place: Place, chance: Random) -> None:
        self._place = place
        self._chance = chance
        self.groups: list[Group] = []
        self._teachers = 0
        self._free: list[Slot] = []

    def group_with_room(self) -> Group:
        """Return a group that has room; a new one where all are full."""
        for group in self.groups:
            if len(group.seats) < group.most:
                return group
        group = self._opened()
        self.groups.append(group)
        return group

    def _opened(self) -> Group:
        sessions = self._chance.choice((1, 1, 2))
        if len(self._free) < sessions:
            self._teachers += 1
            slots = _WEEKDAYS if self._place.is_subject else _WEEKENDS
            self._free = self._chance.sample(slots, self._chance.randint(7, min(12, len(slots))))
        slots = tuple(self._free.pop() for _ in range(sessions))
        # Each slot has its own weekday morning, so that those of a teacher differ as well.
        everyone = _WEEKDAYS if self._place.is_subject else _WEEKENDS
        places = [everyone.index(one) for one in slots]
        summer = tuple((one % 5, *_MORNINGS[one // 5]) for one in places)
        has_summer = not self._place.is_subject and self._chance.random() < 0.6
        most = self._chance.randint(5, 16)
        return Group(f"T{self._teachers}", slots, summer if has_summer else (), most)

    def seats(self) -> Iterable[tuple[Group, Seat]]:
        """Return every pupil, with the group."""
        for group in self.groups:
            for seat in group.seats:
                yield group, seat

    def is_open(self, day: date) -> bool:
        """Tell whether classes are given at all on a day."""
        place = self._place
        if place.spring_gap[0] <= day <= place.spring_gap[1]:
            return False
        if place.is_subject:
            return calendar().is_workday(day) and not is_vacation(day)
        return not is_holiday(day)

    def taught(self, day: date, left_bps: int) -> list[dict[str, Any]]:
        """Give a day's lessons and return them as a release tells them."""
        if not self.is_open(day):
            return []
        lessons: list[dict[str, Any]] = []
        for group in self.groups:
            slots = [one for one in group.slots if one[0] == day.weekday()]
            if is_summer(day):
                slots += [one for one in group.summer_slots if one[0] == day.weekday()]
            for slot in slots:
                if left_bps >= 10_000 or self._chance.random() * 10_000 < left_bps:
                    lessons += self._given(group, day, slot)
        return lessons

    def _given(self, group: Group, day: date, slot: Slot) -> list[dict[str, Any]]:
        begins = at(day, slot[1], slot[2])
        said = rfc3339(begins), rfc3339(begins + _LESSON)
        chance = self._chance.random
        here = [seat for seat in group.seats if seat.may_begin and chance() < _COMES]
        return [lesson_of(seat, *said, group.teacher) for seat in here]


def lesson_of(seat: Seat, begins: str, ends: str, teacher: str) -> dict[str, Any]:
    """Count a pupil's next lesson and return it as a release tells it."""
    seat.done += 1
    return {
        "contract_id": seat.contract_id,
        "lesson_no": seat.done,
        "amount_fen": seat.fee_fen,
        "taught_at": begins,
        "ended_at": ends,
        "teacher_ref": teacher,
        "room_ref": None,
        "student_ref": seat.student,
    }

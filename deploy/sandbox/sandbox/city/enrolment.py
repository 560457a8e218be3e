"""Classes and the contracts in them: how the city fills its rooms."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from sandbox.city.courses import Course, courses
from sandbox.city.places import Place
from sandbox.city.timetable import BELLS, at
from shared.time import add_months, rfc3339

CLASSES_PER_PLACE = (3, 6)
"""Fewest and most classes an institution opens: some three thousand pupils in the city."""

PUPILS = (8, 30)
"""Fewest and most pupils of a class, which is also the size of a batch of releases."""

DOUBLE_SHARE = 0.35
"""Share of the classes that sit two lessons in a row."""

NEWCOMERS_SHARE = 0.4
"""Share of the classes that a new pupil joins in a later week."""


@dataclass(slots=True)
class Contract:
    """A contract and how far its lessons have come, as the billing system keeps it."""

    id: str
    student_ref: str
    guardian_ref: str
    signed_at: str
    starts_on: str
    ends_on: str
    next_lesson: int = 1
    state: str = "signed"
    """`signed`, `registered`, `running` (paid), `refused`, `refunding` or `over`."""


@dataclass(slots=True)
class Class:
    """A course taught to a group at one bell of the week."""

    id: str
    institution_id: str
    course: Course
    bell: int
    is_double: bool
    teacher_ref: str
    room_ref: str
    contracts: list[Contract] = field(default_factory=list)


class Enrolling:
    """Makes classes and contracts for one Saturday; ids carry the day and are never reused."""

    def __init__(self, seed: int, saturday: date) -> None:
        """Begin the stream of chance that belongs to this Saturday."""
        self.saturday = saturday
        self._chance = Random(f"enrolling:{seed}:{saturday}")
        self._number = 0

    def open_classes(self, places: Iterable[Place]) -> list[Class]:
        """Open every institution's classes and fill them."""
        opened: list[Class] = []
        for place in places:
            count = self._chance.randint(*CLASSES_PER_PLACE)
            for course in courses(self._chance, place.category, count):
                opened.append(self._open_class(place, course, len(opened)))
        return opened

    def admit_newcomers(self, classes: Iterable[Class]) -> None:
        """Let a pupil join some of the classes that have room."""
        for group in classes:
            if self._chance.random() < NEWCOMERS_SHARE and len(group.contracts) < PUPILS[1]:
                group.contracts.append(self.contract(group.course))

    def contract(self, course: Course) -> Contract:
        """Sign a contract within the caps that starts in the week of this Saturday."""
        self._number += 1
        name = f"{self.saturday:%Y%m%d}-{self._number:05d}"
        starts_on = self.saturday - timedelta(days=self._chance.randint(2, 6))
        signed_on = starts_on - timedelta(days=self._chance.randint(0, 20))
        hour = time(self._chance.randint(9, 19), self._chance.randint(0, 59))
        # Long courses need most of the three months that a contract may run.
        days = min(7 * course.lessons, 85)
        return Contract(
            id=f"C-{name}",
            student_ref=f"S-{name}",
            guardian_ref=f"G-{name}",
            signed_at=rfc3339(at(signed_on, hour)),
            starts_on=starts_on.isoformat(),
            ends_on=(starts_on + timedelta(days=max(days, 30))).isoformat(),
        )

    def _open_class(self, place: Place, course: Course, number: int) -> Class:
        group = Class(
            id=f"K-{self.saturday:%Y%m%d}-{number:04d}",
            institution_id=place.id,
            course=course,
            bell=self._chance.randrange(len(BELLS)),
            is_double=self._chance.random() < DOUBLE_SHARE,
            teacher_ref=f"T-{number % 97:03d}",
            room_ref=f"R-{number % 12:02d}",
        )
        for _ in range(self._chance.randint(*PUPILS)):
            group.contracts.append(self.contract(course))
        return group


def registration(group: Class, contract: Contract) -> dict[str, Any]:
    """Word a contract as the wire contract asks."""
    course = group.course
    return {
        "id": contract.id,
        "institution_id": group.institution_id,
        "student_ref": contract.student_ref,
        "guardian_ref": contract.guardian_ref,
        "course": {
            "name": course.name,
            "category": course.category,
            "delivery": course.delivery,
            "teacher_ref": group.teacher_ref,
        },
        "lessons": course.lessons,
        "paid_fen": course.paid_fen,
        "list_fen": course.list_fen,
        "signed_at": contract.signed_at,
        "starts_on": contract.starts_on,
        "ends_on": contract.ends_on,
    }


def span_of(contract: Contract) -> tuple[date, date]:
    """Return the first day and the last day that a contract's three months allow."""
    starts_on = date.fromisoformat(contract.starts_on)
    return starts_on, add_months(starts_on, 3)


def signed(contract: Contract) -> datetime:
    """Return when a contract was signed."""
    return datetime.fromisoformat(contract.signed_at)

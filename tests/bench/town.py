"""The town that the benchmark teaches in: institutions, classes, and the requests they send.

Every institution has the same classes of the same size; a class's lesson is one batch.
Lessons are handed out once: a request never repeats one that an earlier case was given.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from stdnum.cn import uscc

from shared.time import rfc3339, wall_clock

LESSONS: Final = 60
"""Lessons of a contract: what one charge may cover under the preset policy."""

LESSON_PER_H: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Place:
    """An institution and the key of its billing system."""

    institution_id: str
    key: str


@dataclass(frozen=True, slots=True)
class Class:
    """One class of one institution, with the lessons it has still to be taught."""

    place: Place
    name: str
    size: int

    def contract(self, seat: int) -> str:
        """Return the contract of one seat."""
        return f"{self.name}-{seat:03d}"


@dataclass(slots=True)
class Timetable:
    """Lessons still to be taught, round after round over all classes."""

    classes: list[Class]
    first_lesson: int = 1
    _place: int = 0

    @property
    def left(self) -> int:
        """Return how many lessons of classes are left."""
        return len(self.classes) * (LESSONS - self.first_lesson + 1) - self._place

    def take(self, number: int) -> list[tuple[Class, int]]:
        """Take the next lessons of classes; each is given once."""
        assert number <= self.left, "seed more lessons than a case can use"
        taken = list(islice(self._from_here(), number))
        self._place += number
        return taken

    def _from_here(self) -> Iterator[tuple[Class, int]]:
        for place in range(self._place, len(self.classes) * LESSONS):
            lesson, at = divmod(place, len(self.classes))
            yield self.classes[at], self.first_lesson + lesson


def last_bell() -> datetime:
    """Return yesterday's full hour: a lesson that is surely over."""
    return wall_clock().replace(minute=0, second=0, microsecond=0) - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Town:
    """One database's institutions, and what is left to be taught there."""

    places: list[Place]
    batches: Timetable
    """Classes of 30 over all institutions."""
    hot: Timetable
    """Classes of 100 of one institution."""
    bell: datetime = field(default_factory=last_bell)


def institution_id(number: int) -> str:
    """Return the code of the town's n-th institution, its check digit right."""
    stem = f"91320602MA1{number:06d}"
    return stem + str(uscc.calc_check_digit(stem))


def batch_request(taught: Class, lesson: int, bell: datetime) -> bytes:
    """Return a whole request that releases one lesson of a whole class."""
    return _request(taught, lesson, range(taught.size), bell)


def single_requests(taught: Class, lesson: int, bell: datetime) -> Iterator[bytes]:
    """Yield a request for each seat of a class."""
    for seat in range(taught.size):
        yield _request(taught, lesson, range(seat, seat + 1), bell)


def _request(taught: Class, lesson: int, seats: range, bell: datetime) -> bytes:
    starts, ends = rfc3339(bell - LESSON_PER_H), rfc3339(bell)
    teacher, room = f"T-{taught.name}", f"R-{len(taught.name)}"
    items = [
        {
            "id": f"r-{taught.contract(seat)}-{lesson}",
            "contract_id": taught.contract(seat),
            "lesson_no": lesson,
            "taught_at": starts,
            "ended_at": ends,
            "teacher_ref": teacher,
            "room_ref": room,
        }
        for seat in seats
    ]
    asked = {"institution_id": taught.place.institution_id, "items": items}
    body = json.dumps(asked, separators=(",", ":"))
    return (
        "POST /v1/releases HTTP/1.1\r\nHost: bench\r\n"
        f"Authorization: Bearer {taught.place.key}\r\n"
        f'Idempotency-Key: "{taught.name}-{lesson}-{seats.start}"\r\n'
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()

"""Lessons as their release told them, and those that cannot all have been given.

A class is what one teacher begins at one instant, however many pupils sit in it. A teacher
cannot begin another one before it ends, nor a pupil sit in two lessons at a time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from alerts.domain.facts import Fact
from shared.time import business_day

SHORTEST: Final = timedelta(minutes=1)
"""A lesson of which no end was told, or one before its beginning, lasts so long."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One pupil's lesson, and the fact that told of its release."""

    contract_id: str
    lesson_no: int
    amount_fen: int
    starts: datetime
    ends: datetime
    teacher: str
    student: str
    fact: Fact

    @property
    def key(self) -> tuple[str, int]:
        """Return what no other lesson has."""
        return (self.contract_id, self.lesson_no)

    @property
    def day(self) -> date:
        """Return the business day on which it began."""
        return business_day(self.starts)


def lessons_of(fact: Fact) -> list[Lesson] | None:
    """Return the lessons that a fact told of; None where it tells of some and not which."""
    told = fact.body.get("lessons")
    if not isinstance(told, Sequence) or isinstance(told, str):
        return None
    try:
        return [_lesson(one, fact) for one in told]
    except (KeyError, TypeError, ValueError):
        return None


def _lesson(told: Mapping[str, Any], fact: Fact) -> Lesson:
    starts = _instant(told["taught_at"])
    ended = told.get("ended_at")
    return Lesson(
        str(told["contract_id"]),
        int(told["lesson_no"]),
        int(told["amount_fen"]),
        starts,
        max(_instant(ended) if ended else starts, starts + SHORTEST),
        str(told.get("teacher_ref") or ""),
        str(told.get("student_ref") or ""),
        fact,
    )


def _instant(said: object) -> datetime:
    instant = datetime.fromisoformat(str(said))
    if instant.tzinfo is None:
        message = "an instant needs its offset"
        raise ValueError(message)
    return instant


def clashing(lessons: Sequence[Lesson]) -> set[tuple[str, int]]:
    """Return the lessons whose teacher or pupil was in another one at the same time."""
    classes = _classes(lessons)
    found: set[tuple[str, int]] = set()
    for given in _by_teacher(classes).values():
        spans = [(starts, max(one.ends for one in pupils)) for starts, pupils in given]
        for place in _overlapping(spans):
            found.update(one.key for one in given[place][1])
    by_student: dict[str, list[Lesson]] = {}
    for one in lessons:
        by_student.setdefault(one.student, []).append(one)
    by_student.pop("", None)
    for own in by_student.values():
        own.sort(key=lambda one: one.starts)
        found.update(own[n].key for n in _overlapping([(one.starts, one.ends) for one in own]))
    return found


def beyond_hours(lessons: Sequence[Lesson], hours_max: int) -> set[tuple[str, int]]:
    """Return the lessons in classes by which a teacher's day grows longer than so many hours."""
    found: set[tuple[str, int]] = set()
    for given in _by_teacher(_classes(lessons)).values():
        taught = timedelta()
        for starts, pupils in given:
            taught += max(one.ends for one in pupils) - starts
            if taught > timedelta(hours=hours_max):
                found.update(one.key for one in pupils)
    return found


_Classes = dict[tuple[str, datetime], list[Lesson]]


def _classes(lessons: Sequence[Lesson]) -> _Classes:
    classes: _Classes = {}
    for one in lessons:
        if one.teacher:
            classes.setdefault((one.teacher, one.starts), []).append(one)
    return classes


def _by_teacher(classes: _Classes) -> dict[str, list[tuple[datetime, list[Lesson]]]]:
    given: dict[str, list[tuple[datetime, list[Lesson]]]] = {}
    for (teacher, starts), pupils in sorted(classes.items(), key=lambda one: one[0]):
        given.setdefault(teacher, []).append((starts, pupils))
    return given


def _overlapping(spans: Sequence[tuple[datetime, datetime]]) -> list[int]:
    """Return the places of spans, sorted by their beginnings, that share time with another."""
    found: set[int] = set()
    longest = 0
    for place in range(1, len(spans)):
        if spans[longest][1] > spans[place][0]:
            found.update({longest, place})
        if spans[place][1] > spans[longest][1]:
            longest = place
    return sorted(found)

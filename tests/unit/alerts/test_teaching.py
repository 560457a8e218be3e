"""When lessons are permitted: rest days by calendar, closing hours by the minute."""

from datetime import date

import pytest

from alerts.domain.teaching import (
    OFFLINE_UNTIL_MINUTE,
    ONLINE_UNTIL_MINUTE,
    ends_late,
    is_permitted_day,
    permitted_days,
)
from alerts.domain.workdays import Calendar
from tests.unit.alerts.rules.conduct_facts import at

NATIONAL_DAY = Calendar({date(2026, 10, 1): False, date(2026, 10, 10): True})


@pytest.mark.parametrize(
    ("category", "day", "is_permitted"),
    [
        ("subject", date(2026, 11, 20), True),
        ("subject", date(2026, 11, 21), False),
        ("subject", date(2026, 11, 22), False),
        ("subject", date(2026, 10, 1), False),
        ("subject", date(2026, 10, 10), True),
        ("non_subject", date(2026, 11, 21), True),
        ("non_subject", date(2026, 10, 1), True),
        ("", date(2026, 11, 21), True),
    ],
)
def test_only_subject_classes_rest_and_make_up_days_are_worked(
    category: str, day: date, *, is_permitted: bool
) -> None:
    assert is_permitted_day(NATIONAL_DAY, category, day) is is_permitted


def test_permitted_days_are_counted_from_the_first_and_before_the_last() -> None:
    week = (date(2026, 11, 16), date(2026, 11, 23))

    assert permitted_days(Calendar(), "subject", *week) == 5
    assert permitted_days(Calendar(), "non_subject", *week) == 7
    assert permitted_days(Calendar(), "non_subject", *reversed(week)) == 0


@pytest.mark.parametrize(
    ("until", "ends", "is_late"),
    [
        (OFFLINE_UNTIL_MINUTE, "2026-11-20 20:30", False),
        (OFFLINE_UNTIL_MINUTE, "2026-11-20 20:31", True),
        (ONLINE_UNTIL_MINUTE, "2026-11-20 21:00", False),
        (ONLINE_UNTIL_MINUTE, "2026-11-20 21:01", True),
        (ONLINE_UNTIL_MINUTE, "2026-11-21 00:30", True),
    ],
)
def test_a_lesson_may_end_at_the_minute_and_not_after(
    until: int, ends: str, *, is_late: bool
) -> None:
    assert ends_late(at("2026-11-20 19:30"), at(ends), until) is is_late

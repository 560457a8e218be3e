"""The days of the simulated year: the announced calendar, and when schools and people rest.

The year is a school year, 1 September 2025 to 31 August 2026, whose holidays and make-up workdays
were all announced. Custody had been running for four months when it begins.
"""

from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Final

import chinese_calendar

from alerts.domain.workdays import Calendar
from shared.time import SHANGHAI

OPENED: Final = date(2025, 5, 1)
"""The first day of custody: from here on there are facts."""
FIRST: Final = date(2025, 9, 1)
"""The first day that is judged."""
LAST: Final = date(2026, 8, 31)

ONE_DAY: Final = timedelta(days=1)

SPRING_FESTIVAL: Final = date(2026, 2, 17)
_WINTER: Final = (date(2026, 1, 26), date(2026, 3, 1))
_SUMMERS: Final = (
    (date(2025, 7, 5), date(2025, 8, 31)),
    (date(2026, 7, 4), date(2026, 8, 31)),
)
"""School vacations, in which school subjects are not taught and others are taught more."""

ENROLMENT: Final = (0.6, 1.3, 1.8, 0.8, 0.8, 1.6, 1.5, 1.2, 2.2, 0.8, 0.6, 0.6)
"""How many newcomers a month sees, of an average one: spring, summer and autumn peaks."""


@cache
def calendar() -> Calendar:
    """Return the announced days off and make-up workdays."""
    days = (OPENED + n * ONE_DAY for n in range((LAST - OPENED).days + 120))
    return Calendar({day: chinese_calendar.is_workday(day) for day in days})


@cache
def is_holiday(day: date) -> bool:
    """Tell whether a day is off by announcement, and not merely a weekend."""
    is_off, name = chinese_calendar.get_holiday_detail(day)
    return is_off and name is not None


def is_vacation(day: date) -> bool:
    """Tell whether schools have vacation."""
    return is_summer(day) or _WINTER[0] <= day <= _WINTER[1]


def is_summer(day: date) -> bool:
    """Tell whether it is summer vacation."""
    return any(first <= day <= last for first, last in _SUMMERS)


def at(day: date, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """Return an instant of a day in Asia/Shanghai."""
    return datetime.combine(day, time(hour, minute, second), SHANGHAI)


def next_workday(day: date, number: int = 1) -> date:
    """Return the so-manieth working day after a day."""
    left = number
    while left:
        day += ONE_DAY
        left -= calendar().is_workday(day)
    return day

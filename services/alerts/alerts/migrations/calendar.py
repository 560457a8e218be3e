"""The working days that were announced: the rows a new database begins with.

The State Council announces a year's holidays and make-up workdays (调休) in the autumn before.
Days that follow Monday to Friday need no row. `python -m alerts calendar FILE` adds a year.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import chinese_calendar
from chinese_calendar.constants import Holiday

from shared.errors import StartupRefused

FIRST: Final = date(2020, 1, 1)
LAST: Final = date(2026, 12, 31)
"""What the library in `requirements.lock` knows."""

SATURDAY: Final = 5
ROWS_MAX: Final = 1_000
"""Of a file: thirty years of announcements."""

WORDS: Final = {"work": True, "rest": False}

INSERT: Final = (
    "INSERT INTO alerts.workday (day, is_workday, name) VALUES (:day, :is_workday, :name)"
    " ON CONFLICT (day) DO UPDATE SET is_workday = excluded.is_workday, name = excluded.name"
)


@dataclass(frozen=True, slots=True)
class Announced:
    """One day that differs from Monday to Friday."""

    day: date
    is_workday: bool
    name: str


def announced() -> Iterator[Announced]:
    """Give the days of the known years that differ from Monday to Friday."""
    for number in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(days=number)
        is_workday = bool(chinese_calendar.is_workday(day))
        if is_workday != (day.weekday() < SATURDAY):
            _, name = chinese_calendar.get_holiday_detail(day)
            holiday = Holiday(name).chinese if name else ""
            yield Announced(day, is_workday, f"{holiday}调休" if is_workday else holiday)


def read_file(path: Path) -> list[Announced]:
    """Return the days of a CSV file: `day,work or rest,name`, one a line.

    Raises:
        StartupRefused: naming the line that cannot be read.

    """
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error):
        message = "The calendar cannot be read: name a CSV file in UTF-8."
        raise StartupRefused(message) from None
    if len(rows) > ROWS_MAX:
        message = f"The calendar has more than {ROWS_MAX} lines: give it year by year."
        raise StartupRefused(message)
    return [_row(number, row) for number, row in enumerate(rows, start=1)]


def _row(number: int, row: list[str]) -> Announced:
    try:
        day, word, name = row
        return Announced(date.fromisoformat(day), WORDS[word], name[:60])
    except (ValueError, KeyError):
        message = f"Line {number} of the calendar: write `2027-01-01,rest,元旦` (work or rest)."
        raise StartupRefused(message) from None

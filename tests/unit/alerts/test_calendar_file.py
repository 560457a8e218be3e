"""The calendar that a database begins with, and the file that adds a year."""

from datetime import date
from pathlib import Path

import pytest

from alerts.migrations.calendar import Announced, announced, read_file
from shared.errors import StartupRefused


def test_the_announced_days_of_2026_are_there() -> None:
    days = {one.day: one for one in announced()}
    assert days[date(2026, 10, 1)] == Announced(date(2026, 10, 1), is_workday=False, name="国庆节")
    assert days[date(2026, 10, 10)] == Announced(
        date(2026, 10, 10), is_workday=True, name="国庆节调休"
    )
    assert date(2026, 10, 12) not in days, "a Monday like any other"
    assert date(2026, 10, 3) not in days, "a Saturday is free without an announcement"


def test_a_file_adds_days(tmp_path: Path) -> None:
    path = tmp_path / "2027.csv"
    path.write_text("2027-01-01,rest,元旦\n2027-01-03,work,元旦调休\n", encoding="utf-8")
    assert read_file(path) == [
        Announced(date(2027, 1, 1), is_workday=False, name="元旦"),
        Announced(date(2027, 1, 3), is_workday=True, name="元旦调休"),
    ]


@pytest.mark.parametrize("line", ["2027-13-01,rest,x", "2027-01-01,free,x", "2027-01-01,rest", ""])
def test_a_line_that_cannot_be_read_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "2027.csv"
    path.write_text(f"2027-01-01,rest,x\n{line}\n", encoding="utf-8")
    with pytest.raises(StartupRefused, match="Line 2 of the calendar"):
        read_file(path)


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StartupRefused, match="cannot be read"):
        read_file(tmp_path / "none.csv")

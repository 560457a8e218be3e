"""Instants, days in Asia/Shanghai, and calendar months."""

from datetime import UTC, date, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from shared.time import add_months, business_day, rfc3339, wall_clock
from tests.support.tables import cases

# instant in UTC        day in Shanghai
DAYS = """
  2026-12-04T15:59:59   2026-12-04
  2026-12-04T16:00:00   2026-12-05
  2026-12-31T16:00:00   2027-01-01
"""


@cases(DAYS)
def test_a_day_begins_at_midnight_in_shanghai(row: list[str]) -> None:
    instant = datetime.fromisoformat(row[0]).replace(tzinfo=UTC)
    assert business_day(instant) == date.fromisoformat(row[1])


# day          months  then
MONTHS = """
  2026-11-30   3       2027-02-28
  2023-11-30   3       2024-02-29
  2026-01-31   1       2026-02-28
  2026-03-31   -1      2026-02-28
  2026-12-15   1       2027-01-15
  2026-12-15   0       2026-12-15
  9999-12-01   1       9999-12-31
  0001-01-15   -1      0001-01-01
"""


@cases(MONTHS)
def test_a_day_that_the_month_lacks_becomes_its_last(row: list[str]) -> None:
    day, months, then = row
    assert add_months(date.fromisoformat(day), int(months)) == date.fromisoformat(then)


@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)), st.integers(0, 120))
def test_later_days_stay_later(day: date, months: int) -> None:
    assert add_months(day, months) >= day
    assert add_months(day + timedelta(days=1), months) >= add_months(day, months)


def test_times_are_shown_with_shanghais_offset() -> None:
    assert rfc3339(datetime(2026, 12, 5, 1, tzinfo=UTC)) == "2026-12-05T09:00:00+08:00"
    tokyo = timezone(timedelta(hours=9))
    assert rfc3339(datetime(2026, 12, 5, 10, tzinfo=tokyo)) == "2026-12-05T09:00:00+08:00"


def test_the_wall_clock_is_aware() -> None:
    assert wall_clock().tzinfo is UTC

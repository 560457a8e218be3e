"""Which days a daily report covers, whom it is for, and what its hash is of."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.domain.reports import SPAN_DAYS_MAX, bounds, bureaux, covered, hash_of
from shared.time import SHANGHAI, business_day

MONDAY = datetime(2026, 11, 23, 8, 30, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("last_day", "expected"),
    [
        (None, ("2026-11-20", "2026-11-22")),
        ("2026-11-19", ("2026-11-20", "2026-11-22")),
        ("2026-11-17", ("2026-11-18", "2026-11-22")),
        ("2026-11-22", None),
        ("2026-11-23", None),
        ("2025-01-01", ("2026-10-23", "2026-11-22")),
    ],
)
def test_a_report_reaches_back_to_the_last_one(
    last_day: str | None, expected: tuple[str, str] | None
) -> None:
    told = date.fromisoformat(last_day) if last_day else None
    found = covered(MONDAY, told, date(2026, 11, 20))
    assert (found and tuple(map(str, found))) == expected


@given(st.lists(st.integers(1, 20), min_size=1, max_size=12))
def test_reports_one_after_another_leave_no_day_out_and_tell_none_twice(gaps: list[int]) -> None:
    last: date | None = None
    told: list[date] = []
    due = MONDAY
    for gap in gaps:
        due += timedelta(days=gap)
        days = covered(due, last, business_day(due) - timedelta(days=1))
        assert days is not None
        first, last = days
        told += [first + timedelta(days=n) for n in range((last - first).days + 1)]
        assert last == business_day(due) - timedelta(days=1)
        assert (last - first).days < SPAN_DAYS_MAX
    assert told == [told[0] + timedelta(days=n) for n in range(len(told))]


def test_counties_and_their_city_get_a_report() -> None:
    codes = ["320602", "320602001002", "320613", "110101", "32"]
    assert bureaux(codes) == ["110100", "110101", "320600", "320602", "320613"]


def test_days_end_where_the_next_begins_in_shanghai() -> None:
    first, until = bounds(date(2026, 11, 20), date(2026, 11, 22))
    assert first.isoformat() == "2026-11-20T00:00:00+08:00"
    assert until.isoformat() == "2026-11-23T00:00:00+08:00"


def test_a_hash_is_of_the_content_and_not_of_its_order() -> None:
    assert hash_of({"a": 1, "b": "二"}) == hash_of({"b": "二", "a": 1})
    assert hash_of({"a": 1}) != hash_of({"a": 2})
    assert hash_of({"a": 1}) != hash_of({"a": "1"})

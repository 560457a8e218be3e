"""Instants as PostgreSQL keeps them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.pg.instants import decoded, encoded


def test_the_year_2000_is_zero_and_a_microsecond_is_one() -> None:
    start = datetime(2000, 1, 1, tzinfo=UTC)
    assert encoded(start) == (0,)
    assert encoded(start + timedelta(microseconds=1)) == (1,)
    assert encoded(start - timedelta(microseconds=1)) == (-1,)
    assert encoded(datetime(2000, 1, 1, 8, tzinfo=timezone(timedelta(hours=8)))) == (0,)


@given(st.datetimes(timezones=st.just(UTC)))
def test_what_is_kept_comes_back(instant: datetime) -> None:
    assert decoded(encoded(instant)) == instant
    assert decoded(encoded(instant)).tzinfo is UTC


def test_a_time_without_its_offset_is_refused() -> None:
    with pytest.raises(TypeError):
        encoded(datetime(2026, 12, 5))  # noqa: DTZ001 - the point

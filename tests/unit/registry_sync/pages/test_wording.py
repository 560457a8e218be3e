"""Days and moments as one reads them, in Shanghai."""

from datetime import UTC, date, datetime

from registry_sync.domain.record import LONG_TERM
from registry_sync.pages.wording import day_text, moment_text


def test_a_day_is_said_as_one_reads_it() -> None:
    assert day_text(date(2026, 3, 5)) == day_text("2026-03-05") == "2026年3月5日"
    assert day_text(LONG_TERM) == "长期"
    assert day_text(None) == "没有写明"


def test_a_moment_is_said_as_it_is_in_shanghai() -> None:
    assert moment_text(datetime(2026, 3, 4, 17, 5, tzinfo=UTC)) == "2026年3月5日 01:05"
    assert moment_text(None) == "没有记录"

"""How the pages of those who supervise say results, places and times."""

from datetime import UTC, datetime, timedelta

import pytest

from registry_sync.domain.safeguards import WHOLE
from registry_sync.migrations.ddl_0001 import REGISTRY
from registry_sync.source.mapping import TARGETS
from registry_sync.supervision.holdings import WHOLE_REASONS
from registry_sync.supervision.wording import (
    FIELD_NAMES,
    KINDS,
    RESULTS,
    ROLES,
    STATES,
    ago_text,
    count_text,
    district_text,
    place_text,
    result_word,
    short_moment_text,
    span_text,
)
from tests.support.tables import cases

NOW = datetime(2026, 11, 22, 4, 30, tzinfo=UTC)

# place                     shown
PLACES = """
  白名单!C17                工作表“白名单”，单元格C17（第17行）
  a!b!AA100000              工作表“a!b”，单元格AA100000（第100,000行）
  line_17                   第17行
  full-1.jsonl_line_1234    文件“full-1.jsonl”第1,234行
  somewhere                 somewhere
"""


@cases(PLACES)
def test_a_place_is_said_so_that_one_finds_it(row: list[str]) -> None:
    place, shown = row
    assert place_text(place.replace("_", " ")) == shown


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(), "不到1分钟"),
        (timedelta(seconds=59), "不到1分钟"),
        (timedelta(minutes=1), "1分钟"),
        (timedelta(minutes=59), "59分钟"),
        (timedelta(hours=1), "1小时"),
        (timedelta(hours=23, minutes=59), "23小时"),
        (timedelta(days=31), "31天"),
    ],
)
def test_a_span_is_said_by_its_largest_unit(span: timedelta, text: str) -> None:
    assert span_text(span) == text


def test_what_never_was_is_no_time_ago_and_what_is_ahead_is_now() -> None:
    assert ago_text(None, NOW) == ""
    assert ago_text(NOW + timedelta(hours=2), NOW) == "不到1分钟前"


def test_a_list_leaves_this_year_out_and_names_another() -> None:
    assert short_moment_text(NOW, NOW) == "11月22日 12:30"
    assert short_moment_text(datetime(2025, 12, 31, 15, tzinfo=UTC), NOW) == "2025年12月31日 23:00"


def test_every_field_kind_and_state_has_its_chinese() -> None:
    assert set(TARGETS) <= set(FIELD_NAMES)
    ddl = "\n".join(REGISTRY)
    for words in (KINDS, STATES):
        for word in words:
            assert f"'{word}'" in ddl
    assert set(STATES) == {"open", "approved", "applied", "rejected", "expired", "replaced"}
    assert set(ROLES) == {"supervisor", "auditor", "operator"}
    assert {reason.value for reason in WHOLE} == WHOLE_REASONS


def test_every_result_that_is_no_fault_has_its_word() -> None:
    for result in RESULTS:
        assert result_word(result) is RESULTS[result]
    assert result_word(None).text == "还没有获取过"


def test_numbers_have_their_thousands_apart_and_districts_their_names() -> None:
    assert (count_text(1234567), count_text(None)) == ("1,234,567", "没有记录")
    assert district_text("320602", 2026) == "江苏省南通市崇川区"
    assert (district_text("999999", 2026), district_text("", 2026)) == ("999999", "没有写明地区")

"""How amounts, shares, instants and lengths read."""

from datetime import UTC, date, datetime, timedelta

import pytest

from alerts.domain import wording

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("fen", "said"),
    [
        (0, "0.00 元"),
        (1, "0.01 元"),
        (123456700, "1,234,567.00 元"),
        (-5, "-0.05 元"),
        (10**15, "10,000,000,000,000.00 元"),
    ],
)
def test_amounts(fen: int, said: str) -> None:
    assert wording.yuan(fen) == said


@pytest.mark.parametrize(
    ("bps", "said"),
    [(6_215, "62.1%"), (2_999, "29.9%"), (3_000, "30%"), (5, "0%"), (10, "0.1%"), (-250, "-2.5%")],
)
def test_shares_are_cut_and_never_rounded_up_to_a_threshold(bps: int, said: str) -> None:
    assert wording.percent(bps) == said


def test_instants_are_said_in_shanghai() -> None:
    late = datetime(2026, 11, 19, 16, 5, tzinfo=UTC)
    assert wording.when(late) == "2026-11-20 00:05"
    assert wording.on(late) == "2026-11-20"


@pytest.mark.parametrize(
    ("day", "week"), [(date(2026, 11, 20), "2026-W47"), (date(2027, 1, 1), "2026-W53")]
)
def test_weeks_are_iso_weeks(day: date, week: str) -> None:
    assert wording.week_of(day) == week


@pytest.mark.parametrize(
    ("hours", "said"), [(24, "24 小时"), (30, "30 小时"), (48, "2 天"), (168, "7 天")]
)
def test_lengths(hours: int, said: str) -> None:
    assert wording.span(HOUR * hours) == said


def test_counts_and_lists() -> None:
    assert wording.count(1_200) == "1,200 笔"
    assert wording.count(3, "家") == "3 家"
    assert wording.listed(["工资", "租金"]) == "工资、租金"


@pytest.mark.parametrize(
    ("part_fen", "whole_fen", "said"),
    [
        (621, 1_000, "占期初余额 62.1%"),
        (9_999, 1_000, "占期初余额 999.9%"),
        (10_000, 1_000, "超过期初余额的 10 倍"),
        (5, 0, "而期初余额为 0.00 元"),
        (5, -100, "而期初余额为 -1.00 元"),
    ],
)
def test_a_share_of_nothing_is_said_as_such(part_fen: int, whole_fen: int, said: str) -> None:
    assert wording.share_of(part_fen, whole_fen, "期初余额") == said

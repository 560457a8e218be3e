"""R07 and R08: splitting just below the limit, and money that only passes through."""

import pytest

from alerts.domain.outcome import NO_HIT, Severity
from tests.unit.alerts.rules.money_facts import (
    DAY,
    HOUR,
    MOMENT,
    RED,
    WAN,
    YELLOW,
    credit,
    debit,
    floor,
    judge,
    level,
)

LONG = 200 * DAY
SMALL = credit(LONG, 50 * WAN)
"""Of 50 万, R01 looks from 5 万 on."""


@pytest.mark.parametrize(("count", "expected"), [(2, None), (3, YELLOW), (5, YELLOW), (6, RED)])
def test_debits_just_below_the_limit_are_counted(count: int, expected: Severity | None) -> None:
    split = [debit(HOUR * n, 45 * WAN // 10) for n in range(1, count + 1)]
    assert level("R07", SMALL, *split) is expected


@pytest.mark.parametrize(
    ("amount_fen", "expected"),
    [(4 * WAN, YELLOW), (4 * WAN - 1, None), (5 * WAN - 1, YELLOW), (5 * WAN, None)],
)
def test_just_below_is_from_80_percent_up_to_the_limit(
    amount_fen: int, expected: Severity | None
) -> None:
    split = [debit(HOUR * n, amount_fen) for n in range(1, 4)]
    assert level("R07", SMALL, *split) is expected


def test_the_limit_is_a_share_of_a_large_balance() -> None:
    split = [debit(HOUR * n, 9 * WAN) for n in range(1, 4)]
    assert level("R07", credit(LONG, 110 * WAN), *split) is YELLOW  # limits of 9.2 to 11 万
    assert level("R07", credit(LONG, 200 * WAN), *split) is None


def test_a_split_over_more_than_a_day_is_none() -> None:
    pair = [debit(HOUR, 4 * WAN), debit(2 * HOUR, 4 * WAN)]
    assert level("R07", SMALL, *pair, debit(DAY + HOUR - MOMENT, 4 * WAN)) is YELLOW
    assert level("R07", SMALL, *pair, debit(DAY + HOUR, 4 * WAN)) is None


def test_a_split_that_comes_late_is_seen_as_it_was_that_day() -> None:
    late = [debit(3 * DAY + HOUR * n, 4 * WAN, heard=HOUR) for n in range(3)]
    (found,) = judge("R07", SMALL, *late)
    assert found.fact_ids == tuple(sorted(one.fact_id for one in late))
    assert found.sentence == (
        "2026-11-17 09:12 前 24 小时有 3 笔支出均略低于单笔大额限额（80% 以上），"
        "共 120,000.00 元，疑似拆分，阈值 3 笔"
    )


def test_a_sum_below_the_limit_is_no_split() -> None:
    split = [debit(HOUR * n, 16 * WAN // 10) for n in range(1, 4)]
    assert level("R07", SMALL, *split, near_bps=3_000) is None
    assert (
        level("R07", SMALL, *split, debit(HOUR, 2 * WAN // 10 + 15 * WAN // 10), near_bps=3_000)
        is YELLOW
    )


@pytest.mark.parametrize(
    ("left_fen", "expected"), [(8 * WAN, YELLOW), (8 * WAN - 1, None), (12 * WAN, YELLOW)]
)
def test_most_of_what_came_leaves_again(left_fen: int, expected: Severity | None) -> None:
    facts = [credit(LONG, 90 * WAN), credit(20 * HOUR, 10 * WAN), debit(HOUR, left_fen)]
    assert level("R08", *facts) is expected


@pytest.mark.parametrize(("required_fen", "expected"), [(92 * WAN, YELLOW), (92 * WAN + 1, RED)])
def test_below_the_floor_as_well_is_red(required_fen: int, expected: Severity) -> None:
    facts = [credit(LONG, 90 * WAN), credit(20 * HOUR, 10 * WAN), debit(HOUR, 8 * WAN)]
    told = floor(LONG, required_fen)
    (found,) = judge("R08", *facts, told)
    assert found.severity is expected
    assert (told.fact_id in found.fact_ids) == (expected is RED)


def test_what_left_before_the_money_came_did_not_come_of_it() -> None:
    came = credit(20 * HOUR, 10 * WAN)
    assert level("R08", SMALL, debit(20 * HOUR + MOMENT, 10 * WAN), came) is None
    assert level("R08", SMALL, debit(20 * HOUR, 10 * WAN), came) is YELLOW


def test_two_days_are_long_enough() -> None:
    left = debit(HOUR, 10 * WAN)
    assert level("R08", SMALL, credit(49 * HOUR - MOMENT, 10 * WAN), left) is YELLOW
    assert level("R08", SMALL, credit(49 * HOUR, 10 * WAN), left) is None


def test_what_comes_after_the_flight_does_not_hide_it() -> None:
    flight = [credit(20 * HOUR, 10 * WAN), debit(10 * HOUR, 9 * WAN)]
    assert level("R08", SMALL, *flight, credit(HOUR, 90 * WAN)) is YELLOW


@pytest.mark.parametrize(("came_fen", "expected"), [(WAN, YELLOW), (WAN - 1, None)])
def test_a_fee_on_the_day_of_the_rent_is_no_flight(
    came_fen: int, expected: Severity | None
) -> None:
    assert level("R08", SMALL, credit(5 * HOUR, came_fen), debit(HOUR, 5 * WAN)) is expected


def test_a_passage_reads_with_both_amounts() -> None:
    (found,) = judge("R08", SMALL, credit(20 * HOUR, 10 * WAN), debit(HOUR, 9 * WAN))
    assert found.sentence == (
        "2026-11-20 09:12 前 2 天流入 100,000.00 元，随后流出 90,000.00 元（1 笔），"
        "占同期流入 90%，阈值 80%"
    )
    assert judge("R08", SMALL, credit(20 * HOUR, 10 * WAN)) == (NO_HIT,)

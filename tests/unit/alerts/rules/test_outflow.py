"""R01 to R03: each at each level and beside its thresholds, and what does not count."""

from datetime import timedelta

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
    judge,
    level,
)

LONG = 200 * DAY


@pytest.mark.parametrize(
    ("balance_fen", "left_fen", "expected"),
    [
        (50 * WAN, 5 * WAN, YELLOW),
        (50 * WAN, 5 * WAN - 1, None),
        (10 * WAN, 5 * WAN - 1, None),
        (50 * WAN + 1, 5 * WAN, None),
        (200 * WAN, 20 * WAN, YELLOW),
        (200 * WAN, 20 * WAN - 1, None),
        (100 * WAN, 50 * WAN, RED),
        (100 * WAN, 50 * WAN - 1, YELLOW),
        (300 * WAN, 90 * WAN, RED),
        (300 * WAN, 90 * WAN - 1, YELLOW),
    ],
)
def test_a_single_debit_is_held_against_amount_and_share(
    balance_fen: int, left_fen: int, expected: Severity | None
) -> None:
    assert level("R01", credit(LONG, balance_fen), debit(HOUR, left_fen)) is expected


def test_the_share_is_of_the_balance_just_before_the_booking() -> None:
    facts = [credit(LONG, 100 * WAN), debit(2 * HOUR, 51 * WAN), debit(HOUR, 5 * WAN)]
    (day,) = judge("R01", *facts)
    assert day.inputs["before_fen"] == 100 * WAN
    assert day.inputs["count"] == 2  # 5 万 of the 49 万 that were left


def test_a_single_debit_reads_as_the_design_says() -> None:
    (day,) = judge("R01", credit(LONG, 100 * WAN), debit(HOUR, 62 * WAN + 1_50))
    assert day.scope == "2026-11-20"
    assert day.sentence == (
        "2026-11-20 08:12 单笔流出 620,001.50 元，占记账前余额 62%，阈值 500,000.00 元且 30%"
    )


def test_days_are_kept_apart_by_the_booking_in_shanghai() -> None:
    facts = [credit(LONG, 100 * WAN), debit(9 * HOUR + 13 * MOMENT, 60 * WAN), debit(HOUR, 5 * WAN)]
    late = debit(10 * HOUR, 11 * WAN)  # 23:12 of the day before
    days = judge("R01", *facts, late)
    assert [(one.scope, one.severity) for one in days] == [
        ("2026-11-19", YELLOW),
        ("2026-11-20", RED),
    ]
    assert days[0].fact_ids == (late.fact_id,)
    assert days[1].fact_ids == tuple(one.fact_id for one in facts[1:])


@pytest.mark.parametrize(
    ("booked", "heard", "expected"),
    [
        (DAY - MOMENT, DAY - MOMENT, YELLOW),
        (DAY, DAY, None),
        (5 * DAY, HOUR, YELLOW),
        (5 * DAY, DAY, None),
        (31 * DAY - MOMENT, HOUR, YELLOW),
        (31 * DAY, HOUR, None),
    ],
)
def test_a_late_debit_is_judged_when_it_is_heard(
    booked: timedelta, heard: timedelta, expected: Severity | None
) -> None:
    facts = [credit(LONG, 50 * WAN), debit(booked, 10 * WAN, heard=heard)]
    assert level("R01", *facts) is expected


@pytest.mark.parametrize("number", ["R01", "R02", "R03", "R07", "R08", "R09", "R10"])
@pytest.mark.parametrize("tag", ["payout", "refund", "return"])
def test_what_an_instruction_stands_behind_is_no_outflow(number: str, tag: str) -> None:
    opening = credit(LONG, 100 * WAN)
    came = credit(20 * HOUR, 50 * WAN)
    left = [debit(HOUR * n, 45 * WAN // 10, tag=tag) for n in range(1, 11)]
    assert judge(number, opening, came, *left, debit(HOUR, 90 * WAN, tag=tag)) == (NO_HIT,)


@pytest.mark.parametrize(
    ("number", "balance_fen", "left_fen", "expected"),
    [
        ("R02", 20 * WAN, 10 * WAN, RED),
        ("R02", 20 * WAN, 10 * WAN - 1, None),
        ("R02", 100 * WAN, 30 * WAN, YELLOW),
        ("R02", 100 * WAN, 30 * WAN - 1, None),
        ("R02", 100 * WAN, 50 * WAN - 1, YELLOW),
        ("R02", 100 * WAN, 50 * WAN, RED),
        ("R03", 40 * WAN, 30 * WAN, RED),
        ("R03", 40 * WAN, 30 * WAN - 1, None),
        ("R03", 100 * WAN, 50 * WAN, YELLOW),
        ("R03", 100 * WAN, 50 * WAN - 1, None),
        ("R03", 100 * WAN, 70 * WAN - 1, YELLOW),
        ("R03", 100 * WAN, 70 * WAN, RED),
    ],
)
def test_debits_add_up_over_a_window(
    number: str, balance_fen: int, left_fen: int, expected: Severity | None
) -> None:
    halves = [debit(2 * HOUR, left_fen // 2), debit(HOUR, left_fen - left_fen // 2)]
    assert level(number, credit(LONG, balance_fen), *halves) is expected


@pytest.mark.parametrize(("number", "length"), [("R02", DAY), ("R03", 7 * DAY)])
def test_a_window_rolls_and_its_end_is_in_it(number: str, length: timedelta) -> None:
    opening = credit(LONG, 100 * WAN)
    old = debit(length, 41 * WAN)
    near = debit(length - MOMENT, 41 * WAN)
    now = debit(0 * DAY, 29 * WAN)
    assert level(number, opening, near, now) is RED
    assert level(number, opening, old, now) is not RED


def test_a_sum_of_a_day_that_comes_late_is_seen_as_it_was_that_day() -> None:
    late = [debit(3 * DAY, 30 * WAN, heard=HOUR), debit(3 * DAY + HOUR, 30 * WAN, heard=HOUR)]
    (found,) = judge("R02", credit(LONG, 100 * WAN), *late)
    assert found.severity is RED
    assert found.sentence == (
        "2026-11-17 09:12 前 24 小时流出 600,000.00 元（2 笔），占期初余额 60%，阈值 50%"
    )


def test_of_windows_the_gravest_is_told() -> None:
    late = debit(3 * DAY, 60 * WAN, heard=HOUR)
    today = debit(HOUR, 15 * WAN)
    (found,) = judge("R02", credit(LONG, 100 * WAN), late, today)
    assert (found.severity, found.fact_ids) == (RED, (late.fact_id,))


def test_what_leaves_an_account_that_was_empty_is_red() -> None:
    (found,) = judge("R02", credit(2 * HOUR, 100 * WAN), debit(HOUR, 10 * WAN))
    assert found.severity is RED
    assert "而期初余额为 0.00 元" in found.sentence


def test_payroll_that_recurs_is_not_added_up() -> None:
    opening = credit(LONG, 100 * WAN)
    earlier = [debit(30 * DAY * n, 60 * WAN) for n in (1, 2, 3)]
    refilled = [credit(30 * DAY * n - HOUR, 60 * WAN) for n in (1, 2, 3)]
    today = debit(0 * DAY, 60 * WAN)
    for number in ("R02", "R03", "R09"):
        assert judge(number, opening, *earlier, *refilled, today) == (NO_HIT,)
        assert judge(number, opening, *earlier[1:], *refilled[1:], today) != (NO_HIT,)
    assert judge("R01", opening, *earlier, *refilled, today) != (NO_HIT,)


def test_a_corrected_debit_is_judged_as_it_was_corrected() -> None:
    first = debit(HOUR, 60 * WAN, ref="same")
    matched = debit(HOUR, 60 * WAN, ref="same", tag="payout", heard=HOUR / 2)
    assert judge("R01", credit(LONG, 100 * WAN), first) != (NO_HIT,)
    assert judge("R01", credit(LONG, 100 * WAN), first, matched) == (NO_HIT,)

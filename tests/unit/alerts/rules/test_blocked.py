"""R22: money that leaves, or is to leave, while payouts are frozen."""

from datetime import timedelta

import pytest

from alerts.domain.facts import Fact, Kind
from alerts.domain.outcome import NO_HIT, Severity
from tests.unit.alerts.rules.money_facts import (
    DAY,
    HOUR,
    MOMENT,
    RED,
    WAN,
    YELLOW,
    debit,
    fact,
    judge,
    level,
)


def _freeze(ago: timedelta, scope: str = "payout") -> Fact:
    return fact(Kind.freeze, ago, ref="f", tag=scope)


def _warning(ago: timedelta, **more: timedelta) -> Fact:
    return fact(Kind.bank_warning, ago, WAN, tag="blocked_debit", **more)


@pytest.mark.parametrize(("count", "expected"), [(0, None), (1, YELLOW), (2, YELLOW), (3, RED)])
def test_attempts_are_counted(count: int, expected: Severity | None) -> None:
    booked = [debit(HOUR * n, 1) for n in range(1, count + 1)]
    assert level("R22", _freeze(DAY), *booked) is expected
    assert level("R22", *[_warning(HOUR * n) for n in range(1, count + 1)]) is expected


def test_debits_and_warnings_count_together() -> None:
    freeze, left, warnings = _freeze(DAY), debit(HOUR, WAN), [_warning(HOUR), _warning(2 * HOUR)]
    (found,) = judge("R22", freeze, left, *warnings)
    assert found.severity is RED
    assert found.fact_ids == tuple(sorted(one.fact_id for one in (freeze, left, *warnings)))
    assert found.sentence == (
        "2026-11-20 09:12 前 24 小时冻结期间有 3 笔支出（其中银行拒付 2 笔），"
        "共 30,000.00 元，红色阈值 3 笔"
    )


@pytest.mark.parametrize(
    ("scope", "expected"), [("payout", YELLOW), ("all", YELLOW), ("charging", None)]
)
def test_only_a_freeze_of_payouts_holds_money(scope: str, expected: Severity | None) -> None:
    assert level("R22", _freeze(DAY, scope), debit(HOUR, 1)) is expected


@pytest.mark.parametrize(
    ("begins", "ends", "expected"),
    [
        (HOUR - MOMENT, None, None),
        (HOUR, None, YELLOW),
        (DAY, HOUR, None),
        (DAY, HOUR - MOMENT, YELLOW),
    ],
)
def test_only_what_is_booked_while_it_stands_counts(
    begins: timedelta, ends: timedelta | None, expected: Severity | None
) -> None:
    lift = [] if ends is None else [fact(Kind.unfreeze, ends, ref="f")]
    assert level("R22", _freeze(begins), *lift, debit(HOUR, 1)) is expected


def test_what_an_instruction_stands_behind_was_out_already() -> None:
    assert judge("R22", _freeze(DAY), debit(HOUR, 1, tag="payout")) == (NO_HIT,)


def test_a_warning_of_another_kind_is_no_attempt() -> None:
    assert judge("R22", fact(Kind.bank_warning, HOUR, 1, tag="other")) == (NO_HIT,)


@pytest.mark.parametrize(
    ("ago", "heard", "expected"),
    [
        (DAY, DAY, None),
        (DAY - MOMENT, DAY - MOMENT, YELLOW),
        (5 * DAY, HOUR, YELLOW),
        (31 * DAY, HOUR, None),
    ],
)
def test_attempts_count_for_a_day_after_they_are_heard(
    ago: timedelta, heard: timedelta, expected: Severity | None
) -> None:
    assert level("R22", _warning(ago, heard=heard)) is expected
    assert level("R22", _freeze(90 * DAY), debit(ago, 1, heard=heard)) is expected

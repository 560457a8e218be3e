"""R09: far from what the same weekday is used to, in whole fen."""

import pytest

from alerts.domain.facts import Fact
from alerts.domain.outcome import NO_HIT, Severity, Verdict
from tests.unit.alerts.rules.money_facts import (
    DAY,
    HOUR,
    RED,
    WAN,
    YELLOW,
    YUAN,
    credit,
    debit,
    judge,
    level,
)

LONG = 200 * DAY
SPREAD = 5_000 * YUAN


@pytest.mark.parametrize(
    ("left_fen", "expected"),
    [(6 * SPREAD, None), (6 * SPREAD + 1, YELLOW), (12 * SPREAD, YELLOW), (12 * SPREAD + 1, RED)],
)
def test_a_quiet_account_is_held_against_the_least_spread(
    left_fen: int, expected: Severity | None
) -> None:
    assert level("R09", credit(LONG, 99 * WAN), debit(HOUR, left_fen)) is expected


def _fridays(*yuan: int) -> list[Fact]:
    """Return debits on the Fridays before, the last first; each with a payee of its own."""
    return [
        debit(7 * DAY * n, amount * YUAN, payee=f"friday {n}")
        for n, amount in enumerate(yuan, start=1)
    ]


LIVELY = (10_000, 30_000, 10_000, 30_000, 20_000, 20_000, 10_000, 30_000, 20_000, 20_000, 0, 90_000)
"""Their median is 20,000 yuan; of how far they lie from it, 10,000."""


@pytest.mark.parametrize(
    ("left_yuan", "expected"),
    [(80_000, None), (80_001, YELLOW), (140_000, YELLOW), (140_001, RED)],
)
def test_a_lively_weekday_is_held_against_its_own_spread(
    left_yuan: int, expected: Severity | None
) -> None:
    today = debit(HOUR, left_yuan * YUAN, payee="today")
    assert level("R09", credit(LONG, 99 * WAN), *_fridays(*LIVELY), today) is expected


def test_other_weekdays_are_another_habit() -> None:
    thursdays = [debit(7 * DAY * n + DAY, 9 * WAN, payee=f"thursday {n}") for n in range(1, 13)]
    today = debit(HOUR, 9 * WAN, payee="today")
    assert level("R09", credit(LONG, 999 * WAN), *thursdays, today) is RED


@pytest.mark.parametrize(("age", "expected"), [(29 * DAY, "short_history"), (30 * DAY, RED)])
def test_a_short_history_cannot_be_judged(age: object, expected: object) -> None:
    opening = credit(age, 99 * WAN)  # type: ignore[arg-type]
    assert level("R09", opening, debit(HOUR, 9 * WAN)) == expected


def test_what_is_harmless_whatever_was_usual_needs_no_history() -> None:
    assert judge("R09", credit(DAY, 99 * WAN), debit(HOUR, 6 * SPREAD)) == (NO_HIT,)
    (found,) = judge("R09", credit(DAY, 99 * WAN), debit(HOUR, 6 * SPREAD + 1))
    assert found.verdict is Verdict.indeterminate
    assert found.scope == "2026-W47"
    assert found.sentence.endswith("账户历史不足 30 天，无法判断是否异常")


def test_what_leaves_on_a_day_adds_up_and_a_week_is_one_case() -> None:
    today = [debit(HOUR, 2 * WAN), debit(2 * HOUR, 2 * WAN)]
    tuesday = debit(3 * DAY, 7 * WAN, heard=HOUR)
    before = debit(8 * DAY, 4 * WAN, heard=HOUR)
    week, this = judge("R09", credit(LONG, 99 * WAN), before, tuesday, *today)
    assert (week.scope, week.severity, week.fact_ids) == ("2026-W46", YELLOW, (before.fact_id,))
    assert (this.scope, this.severity) == ("2026-W47", RED)
    assert this.fact_ids == tuple(sorted(one.fact_id for one in (tuesday, *today)))
    assert this.inputs["day"] == "2026-11-17"


def test_an_anomaly_reads_with_what_was_usual() -> None:
    today = debit(HOUR, 80_001 * YUAN, payee="today")
    (found,) = judge("R09", credit(LONG, 99 * WAN), *_fridays(*LIVELY), today)
    assert found.sentence == (
        "2026-11-20 流出 80,001.00 元（1 笔），同一星期几的中位数为 20,000.00 元，"
        "超出 60,001.00 元，阈值为离差 10,000.00 元的 6 倍"
    )

"""R10: an account wakes; and the registry's last word on the licence."""

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
    credit,
    debit,
    fact,
    judge,
    level,
)

LONG = 200 * DAY
OPENING = credit(LONG, 99 * WAN)
WOKEN = debit(HOUR, 5 * WAN)


@pytest.mark.parametrize(("left_fen", "expected"), [(5 * WAN, YELLOW), (5 * WAN - 1, None)])
def test_a_sleeper_wakes_with_much(left_fen: int, expected: Severity | None) -> None:
    assert level("R10", OPENING, debit(HOUR, left_fen)) is expected


@pytest.mark.parametrize("tag", ["unbacked", "payout"])
@pytest.mark.parametrize(
    ("ago", "expected"),
    [(61 * DAY, YELLOW), (61 * DAY - MOMENT, None), (25 * HOUR, None)],
)
def test_any_debit_keeps_an_account_awake(
    ago: timedelta, expected: Severity | None, tag: str
) -> None:
    assert level("R10", OPENING, debit(ago, 1, tag=tag), WOKEN) is expected


def test_a_payment_to_try_wakes_nobody_unseen() -> None:
    tried = debit(HOUR + DAY - MOMENT, 1)
    (found,) = judge("R10", OPENING, tried, debit(HOUR, 5 * WAN - 1))
    assert found.severity is YELLOW
    assert tried.fact_id in found.fact_ids


@pytest.mark.parametrize(("age", "expected"), [(61 * DAY, YELLOW), (61 * DAY - MOMENT, None)])
def test_a_young_account_has_not_slept(age: timedelta, expected: Severity | None) -> None:
    assert level("R10", credit(age, 99 * WAN), WOKEN) is expected


def _word(tag: str, ago: timedelta, **body: str) -> Fact:
    return fact(Kind.registry, ago, tag=tag, body=body)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], YELLOW),
        ([_word("licence.revoked", DAY)], RED),
        ([_word("licence.suspended", DAY)], RED),
        ([_word("licence.expired", DAY)], RED),
        ([_word("licence.expired", 2 * DAY), _word("institution.restored", DAY)], YELLOW),
        ([_word("licence.expired", 2 * DAY), _word("list.black.removed", DAY)], RED),
        ([_word("licence.expired", 2 * DAY), _word("institution.changed", DAY)], RED),
        ([_word("institution.changed", DAY, status="deregistered")], RED),
        (
            [_word("licence.revoked", 2 * DAY), _word("institution.listed", DAY, status="normal")],
            YELLOW,
        ),
        (
            [
                _word("licence.revoked", 2 * DAY),
                _word("institution.changed", DAY, status="unknown"),
            ],
            RED,
        ),
    ],
)
def test_without_a_licence_it_is_red(words: list[Fact], expected: Severity) -> None:
    (found,) = judge("R10", OPENING, WOKEN, *words)
    assert found.severity is expected
    assert ("办学许可已失效" in found.sentence) == (expected is RED)


def test_a_wakening_that_comes_late_is_seen() -> None:
    assert level("R10", OPENING, debit(5 * DAY, 5 * WAN, heard=HOUR)) is YELLOW
    assert judge("R10", OPENING, debit(5 * DAY, 5 * WAN)) == (NO_HIT,)


def test_a_wakening_reads_with_how_long_it_slept() -> None:
    (found,) = judge("R10", OPENING, WOKEN)
    assert found.sentence == (
        "账户此前 60 天无支出，2026-11-20 09:12 前 24 小时流出 50,000.00 元（1 笔），"
        "阈值 50,000.00 元"
    )

"""R04 and R05: floors, their confirmation, cover to the fen, and hysteresis."""

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
    floor,
    judge,
    level,
)

LONG = 200 * DAY
FLOOR_OPEN = frozenset({("min_balance_breach", "open")})
COVER_OPEN = frozenset({("coverage_shortfall", "open")})


@pytest.mark.parametrize(
    ("balance_fen", "expected"),
    [(110 * WAN, None), (110 * WAN - 1, YELLOW), (100 * WAN, YELLOW), (100 * WAN - 1, RED)],
)
def test_a_balance_is_held_against_its_floor(balance_fen: int, expected: Severity | None) -> None:
    assert level("R04", credit(LONG, balance_fen), floor(LONG, 100 * WAN)) is expected


@pytest.mark.parametrize("told", [[], [floor(LONG, 0)], [floor(LONG, 5), floor(DAY, 0)]])
def test_without_a_floor_there_is_no_breach(told: list[Fact]) -> None:
    assert judge("R04", credit(LONG, 1), debit(HOUR, 1), *told) == (NO_HIT,)


def test_the_floor_is_the_one_heard_last_in_whatever_event() -> None:
    old = floor(3 * DAY, 100 * WAN)
    told = {"floor": {"required_fen": 50 * WAN, "present_fen": 90 * WAN}}
    late = credit(5 * DAY, 90 * WAN, heard=2 * DAY, body=told)
    assert level("R04", old, late) is None
    assert level("R04", late, floor(HOUR, 100 * WAN)) is YELLOW


@pytest.mark.parametrize("said", [None, {}, {"required_fen": None}, {"required_fen": "9"}, 7])
def test_what_is_no_floor_is_passed_over(said: object) -> None:
    strange = credit(HOUR, 1, body={"floor": said})
    assert judge("R04", strange) == (NO_HIT,)
    assert level("R04", strange, floor(LONG, 100)) is RED


@pytest.mark.parametrize(
    ("ago", "expected"), [(DAY - MOMENT, YELLOW), (DAY, RED), (DAY + MOMENT, RED)]
)
def test_a_breach_is_yellow_for_a_day(ago: timedelta, expected: Severity) -> None:
    facts = [credit(LONG, 120 * WAN), floor(LONG, 100 * WAN), debit(ago, 30 * WAN)]
    assert level("R04", *facts) is expected


def test_a_day_below_is_a_whole_day() -> None:
    facts = [credit(LONG, 120 * WAN), floor(LONG, 100 * WAN), debit(3 * DAY, 30 * WAN)]
    again = [credit(6 * HOUR, 10 * WAN), debit(5 * HOUR, 10 * WAN)]
    assert level("R04", *facts, *again) is YELLOW  # 100 万 for an hour


@pytest.mark.parametrize(("ago", "expected"), [(DAY - MOMENT, YELLOW), (DAY, RED)])
def test_a_floor_that_was_raised_gives_a_day_as_well(ago: timedelta, expected: Severity) -> None:
    facts = [credit(LONG, 90 * WAN), floor(LONG, 80 * WAN), floor(ago, 100 * WAN)]
    assert level("R04", *facts) is expected


def test_a_floor_first_told_today_is_not_yet_red() -> None:
    assert level("R04", credit(LONG, 90 * WAN), floor(HOUR, 100 * WAN)) is YELLOW


def _statement(ago: timedelta, closing_fen: int) -> Fact:
    return fact(Kind.statement, ago, closing_fen)


def test_a_banks_statement_confirms_a_breach() -> None:
    facts = [credit(LONG, 120 * WAN), floor(LONG, 100 * WAN), debit(3 * HOUR, 30 * WAN)]
    confirming = _statement(HOUR, 90 * WAN)
    (found,) = judge("R04", *facts, confirming)
    assert found.severity is RED
    assert confirming.fact_id in found.fact_ids
    assert "已由银行对账单证实" in found.sentence
    assert level("R04", *facts, _statement(HOUR, 100 * WAN)) is YELLOW
    assert level("R04", *facts, _statement(HOUR, 100 * WAN - 1)) is RED


def test_a_statement_from_before_a_recovery_confirms_nothing() -> None:
    facts = [credit(LONG, 90 * WAN), floor(LONG, 100 * WAN), credit(8 * HOUR, 10 * WAN)]
    old = _statement(9 * HOUR, 90 * WAN)
    assert level("R04", *facts, old, debit(HOUR, 5 * WAN)) is YELLOW
    assert level("R04", *facts, old, _statement(7 * HOUR, 100 * WAN), debit(HOUR, 1)) is YELLOW


def test_an_open_case_clears_above_the_line() -> None:
    def at(balance_fen: int, **more: frozenset[tuple[str, str]]) -> object:
        return level("R04", credit(LONG, balance_fen), floor(LONG, 90 * WAN), **more)

    assert at(99 * WAN) is None
    assert at(99 * WAN, open_scopes=FLOOR_OPEN) is YELLOW
    assert at(110 * WAN - 1, open_scopes=FLOOR_OPEN) is YELLOW
    assert at(110 * WAN, open_scopes=FLOOR_OPEN) is None
    assert at(99 * WAN, open_scopes=COVER_OPEN) is None


def test_a_breach_reads_with_what_is_missing() -> None:
    (found,) = judge("R04", credit(LONG, 80 * WAN), floor(LONG, 100 * WAN))
    assert found.sentence == (
        "截至 2026-11-20 09:12 账户余额 800,000.00 元，占最低余额 1,000,000.00 元 80%，"
        "差额 200,000.00 元，已持续低于最低余额，阈值 100%"
    )


def test_a_floor_told_again_by_each_event_is_no_news() -> None:
    told = {"floor": {"required_fen": 100 * WAN, "present_fen": 1}}
    facts = [credit(LONG, 80 * WAN), floor(LONG, 90 * WAN)]
    first = fact(Kind.released, 2 * DAY, body=told)
    (before,) = judge("R04", *facts, first)
    (after,) = judge("R04", *facts, first, fact(Kind.released, HOUR, body=told))
    assert before.fact_ids == after.fact_ids
    assert first.fact_id in before.fact_ids


def _held(amount_fen: int) -> list[Fact]:
    return [credit(LONG, 100 * WAN), fact(Kind.funded, LONG, amount_fen)]


@pytest.mark.parametrize(
    ("held_fen", "expected"), [(100 * WAN, None), (100 * WAN + 1, RED), (99 * WAN, None)]
)
def test_one_fen_short_of_the_prepaid_is_red(held_fen: int, expected: Severity | None) -> None:
    assert level("R05", *_held(held_fen)) is expected


def test_what_was_taught_or_given_back_is_no_longer_prepaid() -> None:
    facts = _held(100 * WAN)
    left = debit(HOUR, 10 * WAN, tag="payout")
    assert level("R05", *facts, left) is RED
    assert level("R05", *facts, left, fact(Kind.released, DAY, 10 * WAN)) is None
    refund = fact(Kind.refund, DAY, 10 * WAN, ref="r", tag="requested")
    assert level("R05", *facts, left, refund) is RED
    agreed = fact(Kind.refund, HOUR, 10 * WAN, ref="r", tag="agreed")
    assert level("R05", *facts, left, refund, agreed) is None


@pytest.mark.parametrize(("owed_fen", "expected"), [(10 * WAN, YELLOW), (10 * WAN - 1, RED)])
def test_what_the_institution_owes_for_a_reversed_lesson_is_yellow(
    owed_fen: int, expected: Severity
) -> None:
    facts = [*_held(100 * WAN), fact(Kind.released, 3 * DAY, 10 * WAN)]
    paid = debit(2 * DAY, 10 * WAN, tag="payout")
    back = fact(Kind.reversed, DAY, 10 * WAN, body={"owed_by_institution_fen": owed_fen})
    (found,) = judge("R05", *facts, paid, back)
    assert found.severity is expected
    assert found.inputs["owed_fen"] == owed_fen


@pytest.mark.parametrize(
    ("required_fen", "held_fen", "expected"),
    [
        (0, 100 * WAN, None),
        (100 * WAN, 100 * WAN, None),
        (100 * WAN + 1, 100 * WAN, YELLOW),
        (120 * WAN, 100 * WAN * 10 // 11, None),
        (120 * WAN, 100 * WAN * 10 // 11 + 1, YELLOW),
    ],
)
def test_a_thin_reserve_is_yellow_where_one_is_demanded(
    required_fen: int, held_fen: int, expected: Severity | None
) -> None:
    assert level("R05", *_held(held_fen), floor(LONG, required_fen)) is expected


def test_a_reserve_whose_case_is_open_clears_above_the_line() -> None:
    facts = [*_held(85 * WAN), floor(LONG, 120 * WAN)]
    assert level("R05", *facts) is None
    assert level("R05", *facts, open_scopes=COVER_OPEN) is YELLOW
    enough = [credit(LONG, 110 * WAN), fact(Kind.funded, LONG, 90 * WAN), floor(LONG, 120 * WAN)]
    assert level("R05", *enough, open_scopes=COVER_OPEN) is None
    assert level("R05", *enough, debit(HOUR, 1), open_scopes=COVER_OPEN) is YELLOW


def test_exact_cover_clears_a_red_case() -> None:
    assert level("R05", *_held(100 * WAN), open_scopes=COVER_OPEN) is None


def test_a_shortfall_reads_with_what_is_missing() -> None:
    (found,) = judge("R05", *_held(125 * WAN))
    assert found.sentence == (
        "截至 2026-11-20 09:12 账户余额 1,000,000.00 元，"
        "占未消课预收费 1,250,000.00 元 80%，缺口 250,000.00 元，阈值 100%"
    )

"""R06: new counterparties, purposes, what the bank withholds, and what is known."""

from datetime import timedelta

import pytest

from alerts.domain.facts import Kind
from alerts.domain.outcome import NO_HIT, Severity, Verdict
from alerts.domain.rules.spending import ALLOWED, is_allowed
from tests.unit.alerts.rules.money_facts import (
    DAY,
    HOUR,
    MOMENT,
    RED,
    WAN,
    YELLOW,
    YUAN,
    credit,
    debit,
    fact,
    judge,
    level,
)

KNOWN = debit(60 * DAY, 1, payee="p")


@pytest.mark.parametrize(
    ("amount_fen", "expected"),
    [(2 * WAN - 1, None), (2 * WAN, YELLOW), (20 * WAN - 1, YELLOW), (20 * WAN, RED)],
)
def test_a_new_counterparty_is_unusual_from_an_amount_on(
    amount_fen: int, expected: Severity | None
) -> None:
    assert level("R06", debit(HOUR, amount_fen, payee="new")) is expected
    assert level("R06", KNOWN, debit(HOUR, amount_fen, payee="p")) is None


@pytest.mark.parametrize(
    ("ago", "expected"),
    [
        (7 * DAY - MOMENT, YELLOW),
        (7 * DAY, None),
        (90 * DAY, None),
        (90 * DAY + MOMENT, YELLOW),
    ],
)
def test_a_counterparty_is_known_for_a_while_and_after_a_week(
    ago: timedelta, expected: Severity | None
) -> None:
    before = debit(HOUR + ago, 1, payee="p")
    assert level("R06", before, debit(HOUR, 2 * WAN, payee="p")) is expected


def test_a_counterparty_that_an_instruction_paid_is_known() -> None:
    paid = fact(Kind.debit, 30 * DAY, 5, tag="payout", body={"counterparty_ref": "own"})
    assert level("R06", paid, debit(HOUR, 9 * WAN, payee="own")) is None


def test_amounts_to_one_new_counterparty_add_up() -> None:
    split = [debit(HOUR * n, WAN, payee="new") for n in (1, 2)]
    (found,) = judge("R06", *split)
    assert (found.scope, found.severity, found.inputs["count"]) == ("new", YELLOW, 2)
    assert judge("R06", split[0], debit(HOUR, WAN, payee="other")) == (NO_HIT,)


def test_each_counterparty_is_a_case_of_its_own() -> None:
    found = judge("R06", debit(HOUR, 2 * WAN, payee="b"), debit(HOUR, 20 * WAN, payee="a"))
    assert [(one.scope, one.severity) for one in found] == [("a", RED), ("b", YELLOW)]


@pytest.mark.parametrize(
    ("amount_fen", "expected"),
    [(100 * YUAN - 1, None), (100 * YUAN, YELLOW), (20 * WAN - 1, YELLOW), (20 * WAN, RED)],
)
@pytest.mark.parametrize("purpose", [None, "", "往来款"])
def test_an_odd_purpose_is_unusual_whoever_is_paid(
    amount_fen: int, expected: Severity | None, purpose: str | None
) -> None:
    assert level("R06", KNOWN, debit(HOUR, amount_fen, purpose=purpose)) is expected


@pytest.mark.parametrize(
    "purpose", [*ALLOWED, "11月工资", "缴税", " sala ", "RENT", "TAXS", "PAYR"]
)
def test_purposes_that_an_institution_has_are_allowed(purpose: str) -> None:
    assert is_allowed(purpose)


@pytest.mark.parametrize("purpose", [None, "", "投资", "GDDS", "SALARIES", 7])
def test_no_other_purpose_is_allowed(purpose: object) -> None:
    assert not is_allowed(purpose)


def test_the_purpose_is_never_echoed() -> None:
    (found,) = judge("R06", debit(HOUR, WAN, purpose="付给张三的私人款"))
    assert "张三" not in found.sentence
    assert "用途不属于工资、租金、税、退费、教材" in found.sentence


@pytest.mark.parametrize(
    ("amount_fen", "reason"), [(2 * WAN, "no_counterparty"), (2 * WAN - 1, None)]
)
def test_a_withheld_counterparty_cannot_be_judged(amount_fen: int, reason: str | None) -> None:
    withheld = debit(HOUR, amount_fen, payee=None)
    assert level("R06", withheld) == reason


def test_a_withheld_counterparty_hides_no_odd_purpose() -> None:
    odd = debit(HOUR, WAN, payee=None, purpose="往来款")
    rent = debit(HOUR, 9 * WAN, payee=None)
    (only,) = judge("R06", odd)
    assert (only.scope, only.severity) == ("unknown", YELLOW)
    hit, unjudged = judge("R06", odd, rent)
    assert hit.fact_ids == (odd.fact_id,)
    assert (unjudged.verdict, unjudged.scope) == (Verdict.indeterminate, "open")
    assert unjudged.fact_ids == (rent.fact_id,)
    assert "银行未提供收款方" in unjudged.sentence


def test_what_recurs_is_known_even_of_a_withheld_counterparty() -> None:
    earlier = [debit(30 * DAY * n + HOUR, 9 * WAN, payee=None) for n in (1, 2, 3)]
    assert judge("R06", *earlier, debit(HOUR, 9 * WAN, payee=None)) == (NO_HIT,)
    assert level("R06", *earlier, debit(HOUR, 12 * WAN, payee=None)) == "no_counterparty"


@pytest.mark.parametrize("tag", ["payout", "refund", "return"])
def test_what_an_instruction_stands_behind_is_not_judged(tag: str) -> None:
    left = debit(HOUR, 90 * WAN, payee="new", purpose=None, tag=tag)
    assert judge("R06", credit(DAY, 99 * WAN), left) == (NO_HIT,)


def test_only_what_is_fresh_is_judged() -> None:
    assert judge("R06", debit(DAY, 90 * WAN, payee="new")) == (NO_HIT,)
    assert level("R06", debit(5 * DAY, 90 * WAN, payee="new", heard=HOUR)) is RED

"""R14 and R15: charging beyond the limits, and beside the account."""

from typing import Any

import pytest

from tests.unit.alerts.rules.conduct_facts import YUAN, Told, judge, level, verdicts

NOW = "2026-11-20 10:00"


def _contract(told: Told, which: int = 1, **fields: object) -> None:
    values: dict[str, Any] = {
        "ref": f"C-{which}",
        "tag": "non_subject",
        "number": 40,
        "starts_on": "2026-12-01",
        "ends_on": "2027-03-01",
        "signed_on": "2026-11-10",
        "student_ref": f"S-{which}",
        "amount_fen": 4_000 * YUAN,
        **fields,
    }
    told.add("contract", "2026-11-10 10:00", values.pop("amount_fen"), **values)


@pytest.mark.parametrize(
    ("fields", "broken"),
    [
        ({}, None),
        ({"ends_on": "2027-03-02"}, "span"),
        ({"number": 60}, None),
        ({"number": 61}, "lessons"),
        ({"amount_fen": 5_000 * YUAN}, None),
        ({"amount_fen": 5_000 * YUAN + 1}, "amount"),
        ({"amount_fen": 5_000 * YUAN + 1, "tag": "subject"}, None),
        ({"signed_on": "2026-11-01"}, None),
        ({"signed_on": "2026-10-31"}, "early"),
        ({"signed_on": None, "starts_on": "2026-12-10"}, None),
        ({"signed_on": None, "starts_on": "2026-12-11", "ends_on": "2027-03-11"}, "early"),
    ],
)
def test_each_limit_from_both_sides(fields: dict[str, Any], broken: str | None) -> None:
    told = Told()
    _contract(told, **fields)

    (found,) = judge("overcollection_span", told, NOW)

    assert found.verdict.value == ("hit" if broken else "no_hit")
    if broken:
        assert found.severity == "warning"
        assert found.inputs[broken] == 1
        assert sum(int(found.inputs[one]) for one in ("span", "lessons", "amount", "early")) == 1
        assert found.fact_ids == (1,)


@pytest.mark.parametrize(("number", "expected"), [(19, "warning"), (20, "critical")])
def test_twenty_contracts_are_red(number: int, expected: str) -> None:
    told = Told()
    for n in range(number):
        _contract(told, n, number=61)
    _contract(told, 99)

    found = judge("overcollection_span", told, NOW)

    assert level(found) == expected
    assert f"{number} 份合同超限收费" in found[0].sentence


def test_a_renewal_may_be_signed_while_the_last_contract_runs() -> None:
    told = Told()
    _contract(told, 1, starts_on="2026-09-01", ends_on="2026-10-31", signed_on="2026-08-20")
    _contract(told, 2, signed_on="2026-10-31", student_ref="S-1")
    assert level(judge("overcollection_span", told, NOW)) == "no_hit"

    told.add("contract_closed", "2026-11-11", ref="C-1", tag="closed")
    assert level(judge("overcollection_span", told, NOW)) == "warning"


def test_another_pupils_contract_excuses_nothing() -> None:
    told = Told()
    _contract(told, 1, starts_on="2026-09-01", ends_on="2026-10-31", signed_on="2026-08-20")
    _contract(told, 2, signed_on="2026-10-31")
    _contract(told, 3, signed_on="2026-10-31", student_ref=None)

    assert judge("overcollection_span", told, NOW)[0].inputs["contracts"] == 2


def test_closed_contracts_are_past_and_the_last_word_of_an_open_one_holds() -> None:
    told = Told()
    _contract(told, 1, number=61)
    _contract(told, 2, number=61)
    told.add("contract_closed", "2026-11-12", ref="C-1", tag="closed")
    _contract(told, 2, number=60)

    assert level(judge("overcollection_span", told, NOW)) == "no_hit"


@pytest.mark.parametrize("fields", [{"ends_on": None}, {"starts_on": "1 December"}])
def test_a_contract_without_dates_is_not_called_harmless(fields: dict[str, Any]) -> None:
    told = Told()
    _contract(told, 1, **fields)

    (found,) = judge("overcollection_span", told, NOW)
    assert (found.verdict, found.reason) == ("indeterminate", "no_dates")
    _contract(told, 2, number=61, **fields)
    assert level(judge("overcollection_span", told, NOW)) == "warning"


def _sold(
    told: Told, number: int, yuan: int, paid_fen: int, when: str = "2026-11-13 10:00"
) -> None:
    told.add("contract", when, yuan * YUAN, ref=f"C-{number}")
    if paid_fen:
        told.add("funded", when, paid_fen, ref=f"C-{number}", tag=f"E-{number}")


@pytest.mark.parametrize(
    ("contracted_yuan", "missing_fen", "expected"),
    [
        (100_000, 10_000 * YUAN, "no_hit"),
        (100_000, 10_000 * YUAN + 1, "warning"),
        (400_000, 20_000 * YUAN, "no_hit"),
        (400_000, 20_000 * YUAN + 1, "warning"),
        (400_000, 100_000 * YUAN, "warning"),
        (400_000, 100_000 * YUAN + 1, "critical"),
        (9_000_000, 100_000 * YUAN + 1, "critical"),
    ],
)
def test_off_account_from_both_sides(contracted_yuan: int, missing_fen: int, expected: str) -> None:
    told = Told()
    _sold(told, 1, contracted_yuan, contracted_yuan * YUAN - missing_fen)

    found = judge("off_account_collection", told, NOW)

    assert level(found) == expected
    if expected != "no_hit":
        assert found[0].inputs["missing_fen"] == missing_fen


def test_a_week_is_given_and_not_a_minute_more() -> None:
    told = Told()
    _sold(told, 1, 20_000, 0, "2026-11-13 10:00")

    assert level(judge("off_account_collection", told, "2026-11-20 09:59")) == "no_hit"
    assert level(judge("off_account_collection", told, "2026-11-20 10:00")) == "warning"


def test_one_contracts_money_does_not_pay_for_another() -> None:
    told = Told()
    _sold(told, 1, 20_000, 0)
    _sold(told, 2, 20_000, 40_000 * YUAN)

    found = judge("off_account_collection", told, NOW)
    assert verdicts(found) == [("hit", "warning", "open")]
    assert found[0].fact_ids == (1,)


def test_what_waits_to_be_matched_is_in_the_account_until_it_is_sent_back() -> None:
    told = Told()
    _sold(told, 1, 20_000, 0)
    told.add("unallocated", "2026-11-14", 15_000 * YUAN, ref="E-9", tag="unallocated")
    assert level(judge("off_account_collection", told, NOW)) == "no_hit"

    told.add("debit", "2026-11-15", 15_000 * YUAN, ref="D-1", tag="return")
    assert level(judge("off_account_collection", told, NOW)) == "warning"


def test_what_was_matched_later_waits_no_more() -> None:
    told = Told()
    _sold(told, 1, 40_000, 0)
    _sold(told, 2, 15_000, 0)
    told.add("unallocated", "2026-11-14", 35_000 * YUAN, ref="E-9", tag="unallocated")
    assert judge("off_account_collection", told, NOW)[0].inputs["waiting_fen"] == 35_000 * YUAN

    told.add("funded", "2026-11-14", 15_000 * YUAN, ref="C-2", tag="E-9")
    found = judge("off_account_collection", told, NOW)
    assert found[0].inputs["waiting_fen"] == 20_000 * YUAN
    assert found[0].inputs["missing_fen"] == 20_000 * YUAN


def test_what_is_over_a_contracts_fee_waits_in_full() -> None:
    told = Told()
    _sold(told, 1, 40_000, 0)
    told.add("funded", "2026-11-14", 15_000 * YUAN, ref="C-1", tag="E-9")
    told.add("unallocated", "2026-11-14", 5_000 * YUAN, ref="E-9", tag="over_funded")

    found = judge("off_account_collection", told, NOW)
    assert found[0].inputs["missing_fen"] == 20_000 * YUAN


def test_a_contract_that_was_closed_is_owed_nothing() -> None:
    told = Told()
    _sold(told, 1, 20_000, 0)
    told.add("contract_closed", "2026-11-15", ref="C-1", tag="closed")

    assert level(judge("off_account_collection", told, NOW)) == "no_hit"


def test_the_sentence_of_off_account_names_its_amounts() -> None:
    told = Told()
    _sold(told, 1, 20_000, 8_000 * YUAN)

    assert judge("off_account_collection", told, NOW)[0].sentence == (
        "2026-11-20 10:00 签约满 7 天的合同应收 20,000.00 元，其中 1 份共"
        " 12,000.00 元未进入监管账户（60%，已扣除待匹配款 0.00 元），"
        "阈值 10,000.00 元且 5%，红色 100,000.00 元"
    )


def test_a_contract_registered_late_has_its_grace_from_then() -> None:
    told = Told()
    told.add("contract", "2026-10-01", 200_000 * YUAN, ref="C-1", seen="2026-11-19")
    assert level(judge("off_account_collection", told, NOW)) == "no_hit"
    assert level(judge("off_account_collection", told, "2026-11-27")) == "critical"

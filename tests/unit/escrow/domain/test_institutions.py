"""Describing an institution and filing its custody account."""

import pytest

from escrow.domain.commands import OpenAccount, RegisterInstitution
from escrow.domain.outcomes import Accepted, Exists
from escrow.domain.records import Standing
from tests.support import tables
from tests.support.asking import ACCOUNT, INSTITUTION, freeze, plan_payouts, release, result, varied
from tests.support.builders import BANK, TODAY, a_contract, an_institution, books
from tests.support.memory import Memory, said

OTHER = "91320602MA1ABCDE99"
SUNNY = RegisterInstitution(INSTITUTION, "Sunny", "320602", "non_subject", "offline", "national")


def _filing(**changes: object) -> OpenAccount:
    plain = OpenAccount(
        INSTITUTION, BANK, ACCOUNT, "Sunny custody", TODAY, "settle-2", "Sunny account"
    )
    return varied(plain, changes)


def test_an_institution_is_described() -> None:
    memory = books(Standing(INSTITUTION))
    assert memory.ask(SUNNY) == Accepted()
    standing = memory.standing
    assert (standing.name, standing.district_code) == ("Sunny", "320602")
    assert (standing.category, standing.delivery) == ("non_subject", "offline")
    assert standing.policy == "national"
    assert memory.last is not None
    assert memory.last.changes.registered == [SUNNY]
    assert memory.told("institution.changed") == [
        {
            "name": "Sunny",
            "district_code": "320602",
            "category": "non_subject",
            "delivery": "offline",
            "policy": "national",
            "may_charge": False,
            "may_be_paid": False,
        }
    ]


def test_the_same_description_again_exists() -> None:
    memory = books(an_institution())
    assert memory.ask(SUNNY) == Exists()
    assert memory.feed == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Sunny Ltd"),
        ("district_code", "320603"),
        ("category", "subject"),
        ("delivery", "both"),
    ],
)
def test_a_changed_description_is_told(field: str, value: str) -> None:
    memory = books(an_institution())
    memory.ask(freeze("charging"))
    assert memory.ask(varied(SUNNY, {field: value})) == Accepted()
    assert getattr(memory.standing, field) == value
    (told,) = memory.told("institution.changed")
    assert told[field] == value
    assert (told["may_charge"], told["may_be_paid"]) == (False, True)


# By descending precedence: each case is bad in every later way as well.
@tables.cases("""
# policy    institution  outcome
  national  known        accepted
  moon      unknown      policy_unknown
  national  unknown      institution_unknown
""")
def test_an_institution_needs_a_policy_and_a_row(row: list[str]) -> None:
    policy, institution, outcome = row
    memory = books(Standing(INSTITUTION))
    where = INSTITUTION if institution == "known" else OTHER
    command = varied(SUNNY, {"policy": policy, "institution_id": where})
    assert said(memory.ask(command)) == outcome


# By descending precedence: each case is bad in every later way as well.
@tables.cases("""
# institution  bank    number  outcome
  known        bank-a  own     accepted
  unknown      bank-z  taken   institution_unknown
  unnamed      bank-z  taken   institution_unknown
  known        bank-z  taken   bank_unknown
  known        bank-a  taken   account_taken
""")
def test_an_account_is_filed_by_an_institution_at_a_bank(row: list[str]) -> None:
    institution, bank, number, outcome = row
    memory = books(
        an_institution(name=None if institution == "unnamed" else "Sunny"), an_institution(OTHER)
    )
    command = _filing(
        institution_id="91320602MA1ABCDE00" if institution == "unknown" else INSTITUTION,
        bank_id=bank,
        account_number=ACCOUNT if number == "own" else f"account-{OTHER}",
    )
    assert said(memory.ask(command)) == outcome


def test_a_filed_account_is_kept_and_told_without_its_number() -> None:
    memory = books(an_institution(account_number=None, bank_id=None))
    command = _filing(account_number="622-new")
    assert memory.ask(command) == Accepted()
    standing = memory.standing
    assert (standing.bank_id, standing.account_number) == (BANK, "622-new")
    assert (standing.account_name, standing.opened_on) == ("Sunny custody", TODAY)
    assert standing.settlement_account_number == "settle-2"
    assert standing.settlement_account_name == "Sunny account"
    assert memory.last is not None
    assert memory.last.changes.registered == [command]
    assert memory.told("account.changed") == [{"bank_id": BANK, "opened_on": "2026-12-05"}]


def test_one_number_cannot_be_filed_by_two_institutions_in_one_batch() -> None:
    memory = books(an_institution(), an_institution(OTHER))
    mine, theirs = (
        _filing(account_number="622-x"),
        _filing(account_number="622-x", institution_id=OTHER),
    )
    assert [said(one) for one in memory.post([mine, theirs])] == ["accepted", "account_taken"]
    assert said(memory.ask(mine)) == "accepted"


def test_an_account_filed_at_last_lets_retained_lessons_go() -> None:
    memory = books()
    memory.standing.account_number = None
    memory.ask(release())
    assert memory.waiting == [("C1", 1, 100)]
    memory.ask(_filing())
    assert memory.waiting == []


def test_what_was_released_before_goes_to_the_account_of_before() -> None:
    memory = books(an_institution(), a_contract())
    memory.post([release("C1", 1), _filing(), release("C1", 2)])
    assert [one.creditor_account for one in memory.instructions] == ["settle-1", "settle-2"]
    assert [len(one.lines) for one in memory.instructions] == [1, 1]


def test_a_lesson_refused_three_times_is_tried_anew_and_stored_so() -> None:
    memory = _refused_three_times()
    memory.ask(freeze())
    memory.ask(_filing())
    (waiting,) = memory.book.queue[INSTITUTION]
    assert (waiting.tries, waiting.is_stored) == (0, True)
    assert memory.last is not None
    assert [one.release_id for one in memory.last.changes.payables_gone] == [waiting.release_id]


def test_a_lesson_never_refused_is_not_stored_again() -> None:
    memory = books(an_institution(payout_freezes=1), a_contract())
    memory.ask(release())
    memory.ask(_filing())
    assert memory.last is not None
    assert memory.last.changes.payables_gone == []
    assert memory.last.changes.payables_kept == []


def _refused_three_times() -> Memory:
    memory = books()
    memory.ask(release())
    for _ in range(3):
        memory.ask(result(memory.instructions[-1].instruction_id, "rejected"))
        memory.ask(plan_payouts())
    assert memory.book.queue[INSTITUTION][0].tries == 3
    return memory

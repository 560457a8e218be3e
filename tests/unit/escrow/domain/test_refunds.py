"""What remains of a contract: held at once, agreed, sent back to where it came from."""

from datetime import timedelta
from uuid import UUID

import pytest

from escrow.domain.outcomes import Accepted, Exists
from escrow.domain.records import ContractState, Refund
from escrow.domain.refunds import Quote, Step, quote
from shared.money import Fen
from tests.support import tables
from tests.support.asking import (
    ACCOUNT,
    INSTITUTION,
    NOW,
    agree,
    contest,
    freeze,
    hear,
    name_payer,
    release,
    releases,
    request_refund,
    varied,
)
from tests.support.builders import BANK, PAYER, a_contract, a_floor, an_institution, books
from tests.support.memory import Memory, said

OTHER = "91320602MA1ABCDE99"
NOWHERE = UUID(int=404)


def _requested(memory: Memory) -> UUID:
    outcome = memory.ask(request_refund())
    assert isinstance(outcome, Accepted)
    assert outcome.made_id is not None
    return outcome.made_id


def _refund(memory: Memory) -> Refund:
    (refund,) = memory.book.refunds.values()
    return refund


# -- the request ----------------------------------------------------------------------------


# By descending precedence; states exclude one another.
@tables.cases("""
# contract  state      held  outcome
  C1        open       700   accepted
  C9        refunding  0     contract_unknown
  C1        refunding  0     refund_in_progress
  C1        completed  0     contract_closed
  C1        closed     0     contract_closed
  C1        open       0     nothing_to_refund
  C1        accepted   0     nothing_to_refund
""")
def test_a_refund_is_asked_of_a_contract_that_holds_something(row: list[str]) -> None:
    contract, state, held, outcome = row
    memory = books(
        an_institution(), a_contract(state=ContractState(state), held_fen=Fen(int(held)))
    )
    assert said(memory.ask(request_refund(contract))) == outcome


def test_an_institution_that_is_not_in_the_books_refunds_nothing() -> None:
    assert said(books().ask(request_refund(institution_id=OTHER))) == "contract_unknown"


def test_a_request_holds_the_money_at_once() -> None:
    memory = books()
    memory.ask(release())
    outcome = memory.ask(request_refund(cause="institution", reason="closed", acted_by="Li"))
    refund = _refund(memory)
    assert outcome == Accepted(None, refund.refund_id, "C1", Fen(900), "requested")
    assert refund == Refund(
        INSTITUTION, refund.refund_id, "C1", "institution", refund.state, NOW, "Li", "closed",
        Fen(900),
    )  # fmt: skip
    contract = memory.contract()
    assert (contract.state, contract.refund_id) == (ContractState.refunding, refund.refund_id)
    assert contract.refund_requested_at == NOW
    assert (contract.held_fen, memory.standing.funded_running_fen) == (900, 1_000)
    assert said(memory.ask(release("C1", 2, ended_at=NOW))) == "refund_in_progress"
    assert memory.told("refund.changed") == [
        {
            "refund_id": str(refund.refund_id),
            "state": "requested",
            "amount_fen": 900,
            "contract_id": "C1",
            "cause": "institution",
        }
    ]


def test_a_second_request_is_refused_while_the_first_is_open() -> None:
    memory = books()
    _requested(memory)
    assert said(memory.ask(request_refund())) == "refund_in_progress"


# -- agreeing -------------------------------------------------------------------------------


def test_an_agreed_refund_goes_back_to_where_the_money_came_from() -> None:
    memory = books()
    memory.ask(release())
    refund_id = _requested(memory)
    before = len(memory.journal)
    outcome = memory.ask(agree(refund_id))
    assert outcome == Accepted(None, refund_id, "C1", Fen(900), "instructed")
    assert memory.moved(before) == [
        ("refund", "tuition_held", "refund_payable", 900),
        ("refund", "refund_payable", "payment_clearing", 900),
    ]
    agreed, instructed = memory.journal[before:]
    instruction = memory.instructions[-1]
    assert (agreed.contract_id, agreed.refund_id) == ("C1", refund_id)
    assert (instructed.contract_id, instructed.refund_id) == ("C1", refund_id)
    assert instructed.instruction_id == instruction.instruction_id
    assert (instruction.kind, instruction.refund_id) == ("refund", refund_id)
    assert (instruction.bank_id, instruction.account_number) == (BANK, ACCOUNT)
    assert (instruction.creditor_name, instruction.creditor_account) == ("Wang", PAYER)
    assert (instruction.amount_fen, instruction.movement_id) == (900, instructed.movement_id)
    assert instruction.created_at == NOW
    (line,) = instruction.lines.values()
    assert (line.line_no, line.amount_fen, line.remittance) == (1, 900, "C1 refund")
    assert line.contract_id == "C1"


def test_agreeing_closes_the_contract() -> None:
    memory = books(an_institution(), a_contract(), a_contract("C2"))
    memory.ask(release())
    refund_id = _requested(memory)
    memory.ask(agree(refund_id))
    contract = memory.contract()
    assert (contract.state, contract.held_fen, contract.refunded_fen) == ("closed", 0, 900)
    assert memory.standing.funded_running_fen == 1_000
    assert said(memory.ask(release("C1", 2, ended_at=NOW - timedelta(days=1)))) == "contract_closed"
    assert memory.told("contract.closed") == [{"contract_id": "C1", "state": "closed"}]
    refund = _refund(memory)
    assert (refund.agreed_at, refund.agreed_by, refund.state) == (NOW, "institution", "instructed")
    assert refund.waiting_fen == 0
    assert memory.told("refund.changed")[-1]["state"] == "instructed"


def test_agreeing_twice_changes_nothing() -> None:
    memory = books()
    refund_id = _requested(memory)
    memory.ask(agree(refund_id))
    moved = len(memory.journal)
    again = memory.ask(agree(refund_id))
    assert again == Exists(made_id=refund_id, amount_fen=Fen(1_000), state="instructed")
    assert len(memory.journal) == moved


@pytest.mark.parametrize("ask", [agree, contest, name_payer])
def test_a_refund_that_is_not_there_is_unknown(ask: object) -> None:
    memory = books(an_institution(), an_institution(OTHER), a_contract())
    refund_id = _requested(memory)
    assert callable(ask)
    assert said(memory.ask(ask(NOWHERE))) == "refund_unknown"
    assert said(memory.ask(varied(ask(refund_id), {"institution_id": OTHER}))) == "refund_unknown"
    nobody = "91320602MA1ABCDE00"
    assert said(memory.ask(varied(ask(refund_id), {"institution_id": nobody}))) == "refund_unknown"


def test_a_lesson_claimed_late_lowers_what_is_refunded() -> None:
    memory = books()
    refund_id = _requested(memory)
    memory.post(releases("C1", 1, 2))
    assert quote(memory.contract()).refund_fen == 800
    outcome = memory.ask(agree(refund_id))
    assert isinstance(outcome, Accepted)
    assert outcome.amount_fen == 800
    assert _refund(memory).amount_fen == 800


def test_what_was_released_before_is_paid() -> None:
    memory = books(an_institution(payout_freezes=1), a_contract())
    memory.ask(release())
    memory.ask(agree(_requested(memory)))
    assert memory.waiting == [("C1", 1, 100)]
    assert memory.contract().released_fen == 100


def test_a_refund_used_up_by_late_claims_is_over_when_agreed() -> None:
    memory = books(an_institution(), a_contract(lessons=2, paid_fen=200, funded_fen=100))
    refund_id = _requested(memory)
    memory.ask(release())
    outcome = memory.ask(agree(refund_id))
    assert outcome == Accepted(None, refund_id, "C1", Fen(0), "paid")
    assert memory.contract().state is ContractState.closed
    assert memory.standing.funded_running_fen == 0
    assert memory.moved(2) == []
    assert memory.told("refund.changed")[-1]["state"] == "paid"


def test_a_contract_completed_by_late_claims_stays_completed() -> None:
    memory = books(an_institution(), a_contract(lessons=1, paid_fen=100))
    refund_id = _requested(memory)
    memory.ask(release())
    memory.ask(agree(refund_id))
    contract = memory.contract()
    assert (contract.state, contract.refund_id) == (ContractState.completed, None)
    assert contract.refund_requested_at is None
    assert _refund(memory).state == "paid"
    assert memory.standing.funded_running_fen == 0


def test_a_refund_is_never_held_up_by_a_floor_or_a_freeze() -> None:
    memory = books(
        an_institution(full_freezes=1, payout_freezes=1, charging_freezes=1),
        a_contract(),
        a_floor("fixed", 1_000_000),
    )
    memory.ask(agree(_requested(memory)))
    assert [one.state for one in memory.instructions] == ["planned"]
    assert memory.balance("payment_clearing") == 1_000


def test_a_freeze_leaves_a_planned_refund_alone() -> None:
    memory = books()
    memory.ask(agree(_requested(memory)))
    memory.ask(freeze("all"))
    assert [one.state for one in memory.instructions] == ["planned"]


def test_the_registrys_freeze_leaves_a_planned_refund_alone() -> None:
    memory = books()
    memory.ask(agree(_requested(memory)))
    assert memory.ask(hear()) == Accepted(state="frozen")
    assert [(one.kind, one.state) for one in memory.instructions] == [("refund", "planned")]


def test_a_refund_lowers_a_percentage_floor_and_lets_retained_fees_go() -> None:
    memory = books(
        an_institution(), a_contract(), a_contract("C2"), a_floor("percent_collected", 9_900)
    )
    memory.ask(release("C2"))
    assert memory.waiting == [("C2", 1, 100)]
    memory.standing.balances["reserve"] = Fen(90)  # type: ignore[index]
    memory.ask(agree(_requested(memory)))
    assert memory.waiting == []


# -- contesting -----------------------------------------------------------------------------


def test_a_contested_refund_stays_held_until_agreed() -> None:
    memory = books()
    refund_id = _requested(memory)
    outcome = memory.ask(contest(refund_id, "taught it"))
    assert outcome == Accepted(made_id=refund_id, state="contested")
    refund = _refund(memory)
    assert (refund.contested_at, refund.contest_reason) == (NOW, "taught it")
    assert memory.contract().state is ContractState.refunding
    assert memory.told("refund.changed")[-1]["state"] == "contested"
    assert memory.ask(contest(refund_id)) == Exists(made_id=refund_id, state="contested")
    assert said(memory.ask(agree(refund_id))) == "accepted"
    assert said(memory.ask(contest(refund_id))) == "refund_not_open"


def test_a_quote_shows_how_it_comes_to_its_figure() -> None:
    contract = a_contract(
        released_fen=Fen(250), refunded_fen=Fen(50), held_fen=Fen(700), funded_fen=1_000
    )
    assert quote(contract) == Quote(
        Fen(700),
        (
            Step("funded", Fen(1_000)),
            Step("released_lessons", Fen(-250)),
            Step("refunded_before", Fen(-50)),
            Step("pro_rata_remaining", Fen(700)),
        ),
    )

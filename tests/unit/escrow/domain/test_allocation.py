"""Waiting money: given to a contract, or back to its payer."""

from datetime import timedelta

import pytest

from escrow.domain.commands import AllocateReceipt
from escrow.domain.outcomes import Accepted
from escrow.domain.records import ContractState, Entry
from shared.ids import end_to_end_id
from shared.money import Fen
from tests.support import tables
from tests.support.asking import (
    ACCOUNT,
    INSTITUTION,
    NOW,
    agree,
    allocate,
    came_back,
    credit,
    debit,
    release,
    request_refund,
    result,
)
from tests.support.builders import BANK, PAYER, a_contract, a_floor, an_institution, books
from tests.support.memory import Memory, said

OTHER = "91320602MA1ABCDE99"


def _entry(memory: Memory, entry_id: str) -> Entry:
    return memory.book.entries[ACCOUNT, entry_id]


# An entry of 100 that waits; the contract it is given to has got 1,000 fen less `missing`.
@tables.cases("""
# entry  gives  state      missing  outcome
  E1     C2     accepted   1000     accepted
  E1     C2     open       500      accepted
  E9     C2     open       500      entry_unknown
  E0     C9     open       500      entry_not_unallocated
  D1     C2     open       500      entry_not_unallocated
  E1     C9     open       500      contract_unknown
  E1     C2     open       0        contract_not_open
  E1     C2     refunding  500      contract_not_open
  E1     C2     completed  0        contract_not_open
  E1     C2     closed     500      contract_not_open
""")
def test_waiting_money_is_given_to_a_contract_that_takes_it(row: list[str]) -> None:
    entry, contract, state, missing, outcome = row
    memory = books(
        an_institution(),
        a_contract(),
        a_contract("C2", state=ContractState(state), funded_fen=1_000 - int(missing)),
    )
    memory.post([credit(100, entry_id="E1"), debit(100, entry_id="D1")])
    memory.post([credit(100, entry_id="E0"), allocate("E0", "C2")])
    memory.book.entries[ACCOUNT, "E0"].unallocated_fen = Fen(0)
    assert said(memory.ask(allocate(entry, contract))) == outcome


def test_an_entry_of_another_institution_is_unknown() -> None:
    memory = books(an_institution(), an_institution(OTHER), a_contract(funded_fen=0))
    memory.ask(credit(100, entry_id="E1", institution_id=OTHER))
    assert said(memory.ask(allocate("E1", "C1"))) == "entry_unknown"
    unknown = AllocateReceipt("91320602MA1ABCDE00", ACCOUNT, "E1", "C1")
    assert said(memory.ask(unknown)) == "entry_unknown"


def test_allocated_money_funds_the_contract() -> None:
    memory = books(an_institution(), a_contract(funded_fen=900))
    memory.ask(credit(250, entry_id="E1"))
    outcome = memory.ask(allocate("E1", "C1"))
    assert outcome == Accepted("over_funded", None, "C1", Fen(100), "allocated")
    assert memory.moved(1) == [("allocation", "unmatched_receipt", "tuition_held", 100)]
    entry = _entry(memory, "E1")
    assert (entry.effect, entry.unallocated_fen, entry.contract_id) == ("over_funded", 150, "C1")
    assert memory.contract().funded_fen == 1_000


def test_money_allocated_whole_leaves_nothing_waiting() -> None:
    memory = books(an_institution(), a_contract(funded_fen=0))
    memory.ask(credit(250, entry_id="E1"))
    outcome = memory.ask(allocate("E1", "C1"))
    assert outcome == Accepted("contract_funded", None, "C1", Fen(250), "allocated")
    assert memory.contract().state is ContractState.open
    assert said(memory.ask(allocate("E1", "C1"))) == "entry_not_unallocated"


def test_what_is_left_over_may_go_to_a_second_contract() -> None:
    memory = books(
        an_institution(), a_contract("C1", funded_fen=900), a_contract("C2", funded_fen=0)
    )
    memory.post([credit(250, "C1", entry_id="E1"), allocate("E1", "C2")])
    assert memory.contract("C2").funded_fen == 150
    assert _entry(memory, "E1").effect == "contract_funded"
    assert memory.balance("unmatched_receipt") == 0


def test_allocation_makes_room_for_what_a_floor_retained() -> None:
    memory = books(an_institution(), a_contract(funded_fen=500), a_floor("fixed", 500))
    memory.post([release(), credit(100, entry_id="E1")])
    assert memory.waiting == [("C1", 1, 100)]
    memory.ask(allocate("E1", "C1"))
    assert memory.waiting == []


def test_a_credit_makes_room_for_what_a_floor_retained() -> None:
    memory = books(an_institution(), a_contract(funded_fen=500), a_floor("fixed", 500))
    memory.ask(release())
    assert memory.waiting == [("C1", 1, 100)]
    memory.ask(credit(99, "C1"))
    assert memory.waiting == [("C1", 1, 100)]
    memory.ask(credit(1, "C1"))
    assert memory.waiting == []


def test_waiting_money_goes_back_to_its_payer() -> None:
    memory = books()
    memory.ask(credit(250, entry_id="E1"))
    outcome = memory.ask(allocate("E1", None))
    (instruction,) = memory.instructions
    assert outcome == Accepted(
        "return_instructed", instruction.instruction_id, None, Fen(250), "instructed"
    )
    assert memory.moved(1) == [("give_back", "unmatched_receipt", "payment_clearing", 250)]
    movement = memory.journal[-1]
    assert (movement.instruction_id, movement.entry_id) == (instruction.instruction_id, "E1")
    assert instruction.movement_id == movement.movement_id
    assert (instruction.kind, instruction.bank_id) == ("return", BANK)
    assert (instruction.account_number, instruction.entry_id) == (ACCOUNT, "E1")
    assert (instruction.creditor_name, instruction.creditor_account) == ("Wang", PAYER)
    assert (instruction.amount_fen, instruction.created_at) == (250, NOW)
    (line,) = instruction.lines.values()
    assert (line.line_no, line.amount_fen, line.remittance) == (1, 250, "E1 return")
    assert _entry(memory, "E1").unallocated_fen == 0
    assert said(memory.ask(allocate("E1", None))) == "entry_not_unallocated"


def test_money_that_nobody_named_as_theirs_cannot_go_back() -> None:
    memory = books()
    memory.ask(credit(250, entry_id="E1", counterparty_account=None))
    assert said(memory.ask(allocate("E1", None))) == "payer_unknown"
    assert memory.balance("unmatched_receipt") == 250


def test_a_payer_without_a_name_is_paid_all_the_same() -> None:
    memory = books()
    memory.ask(credit(250, entry_id="E1", counterparty_name=None))
    memory.ask(allocate("E1", None))
    assert memory.instructions[0].creditor_name == ""


@pytest.mark.parametrize("ending", ["rejected", "returned", "came_back"])
def test_money_the_bank_could_not_give_back_waits_again(ending: str) -> None:
    memory = books()
    memory.post([credit(250, entry_id="E1"), allocate("E1", None)])
    given = memory.instructions[0].instruction_id
    if ending == "came_back":
        memory.post([debit(250, given), came_back(250, given)])
    else:
        memory.ask(result(given, ending))
    assert memory.balance("unmatched_receipt") == 250
    assert _entry(memory, "E1").unallocated_fen == 250
    assert said(memory.ask(allocate("E1", None))) == "accepted"


def test_a_return_that_failed_names_its_entry_in_the_journal() -> None:
    memory = books()
    memory.post([credit(250, entry_id="E1"), allocate("E1", None)])
    memory.ask(result(memory.instructions[0].instruction_id, "rejected"))
    back = memory.journal[-1]
    assert (back.debit, back.credit) == ("payment_clearing", "unmatched_receipt")
    assert (back.entry_id, back.refund_id, back.contract_id) == ("E1", None, None)


def test_a_return_is_booked_by_its_end_to_end_id() -> None:
    memory = books()
    memory.post([credit(250, entry_id="E1"), allocate("E1", None)])
    (instruction,) = memory.instructions
    assert instruction.end_to_end_id(instruction.lines[1]) == end_to_end_id(
        instruction.instruction_id, 1
    )
    outcome = memory.ask(debit(250, instruction.instruction_id))
    assert isinstance(outcome, Accepted)
    assert outcome.effect == "instruction_matched"
    assert memory.balance("payment_clearing") == 0


def test_a_deposit_after_the_refund_waits() -> None:
    memory = books()
    refund = memory.ask(request_refund())
    assert isinstance(refund, Accepted)
    assert refund.made_id is not None
    memory.post([agree(refund.made_id), credit(10, "C1", entry_id="E2")])
    assert _entry(memory, "E2").effect == "unallocated"
    assert memory.book.deposits[INSTITUTION, "C1"][0].booked_at == NOW - timedelta(days=30)

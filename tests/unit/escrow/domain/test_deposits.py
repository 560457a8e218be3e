"""What the bank booked: receipts, their contracts, debits, and money given back."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from escrow.domain.outcomes import Accepted, Exists, Refused, Released
from escrow.domain.records import ContractState, Deposit, Entry
from shared.money import Fen
from tests.support import tables
from tests.support.asking import (
    ACCOUNT,
    INSTITUTION,
    NOW,
    came_back,
    credit,
    debit,
    release,
    result,
)
from tests.support.builders import PAYER, a_contract, an_institution, books
from tests.support.memory import Memory, said

OTHER = "91320602MA1ABCDE99"


def _entry(memory: Memory, entry_id: str) -> Entry:
    return memory.book.entries[ACCOUNT, entry_id]


def _paid(memory: Memory, lesson: int = 1) -> UUID:
    """Release a lesson and return the instruction that pays it."""
    outcome = memory.ask(release("C1", lesson))
    assert isinstance(outcome, Released)
    assert outcome.payout.instruction_id is not None
    return outcome.payout.instruction_id


# One contract of 1,000 fen; what it got before, what comes in, and what becomes of it.
@tables.cases("""
# state      funded  comes  reference  effect           funded  waits
  accepted   0       1000   C1         contract_funded  1000    0
  accepted   0       400    C1         contract_funded  400     0
  open       400     500    C1         contract_funded  900     0
  open       400     600    C1         contract_funded  1000    0
  open       400     601    C1         over_funded      1000    1
  open       1000    5      C1         over_funded      1000    5
  completed  1000    5      C1         over_funded      1000    5
  refunding  400     5      C1         unallocated      400     5
  closed     400     5      C1         unallocated      400     5
  open       400     5      C9         unallocated      400     5
  open       400     5      -          unallocated      400     5
""")
def test_a_credit_funds_the_contract_it_names_up_to_what_is_paid(row: list[str]) -> None:
    state, before, comes, reference, effect, funded, waits = row
    memory = books(an_institution(), a_contract(state=ContractState(state), funded_fen=int(before)))
    outcome = memory.ask(credit(int(comes), reference or None, entry_id="E1"))
    assert isinstance(outcome, Accepted)
    assert outcome.effect == effect
    assert outcome.contract_id == (None if effect == "unallocated" else "C1")
    assert outcome.made_id == memory.journal[0].movement_id
    assert memory.contract().funded_fen == int(funded)
    assert memory.balance("unmatched_receipt") == int(waits)
    entry = _entry(memory, "E1")
    assert (entry.effect, entry.unallocated_fen) == (effect, int(waits))
    assert entry.contract_id == outcome.contract_id


def test_a_reference_names_a_contract_of_the_same_institution_only() -> None:
    memory = books(
        an_institution(), an_institution(OTHER), a_contract(institution_id=OTHER, funded_fen=0)
    )
    outcome = memory.ask(credit(100, "C1"))
    assert isinstance(outcome, Accepted)
    assert outcome.effect == "unallocated"


def test_a_credit_comes_in_and_finds_its_contract_by_two_movements() -> None:
    memory = books(an_institution(), a_contract(funded_fen=0))
    command = credit(1_000, "C1", entry_id="E1")
    memory.ask(command)
    assert memory.moved() == [
        ("receipt", "custody_cash", "unmatched_receipt", 1_000),
        ("allocation", "unmatched_receipt", "tuition_held", 1_000),
    ]
    receipt, allocation = memory.journal
    assert (receipt.entry_id, receipt.occurred_at) == ("E1", command.booked_at)
    assert (allocation.entry_id, allocation.contract_id) == ("E1", "C1")
    assert allocation.occurred_at == NOW
    contract = memory.contract()
    assert (contract.state, contract.held_fen) == (ContractState.open, 1_000)
    assert memory.standing.funded_running_fen == 1_000


def test_what_a_contract_got_before_counts_once_in_what_is_running() -> None:
    memory = books(an_institution(), a_contract(funded_fen=0))
    memory.post([credit(300, "C1"), credit(200, "C1")])
    memory.ask(credit(400, "C1"))
    assert memory.standing.funded_running_fen == memory.contract().funded_fen == 900


def test_a_deposit_remembers_where_the_money_came_from() -> None:
    memory = books(an_institution(), a_contract(funded_fen=0))
    command = credit(400, "C1", entry_id="E1")
    memory.ask(command)
    assert memory.book.deposits[INSTITUTION, "C1"] == [
        Deposit(
            INSTITUTION, memory.journal[1].movement_id, "C1", ACCOUNT, "E1", Fen(400),
            command.booked_at, "Wang", PAYER,
        )
    ]  # fmt: skip


def test_a_funded_contract_is_told() -> None:
    memory = books(an_institution(), a_contract(funded_fen=300))
    memory.ask(credit(400, "C1", entry_id="E1"))
    assert memory.told("receipt.matched") == [
        {
            "entry_id": "E1",
            "contract_id": "C1",
            "amount_fen": 400,
            "funded_fen": 700,
            "entry_fen": 400,
            "booked_at": "2026-12-05T11:55:00+08:00",
        }
    ]
    assert memory.told("receipt.unmatched") == []


def test_money_without_a_contract_is_told() -> None:
    memory = books(an_institution(), a_contract(funded_fen=900))
    memory.post([credit(150, "C1", entry_id="E1"), credit(70, entry_id="E2")])
    booked = {"booked_at": "2026-12-05T11:55:00+08:00"}
    assert memory.told("receipt.unmatched") == [
        {"entry_id": "E1", "amount_fen": 50, "effect": "over_funded", "entry_fen": 150, **booked},
        {"entry_id": "E2", "amount_fen": 70, "effect": "unallocated", "entry_fen": 70, **booked},
    ]


def test_an_entry_is_kept_as_the_bank_told_it() -> None:
    memory = books()
    command = credit(
        70, "X-1", entry_id="E1", balance_after_fen=-5, purpose="fees", end_to_end_id="abc"
    )
    outcome = memory.ask(command)
    assert isinstance(outcome, Accepted)
    assert outcome.made_id is not None
    assert _entry(memory, "E1") == Entry(
        INSTITUTION, ACCOUNT, "E1", "credit", Fen(70), command.booked_at, date(2026, 12, 5),
        "unallocated", outcome.made_id, -5, "Wang", PAYER, "fees", "X-1", "abc", None, Fen(70),
    )  # fmt: skip


def test_an_account_that_no_institution_here_has_is_unknown() -> None:
    assert said(books().ask(credit(5, institution_id=OTHER))) == "account_unknown"


@pytest.mark.parametrize("is_stored", [True, False])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("direction", "debit"),
        ("amount_fen", Fen(401)),
        ("booked_at", NOW),
        ("value_on", date(2026, 12, 6)),
        ("balance_after_fen", 7),
        ("counterparty_name", "Li"),
        ("counterparty_account", "62"),
        ("purpose", "fees"),
        ("reference", "C2"),
        ("end_to_end_id", "abc"),
    ],
)
def test_an_entry_id_with_other_content_is_refused_and_names_the_field(
    field: str, value: object, *, is_stored: bool
) -> None:
    memory = books(an_institution(), a_contract(funded_fen=0))
    first = credit(400, "C1", entry_id="E1")
    again = replace(first, **{field: value})  # type: ignore[arg-type]
    one, two = (memory.ask(first), memory.ask(again)) if is_stored else memory.post([first, again])
    assert isinstance(one, Accepted)
    assert isinstance(two, Refused)
    assert (said(two), two.field, two.movement_id) == ("id_reused", field, one.made_id)
    assert memory.contract().funded_fen == 400


@pytest.mark.parametrize("is_stored", [True, False])
def test_the_same_entry_again_exists_and_moves_nothing(*, is_stored: bool) -> None:
    memory = books(an_institution(), a_contract(funded_fen=0))
    command = credit(400, "C1", entry_id="E1")
    one, two = (
        (memory.ask(command), memory.ask(command)) if is_stored else memory.post([command, command])
    )
    assert isinstance(one, Accepted)
    assert two == Exists(one.made_id, effect="contract_funded", contract_id="C1")
    assert memory.contract().funded_fen == 400
    assert len(memory.journal) == 2


def test_one_entry_id_on_two_accounts_is_two_entries() -> None:
    memory = books()
    both = [credit(5, entry_id="E1"), credit(6, entry_id="E1", account_number="622-old")]
    assert [said(one) for one in memory.post(both)] == ["accepted", "accepted"]
    assert memory.balance("custody_cash") == 1_011


# -- debits --------------------------------------------------------------------------------


def test_a_booked_line_clears_against_cash() -> None:
    memory = books()
    paid = _paid(memory)
    command = debit(100, paid, entry_id="D1")
    outcome = memory.ask(command)
    assert outcome == Accepted("instruction_matched", memory.journal[-1].movement_id)
    assert memory.moved(2) == [("booked", "payment_clearing", "custody_cash", 100)]
    movement = memory.journal[-1]
    assert (movement.entry_id, movement.contract_id) == ("D1", "C1")
    assert (movement.instruction_id, movement.occurred_at) == (paid, command.booked_at)
    assert _entry(memory, "D1").effect == "instruction_matched"
    assert memory.balance("unbacked_debit") == 0
    assert memory.told("debit.booked") == [_debit_fact(str(paid), "payout")]


def _debit_fact(instruction: str | None, kind: str | None) -> dict[str, object]:
    return {
        "entry_id": "D1",
        "amount_fen": 100,
        "booked_at": "2026-12-05T11:56:00+08:00",
        "value_on": "2026-12-05",
        "instruction_id": instruction,
        "kind": kind,
        "purpose": None,
        "has_counterparty": False,
        "counterparty_ref": None,
    }


def test_a_debit_without_an_instruction_is_unbacked_and_never_netted() -> None:
    memory = books()
    command = debit(100, entry_id="D1", counterparty_account="62", purpose="tax")
    outcome = memory.ask(command)
    assert outcome == Accepted("unbacked", memory.journal[-1].movement_id)
    assert memory.moved() == [("unbacked", "unbacked_debit", "custody_cash", 100)]
    movement = memory.journal[-1]
    assert (movement.entry_id, movement.occurred_at) == ("D1", command.booked_at)
    memory.ask(credit(100))
    assert memory.balance("unbacked_debit") == 100
    (told,) = memory.told("debit.unbacked")
    known_again = told["counterparty_ref"]
    named = {"has_counterparty": True, "purpose": "tax", "counterparty_ref": known_again}
    assert told == {**_debit_fact(None, None), **named}


def test_a_counterparty_is_known_again_at_its_institution_and_its_number_is_not_told() -> None:
    memory = books(an_institution(), an_institution(OTHER))
    named = [("62", INSTITUTION), ("62", INSTITUTION), ("63", INSTITUTION), ("62", OTHER)]
    for number, (account, name) in enumerate(named):
        at = {"entry_id": f"D{number}", "institution_id": name}
        memory.ask(debit(100, counterparty_account=account, **at))
    told = memory.told("debit.unbacked")
    first, again, another, elsewhere = (one["counterparty_ref"] for one in told)
    assert first == again
    assert len({first, another, elsewhere}) == 3
    assert all(len(str(one)) == 16 for one in (first, another, elsewhere))


@tables.cases("""
# amount  line  effect
  100     1     instruction_matched
  99      1     unbacked
  101     1     unbacked
  100     2     unbacked
""")
def test_a_debit_matches_by_line_and_amount(row: list[str]) -> None:
    amount, line, effect = row
    memory = books()
    outcome = memory.ask(debit(int(amount), _paid(memory), int(line)))
    assert isinstance(outcome, Accepted)
    assert outcome.effect == effect


def test_a_line_paid_twice_is_unbacked_the_second_time() -> None:
    memory = books()
    paid = _paid(memory)
    memory.ask(debit(100, paid))
    outcome = memory.ask(debit(100, paid, entry_id="D1"))
    assert isinstance(outcome, Accepted)
    assert outcome.effect == "unbacked"
    assert memory.told("debit.unbacked") == [_debit_fact(str(paid), "payout")]
    assert memory.balance("payment_clearing") == 0


@pytest.mark.parametrize("name", ["", "abc", "g" * 32, "0" * 32, "ABC-" * 8])
def test_a_debit_that_names_no_line_of_ours_is_unbacked(name: str) -> None:
    memory = books()
    _paid(memory)
    outcome = memory.ask(debit(100, end_to_end_id=name))
    assert isinstance(outcome, Accepted)
    assert outcome.effect == "unbacked"


def test_another_institutions_instruction_is_none_of_ours() -> None:
    memory = books(an_institution(), an_institution(OTHER), a_contract())
    outcome = memory.ask(debit(100, _paid(memory), institution_id=OTHER))
    assert isinstance(outcome, Accepted)
    assert outcome.effect == "unbacked"


# -- money that comes back ------------------------------------------------------------------


def test_a_payment_that_comes_back_is_payable_again_and_goes_out_anew() -> None:
    memory = books()
    paid = _paid(memory)
    memory.ask(debit(100, paid))
    command = came_back(100, paid, entry_id="B1")
    outcome = memory.ask(command)
    assert memory.moved(3) == [
        ("reversal", "payment_clearing", "institution_payable", 100),
        ("came_back", "custody_cash", "payment_clearing", 100),
        ("payout", "institution_payable", "payment_clearing", 100),
    ]
    back = memory.journal[4]
    assert outcome == Accepted("instruction_matched", back.movement_id)
    assert (back.entry_id, back.contract_id, back.instruction_id) == ("B1", "C1", paid)
    assert back.occurred_at == command.booked_at
    first, second = memory.instructions
    assert (first.state, second.state) == ("returned", "planned")
    assert first.lines[1].returned_entry_id == "B1"
    assert second.lines[1].tries == 1


def test_a_payment_that_never_left_cannot_come_back() -> None:
    memory = books()
    outcome = memory.ask(came_back(100, _paid(memory)))
    assert isinstance(outcome, Accepted)
    assert outcome.effect == "unallocated"


def test_a_payment_comes_back_once_and_in_its_own_amount() -> None:
    memory = books()
    paid = _paid(memory)
    memory.ask(debit(100, paid))
    effects = [memory.ask(came_back(amount, paid)) for amount in (99, 101, 100, 100)]
    assert [one.effect for one in effects if isinstance(one, Accepted)] == [
        "unallocated",
        "unallocated",
        "instruction_matched",
        "unallocated",
    ]


def test_a_payment_told_returned_before_its_entries_settles_to_nothing() -> None:
    memory = books()
    paid = _paid(memory)
    memory.ask(result(paid, "returned"))
    assert memory.balance("payment_clearing") == 0
    memory.ask(came_back(100, paid))
    assert memory.balance("payment_clearing") == 200  # the second payout waits as well
    memory.ask(debit(100, paid))
    assert memory.balance("payment_clearing") == 100
    assert memory.balance("custody_cash") == 1_000


def test_a_rejected_payment_that_comes_back_is_a_credit_like_any_other() -> None:
    memory = books()
    paid = _paid(memory)
    memory.ask(result(paid, "rejected"))
    outcome = memory.ask(came_back(100, paid))
    assert isinstance(outcome, Accepted)
    assert outcome.effect == "unallocated"

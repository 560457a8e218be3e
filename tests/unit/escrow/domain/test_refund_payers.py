"""Where refunds go: newest deposit first, to named accounts, and until they are paid."""

from datetime import timedelta
from uuid import UUID

from escrow.domain.outcomes import Accepted, Exists
from escrow.domain.records import ContractState, Deposit, Refund
from escrow.domain.refunds import shares_by_payer
from shared.money import Fen
from tests.support import tables
from tests.support.asking import (
    ACCOUNT,
    INSTITUTION,
    NOW,
    agree,
    came_back,
    credit,
    debit,
    name_payer,
    release,
    request_refund,
    result,
)
from tests.support.builders import PAYER, a_contract, an_institution, books
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


# Three deposits of 500, from the oldest to the newest; `-` where the bank named no account.
@tables.cases("""
# first  second  third  amount  goes to        unknown
  A      B       C      500     C500           0
  A      B       C      501     C500 B1        0
  A      B       C      1500    C500 B500 A500  0
  A      B       A      1200    A700 B500      0
  A      -       C      1000    C500           500
  A      -       C      1200    C500 A200      500
  A      B       -      400     -              400
  -      -       -      1500    -              1500
""")
def test_a_refund_goes_to_the_newest_deposit_first(row: list[str]) -> None:
    first, second, third, amount, goes, unknown = row
    payers = {UUID(int=1): first, UUID(int=2): second, UUID(int=3): third}
    deposits = [
        Deposit(
            INSTITUTION, made_id, "C1", ACCOUNT, "E", Fen(500),
            NOW + timedelta(days=made_id.int), f"name of {payer}", payer or None,
        )
        for made_id, payer in payers.items()
    ]  # fmt: skip
    shares, left = shares_by_payer(Fen(int(amount)), [deposits[1], deposits[2], deposits[0]])
    told = [f"{account}{part}" for (account, _), part in shares.items()]
    assert (" ".join(told), left) == (goes, int(unknown))
    assert all(name == f"name of {account}" for account, name in shares)


def test_of_deposits_booked_at_one_instant_the_later_made_is_the_newer() -> None:
    deposits = [
        Deposit(INSTITUTION, UUID(int=number), "C1", ACCOUNT, "E", Fen(5), NOW, None, f"A{number}")
        for number in (1, 3, 2)
    ]
    assert shares_by_payer(Fen(6), deposits) == ({("A3", ""): 5, ("A2", ""): 1}, 0)


def test_a_refund_over_several_payers_has_an_instruction_for_each() -> None:
    memory = books(an_institution(), a_contract(funded_fen=0))
    memory.post(
        [
            credit(600, "C1", counterparty_account="A", counterparty_name="Old"),
            credit(400, "C1", counterparty_account="B", booked_at=NOW),
        ]
    )
    memory.ask(release())
    memory.ask(agree(_requested(memory)))
    paid = [
        (one.creditor_account, one.creditor_name, one.amount_fen) for one in memory.instructions
    ]
    assert paid[1:] == [("B", "Wang", 400), ("A", "Old", 500)]


def test_a_deposit_of_the_same_batch_is_refunded_to_its_payer() -> None:
    memory = books(an_institution(), a_contract(funded_fen=300))
    refund_id = _requested(memory)
    memory.contract().state = ContractState.open
    memory.post([credit(200, "C1", counterparty_account="B"), release("C9"), agree(refund_id)])
    assert [(o.creditor_account, o.amount_fen) for o in memory.instructions] == [
        ("B", 200),
        (PAYER, 300),
    ]


def test_money_whose_payer_is_unknown_waits_for_a_name() -> None:
    memory = books(an_institution(), a_contract(funded_fen=0))
    memory.ask(credit(1_000, "C1", counterparty_account=None))
    refund_id = _requested(memory)
    outcome = memory.ask(agree(refund_id))
    assert isinstance(outcome, Accepted)
    assert outcome.state == "payer_unknown"
    assert (_refund(memory).state, _refund(memory).waiting_fen) == ("payer_unknown", 1_000)
    assert memory.balance("refund_payable") == 1_000
    assert memory.instructions == []
    named = memory.ask(name_payer(refund_id, "A"))
    assert named == Accepted(made_id=refund_id, amount_fen=Fen(1_000), state="instructed")
    refund = _refund(memory)
    assert (refund.payer_account, refund.payer_name, refund.waiting_fen) == ("A", "Wang", 0)
    (instruction,) = memory.instructions
    assert (instruction.creditor_account, instruction.creditor_name) == ("A", "Wang")
    assert instruction.amount_fen == 1_000
    assert memory.balance("refund_payable") == 0
    assert memory.told("refund.changed")[-1]["state"] == "instructed"


def test_the_part_with_a_payer_does_not_wait_for_the_rest() -> None:
    memory = books(an_institution(), a_contract(funded_fen=0))
    memory.post([credit(600, "C1"), credit(400, "C1", counterparty_account=None)])
    memory.ask(agree(_requested(memory)))
    assert [one.amount_fen for one in memory.instructions] == [600]
    assert (_refund(memory).state, _refund(memory).waiting_fen) == ("payer_unknown", 400)


def test_a_payer_is_named_once_and_only_where_money_waits() -> None:
    memory = books()
    refund_id = _requested(memory)
    assert said(memory.ask(name_payer(refund_id))) == "refund_not_open"
    memory.ask(agree(refund_id))
    assert said(memory.ask(name_payer(refund_id))) == "refund_not_open"
    memory.ask(result(memory.instructions[0].instruction_id, "rejected"))
    assert said(memory.ask(name_payer(refund_id, "A"))) == "accepted"
    again = memory.ask(name_payer(refund_id, "A"))
    assert again == Exists(made_id=refund_id, state="instructed")
    assert said(memory.ask(name_payer(refund_id, "B"))) == "refund_not_open"


def test_a_refund_the_bank_rejected_goes_to_another_account() -> None:
    memory = books()
    refund_id = _requested(memory)
    memory.ask(agree(refund_id))
    memory.ask(result(memory.instructions[0].instruction_id, "rejected", reason="no account"))
    refund = _refund(memory)
    assert (refund.state, refund.waiting_fen) == ("payer_unknown", 1_000)
    assert memory.balance("refund_payable") == 1_000
    assert memory.told("refund.changed")[-1] == {
        "refund_id": str(refund_id),
        "state": "payer_unknown",
        "amount_fen": 1_000,
    }
    memory.ask(name_payer(refund_id, PAYER))
    second = memory.instructions[-1]
    memory.ask(result(second.instruction_id, "settled"))
    assert _refund(memory).state == "paid"
    assert memory.told("refund.changed")[-1]["state"] == "paid"


def _two_payers() -> tuple[Memory, UUID, list[UUID]]:
    memory = books(an_institution(), a_contract(funded_fen=0))
    memory.post([credit(600, "C1"), credit(400, "C1", counterparty_account="B", booked_at=NOW)])
    refund_id = _requested(memory)
    memory.ask(agree(refund_id))
    return memory, refund_id, [one.instruction_id for one in memory.instructions]


def test_a_refund_is_paid_when_its_last_instruction_is() -> None:
    memory, refund_id, (one, two) = _two_payers()
    memory.ask(result(one, "settled"))
    assert _refund(memory).state == "instructed"
    memory.ask(debit(600, two))
    assert _refund(memory).state == "paid"
    assert memory.told("refund.changed")[-1] == {
        "refund_id": str(refund_id),
        "state": "paid",
        "amount_fen": 1_000,
    }


def test_a_refund_with_a_part_that_waits_is_not_paid() -> None:
    memory, refund_id, (one, two) = _two_payers()
    memory.post([result(one, "rejected"), result(two, "settled")])
    assert _refund(memory).state == "payer_unknown"
    memory.ask(name_payer(refund_id, "C"))
    memory.ask(result(memory.instructions[-1].instruction_id, "settled"))
    assert _refund(memory).state == "paid"


def test_a_refund_that_came_back_waits_again() -> None:
    memory = books()
    refund_id = _requested(memory)
    memory.ask(agree(refund_id))
    paid = memory.instructions[0].instruction_id
    memory.ask(debit(1_000, paid))
    assert _refund(memory).state == "paid"
    memory.ask(came_back(1_000, paid))
    assert (_refund(memory).state, _refund(memory).waiting_fen) == ("payer_unknown", 1_000)


def test_another_refunds_instructions_do_not_hold_this_one_open() -> None:
    memory = books(an_institution(), a_contract(), a_contract("C2"))
    memory.ask(agree(_requested(memory)))
    other = memory.ask(request_refund("C2"))
    assert isinstance(other, Accepted)
    assert other.made_id is not None
    memory.ask(agree(other.made_id))
    memory.ask(result(memory.instructions[1].instruction_id, "settled"))
    states = {one.contract_id: one.state for one in memory.book.refunds.values()}
    assert states == {"C1": "instructed", "C2": "paid"}


def test_a_rejected_refund_names_itself_in_the_journal_and_on_the_feed() -> None:
    memory = books()
    refund_id = _requested(memory)
    memory.ask(agree(refund_id))
    memory.ask(result(memory.instructions[0].instruction_id, "rejected"))
    back = memory.journal[-1]
    assert (back.kind, back.debit, back.credit) == (
        "reversal",
        "payment_clearing",
        "refund_payable",
    )
    assert (back.refund_id, back.contract_id, back.entry_id) == (refund_id, "C1", None)
    assert memory.told("instruction.changed")[-1]["refund_id"] == str(refund_id)

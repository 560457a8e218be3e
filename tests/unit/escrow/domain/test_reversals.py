"""Putting a wrong release back: while retained, while planned, after it was paid."""

from uuid import UUID

import pytest

from escrow.domain.outcomes import Accepted, Exists, Payout, Refused, Released
from escrow.domain.records import ContractState
from shared.money import Fen
from tests.support import tables
from tests.support.asking import (
    INSTITUTION,
    NOW,
    agree,
    claim,
    credit,
    debit,
    freeze,
    release,
    releases,
    request_refund,
    result,
    reverse,
    serve,
)
from tests.support.builders import a_contract, a_floor, an_institution, books
from tests.support.memory import Memory, said

OTHER = "91320602MA1ABCDE99"


def _released(memory: Memory, *lessons: int) -> UUID:
    """Release lessons of the first contract in one batch; return the instruction's id."""
    outcome = memory.post(releases("C1", *lessons))[-1]
    assert isinstance(outcome, Released)
    assert outcome.payout.instruction_id is not None
    return outcome.payout.instruction_id


# By descending precedence: each case is bad in every later way as well.
@tables.cases("""
# id  contract  lesson  was       state   outcome
  v1  C1        1       released  open    accepted
  v0  C9        11      -         closed  id_reused
  v1  C9        11      -         closed  contract_unknown
  v1  C1        11      -         closed  lesson_out_of_range
  v1  C1        0       -         closed  lesson_out_of_range
  v1  C1        2       -         closed  lesson_not_released
  v1  C1        10      reversed  closed  lesson_not_released
  v1  C1        1       released  closed  contract_closed
""")
def test_refusals_come_by_descending_precedence(row: list[str]) -> None:
    item, contract, lesson, was, state, outcome = row
    memory = books()
    memory.post([*releases("C1", 1, 3, 10), reverse("C1", 3, item_id="v0"), reverse("C1", 10)])
    assert was in {"", "released", "reversed"}
    memory.contract().state = ContractState(state)
    assert said(memory.ask(reverse(contract, int(lesson), item_id=item))) == outcome


def test_an_institution_that_is_not_in_the_books_has_no_release() -> None:
    assert said(books().ask(reverse(institution_id=OTHER))) == "contract_unknown"


@pytest.mark.parametrize("is_stored", [True, False])
@pytest.mark.parametrize(
    ("field", "value"), [("contract_id", "C2"), ("lesson_no", 2), ("reason", "other")]
)
def test_an_item_id_with_other_content_is_refused_and_names_the_field(
    field: str, value: object, *, is_stored: bool
) -> None:
    memory = books()
    memory.ask(release())
    again = reverse(item_id="v1", **{field: value})
    if is_stored:
        first, second = memory.ask(reverse(item_id="v1")), memory.ask(again)
    else:
        first, second = memory.post([reverse(item_id="v1"), again])
    assert isinstance(first, Accepted)
    assert isinstance(second, Refused)
    assert (said(second), second.field, second.movement_id) == ("id_reused", field, first.made_id)


def test_the_same_reversal_again_exists() -> None:
    memory = books()
    memory.ask(release())
    first, second = memory.post([reverse(), reverse()])
    assert isinstance(first, Accepted)
    assert second == Exists(first.made_id, Fen(100)) == memory.ask(reverse())
    assert memory.contract().held_fen == 1_000


def test_one_lesson_is_put_back_once() -> None:
    memory = books()
    memory.ask(release())
    outcomes = memory.post([reverse(item_id="v1"), reverse(item_id="v2")])
    assert [said(one) for one in outcomes] == ["accepted", "lesson_not_released"]


def test_a_retained_fee_goes_back_to_its_contract() -> None:
    memory = books(an_institution(payout_freezes=1), a_contract())
    memory.post(releases("C1", 1, 2))
    outcome = memory.ask(reverse())
    assert memory.moved(2) == [("reversal", "institution_payable", "tuition_held", 100)]
    movement = memory.journal[-1]
    assert outcome == Accepted(None, movement.movement_id, "C1", Fen(100))
    assert (movement.contract_id, movement.lesson_no) == ("C1", 1)
    assert movement.reverses == memory.journal[0].movement_id
    assert memory.waiting == [("C1", 2, 100)]
    assert (memory.standing.retained_count, memory.standing.retained_fen) == (1, 100)
    contract = memory.contract()
    assert (contract.held_fen, contract.released_fen, contract.lessons_released) == (900, 100, 1)


def test_a_lesson_keeps_who_put_it_back_and_why() -> None:
    memory = books()
    memory.ask(release())
    outcome = memory.ask(reverse(item_id="v1", reason="absent"))
    assert isinstance(outcome, Accepted)
    lesson = memory.book.lessons[INSTITUTION, "C1", 1]
    assert lesson.reversed_by == outcome.made_id == memory.journal[-1].movement_id
    assert (lesson.reversal_item_id, lesson.reversal_reason) == ("v1", "absent")


@pytest.mark.parametrize("state", ["served", "claimed", "accepted", "settled", "booked"])
def test_after_the_bank_saw_it_the_institution_owes_the_fee(state: str) -> None:
    memory = books()
    paid = _released(memory, 1)
    seen = {
        "served": serve(paid),
        "claimed": claim(paid),
        "accepted": result(paid, "accepted"),
        "settled": result(paid, "settled"),
        "booked": debit(100, paid),
    }
    memory.ask(seen[state])
    before = len(memory.journal)
    memory.ask(reverse())
    assert memory.moved(before) == [("reversal", "institution_receivable", "tuition_held", 100)]
    assert memory.journal[-1].reverses == memory.journal[0].movement_id
    assert memory.balance("institution_receivable") == 100
    assert memory.contract().held_fen == 1_000
    assert memory.instructions[0].state != "withdrawn"


def _owing(fee: int = 100) -> Memory:
    """Return books in which the institution owes the fee of a lesson paid and put back."""
    memory = books(
        an_institution(),
        a_contract("C1", paid_fen=10 * fee),
        a_contract("C2", student_ref="S2", lessons=10, paid_fen=600),
    )
    paid = _released(memory, 1)
    memory.post([debit(fee, paid), reverse()])
    assert memory.balance("institution_receivable") == fee
    return memory


def test_later_payables_pay_the_debt_first() -> None:
    memory = _owing()
    before = len(memory.journal)
    outcomes = memory.post(releases("C2", 1, 2, 3))
    payouts = [one.payout for one in outcomes if isinstance(one, Released)]
    last = memory.instructions[-1]
    assert payouts == [
        Payout("retained", None, "owed_after_reversal"),
        Payout("instructed", last.instruction_id),
        Payout("instructed", last.instruction_id),
    ]
    recovered = [one for one in memory.moved(before) if one[0] == "recovery"]
    assert recovered == [
        ("recovery", "institution_payable", "institution_receivable", 60),
        ("recovery", "institution_payable", "institution_receivable", 40),
    ]
    movement = next(one for one in memory.journal if one.kind == "recovery")
    assert (movement.contract_id, movement.lesson_no) == ("C2", 1)
    assert [line.amount_fen for line in last.lines.values()] == [20, 60]
    assert memory.balance("institution_receivable") == 0
    assert (memory.standing.retained_fen, memory.standing.retained_count) == (0, 0)


def test_a_fee_that_paid_the_debt_whole_is_not_told_as_retained() -> None:
    memory = _owing()
    memory.ask(release("C2", 1))
    assert memory.told("payout.retained") == []
    assert memory.waiting == []
    assert memory.balance("institution_receivable") == 40


def test_a_debt_is_paid_under_a_payout_freeze_too() -> None:
    memory = _owing()
    memory.ask(freeze("payout"))
    memory.post(releases("C2", 1, 2))
    assert memory.balance("institution_receivable") == 0
    assert memory.waiting == [("C2", 2, 20)]
    waits = {"contract_id": "C2", "lesson_no": 2, "amount_fen": 20, "reason": "payout_frozen"}
    assert memory.told("payout.retained") == [{"payouts": [waits]}]


def test_retained_fees_pay_a_debt_that_comes_later_oldest_first() -> None:
    memory = books(
        an_institution(), a_contract("C1"), a_contract("C2", paid_fen=600, student_ref="S2")
    )
    paid = _released(memory, 1)
    memory.post([debit(100, paid), freeze("payout"), *releases("C2", 1, 2, 3)])
    memory.ask(reverse())
    assert memory.waiting == [("C2", 2, 20), ("C2", 3, 60)]
    assert (memory.standing.retained_fen, memory.standing.retained_count) == (80, 2)


def test_a_fee_that_partly_paid_a_debt_is_owed_in_that_part_when_put_back() -> None:
    memory = _owing(fee=20)
    memory.ask(freeze("payout"))
    memory.ask(release("C2", 1))
    assert memory.waiting == [("C2", 1, 40)]
    before = len(memory.journal)
    memory.ask(reverse("C2", 1))
    assert memory.moved(before) == [
        ("reversal", "institution_payable", "tuition_held", 40),
        ("reversal", "institution_receivable", "tuition_held", 20),
    ]
    assert memory.contract("C2").held_fen == 600
    assert memory.book.lessons[INSTITUTION, "C2", 1].reversed_by == memory.journal[-2].movement_id


def test_a_rejected_payout_of_a_lesson_put_back_pays_the_debt() -> None:
    memory = books()
    paid = _released(memory, 1)
    memory.post([serve(paid), reverse()])
    assert memory.balance("institution_receivable") == 100
    memory.ask(result(paid, "rejected"))
    assert memory.waiting == [("C1", 1, 100)]
    memory.ask(credit(5))
    assert memory.waiting == []
    assert memory.balance("institution_receivable") == 0


def test_a_completed_contract_opens_again() -> None:
    memory = books(an_institution(), a_contract(lessons=2, paid_fen=200))
    memory.post(releases("C1", 1, 2))
    assert memory.standing.funded_running_fen == 0
    memory.ask(reverse("C1", 2))
    assert memory.contract().state is ContractState.open
    assert memory.standing.funded_running_fen == 200
    assert said(memory.ask(release("C1", 2, item_id="again"))) == "released"


def test_an_open_contract_stays_open() -> None:
    memory = books()
    memory.post([release(), reverse()])
    assert memory.contract().state is ContractState.open
    assert memory.standing.funded_running_fen == 1_000


def test_a_contract_completed_while_it_is_refunded_goes_back_to_refunding() -> None:
    memory = books(an_institution(), a_contract(lessons=1, paid_fen=100))
    refund = memory.ask(request_refund())
    assert isinstance(refund, Accepted)
    assert refund.made_id is not None
    memory.ask(release())
    assert memory.contract().state is ContractState.completed
    memory.ask(reverse())
    assert memory.contract().state is ContractState.refunding
    assert memory.contract().refund_requested_at == NOW
    assert said(memory.ask(agree(refund.made_id))) == "accepted"
    assert memory.contract().refunded_fen == 100


def test_putting_back_makes_room_for_what_a_floor_retained() -> None:
    memory = books(an_institution(), a_contract(), a_floor("fixed", 1_000))
    memory.post(releases("C1", 1, 2))
    assert memory.waiting == [("C1", 1, 100), ("C1", 2, 100)]
    memory.book.floors.clear()
    memory.ask(reverse("C1", 1))
    assert memory.waiting == []


def test_a_lesson_put_back_is_told_with_what_is_owed() -> None:
    memory = books()
    paid = _released(memory, 1)
    memory.post([debit(100, paid), reverse(item_id="v1", reason="absent", document_no="D-9")])
    assert memory.told("lessons.reversed") == [
        {
            "id": "v1",
            "contract_id": "C1",
            "lesson_no": 1,
            "amount_fen": 100,
            "owed_by_institution_fen": 100,
            "reason": "absent",
            "document_no": "D-9",
            "student_ref": "S1",
        }
    ]

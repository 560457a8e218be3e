"""Putting a release back whose payout the bank has not seen: withdrawn, the rest goes anew."""

from uuid import UUID

from escrow.domain.accounts import AccountKind
from escrow.domain.outcomes import Payout, Released
from shared.money import Fen
from tests.support.asking import (
    INSTITUTION,
    claim,
    freeze,
    release,
    releases,
    reverse,
    sending,
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


def test_a_payout_that_nobody_at_the_bank_has_seen_is_withdrawn() -> None:
    memory = books()
    withdrawn = _released(memory, 1)
    memory.ask(reverse())
    assert memory.book.instructions[INSTITUTION, withdrawn].state == "withdrawn"
    assert memory.moved(2) == [
        ("reversal", "payment_clearing", "institution_payable", 100),
        ("reversal", "institution_payable", "tuition_held", 100),
    ]
    assert memory.balance("payment_clearing") == 0
    assert memory.balance("institution_receivable") == 0


def test_the_other_lessons_of_a_withdrawn_payout_go_out_anew() -> None:
    memory = books()
    first = _released(memory, 1, 2, 3)
    memory.ask(reverse("C1", 2))
    withdrawn, anew = memory.instructions
    assert (withdrawn.instruction_id, withdrawn.state) == (first, "withdrawn")
    assert (anew.state, anew.amount_fen) == ("planned", 200)
    assert [line.lesson_no for line in anew.lines.values()] == [1, 3]
    assert [line.tries for line in anew.lines.values()] == [0, 0]
    assert memory.balance("payment_clearing") == 200
    assert (memory.waiting, memory.standing.retained_count) == ([], 0)


def test_the_other_lessons_of_a_withdrawn_payout_stay_under_a_freeze() -> None:
    memory = books()
    paid = _released(memory, 1, 2)
    memory.post([claim(paid), sending(paid, "unknown"), freeze(), sending(paid, "planned")])
    memory.ask(reverse("C1", 1))
    assert [one.state for one in memory.instructions] == ["withdrawn"]
    assert memory.waiting == [("C1", 2, 100)]


def test_only_the_payout_that_carries_the_lesson_is_withdrawn() -> None:
    memory = books()
    _released(memory, 1)
    _released(memory, 2)
    memory.ask(reverse("C1", 2))
    assert [one.state for one in memory.instructions] == ["planned", "withdrawn"]


def test_another_institutions_payout_is_left_alone() -> None:
    memory = books(
        an_institution(), an_institution(OTHER), a_contract(), a_contract(institution_id=OTHER)
    )
    memory.ask(release(institution_id=OTHER))
    memory.ask(release())
    memory.ask(reverse())
    assert [one.state for one in memory.instructions] == ["planned", "withdrawn"]


def test_what_was_instructed_before_is_not_held_up_by_a_floor_meanwhile_higher() -> None:
    """Putting a lesson back raises what a floor of percent held requires."""
    memory = books(an_institution(), a_contract(), a_floor("percent_held", 2_500))
    memory.standing.balances[AccountKind.reserve] = Fen(200)
    first, second = memory.post(releases("C1", 1, 2))
    assert isinstance(first, Released)
    assert isinstance(second, Released)
    assert (first.payout.state, second.payout.state) == ("retained", "instructed")
    memory.ask(reverse("C1", 1))
    assert memory.waiting == []
    assert memory.balance("payment_clearing") == 100


def test_several_lessons_of_one_payout_withdraw_it_once() -> None:
    memory = books()
    _released(memory, 1, 2, 3, 4)
    outcomes = memory.post([reverse("C1", 1), reverse("C1", 3), reverse("C1", 4)])
    assert [said(one) for one in outcomes] == ["accepted"] * 3
    assert [one.state for one in memory.instructions] == ["withdrawn", "planned"]
    assert [line.lesson_no for line in memory.instructions[1].lines.values()] == [2]
    assert memory.instructions[1].amount_fen == 100
    assert memory.contract().held_fen == 900


def test_all_lessons_of_a_payout_may_be_put_back_in_one_batch() -> None:
    memory = books()
    _released(memory, 1, 2)
    memory.post([reverse("C1", 2), reverse("C1", 1)])
    assert [one.state for one in memory.instructions] == ["withdrawn"]
    assert memory.balance("payment_clearing") == 0
    assert memory.contract().held_fen == 1_000


def test_lessons_of_two_payouts_are_gathered_into_one() -> None:
    memory = books()
    _released(memory, 1, 2)
    _released(memory, 3, 4)
    memory.post([reverse("C1", 1), reverse("C1", 3)])
    assert [one.state for one in memory.instructions] == ["withdrawn", "withdrawn", "planned"]
    assert [line.lesson_no for line in memory.instructions[2].lines.values()] == [2, 4]


def test_a_lesson_released_and_put_back_in_one_batch_was_instructed_as_told() -> None:
    memory = books()
    released, undone = memory.post([release(), reverse()])
    assert isinstance(released, Released)
    assert said(undone) == "accepted"
    (instruction,) = memory.instructions
    assert released.payout == Payout("instructed", instruction.instruction_id)
    assert instruction.state == "withdrawn"
    told = [event.type for event in memory.feed]
    assert told.index("lessons.released") < told.index("payout.planned")
    assert told.index("payout.planned") < told.index("lessons.reversed")

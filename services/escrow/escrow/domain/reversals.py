"""Putting a wrong release back.

While the fee is still ours it simply goes back; after payout the institution owes it, and
its later payables pay it first.
"""

from uuid import UUID

from escrow.domain.accounts import AccountKind
from escrow.domain.commands import ReverseLesson
from escrow.domain.draft import Draft
from escrow.domain.movements import MovementKind
from escrow.domain.outcomes import Accepted, Exists, Outcome, Refusal, Refused
from escrow.domain.payouts import (
    instruct,
    plan,
    plan_again,
    take_from_planning,
    tell_round,
    withdraw,
)
from escrow.domain.records import ContractState, Payable, Standing, Taught, Tuition
from escrow.domain.twins import twin
from shared.money import Fen


def reverse_lesson(draft: Draft, command: ReverseLesson) -> Outcome:
    """Put one release back to its contract, or say why not."""
    claim = (command.institution_id, command.item_id)
    seen = draft.reversals.get(claim) or draft.book.reversals.get(claim)
    if seen is not None:
        return _seen_before(seen, command)
    contract = (command.institution_id, command.contract_id)
    tuition = draft.peek_tuition(contract)
    standing = draft.standing(command.institution_id)
    if standing is None or tuition is None:
        return Refused(Refusal.contract_unknown)
    if not 1 <= command.lesson_no <= tuition.lessons:
        return Refused(Refusal.lesson_out_of_range)
    lesson = draft.lesson((*contract, command.lesson_no))
    if lesson is None or lesson.reversed_by is not None:
        return Refused(Refusal.lesson_not_released)
    if tuition.state is ContractState.closed:
        return Refused(Refusal.contract_closed)
    return _reverse(draft, standing, draft.the_tuition(contract), lesson, command)


def _seen_before(seen: Taught, command: ReverseLesson) -> Outcome:
    pairs = (
        ("contract_id", seen.contract_id, command.contract_id),
        ("lesson_no", seen.lesson_no, command.lesson_no),
        ("reason", seen.reversal_reason, command.reason),
    )
    for name, before, now in pairs:
        if before != now:
            return Refused(Refusal.id_reused, seen.reversed_by, name)
    return Exists(seen.reversed_by, seen.amount_fen)


def _reverse(
    draft: Draft, standing: Standing, tuition: Tuition, lesson: Taught, command: ReverseLesson
) -> Accepted:
    retained = _take_back(draft, standing, lesson)
    movements = []
    if retained:
        movements.append(
            _put_back(draft, standing, lesson, retained, AccountKind.institution_payable)
        )
    owed = Fen(lesson.amount_fen - retained)
    if owed:
        movements.append(
            _put_back(draft, standing, lesson, owed, AccountKind.institution_receivable)
        )
    _return_to_contract(standing, tuition, lesson.amount_fen)
    undone = twin(lesson)
    undone.reversed_by = movements[0]
    undone.reversal_item_id = command.item_id
    undone.reversal_reason = command.reason
    draft.lessons[lesson.institution_id, lesson.contract_id, lesson.lesson_no] = undone
    draft.releases[lesson.institution_id, lesson.item_id] = undone
    draft.reversals[lesson.institution_id, command.item_id] = undone
    draft.changes.lessons_reversed.append(undone)
    draft.emit(standing, "lessons.reversed", _fact(lesson, tuition, command, owed))
    plan(draft, standing)
    return Accepted(None, undone.reversed_by, lesson.contract_id, lesson.amount_fen)


def _put_back(
    draft: Draft, standing: Standing, lesson: Taught, amount: Fen, debit: AccountKind
) -> UUID:
    return draft.move(
        MovementKind.reversal,
        standing,
        amount,
        debit,
        AccountKind.tuition_held,
        contract_id=lesson.contract_id,
        lesson_no=lesson.lesson_no,
        reverses=lesson.movement_id,
    ).movement_id


def _take_back(draft: Draft, standing: Standing, lesson: Taught) -> Fen:
    """Take the fee from where it waits or was planned to go; return what was still unpaid.

    What is planned again after one withdrawal is written once, after the last reversal.
    """
    tell_round(draft, standing)
    planning = draft.planning.get(standing.institution_id)
    if planning is not None and planning.told is not None:
        instruct(draft, standing)
    planned = take_from_planning(draft, standing, lesson.movement_id)
    if planned:
        return planned
    withdrawn = _withdraw_its_payout(draft, standing, lesson)
    retained = _take_from_queue(draft, standing, lesson)
    plan_again(draft, standing, withdrawn)
    return retained


def _withdraw_its_payout(draft: Draft, standing: Standing, lesson: Taught) -> set[UUID]:
    """Take back the payout that carries the lesson where the bank has not seen it yet.

    Returns the releases that it carried.
    """
    for key in {**draft.book.instructions, **draft.changes.instructions}:
        seen = draft.peek_instruction(key)
        if seen is None or key[0] != lesson.institution_id or not seen.is_withdrawable:
            continue
        if any(line.release_id == lesson.movement_id for line in seen.lines.values()):
            instruction = draft.instruction(key)
            assert instruction is not None
            withdraw(draft, standing, instruction)
            return {line.release_id for line in instruction.lines.values() if line.release_id}
    return set()


def _take_from_queue(draft: Draft, standing: Standing, lesson: Taught) -> Fen:
    """Take the lesson's payable out of the queue; return what of it was still unpaid."""
    queue = draft.queue(standing.institution_id)
    for place, payable in enumerate(queue):
        if payable.release_id == lesson.movement_id:
            del queue[place]
            if payable.is_stored:
                draft.changes.payables_gone.append(payable)
            _uncount(standing, payable)
            return payable.amount_fen
    return Fen(0)


def _uncount(standing: Standing, payable: Payable) -> None:
    standing.retained_count -= 1
    standing.retained_fen = Fen(standing.retained_fen - payable.amount_fen)


def _return_to_contract(standing: Standing, tuition: Tuition, fee: Fen) -> None:
    tuition.held_fen = Fen(tuition.held_fen + fee)
    tuition.released_fen = Fen(tuition.released_fen - fee)
    tuition.lessons_released -= 1
    if tuition.state is ContractState.completed:
        tuition.state = ContractState.refunding if tuition.refund_id else ContractState.open
        standing.funded_running_fen = Fen(standing.funded_running_fen + tuition.funded_fen)


def _fact(lesson: Taught, tuition: Tuition, command: ReverseLesson, owed: Fen) -> dict[str, object]:
    return {
        "id": command.item_id,
        "contract_id": lesson.contract_id,
        "lesson_no": lesson.lesson_no,
        "amount_fen": lesson.amount_fen,
        "owed_by_institution_fen": owed,
        "reason": command.reason,
        "document_no": command.document_no,
        "student_ref": tuition.student_ref,
    }

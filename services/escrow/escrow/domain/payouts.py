"""Paying out what was released: oldest first, whole lessons, above the floor.

What does not fit is retained, in the order of the releases; a newer lesson never overtakes
an older one. Any posting that makes room instructs what it can.
"""

from bisect import insort
from collections.abc import Collection
from typing import Final
from uuid import UUID

from escrow.domain.accounts import AccountKind
from escrow.domain.custody import present_fen, required_fen
from escrow.domain.draft import Draft, Planning
from escrow.domain.instructions import (
    GIVES_BACK,
    LINES_PER_INSTRUCTION,
    TRIES_MAX,
    Instruction,
    InstructionKind,
    InstructionState,
    Line,
)
from escrow.domain.movements import MovementKind
from escrow.domain.outcomes import Payout
from escrow.domain.records import Payable, Standing
from shared.ids import instruction_id
from shared.money import ZERO, Fen
from shared.time import rfc3339

_NO_HORIZON: Final = 2**63
"""Every retained payable was read; none older can wait outside."""

# What is looked at for every lesson is looked up once.
_RECEIVABLE: Final = AccountKind.institution_receivable
_PLANNED: Final = InstructionState.planned


def pay_out(draft: Draft, standing: Standing, payable: Payable) -> Payout:
    """Plan a fresh payable, or where something stands before it let it wait its turn."""
    queue = draft.queue(standing.institution_id)
    if not queue and not standing.balances[_RECEIVABLE]:
        reason = _obstacle(draft, standing, payable)
        if reason is None:
            return _told(_put_into_plan(draft, standing, payable))
        queue.append(payable)
        _retain(standing, payable, 1)
        return Payout("retained", None, reason)
    queue.append(payable)
    _retain(standing, payable, 1)
    reason = plan(draft, standing)
    if payable.instruction_id is None:
        return Payout("retained", None, reason or "owed_after_reversal")
    planning = draft.planning.get(standing.institution_id)
    return _told(planning) if planning else Payout("instructed", payable.instruction_id)


def _told(planning: Planning) -> Payout:
    """Return what all lessons of one instruction are told."""
    if planning.told is None:
        planning.told = Payout("instructed", planning.instruction_id)
    return planning.told


def close_round(draft: Draft, standing: Standing) -> None:
    """Write what this institution's part of the batch came to: events and the instruction."""
    tell_round(draft, standing)
    instruct(draft, standing)


def tell_round(draft: Draft, standing: Standing) -> None:
    """Put what this institution's part of the batch came to on the feed."""
    told = draft.rounds.pop(standing.institution_id, None)
    if told is None:
        return
    if told.released:
        draft.emit(standing, "lessons.released", {"lessons": told.released})
    for closed in told.closed:
        draft.emit(standing, "contract.closed", closed)
    if told.refused:
        draft.emit(standing, "claim.refused", {"claims": told.refused})
    if told.retained:
        draft.emit(standing, "payout.retained", {"payouts": told.retained})


def plan(draft: Draft, standing: Standing) -> str | None:
    """Instruct what has room, oldest first; return why the next one is retained, or None."""
    queue = draft.queue(standing.institution_id)
    if standing.balances[_RECEIVABLE]:
        _recover(draft, standing, queue)
    reason = None
    taken = 0
    for payable in queue:
        reason = _obstacle(draft, standing, payable)
        if reason is not None:
            break
        _take(draft, standing, payable)
        taken += 1
    if taken:
        _drop(draft, queue, taken)
    return reason


def plan_again(draft: Draft, standing: Standing, releases: Collection[UUID]) -> None:
    """Instruct anew what a withdrawn instruction carried: it had found its room before."""
    if not releases or standing.is_payout_frozen:
        return
    queue = draft.queue(standing.institution_id)
    for payable in queue:
        if payable.release_id in releases:
            _take(draft, standing, payable)
    queue[:] = [payable for payable in queue if payable.instruction_id is None]


def take_from_planning(draft: Draft, standing: Standing, release_id: UUID) -> Fen:
    """Take one release out of what is planned but not written; return what it would have paid."""
    planning = draft.planning.get(standing.institution_id)
    if planning is None:
        return ZERO
    for place, payable in enumerate(planning.payables):
        if payable.release_id == release_id:
            del planning.payables[place]
            planning.total_fen = Fen(planning.total_fen - payable.amount_fen)
            if not planning.payables:
                del draft.planning[standing.institution_id]
            return payable.amount_fen
    return ZERO


def _take(draft: Draft, standing: Standing, payable: Payable) -> None:
    """Take a payable out of what is retained and into the plan."""
    _retain(standing, payable, -1)
    _put_into_plan(draft, standing, payable)


def _put_into_plan(draft: Draft, standing: Standing, payable: Payable) -> Planning:
    planning = draft.planning.get(standing.institution_id)
    if planning is None:
        planning = Planning(instruction_id(draft.new_id()))
        draft.planning[standing.institution_id] = planning
    payable.instruction_id = planning.instruction_id
    planning.payables.append(payable)
    planning.total_fen = Fen(planning.total_fen + payable.amount_fen)
    if len(planning.payables) == LINES_PER_INSTRUCTION:
        instruct(draft, standing)
    return planning


def instruct(draft: Draft, standing: Standing) -> None:
    """Turn what was planned for an institution into one instruction and its movement."""
    planning = draft.planning.pop(standing.institution_id, None)
    if planning is None:
        return
    movement = draft.move(
        MovementKind.payout,
        standing,
        planning.total_fen,
        AccountKind.institution_payable,
        AccountKind.payment_clearing,
        instruction_id=planning.instruction_id,
    )
    assert standing.bank_id is not None
    instruction = Instruction(
        planning.instruction_id,
        standing.institution_id,
        InstructionKind.payout,
        standing.bank_id,
        standing.account_number or "",
        standing.settlement_account_name or "",
        standing.settlement_account_number or "",
        draft.now,
        movement.movement_id,
        amount_fen=planning.total_fen,
    )
    for number, payable in enumerate(planning.payables, start=1):
        instruction.lines[number] = _line(number, payable)
    add_instruction(draft, standing, instruction)


def add_instruction(draft: Draft, standing: Standing, instruction: Instruction) -> None:
    """Write a new instruction and put it on the feed."""
    key = (instruction.institution_id, instruction.instruction_id)
    draft.changes.instructions[key] = instruction
    draft.changes.instructions_planned.add(key)
    draft.emit(
        standing,
        "payout.planned" if instruction.kind is InstructionKind.payout else "instruction.changed",
        {
            "instruction_id": str(instruction.instruction_id),
            "kind": instruction.kind,
            "state": instruction.state,
            "amount_fen": instruction.amount_fen,
            "lines": len(instruction.lines),
            "created_at": rfc3339(instruction.created_at),
        },
    )


def give_back(
    draft: Draft, standing: Standing, instruction: Instruction, line: Line, state: InstructionState
) -> None:
    """Give one line's money back from clearing: a payout's lesson is payable again."""
    assert state in GIVES_BACK
    assert line.state not in GIVES_BACK
    line.state = state
    owner = {
        InstructionKind.payout: AccountKind.institution_payable,
        InstructionKind.refund: AccountKind.refund_payable,
        InstructionKind.give_back: AccountKind.unmatched_receipt,
    }[instruction.kind]
    draft.move(
        MovementKind.reversal,
        standing,
        line.amount_fen,
        AccountKind.payment_clearing,
        owner,
        contract_id=line.contract_id,
        instruction_id=instruction.instruction_id,
        refund_id=instruction.refund_id,
        entry_id=instruction.entry_id,
        reverses=instruction.movement_id,
    )
    if instruction.kind is InstructionKind.payout:
        _requeue(draft, standing, line, state)


def withdraw(draft: Draft, standing: Standing, instruction: Instruction) -> None:
    """Take back an instruction that nobody at the bank has seen."""
    assert instruction.is_withdrawable
    instruction.state = InstructionState.withdrawn
    instruction.changed_at = draft.now
    for line in instruction.lines.values():
        give_back(draft, standing, instruction, line, InstructionState.withdrawn)
    draft.emit(standing, "instruction.changed", change_of(instruction))


def change_of(instruction: Instruction) -> dict[str, object]:
    """Return the feed's body for an instruction whose state changed."""
    return {
        "instruction_id": str(instruction.instruction_id),
        "kind": instruction.kind,
        "state": instruction.state,
        "amount_fen": instruction.amount_fen,
        "reason": instruction.reason,
        "refund_id": str(instruction.refund_id) if instruction.refund_id else None,
    }


def _requeue(draft: Draft, standing: Standing, line: Line, state: InstructionState) -> None:
    """Put a lesson back where its release stands in the order."""
    assert line.contract_id is not None
    assert line.lesson_no is not None
    assert line.release_sequence is not None
    assert line.release_id is not None
    tries = line.tries if state is InstructionState.withdrawn else line.tries + 1
    payable = Payable(
        standing.institution_id,
        line.release_sequence,
        line.contract_id,
        line.lesson_no,
        line.release_id,
        line.amount_fen,
        tries,
        line.remittance,
    )
    queue = draft.queue(standing.institution_id)
    insort(queue, payable, key=lambda one: one.release_sequence)
    _retain(standing, payable, 1)


def _obstacle(draft: Draft, standing: Standing, payable: Payable) -> str | None:
    """Return why the next payable must wait, or None."""
    if standing.full_freezes:
        return "institution_frozen"
    if standing.payout_freezes:
        return "payout_frozen"
    if standing.account_number is None:
        return "account_missing"
    if payable.tries >= TRIES_MAX:
        return "payout_rejected"
    horizons = draft.book.horizons
    if horizons and payable.release_sequence > horizons.get(standing.institution_id, _NO_HORIZON):
        return "older_first"
    if not standing.floors:
        return None
    floor = draft.floor(standing.institution_id)
    planning = draft.planning.get(standing.institution_id)
    on_its_way = planning.total_fen if planning else 0
    room = present_fen(standing) - on_its_way - required_fen(standing, floor)
    return None if room >= payable.amount_fen else "floor"


def _recover(draft: Draft, standing: Standing, queue: list[Payable]) -> None:
    """Let the oldest payables pay off what the institution owes."""
    used_up = 0
    for payable in queue:
        owed = standing.balances[_RECEIVABLE]
        if not owed:
            break
        amount = min(owed, payable.amount_fen)
        draft.move(
            MovementKind.recovery,
            standing,
            amount,
            AccountKind.institution_payable,
            AccountKind.institution_receivable,
            contract_id=payable.contract_id,
            lesson_no=payable.lesson_no,
        )
        standing.retained_fen = Fen(standing.retained_fen - amount)
        payable.amount_fen = Fen(payable.amount_fen - amount)
        if not payable.amount_fen:
            standing.retained_count -= 1
            used_up += 1
        elif payable.is_stored:
            draft.changes.payables_gone.append(payable)
            payable.is_stored = False
    _drop(draft, queue, used_up)


def _drop(draft: Draft, queue: list[Payable], number: int) -> None:
    draft.changes.payables_gone += [one for one in queue[:number] if one.is_stored]
    del queue[:number]


def _retain(standing: Standing, payable: Payable, step: int) -> None:
    standing.retained_count += step
    standing.retained_fen = Fen(standing.retained_fen + step * payable.amount_fen)


def _line(number: int, payable: Payable) -> Line:
    return Line(
        number,
        payable.amount_fen,
        payable.remittance,
        _PLANNED,
        payable.contract_id,
        payable.lesson_no,
        payable.release_sequence,
        payable.release_id,
        payable.tries,
    )

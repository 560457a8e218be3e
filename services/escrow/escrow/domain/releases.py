"""One lesson, one release.

The refusals are tested in the order of the wire contract; the first that holds is the answer.
"""

from datetime import datetime
from typing import Final

from escrow.domain.accounts import AccountKind
from escrow.domain.commands import ReleaseLesson
from escrow.domain.draft import Draft
from escrow.domain.movements import MovementKind
from escrow.domain.outcomes import Exists, Outcome, Payout, Refusal, Refused, Released
from escrow.domain.payouts import pay_out
from escrow.domain.policy import is_forbidden
from escrow.domain.records import ContractState, Payable, Standing, Taught, Tuition
from shared.money import Fen, lesson_fee
from shared.time import rfc3339

_OVER: Final = frozenset({ContractState.completed, ContractState.closed})
"""States in which no lesson is left to claim."""

# What is looked at for every lesson is looked up once.
_REFUNDING: Final = ContractState.refunding
_RELEASE: Final = MovementKind.release
_HELD: Final = AccountKind.tuition_held
_PAYABLE: Final = AccountKind.institution_payable

_COMPARED: Final = (
    "contract_id",
    "lesson_no",
    "taught_at",
    "ended_at",
    "teacher_ref",
    "room_ref",
    "evidence_ref",
)


def release_lesson(draft: Draft, command: ReleaseLesson) -> Outcome:
    """Release one lesson's fee to the institution, or say why not."""
    claim = (command.institution_id, command.item_id)
    seen = draft.releases.get(claim) or draft.book.releases.get(claim)
    if seen is not None:
        return _seen_before(seen, command)
    standing = draft.standing(command.institution_id)
    contract = (command.institution_id, command.contract_id)
    tuition = draft.peek_tuition(contract)
    earlier = draft.lesson((*contract, command.lesson_no))
    fee = _fee_or_refusal(draft, standing, tuition, earlier, command)
    if isinstance(fee, Refused):
        if standing is not None:
            draft.round(standing.institution_id).refused.append(_claim(command, fee))
        return fee
    assert standing is not None
    return _release(draft, standing, draft.the_tuition(contract), earlier, command, fee)


def _seen_before(seen: Taught, command: ReleaseLesson) -> Outcome:
    for name in _COMPARED:
        if getattr(seen, name) != getattr(command, name):
            return Refused(Refusal.id_reused, seen.movement_id, name)
    return Exists(seen.movement_id, seen.amount_fen)


def _fee_or_refusal(  # noqa: C901, PLR0911 - the closed list, in the contract's order
    draft: Draft,
    standing: Standing | None,
    tuition: Tuition | None,
    earlier: Taught | None,
    command: ReleaseLesson,
) -> Fen | Refused:
    if standing is None or tuition is None:
        return Refused(Refusal.contract_unknown)
    if not 1 <= command.lesson_no <= tuition.lessons:
        return Refused(Refusal.lesson_out_of_range)
    if earlier is not None and earlier.reversed_by is None:
        return Refused(Refusal.already_released, earlier.movement_id)
    ended_at = command.ended_at or command.taught_at
    if ended_at > draft.now:
        return Refused(Refusal.not_yet_taught)
    if _in_forbidden_slot(draft, tuition, command):
        return Refused(Refusal.forbidden_slot)
    if standing.full_freezes:
        return Refused(Refusal.institution_frozen)
    if tuition.is_frozen:
        return Refused(Refusal.contract_frozen)
    if tuition.state is _REFUNDING and _is_held_for_refund(tuition, ended_at):
        return Refused(Refusal.refund_in_progress)
    if tuition.state in _OVER:
        return Refused(Refusal.contract_closed)
    if tuition.funded_fen == 0:
        return Refused(Refusal.contract_not_funded)
    fee = lesson_fee(tuition.paid_fen, tuition.lessons, command.lesson_no)
    if tuition.held_fen < fee:
        return Refused(Refusal.held_insufficient)
    return fee


def _is_held_for_refund(tuition: Tuition, ended_at: datetime) -> bool:
    """Let a lesson that ended before the request be claimed until the refund is agreed."""
    requested_at = tuition.refund_requested_at
    return requested_at is None or ended_at >= requested_at


def _in_forbidden_slot(draft: Draft, tuition: Tuition, command: ReleaseLesson) -> bool:
    policy = draft.book.policies.version(tuition.policy, tuition.policy_version)
    return bool(policy.forbidden_slots) and is_forbidden(
        policy,
        category=tuition.category,
        delivery=tuition.delivery,
        taught_at=command.taught_at,
        ended_at=command.ended_at,
    )


def _release(
    draft: Draft,
    standing: Standing,
    tuition: Tuition,
    earlier: Taught | None,
    command: ReleaseLesson,
    fee: Fen,
) -> Released:
    movement = draft.move(
        _RELEASE,
        standing,
        fee,
        _HELD,
        _PAYABLE,
        occurred_at=command.taught_at,
        contract_id=command.contract_id,
        lesson_no=command.lesson_no,
    )
    taught = Taught(
        command.institution_id,
        command.contract_id,
        command.lesson_no,
        earlier.attempt + 1 if earlier else 1,
        command.item_id,
        movement.movement_id,
        movement.sequence,
        fee,
        command.taught_at,
        command.ended_at,
        command.teacher_ref,
        command.room_ref,
        command.evidence_ref,
    )
    draft.lessons[command.institution_id, command.contract_id, command.lesson_no] = taught
    draft.releases[command.institution_id, command.item_id] = taught
    draft.changes.lessons.append(taught)
    told = draft.round(standing.institution_id)
    told.released.append(_fact(taught, tuition))
    take_from_contract(draft, standing, tuition, fee)
    payable = Payable(
        standing.institution_id,
        movement.sequence,
        tuition.contract_id,
        command.lesson_no,
        movement.movement_id,
        fee,
        remittance=f"{tuition.contract_id} {command.lesson_no}/{tuition.lessons}",
    )
    payout = pay_out(draft, standing, payable)
    if payout.state == "retained" and payable.amount_fen:
        told.retained.append(_waits(payable, payout))
    return Released(
        movement.movement_id,
        fee,
        tuition.held_fen,
        tuition.lessons_released,
        tuition.lessons_remaining,
        payout,
    )


def take_from_contract(draft: Draft, standing: Standing, tuition: Tuition, fee: Fen) -> None:
    """Count one lesson's fee out of what the contract holds; the last completes it."""
    tuition.held_fen = Fen(tuition.held_fen - fee)
    tuition.released_fen = Fen(tuition.released_fen + fee)
    tuition.lessons_released += 1
    assert tuition.held_fen >= 0
    if tuition.lessons_released == tuition.lessons:
        tuition.state = ContractState.completed
        standing.funded_running_fen = Fen(standing.funded_running_fen - tuition.funded_fen)
        draft.round(standing.institution_id).closed.append(
            {"contract_id": tuition.contract_id, "state": tuition.state}
        )


def _fact(taught: Taught, tuition: Tuition) -> dict[str, object]:
    return {
        "contract_id": taught.contract_id,
        "lesson_no": taught.lesson_no,
        "amount_fen": taught.amount_fen,
        "taught_at": rfc3339(taught.taught_at),
        "ended_at": rfc3339(taught.ended_at) if taught.ended_at else None,
        "teacher_ref": taught.teacher_ref,
        "room_ref": taught.room_ref,
        "student_ref": tuition.student_ref,
    }


def _waits(payable: Payable, payout: Payout) -> dict[str, object]:
    return {
        "contract_id": payable.contract_id,
        "lesson_no": payable.lesson_no,
        "amount_fen": payable.amount_fen,
        "reason": payout.reason,
    }


def _claim(command: ReleaseLesson, refused: Refused) -> dict[str, object]:
    return {
        "id": command.item_id,
        "contract_id": command.contract_id,
        "lesson_no": command.lesson_no,
        "code": refused.code,
    }

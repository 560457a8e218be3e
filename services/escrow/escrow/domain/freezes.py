"""Placing, confirming and lifting freezes, and setting a minimum balance."""

from escrow.domain.commands import (
    ConfirmFreeze,
    FloorRule,
    LiftFreeze,
    PlaceFreeze,
    PlanPayouts,
    SetFloor,
)
from escrow.domain.custody import count_freeze, present_fen, required_fen
from escrow.domain.draft import Draft
from escrow.domain.instructions import InstructionKind
from escrow.domain.outcomes import Accepted, Exists, Outcome, Refusal, Refused
from escrow.domain.payouts import close_round, plan, withdraw
from escrow.domain.records import Confirmation, Floor, Freeze, Standing
from escrow.domain.twins import twin


def place_freeze(draft: Draft, command: PlaceFreeze) -> Outcome:
    """Place a freeze; payouts that nobody at the bank has seen are withdrawn."""
    standing = draft.standing(command.institution_id)
    if standing is None:
        return Refused(Refusal.institution_unknown)
    close_round(draft, standing)
    freeze = Freeze(
        command.institution_id,
        draft.new_id(),
        command.scope,
        command.reason,
        command.authority,
        command.document_no,
        draft.now,
        command.acted_by,
        command.registry_event_id,
    )
    draft.changes.freezes[command.institution_id, freeze.freeze_id] = freeze
    count_freeze(standing, command.scope, 1)
    draft.emit(standing, "freeze.placed", _fact(freeze))
    if standing.is_payout_frozen:
        withdraw_unseen(draft, standing)
    return Accepted(made_id=freeze.freeze_id, state="placed")


def withdraw_unseen(draft: Draft, standing: Standing) -> None:
    """Withdraw every payout that was read here and that nobody at the bank has seen."""
    for key in sorted({*draft.book.instructions, *draft.changes.instructions}):
        seen = draft.peek_instruction(key)
        if seen is None or key[0] != standing.institution_id or not seen.is_withdrawable:
            continue
        if seen.kind is InstructionKind.payout:
            instruction = draft.instruction(key)
            assert instruction is not None
            withdraw(draft, standing, instruction)


def lift_freeze(draft: Draft, command: LiftFreeze) -> Outcome:
    """Lift one freeze and pay out what it retained."""
    key = (command.institution_id, command.freeze_id)
    freeze = draft.freeze(key)
    standing = draft.standing(command.institution_id)
    if freeze is None or standing is None:
        return Refused(Refusal.freeze_unknown)
    if freeze.lifted_at is not None:
        same = (freeze.lift_reason, freeze.lift_document_no)
        if same == (command.reason, command.document_no):
            return Exists(made_id=freeze.freeze_id, state="lifted")
        return Refused(Refusal.freeze_lifted)
    lifted = _lifted(draft, freeze, command)
    draft.changes.freezes[key] = lifted
    count_freeze(standing, freeze.scope, -1)
    draft.emit(standing, "freeze.lifted", _fact(lifted))
    plan(draft, standing)
    return Accepted(made_id=freeze.freeze_id, state="lifted")


def confirm_freeze(draft: Draft, command: ConfirmFreeze) -> Outcome:
    """Note that an officer confirms a protective freeze; it stands until it is lifted."""
    key = (command.institution_id, command.freeze_id)
    freeze = draft.freeze(key)
    standing = draft.standing(command.institution_id)
    if freeze is None or standing is None:
        return Refused(Refusal.freeze_unknown)
    if freeze.registry_event_id is None:
        return Refused(Refusal.freeze_not_protective)
    if freeze.lifted_at is not None:
        return Refused(Refusal.freeze_lifted)
    if freeze.confirmed_at is not None:
        return Exists(made_id=freeze.freeze_id, state="confirmed")
    confirmed = draft.changes.freezes[key] = twin(freeze)
    confirmed.confirmed_at, confirmed.confirmed_by = draft.now, command.acted_by
    draft.changes.confirmations.append(
        Confirmation(*key, command.reason, command.document_no, draft.now, command.acted_by)
    )
    draft.emit(
        standing,
        "freeze.confirmed",
        {
            "freeze_id": str(freeze.freeze_id),
            "scope": freeze.scope,
            "registry_event_id": freeze.registry_event_id,
            "reason": command.reason,
            "document_no": command.document_no,
        },
    )
    return Accepted(made_id=freeze.freeze_id, state="confirmed")


def set_floor(draft: Draft, command: SetFloor) -> Outcome:
    """Set the minimum balance from a day on; a deficit is allowed and reported."""
    standing = draft.standing(command.institution_id)
    if standing is None:
        return Refused(Refusal.institution_unknown)
    floor = Floor(
        command.institution_id,
        draft.new_id(),
        command.rules,
        command.effective_from,
        command.document_no,
        draft.now,
        command.acted_by,
    )
    draft.add_floor(floor)
    standing.floors += 1
    required = required_fen(standing, floor)
    deficit = max(0, required - present_fen(standing))
    draft.emit(
        standing,
        "floor.changed",
        {
            "floor_id": str(floor.floor_id),
            "rules": [rule_body(rule) for rule in floor.rules],
            "effective_from": floor.effective_from.isoformat(),
            "document_no": floor.document_no,
            "required_fen": required,
            "deficit_fen": deficit,
        },
    )
    plan(draft, standing)
    return Accepted(made_id=floor.floor_id, amount_fen=required, state="set")


def plan_payouts(draft: Draft, command: PlanPayouts) -> Outcome:
    """Pay out what now has room, and withdraw what a freeze should not let out."""
    standing = draft.standing(command.institution_id)
    if standing is None:
        return Refused(Refusal.institution_unknown)
    if standing.is_payout_frozen:
        withdraw_unseen(draft, standing)
    reason = plan(draft, standing)
    return Accepted(effect=reason)


def rule_body(rule: FloorRule) -> dict[str, object]:
    """Return a floor's rule as the wire shows it."""
    match rule.kind:
        case "fixed":
            return {"kind": rule.kind, "amount_fen": rule.amount_fen}
        case "cycle_total":
            return {"kind": rule.kind}
        case _:
            return {"kind": rule.kind, "bps": rule.bps}


def _lifted(draft: Draft, freeze: Freeze, command: LiftFreeze) -> Freeze:
    lifted = twin(freeze)
    lifted.lifted_at, lifted.lifted_by = draft.now, command.acted_by
    lifted.lift_reason, lifted.lift_document_no = command.reason, command.document_no
    return lifted


def _fact(freeze: Freeze) -> dict[str, object]:
    return {
        "freeze_id": str(freeze.freeze_id),
        "scope": freeze.scope,
        "reason": freeze.reason,
        "authority": freeze.authority,
        "document_no": freeze.document_no,
        "registry_event_id": freeze.registry_event_id,
        "lift_reason": freeze.lift_reason,
        "lift_document_no": freeze.lift_document_no,
    }

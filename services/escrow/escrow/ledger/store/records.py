"""Rows as the statements return them, made into the domain's records."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from escrow.domain.accounts import AccountKind
from escrow.domain.commands import Course, FloorRule, RegisterContract
from escrow.domain.instructions import Instruction, InstructionKind, InstructionState, Line
from escrow.domain.records import (
    ContractState,
    Floor,
    Payable,
    Refund,
    RefundState,
    Standing,
    Tuition,
)
from shared.money import Bps, Fen

_KINDS: Final = tuple(AccountKind)
_CONTRACT_STATES: Final = {str(state): state for state in ContractState}
_BALANCES: Final = slice(5, 5 + len(_KINDS))


def standing(row: Sequence[Any]) -> Standing:
    """Make a standing from a row of `read_standing`; the first column is the clock."""
    rest = row[_BALANCES.stop :]
    balances = dict(zip(_KINDS, row[_BALANCES], strict=True))
    return Standing(row[1], row[2], row[3], row[4], balances, *rest)


def standing_row(one: Standing) -> tuple[object, ...]:
    """Return the columns of `write_balance`, but for what was read."""
    return (
        one.institution_id,
        one.sequence,
        one.movements,
        *(one.balances[kind] for kind in _KINDS),
        one.funded_running_fen,
        one.retained_fen,
        one.retained_count,
        one.charging_freezes,
        one.payout_freezes,
        one.full_freezes,
        one.floors,
    )


def tuition(row: Sequence[Any]) -> Tuition:
    """Make a contract's money side from a row of `read_tuition`."""
    one = Tuition(*row)
    one.state = _CONTRACT_STATES[one.state]
    return one


def terms(row: Sequence[Any]) -> RegisterContract:
    """Make a contract's terms from a row of `read_contract`."""
    parts: tuple[Any, ...] = (*row[:4], Course(*row[4:8]), *row[8:])
    return RegisterContract(*parts)


def terms_row(one: RegisterContract) -> tuple[object, ...]:
    """Return the columns of `add_contract`."""
    course = one.course
    return (
        one.institution_id,
        one.contract_id,
        one.student_ref,
        one.guardian_ref,
        course.name,
        course.category,
        course.delivery,
        course.teacher_ref,
        one.lessons,
        one.paid_fen,
        one.list_fen,
        one.gift_lessons,
        one.gift_fen,
        one.signed_at,
        one.starts_on,
        one.ends_on,
        one.slots,
        one.refund_terms,
    )


def payable(row: Sequence[Any]) -> Payable:
    """Make a retained payable from a row of `read_payable`."""
    one = Payable(*row)
    one.is_stored = True
    return one


def floor(row: Sequence[Any]) -> Floor:
    """Make a floor from a row of `read_floor`; its rules travel as JSON text."""
    rules = tuple(
        FloorRule(rule["kind"], Fen(rule.get("amount_fen", 0)), Bps(rule.get("bps", 0)))
        for rule in json.loads(row[2])
    )
    return Floor(row[0], row[1], rules, *row[3:])


def refund(row: Sequence[Any]) -> Refund:
    """Make a refund from a row of `read_refund`."""
    one = Refund(*row)
    one.state = RefundState(one.state)
    return one


def instruction(row: Mapping[str, Any]) -> Instruction:
    """Make an instruction, still without lines, from a row of `read_instruction`."""
    return Instruction(
        instruction_id=row["instruction_id"],
        institution_id=row["institution_id"],
        kind=InstructionKind(row["kind"]),
        bank_id=row["bank_id"],
        account_number=row["account_number"],
        creditor_name=row["creditor_name"],
        creditor_account=row["creditor_account"],
        created_at=row["created_at"],
        movement_id=row["movement_id"],
        state=InstructionState(row["state"]),
        amount_fen=row["amount_fen"],
        refund_id=row["refund_id"],
        entry_id=row["entry_id"],
        served_at=row["served_at"],
        leased_until=row["leased_until"],
        sent_at=row["sent_at"],
        bank_reference=row["bank_reference"],
        booked_at=row["booked_at"],
        reason=row["reason"],
        changed_at=row["changed_at"],
    )


def line(row: Sequence[Any]) -> Line:
    """Make an instruction's line from a row of `read_line`, its keys left out."""
    one = Line(*row[2:])
    one.state = InstructionState(one.state)
    return one

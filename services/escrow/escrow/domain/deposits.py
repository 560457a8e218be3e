"""Money that the bank booked: receipts, their contracts, and payments that left or came back.

Every entry changes `custody_cash`, so that the books equal the bank whatever the reason.
"""

from hashlib import sha256
from typing import Final
from uuid import UUID

from escrow.domain.accounts import AccountKind
from escrow.domain.commands import AllocateReceipt, TakeEntry
from escrow.domain.draft import Draft
from escrow.domain.instructions import (
    Instruction,
    InstructionKind,
    Line,
)
from escrow.domain.movements import MovementKind
from escrow.domain.outcomes import Accepted, Exists, Outcome, Refusal, Refused
from escrow.domain.payouts import add_instruction, plan
from escrow.domain.records import ContractState, Deposit, Entry, Standing, Tuition
from escrow.domain.settling import booked, came_back
from shared.ids import instruction_id, parse_end_to_end_id
from shared.money import ZERO, Fen
from shared.time import rfc3339

TAKES_MONEY: Final = frozenset({ContractState.accepted, ContractState.open})
"""States in which a contract takes deposits."""

_COMPARED: Final = (
    "direction",
    "amount_fen",
    "booked_at",
    "value_on",
    "balance_after_fen",
    "counterparty_name",
    "counterparty_account",
    "purpose",
    "reference",
    "end_to_end_id",
)


def take_entry(draft: Draft, command: TakeEntry) -> Outcome:
    """Take in one booked entry; the same entry again changes nothing."""
    key = (command.account_number, command.entry_id)
    seen = draft.changes.entries.get(key) or draft.book.entries.get(key)
    if seen is not None:
        return _seen_before(seen, command)
    standing = draft.standing(command.institution_id)
    if standing is None:
        return Refused(Refusal.account_unknown)
    if command.direction == "credit":
        entry = _take_credit(draft, standing, command)
    else:
        entry = _take_debit(draft, standing, command)
    draft.changes.entries[key] = entry
    draft.changes.entries_taken.add(key)
    plan(draft, standing)
    return Accepted(entry.effect, entry.movement_id, entry.contract_id)


def _seen_before(seen: Entry, command: TakeEntry) -> Outcome:
    for name in _COMPARED:
        if getattr(seen, name) != getattr(command, name):
            return Refused(Refusal.id_reused, seen.movement_id, name)
    return Exists(seen.movement_id, effect=seen.effect, contract_id=seen.contract_id)


def _take_credit(draft: Draft, standing: Standing, command: TakeEntry) -> Entry:
    found = _line_of(draft, command)
    if found is not None and came_back(draft, standing, *found, command):
        _tell_returned(draft, standing, command, found[0])
        return _entry(command, "instruction_matched", draft.changes.movements[-1].movement_id)
    receipt = draft.move(
        MovementKind.receipt,
        standing,
        command.amount_fen,
        AccountKind.custody_cash,
        AccountKind.unmatched_receipt,
        occurred_at=command.booked_at,
        entry_id=command.entry_id,
    )
    entry = _entry(command, "unallocated", receipt.movement_id)
    entry.unallocated_fen = command.amount_fen
    contract = (command.institution_id, command.reference or "")
    tuition = draft.tuition(contract)
    if tuition is None or tuition.state in {ContractState.closed, ContractState.refunding}:
        _tell_unmatched(draft, standing, entry)
        draft.let_wait(entry)
        return entry
    fund(draft, standing, tuition, entry)
    if entry.unallocated_fen:
        entry.effect = "over_funded"
        _tell_unmatched(draft, standing, entry)
    return entry


def fund(draft: Draft, standing: Standing, tuition: Tuition, entry: Entry) -> None:
    """Give an entry's unallocated money to a contract, up to what the contract still expects."""
    amount = Fen(min(entry.unallocated_fen, tuition.paid_fen - tuition.funded_fen))
    entry.contract_id = tuition.contract_id
    entry.effect = "contract_funded"
    if not amount:
        return
    movement = draft.move(
        MovementKind.allocation,
        standing,
        amount,
        AccountKind.unmatched_receipt,
        AccountKind.tuition_held,
        contract_id=tuition.contract_id,
        entry_id=entry.entry_id,
    )
    entry.unallocated_fen = Fen(entry.unallocated_fen - amount)
    was_running = tuition.state is not ContractState.accepted
    tuition.state = ContractState.open
    tuition.funded_fen = Fen(tuition.funded_fen + amount)
    tuition.held_fen = Fen(tuition.held_fen + amount)
    grown = amount if was_running else tuition.funded_fen
    standing.funded_running_fen = Fen(standing.funded_running_fen + grown)
    draft.changes.deposits.append(_deposit(movement.movement_id, tuition, entry, amount))
    draft.emit(
        standing,
        "receipt.matched",
        {
            "entry_id": entry.entry_id,
            "contract_id": tuition.contract_id,
            "amount_fen": amount,
            "funded_fen": tuition.funded_fen,
            "entry_fen": entry.amount_fen,
            "booked_at": rfc3339(entry.booked_at),
        },
    )


def _deposit(made_id: UUID, tuition: Tuition, entry: Entry, amount: Fen) -> Deposit:
    return Deposit(
        tuition.institution_id,
        made_id,
        tuition.contract_id,
        entry.account_number,
        entry.entry_id,
        amount,
        entry.booked_at,
        entry.counterparty_name,
        entry.counterparty_account,
    )


def _tell_unmatched(draft: Draft, standing: Standing, entry: Entry) -> None:
    draft.emit(
        standing,
        "receipt.unmatched",
        {
            "entry_id": entry.entry_id,
            "amount_fen": entry.unallocated_fen,
            "effect": entry.effect,
            "entry_fen": entry.amount_fen,
            "booked_at": rfc3339(entry.booked_at),
        },
    )


def _tell_returned(
    draft: Draft, standing: Standing, command: TakeEntry, instruction: Instruction
) -> None:
    draft.emit(
        standing,
        "receipt.returned",
        {
            "entry_id": command.entry_id,
            "amount_fen": command.amount_fen,
            "entry_fen": command.amount_fen,
            "instruction_id": str(instruction.instruction_id),
            "kind": instruction.kind,
            "booked_at": rfc3339(command.booked_at),
        },
    )


def _take_debit(draft: Draft, standing: Standing, command: TakeEntry) -> Entry:
    found = _line_of(draft, command)
    if found is not None and booked(draft, standing, *found, command):
        movement = draft.changes.movements[-1]
        draft.emit(standing, "debit.booked", _debit_fact(command, found[0]))
        return _entry(command, "instruction_matched", movement.movement_id)
    movement = draft.move(
        MovementKind.unbacked,
        standing,
        command.amount_fen,
        AccountKind.unbacked_debit,
        AccountKind.custody_cash,
        occurred_at=command.booked_at,
        entry_id=command.entry_id,
    )
    draft.emit(standing, "debit.unbacked", _debit_fact(command, found[0] if found else None))
    return _entry(command, "unbacked", movement.movement_id)


def _line_of(draft: Draft, command: TakeEntry) -> tuple[Instruction, Line] | None:
    """Return the instruction's line that an entry names, where this account has it."""
    named = parse_end_to_end_id(command.end_to_end_id) if command.end_to_end_id else None
    if named is None:
        return None
    instruction = draft.instruction((command.institution_id, named[0]))
    line = instruction.lines.get(named[1]) if instruction else None
    if instruction is None or line is None:
        return None
    if instruction.account_number != command.account_number:
        return None  # one account's money never settles what another is to pay
    return instruction, line


def _debit_fact(command: TakeEntry, instruction: Instruction | None) -> dict[str, object]:
    return {
        "entry_id": command.entry_id,
        "amount_fen": command.amount_fen,
        "booked_at": rfc3339(command.booked_at),
        "value_on": command.value_on.isoformat(),
        "instruction_id": str(instruction.instruction_id) if instruction else None,
        "kind": instruction.kind if instruction else None,
        "purpose": command.purpose,
        "has_counterparty": command.counterparty_account is not None,
        "counterparty_ref": _counterparty_ref(command),
    }


def _counterparty_ref(command: TakeEntry) -> str | None:
    """Return a name by which one institution's counterparty is known again, and not its number."""
    if command.counterparty_account is None:
        return None
    named = f"{command.institution_id}/{command.counterparty_account}"
    return sha256(named.encode()).hexdigest()[:16]


def _entry(command: TakeEntry, effect: str, movement_id: UUID) -> Entry:
    return Entry(
        command.institution_id,
        command.account_number,
        command.entry_id,
        command.direction,
        command.amount_fen,
        command.booked_at,
        command.value_on,
        effect,
        movement_id,
        command.balance_after_fen,
        command.counterparty_name,
        command.counterparty_account,
        command.purpose,
        command.reference,
        command.end_to_end_id,
    )


def allocate_receipt(draft: Draft, command: AllocateReceipt) -> Outcome:
    """Give waiting money to a contract, or back to its payer."""
    entry = draft.entry((command.account_number, command.entry_id))
    standing = draft.standing(command.institution_id)
    if entry is None or standing is None or entry.institution_id != command.institution_id:
        return Refused(Refusal.entry_unknown)
    if not entry.unallocated_fen:
        return Refused(Refusal.entry_not_unallocated)
    if command.contract_id is None:
        return _send_back(draft, standing, entry)
    tuition = draft.tuition((command.institution_id, command.contract_id))
    if tuition is None:
        return Refused(Refusal.contract_unknown)
    if tuition.state not in TAKES_MONEY or tuition.funded_fen == tuition.paid_fen:
        return Refused(Refusal.contract_not_open)
    before = entry.unallocated_fen
    fund(draft, standing, tuition, entry)
    if entry.unallocated_fen:
        entry.effect = "over_funded"
    plan(draft, standing)
    return Accepted(
        entry.effect, None, tuition.contract_id, Fen(before - entry.unallocated_fen), "allocated"
    )


def _send_back(draft: Draft, standing: Standing, entry: Entry) -> Outcome:
    if entry.counterparty_account is None:
        return Refused(Refusal.payer_unknown)
    made_id = instruction_id(draft.new_id())
    amount = entry.unallocated_fen
    movement = draft.move(
        MovementKind.give_back,
        standing,
        amount,
        AccountKind.unmatched_receipt,
        AccountKind.payment_clearing,
        instruction_id=made_id,
        entry_id=entry.entry_id,
    )
    entry.unallocated_fen = ZERO
    instruction = Instruction(
        made_id,
        standing.institution_id,
        InstructionKind.give_back,
        standing.bank_id or "",
        entry.account_number,
        entry.counterparty_name or "",
        entry.counterparty_account,
        draft.now,
        movement.movement_id,
        amount_fen=amount,
        entry_id=entry.entry_id,
    )
    instruction.lines[1] = Line(1, amount, f"{entry.entry_id} return")
    add_instruction(draft, standing, instruction)
    return Accepted("return_instructed", made_id, None, amount, "instructed")

"""What the bank says of an instruction: results, booked debits, money that came back.

Results and entries arrive in any order and more than once. A contradiction of an earlier
word is recorded and put on the feed, and changes nothing.
"""

from dataclasses import dataclass
from typing import Final

from escrow.domain.accounts import AccountKind
from escrow.domain.commands import (
    ClaimInstruction,
    LineResult,
    RecordResult,
    RecordSending,
    ServeInstruction,
    TakeEntry,
)
from escrow.domain.draft import Draft
from escrow.domain.instructions import (
    GIVES_BACK,
    UNFINISHED,
    Instruction,
    InstructionKind,
    InstructionState,
    Line,
    follows,
)
from escrow.domain.movements import MovementKind
from escrow.domain.outcomes import Accepted, Exists, Outcome, Refusal, Refused
from escrow.domain.payouts import change_of, give_back, withdraw
from escrow.domain.records import RefundState, Standing
from shared.money import Fen
from shared.time import rfc3339

_NEVER_LEFT: Final = frozenset({InstructionState.rejected, InstructionState.withdrawn})
"""States that say no money moved: a debit that names such a line is unbacked."""

_CLAIMABLE: Final = frozenset(
    {InstructionState.planned, InstructionState.claimed, InstructionState.unknown}
)
"""States in which a push bank is to be sent an instruction, or asked about it."""


def booked(
    draft: Draft, standing: Standing, instruction: Instruction, line: Line, entry: TakeEntry
) -> bool:
    """Clear a line against cash; False where the debit is not the one we instructed."""
    if line.booked_entry_id or line.amount_fen != entry.amount_fen or line.state in _NEVER_LEFT:
        return False
    line.booked_entry_id = entry.entry_id
    instruction.served_at = instruction.served_at or draft.now  # who pays it has seen it
    draft.move(
        MovementKind.booked,
        standing,
        line.amount_fen,
        AccountKind.payment_clearing,
        AccountKind.custody_cash,
        occurred_at=entry.booked_at,
        contract_id=line.contract_id,
        instruction_id=instruction.instruction_id,
        entry_id=entry.entry_id,
    )
    if line.state in UNFINISHED:
        line.state = InstructionState.settled
        _follow_lines(draft, standing, instruction)
    return True


def came_back(
    draft: Draft, standing: Standing, instruction: Instruction, line: Line, entry: TakeEntry
) -> bool:
    """Take back a line's money that left and returned; False where it cannot have left.

    A return may be booked before the debit it returns, and before any result.
    """
    if (
        instruction.is_withdrawable
        or line.returned_entry_id is not None
        or line.state in _NEVER_LEFT
    ):
        return False
    if line.amount_fen != entry.amount_fen:
        return False
    line.returned_entry_id = entry.entry_id
    if line.state not in GIVES_BACK:
        give_back(draft, standing, instruction, line, InstructionState.returned)
        _reopen_refund(draft, standing, instruction, line)
        _follow_lines(draft, standing, instruction)
    draft.move(
        MovementKind.came_back,
        standing,
        line.amount_fen,
        AccountKind.custody_cash,
        AccountKind.payment_clearing,
        occurred_at=entry.booked_at,
        contract_id=line.contract_id,
        instruction_id=instruction.instruction_id,
        entry_id=entry.entry_id,
    )
    return True


def record_result(draft: Draft, command: RecordResult) -> Outcome:
    """Record the bank's word on an instruction and, where given, on single lines."""
    key = (command.institution_id, command.instruction_id)
    instruction = draft.instruction(key)
    standing = draft.standing(command.institution_id)
    if instruction is None or standing is None:
        return Refused(Refusal.instruction_unknown)
    words = _words(instruction, command)
    verdicts = [follows(line.state, word.state) for line, word in words]
    if None in verdicts or not _names_lines(instruction, command):
        return _contradicted(draft, standing, instruction, command)
    if not any(verdicts):
        return Exists(made_id=instruction.instruction_id, state=instruction.state)
    for (line, word), moves_on in zip(words, verdicts, strict=True):
        if moves_on:
            _apply(draft, standing, instruction, line, word)
    instruction.bank_reference = command.bank_reference or instruction.bank_reference
    instruction.booked_at = command.booked_at or instruction.booked_at
    instruction.reason = command.reason or instruction.reason
    _follow_lines(draft, standing, instruction)
    return Accepted(made_id=instruction.instruction_id, state=instruction.state)


@dataclass(frozen=True, slots=True)
class _Word:
    state: InstructionState
    reason: str | None


def _names_lines(instruction: Instruction, command: RecordResult) -> bool:
    """Tell whether a result speaks of lines there are, and once of each."""
    named = [one.line_no for one in command.lines]
    return len(set(named)) == len(named) and instruction.lines.keys() >= set(named)


def _words(instruction: Instruction, command: RecordResult) -> list[tuple[Line, _Word]]:
    """Give each line the word said of it, or the word said of the whole."""
    said: dict[int, LineResult] = {one.line_no: one for one in command.lines}
    words = []
    for number, line in instruction.lines.items():
        one = said.get(number)
        state = InstructionState(one.state if one else command.state)
        words.append((line, _Word(state, (one.reason if one else None) or command.reason)))
    return words


def _apply(
    draft: Draft, standing: Standing, instruction: Instruction, line: Line, word: _Word
) -> None:
    line.reason = word.reason
    if word.state in GIVES_BACK:
        give_back(draft, standing, instruction, line, word.state)
        _reopen_refund(draft, standing, instruction, line)
    else:
        line.state = word.state


def _follow_lines(draft: Draft, standing: Standing, instruction: Instruction) -> None:
    """Let the instruction's state follow its lines: the least finished says it."""
    order = (
        InstructionState.accepted,
        InstructionState.settled,
        InstructionState.returned,
        InstructionState.rejected,
    )
    states = {line.state for line in instruction.lines.values()}
    if states & (UNFINISHED - {InstructionState.accepted}):
        return
    state = next(one for one in order if one in states)
    if state is instruction.state:
        return
    instruction.state = state
    instruction.changed_at = draft.now
    instruction.leased_until = None
    draft.emit(standing, "instruction.changed", change_of(instruction))
    if instruction.kind is InstructionKind.refund and state is InstructionState.settled:
        _finish_refund(draft, standing, instruction)


def _finish_refund(draft: Draft, standing: Standing, instruction: Instruction) -> None:
    """Close a refund when nothing of it is left to pay."""
    assert instruction.refund_id is not None
    refund = draft.refund((standing.institution_id, instruction.refund_id))
    assert refund is not None
    others = [
        one
        for key, one in {**draft.book.instructions, **draft.changes.instructions}.items()
        if one.refund_id == refund.refund_id and key[1] != instruction.instruction_id
    ]
    if refund.waiting_fen or any(one.state in UNFINISHED for one in others):
        return
    refund.state = RefundState.paid
    draft.emit(standing, "refund.changed", refund_body(refund.refund_id, "paid", refund.amount_fen))


def refund_body(refund_id: object, state: str, amount: Fen) -> dict[str, object]:
    """Return the feed's body for a refund whose state changed."""
    return {"refund_id": str(refund_id), "state": state, "amount_fen": amount}


def _reopen_refund(draft: Draft, standing: Standing, instruction: Instruction, line: Line) -> None:
    """Let a refund that the bank could not deliver wait for another account."""
    if instruction.kind is InstructionKind.give_back:
        assert instruction.entry_id is not None
        entry = draft.entry((instruction.account_number, instruction.entry_id))
        assert entry is not None
        entry.unallocated_fen = Fen(entry.unallocated_fen + line.amount_fen)
        draft.let_wait(entry)
    if instruction.kind is not InstructionKind.refund:
        return
    assert instruction.refund_id is not None
    refund = draft.refund((standing.institution_id, instruction.refund_id))
    assert refund is not None
    refund.waiting_fen = Fen(refund.waiting_fen + line.amount_fen)
    refund.state = RefundState.payer_unknown
    draft.emit(
        standing,
        "refund.changed",
        refund_body(refund.refund_id, refund.state, refund.amount_fen),
    )


def _contradicted(
    draft: Draft, standing: Standing, instruction: Instruction, command: RecordResult
) -> Refused:
    """Record a contradiction on the feed; the books stay as they are."""
    said = {
        "state": command.state,
        "bank_reference": command.bank_reference,
        "booked_at": rfc3339(command.booked_at) if command.booked_at else None,
        "lines": [[one.line_no, one.state] for one in command.lines],
    }
    draft.emit(standing, "instruction.changed", {**change_of(instruction), "conflict": said})
    return Refused(Refusal.result_conflict)


def serve_instruction(draft: Draft, command: ServeInstruction) -> Outcome:
    """Note that the bank was shown an instruction; withdraw it where a freeze stands.

    What was read as planned may have been withdrawn since: then it must not be shown.
    """
    found = _found(draft, command)
    if isinstance(found, Refused):
        return found
    standing, instruction = found
    if instruction.state is not InstructionState.planned:
        return Refused(Refusal.instruction_not_open)
    if not instruction.is_withdrawable:
        return Exists(made_id=instruction.instruction_id, state=instruction.state)
    if instruction.kind is InstructionKind.payout and standing.is_payout_frozen:
        withdraw(draft, standing, instruction)
        return Refused(Refusal.instruction_not_open)
    instruction.served_at = draft.now
    return Accepted(made_id=instruction.instruction_id, state=instruction.state)


def claim_instruction(draft: Draft, command: ClaimInstruction) -> Outcome:
    """Take an instruction for sending (planned) or for asking (claimed by one who died, unknown).

    What another worker sent since it was listed is in no doubt, and is left alone.
    """
    found = _found(draft, command)
    if isinstance(found, Refused):
        return found
    standing, instruction = found
    if instruction.state not in _CLAIMABLE:
        return Refused(Refusal.instruction_not_open)
    if instruction.leased_until is not None and instruction.leased_until > draft.now:
        return Refused(Refusal.instruction_not_open)
    is_payout = instruction.kind is InstructionKind.payout
    if is_payout and instruction.is_withdrawable and standing.is_payout_frozen:
        withdraw(draft, standing, instruction)
        return Refused(Refusal.instruction_not_open)
    before = instruction.state
    instruction.leased_until = command.leased_until
    if before is InstructionState.planned:
        instruction.sent_at = draft.now  # from here on the bank may have it
        _step(draft, standing, instruction, InstructionState.claimed)
    return Accepted(made_id=instruction.instruction_id, state=before)


def record_sending(draft: Draft, command: RecordSending) -> Outcome:
    """Record what sending or asking came to; a result that overtook it stands."""
    found = _found(draft, command)
    if isinstance(found, Refused):
        return found
    standing, instruction = found
    instruction.leased_until = None
    state = InstructionState(command.state)
    open_to_it = {InstructionState.claimed, InstructionState.sent, InstructionState.unknown}
    if instruction.state not in open_to_it or instruction.state is state:
        return Exists(made_id=instruction.instruction_id, state=instruction.state)
    if state is InstructionState.planned:
        instruction.sent_at = None
    _step(draft, standing, instruction, state)
    return Accepted(made_id=instruction.instruction_id, state=instruction.state)


def _found(
    draft: Draft, command: ServeInstruction | ClaimInstruction | RecordSending
) -> tuple[Standing, Instruction] | Refused:
    instruction = draft.instruction((command.institution_id, command.instruction_id))
    standing = draft.standing(command.institution_id)
    if instruction is None or standing is None:
        return Refused(Refusal.instruction_unknown)
    return standing, instruction


def _step(
    draft: Draft, standing: Standing, instruction: Instruction, state: InstructionState
) -> None:
    instruction.state = state
    instruction.changed_at = draft.now
    for line in instruction.lines.values():
        if line.state in UNFINISHED:
            line.state = state
    draft.emit(standing, "instruction.changed", change_of(instruction))

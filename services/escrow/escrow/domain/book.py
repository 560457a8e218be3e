"""The one function that decides.

    decide(book, commands) -> Decision

Pure: the book that was read is left as it was, ids come from the caller's source, time from
the book. A batch is the fold of its parts: deciding `xs + ys` gives the outcomes and balances
of deciding `xs` and then `ys`; only how payouts are gathered into instructions differs.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import assert_never
from uuid import UUID

from escrow.domain import commands as asked
from escrow.domain import (
    contracts,
    deposits,
    freezes,
    institutions,
    payouts,
    proofs,
    refunds,
    registry,
    releases,
    reversals,
    settling,
    statements,
)
from escrow.domain.commands import Command
from escrow.domain.draft import Book, Changes, Draft
from escrow.domain.outcomes import Outcome

__all__ = ["Book", "Changes", "Decision", "decide"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of each command, in order, and what is to be written."""

    outcomes: list[Outcome]
    changes: Changes


def decide(book: Book, commands: Iterable[Command], new_id: Callable[[], UUID]) -> Decision:
    """Decide a batch in order over a book that was read under its institutions' locks."""
    draft = Draft(book, new_id)
    outcomes = [_step(draft, command) for command in commands]
    for institution_id in [*draft.changes.standings]:
        standing = draft.the_standing(institution_id)
        payouts.close_round(draft, standing)
        draft.changes.payables_kept += [
            payable for payable in draft.queue(institution_id) if not payable.is_stored
        ]
    return Decision(outcomes, draft.changes)


# One arm for each command.
def _step(draft: Draft, command: Command) -> Outcome:  # noqa: C901, PLR0911, PLR0912
    match command:
        case asked.ReleaseLesson():
            return releases.release_lesson(draft, command)
        case asked.TakeEntry():
            return deposits.take_entry(draft, command)
        case asked.RegisterContract():
            return contracts.register_contract(draft, command)
        case asked.ReverseLesson():
            return reversals.reverse_lesson(draft, command)
        case asked.AllocateReceipt():
            return deposits.allocate_receipt(draft, command)
        case asked.RequestRefund():
            return refunds.request_refund(draft, command)
        case asked.AgreeRefund():
            return refunds.agree_refund(draft, command)
        case asked.ContestRefund():
            return refunds.contest_refund(draft, command)
        case asked.NamePayer():
            return refunds.name_payer(draft, command)
        case asked.PlaceFreeze():
            return freezes.place_freeze(draft, command)
        case asked.LiftFreeze():
            return freezes.lift_freeze(draft, command)
        case asked.ConfirmFreeze():
            return freezes.confirm_freeze(draft, command)
        case asked.HearRegistry():
            return registry.hear_registry(draft, command)
        case asked.SetFloor():
            return freezes.set_floor(draft, command)
        case asked.PlanPayouts():
            return freezes.plan_payouts(draft, command)
        case asked.NoteFindings():
            return proofs.note_findings(draft, command)
        case asked.RegisterInstitution():
            return institutions.register_institution(draft, command)
        case asked.OpenAccount():
            return institutions.open_account(draft, command)
        case asked.ServeInstruction():
            return settling.serve_instruction(draft, command)
        case asked.ClaimInstruction():
            return settling.claim_instruction(draft, command)
        case asked.RecordSending():
            return settling.record_sending(draft, command)
        case asked.RecordResult():
            return settling.record_result(draft, command)
        case asked.ReceiveStatement():
            return statements.receive_statement(draft, command)
    assert_never(command)

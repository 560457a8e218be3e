"""What the auditor found, put on the institution's feed; nothing else changes by it."""

from escrow.domain.commands import NoteFindings
from escrow.domain.draft import Draft
from escrow.domain.outcomes import Accepted, Outcome, Refusal, Refused


def note_findings(draft: Draft, command: NoteFindings) -> Outcome:
    """Tell those who read the feed that the books of an institution do not verify."""
    standing = draft.standing(command.institution_id)
    if standing is None:
        return Refused(Refusal.institution_unknown)
    draft.emit(
        standing,
        "verification.failed",
        {
            "verification_id": str(command.verification_id),
            "findings": command.findings,
            "first": command.first,
        },
    )
    return Accepted(made_id=command.verification_id)

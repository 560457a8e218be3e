"""Payment instructions: states, legal transitions, lines.

    planned -> claimed -> sent -> accepted -> settled -> returned
       |          |         |         `----> rejected
       |          |         `-> unknown -> (asked) -> sent, accepted, settled, rejected, planned
       `-> withdrawn (by a freeze or a reversal, before anybody at the bank saw it)

Planning has already moved payable to clearing; a state changes no money, except that
`withdrawn`, `rejected` and `returned` give clearing back.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from shared.ids import end_to_end_id
from shared.money import Fen

LINES_PER_INSTRUCTION: Final = 1_000
"""As many as a batch of releases has items; a bank's file holds that many."""

TRIES_MAX: Final = 3
"""Payouts of one lesson that the bank refused; then the account must be filed anew."""


class InstructionKind(StrEnum):
    """Whom an instruction pays."""

    payout = "payout"
    """The institution, for lessons taught."""

    refund = "refund"
    """A guardian, from what a contract held."""

    give_back = "return"
    """A payer whose money belonged to no contract."""


class InstructionState(StrEnum):
    """Where an instruction stands."""

    planned = "planned"
    claimed = "claimed"
    sent = "sent"
    unknown = "unknown"
    accepted = "accepted"
    settled = "settled"
    rejected = "rejected"
    returned = "returned"
    withdrawn = "withdrawn"


_S = InstructionState

RESULT_FOLLOWS: Final[dict[InstructionState, frozenset[InstructionState]]] = {
    _S.planned: frozenset({_S.accepted, _S.settled, _S.rejected, _S.returned}),
    _S.claimed: frozenset({_S.accepted, _S.settled, _S.rejected, _S.returned}),
    _S.sent: frozenset({_S.accepted, _S.settled, _S.rejected, _S.returned}),
    _S.unknown: frozenset({_S.accepted, _S.settled, _S.rejected, _S.returned}),
    _S.accepted: frozenset({_S.settled, _S.rejected, _S.returned}),
    _S.settled: frozenset({_S.returned}),
    _S.rejected: frozenset(),
    _S.returned: frozenset(),
    _S.withdrawn: frozenset(),
}
"""The results that move an instruction (or a line of it) on."""

RESULT_STALE: Final[dict[InstructionState, frozenset[InstructionState]]] = {
    _S.settled: frozenset({_S.accepted}),
    _S.rejected: frozenset({_S.accepted}),
    _S.returned: frozenset({_S.accepted, _S.settled}),
}
"""Earlier steps that arrive late: true once, and no contradiction."""

GIVES_BACK: Final = frozenset({_S.rejected, _S.returned, _S.withdrawn})
"""States in which the money is no longer on its way."""

UNFINISHED: Final = frozenset({_S.planned, _S.claimed, _S.sent, _S.unknown, _S.accepted})
"""States in which the bank still owes an answer."""


@dataclass(slots=True)
class Line:
    """One transfer of an instruction: one lesson's fee, or one payer's money."""

    line_no: int
    amount_fen: Fen
    remittance: str
    state: InstructionState = InstructionState.planned
    contract_id: str | None = None
    lesson_no: int | None = None
    release_sequence: int | None = None
    release_id: UUID | None = None
    tries: int = 0
    booked_entry_id: str | None = None
    returned_entry_id: str | None = None
    reason: str | None = None


@dataclass(slots=True)
class Instruction:
    """A payment the bank is asked to make, with one line per transfer."""

    instruction_id: UUID
    institution_id: str
    kind: InstructionKind
    bank_id: str
    account_number: str
    creditor_name: str
    creditor_account: str
    created_at: datetime
    movement_id: UUID
    state: InstructionState = InstructionState.planned
    amount_fen: Fen = Fen(0)
    lines: dict[int, Line] = field(default_factory=dict)
    refund_id: UUID | None = None
    entry_id: str | None = None
    served_at: datetime | None = None
    leased_until: datetime | None = None
    sent_at: datetime | None = None
    bank_reference: str | None = None
    booked_at: datetime | None = None
    reason: str | None = None
    changed_at: datetime | None = None

    def end_to_end_id(self, line: Line) -> str:
        """Return the id under which the bank books a line."""
        return end_to_end_id(self.instruction_id, line.line_no)

    @property
    def is_withdrawable(self) -> bool:
        """Whether nobody at the bank can have seen it."""
        return self.state is InstructionState.planned and self.served_at is None


def follows(current: InstructionState, result: InstructionState) -> bool | None:
    """Tell what a result does: True moves on, False changes nothing, None contradicts."""
    if result in RESULT_FOLLOWS[current]:
        return True
    if result is current or result in RESULT_STALE.get(current, frozenset()):
        return False
    return None

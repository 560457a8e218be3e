"""A movement: one debit, one credit, one positive amount. It cannot be unbalanced."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from escrow.domain.accounts import AccountKind
from shared.money import Fen


class MovementKind(StrEnum):
    """Why money moved."""

    receipt = "receipt"
    """The bank booked a credit."""

    allocation = "allocation"
    """A receipt found its contract."""

    release = "release"
    """A lesson was taught: its fee is the institution's."""

    payout = "payout"
    """An instruction to pay the institution was planned."""

    booked = "booked"
    """The bank booked what was instructed."""

    came_back = "came_back"
    """The bank booked a payment that came back."""

    refund = "refund"
    """A refund was agreed, or instructed."""

    give_back = "give_back"
    """A receipt without a contract is sent back to its payer."""

    recovery = "recovery"
    """A payable paid off what the institution owed."""

    reversal = "reversal"
    """A movement the other way round; names the one it reverses."""

    unbacked = "unbacked"
    """The bank booked a debit that no instruction explains."""


class Movement(NamedTuple):
    """One line of the journal, numbered per institution without gaps.

    A tuple: one is made for every lesson, and a frozen dataclass costs six times as much.
    """

    movement_id: UUID
    institution_id: str
    sequence: int
    kind: MovementKind
    debit: AccountKind
    credit: AccountKind
    amount_fen: Fen
    occurred_at: datetime
    contract_id: str | None = None
    lesson_no: int | None = None
    instruction_id: UUID | None = None
    entry_id: str | None = None
    refund_id: UUID | None = None
    reverses: UUID | None = None

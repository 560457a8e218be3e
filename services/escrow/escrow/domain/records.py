"""What the book knows: the rows a decision reads and changes.

These are plain mutable records; `draft.Draft` copies each before the first change,
so that a book given to `decide` stays as it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from escrow.domain.accounts import AccountKind
from escrow.domain.commands import FloorRule, ReceiveStatement
from escrow.domain.twins import twin
from shared.money import ZERO, Fen


class ContractState(StrEnum):
    """Where a contract stands."""

    accepted = "accepted"
    """Registered; no money yet."""

    open = "open"
    """Money is held; lessons are released."""

    refunding = "refunding"
    """The remaining money is held for its payers."""

    completed = "completed"
    """Every lesson was released."""

    closed = "closed"
    """The remaining money went back."""


RUNNING: Final = frozenset({ContractState.open, ContractState.refunding})
"""States in which a contract's funding counts for a floor."""

UNDER_WAY: Final = frozenset({ContractState.accepted, ContractState.open, ContractState.refunding})
"""States in which a contract counts for the caps."""


def _no_balances() -> dict[AccountKind, Fen]:
    return dict.fromkeys(AccountKind, ZERO)


@dataclass(slots=True)
class Standing:
    """An institution's row in the ledger: balances, counters and flags, under one lock."""

    institution_id: str
    sequence: int = 0
    """The last event's number."""
    movements: int = 0
    """The last movement's number."""
    posted_at: datetime | None = None
    balances: dict[AccountKind, Fen] = field(default_factory=_no_balances)
    funded_running_fen: Fen = ZERO
    """What running contracts were funded with: the base of percentage and cycle floors."""
    retained_fen: Fen = ZERO
    retained_count: int = 0
    charging_freezes: int = 0
    payout_freezes: int = 0
    full_freezes: int = 0
    floors: int = 0
    name: str | None = None
    district_code: str = ""
    category: str = ""
    delivery: str = ""
    policy: str = ""
    bank_id: str | None = None
    account_number: str | None = None
    account_name: str | None = None
    opened_on: date | None = None
    settlement_account_number: str | None = None
    settlement_account_name: str | None = None
    status: str = "unlisted"
    """What the registry says of it."""
    objections: Sequence[str] = ()
    """Why the registry's word keeps it from taking new contracts."""

    def copy(self) -> "Standing":
        """Return a copy whose balances may change on their own."""
        other = twin(self)
        other.balances = dict(self.balances)
        return other

    @property
    def is_payout_frozen(self) -> bool:
        """Whether payouts are retained."""
        return bool(self.payout_freezes or self.full_freezes)

    @property
    def is_charging_frozen(self) -> bool:
        """Whether new contracts are refused."""
        return bool(self.charging_freezes or self.full_freezes)


@dataclass(slots=True)
class Tuition:
    """The money side of one contract: released + refunded + held = funded <= paid."""

    institution_id: str
    contract_id: str
    student_ref: str
    course_name: str
    category: str
    delivery: str
    lessons: int
    paid_fen: Fen
    policy: str
    policy_version: int
    state: ContractState = ContractState.accepted
    is_frozen: bool = False
    funded_fen: Fen = ZERO
    held_fen: Fen = ZERO
    released_fen: Fen = ZERO
    refunded_fen: Fen = ZERO
    lessons_released: int = 0
    refund_id: UUID | None = None
    refund_requested_at: datetime | None = None

    def copy(self) -> "Tuition":
        """Return a copy, field by field: a batch copies as many as it has lessons."""
        return Tuition(
            self.institution_id,
            self.contract_id,
            self.student_ref,
            self.course_name,
            self.category,
            self.delivery,
            self.lessons,
            self.paid_fen,
            self.policy,
            self.policy_version,
            self.state,
            self.is_frozen,
            self.funded_fen,
            self.held_fen,
            self.released_fen,
            self.refunded_fen,
            self.lessons_released,
            self.refund_id,
            self.refund_requested_at,
        )

    @property
    def lessons_remaining(self) -> int:
        """Lessons not released yet."""
        return self.lessons - self.lessons_released


@dataclass(slots=True)
class Taught:
    """A lesson whose fee was released (and perhaps put back): one row per attempt."""

    institution_id: str
    contract_id: str
    lesson_no: int
    attempt: int
    item_id: str
    movement_id: UUID
    release_sequence: int
    amount_fen: Fen
    taught_at: datetime
    ended_at: datetime | None = None
    teacher_ref: str | None = None
    room_ref: str | None = None
    evidence_ref: str | None = None
    reversed_by: UUID | None = None
    reversal_item_id: str | None = None
    reversal_reason: str | None = None


@dataclass(slots=True)
class Payable:
    """A released lesson's fee that waits to be instructed, in the order of the releases."""

    institution_id: str
    release_sequence: int
    contract_id: str
    lesson_no: int
    release_id: UUID
    amount_fen: Fen
    tries: int = 0
    remittance: str = ""
    """What the bank's line will say, settled when the lesson was released."""
    is_stored: bool = False
    instruction_id: UUID | None = None


@dataclass(slots=True)
class Entry:
    """One entry of the bank, and what became of its money."""

    institution_id: str
    account_number: str
    entry_id: str
    direction: str
    amount_fen: Fen
    booked_at: datetime
    value_on: date
    effect: str
    movement_id: UUID
    balance_after_fen: int | None = None
    counterparty_name: str | None = None
    counterparty_account: str | None = None
    purpose: str | None = None
    reference: str | None = None
    end_to_end_id: str | None = None
    contract_id: str | None = None
    unallocated_fen: Fen = ZERO


@dataclass(slots=True)
class Deposit:
    """A receipt's part that went to a contract: where a refund goes back to."""

    institution_id: str
    deposit_id: UUID
    contract_id: str
    account_number: str
    entry_id: str
    amount_fen: Fen
    booked_at: datetime
    payer_name: str | None = None
    payer_account: str | None = None


class RefundState(StrEnum):
    """Where a refund stands."""

    requested = "requested"
    contested = "contested"
    payer_unknown = "payer_unknown"
    instructed = "instructed"
    paid = "paid"


@dataclass(slots=True)
class Refund:
    """A contract's remaining money on its way back."""

    institution_id: str
    refund_id: UUID
    contract_id: str
    cause: str
    state: RefundState
    requested_at: datetime
    requested_by: str
    reason: str | None = None
    amount_fen: Fen = ZERO
    waiting_fen: Fen = ZERO
    """Agreed, but not instructed: the payer's account is not known."""
    agreed_at: datetime | None = None
    agreed_by: str | None = None
    contested_at: datetime | None = None
    contest_reason: str | None = None
    payer_account: str | None = None
    payer_name: str | None = None


@dataclass(slots=True)
class Freeze:
    """A freeze on an institution, in force until lifted."""

    institution_id: str
    freeze_id: UUID
    scope: str
    reason: str
    authority: str
    document_no: str
    placed_at: datetime
    placed_by: str
    registry_event_id: str | None = None
    lifted_at: datetime | None = None
    lifted_by: str | None = None
    lift_reason: str | None = None
    lift_document_no: str | None = None
    confirmed_at: datetime | None = None
    confirmed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """An officer's word that a protective freeze stands; never changed, and gone with nothing."""

    institution_id: str
    freeze_id: UUID
    reason: str
    document_no: str
    confirmed_at: datetime
    confirmed_by: str


@dataclass(frozen=True, slots=True)
class Word:
    """What the registry said last of an institution, registered here or not."""

    institution_id: str
    sequence: int
    event_id: str
    type: str
    status: str
    effect: str
    white_listed: bool | None
    black_listed: bool | None
    is_stale: bool
    objections: Sequence[str]
    """Why it may not take new contracts; it may where there is none."""
    heard_at: datetime


@dataclass(slots=True)
class Floor:
    """A minimum balance's rules, in force from a day on until a later one replaces them."""

    institution_id: str
    floor_id: UUID
    rules: tuple[FloorRule, ...]
    effective_from: date
    document_no: str
    placed_at: datetime
    placed_by: str


@dataclass(frozen=True, slots=True)
class StatementSeen:
    """What is known of a statement that was received before."""

    institution_id: str
    account_number: str
    statement_id: str
    to_at: datetime
    closing_balance_fen: int
    content_digest: bytes
    reconciliation_id: UUID


@dataclass(frozen=True, slots=True)
class Statement:
    """A bank's statement as it came, and what it was found to be."""

    command: ReceiveStatement
    reconciliation_id: UUID
    received_at: datetime
    findings: dict[str, object]

    def as_seen(self) -> StatementSeen:
        """Return it as one who comes later sees it."""
        return StatementSeen(
            self.command.institution_id,
            self.command.account_number,
            self.command.statement_id,
            self.command.to_at,
            self.command.closing_balance_fen,
            self.command.content_digest,
            self.reconciliation_id,
        )


@dataclass(frozen=True, slots=True)
class Event:
    """One fact on the feed; `sequence` is gapless per institution."""

    institution_id: str
    sequence: int
    event_id: UUID
    type: str
    body: dict[str, object]

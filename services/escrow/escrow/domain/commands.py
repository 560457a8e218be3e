"""The closed list of what one may ask of the book.

Every command names its institution: the aggregate, the lock and the shard key.
Shapes and bounds were checked at the edge; everything that depends on the books is not.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple, TypeAlias
from uuid import UUID

from shared.money import Bps, Fen


@dataclass(frozen=True, slots=True)
class RegisterInstitution:
    """Put an institution into the books, or change how it is described."""

    institution_id: str
    name: str
    district_code: str
    category: str
    delivery: str
    policy: str


@dataclass(frozen=True, slots=True)
class OpenAccount:
    """File the institution's custody account and where its payouts go."""

    institution_id: str
    bank_id: str
    account_number: str
    account_name: str
    opened_on: date
    settlement_account_number: str
    settlement_account_name: str


@dataclass(frozen=True, slots=True)
class FloorRule:
    """One rule of a minimum balance; `amount_fen` for fixed, `bps` for percentages."""

    kind: str
    amount_fen: Fen = Fen(0)
    bps: Bps = Bps(0)


@dataclass(frozen=True, slots=True)
class SetFloor:
    """Set the minimum balance's rules from a day on."""

    institution_id: str
    rules: tuple[FloorRule, ...]
    effective_from: date
    document_no: str
    acted_by: str


@dataclass(frozen=True, slots=True)
class PlaceFreeze:
    """Freeze charging, payouts, or everything but refunds."""

    institution_id: str
    scope: str
    reason: str
    authority: str
    document_no: str
    acted_by: str
    registry_event_id: str | None = None


@dataclass(frozen=True, slots=True)
class LiftFreeze:
    """Lift one freeze; others on the institution stay."""

    institution_id: str
    freeze_id: UUID
    reason: str
    document_no: str
    acted_by: str


@dataclass(frozen=True, slots=True)
class ConfirmFreeze:
    """Confirm a protective freeze: an officer stands behind what the registry began."""

    institution_id: str
    freeze_id: UUID
    reason: str
    document_no: str
    acted_by: str


@dataclass(frozen=True, slots=True)
class HearRegistry:
    """Hear one event of the registry's feed; what it leaves out it does not say."""

    institution_id: str
    event_id: str
    sequence: int
    type: str
    effect: str = "none"
    source: str | None = None
    document_no: str | None = None
    evidence_sha256: str | None = None
    status: str | None = None
    name: str | None = None
    district_code: str | None = None
    white_listed: bool | None = None
    black_listed: bool | None = None
    is_stale: bool = False


@dataclass(frozen=True, slots=True)
class Course:
    """What is taught."""

    name: str
    category: str
    delivery: str
    teacher_ref: str | None = None


@dataclass(frozen=True, slots=True)
class RegisterContract:
    """Register a tuition contract; money is expected up to `paid_fen`."""

    institution_id: str
    contract_id: str
    student_ref: str
    guardian_ref: str
    course: Course
    lessons: int
    paid_fen: Fen
    list_fen: Fen
    gift_lessons: int
    gift_fen: Fen
    signed_at: datetime
    starts_on: date
    ends_on: date
    slots: str | None = None
    refund_terms: str | None = None


@dataclass(frozen=True, slots=True)
class TakeEntry:
    """Take in one entry that the bank booked on a custody account."""

    institution_id: str
    account_number: str
    entry_id: str
    direction: str
    amount_fen: Fen
    booked_at: datetime
    value_on: date
    balance_after_fen: int | None = None
    counterparty_name: str | None = None
    counterparty_account: str | None = None
    purpose: str | None = None
    reference: str | None = None
    end_to_end_id: str | None = None


@dataclass(frozen=True, slots=True)
class AllocateReceipt:
    """Give an unallocated credit to a contract, or (without one) back to its payer."""

    institution_id: str
    account_number: str
    entry_id: str
    contract_id: str | None


class ReleaseLesson(NamedTuple):
    """Claim one taught lesson's fee.

    A tuple: one is made for every lesson, and a frozen dataclass costs six times as much.
    """

    institution_id: str
    item_id: str
    contract_id: str
    lesson_no: int
    taught_at: datetime
    ended_at: datetime | None = None
    teacher_ref: str | None = None
    room_ref: str | None = None
    evidence_ref: str | None = None


@dataclass(frozen=True, slots=True)
class ReverseLesson:
    """Put a wrong release back."""

    institution_id: str
    item_id: str
    contract_id: str
    lesson_no: int
    reason: str
    document_no: str | None = None


@dataclass(frozen=True, slots=True)
class RequestRefund:
    """Ask for a contract's remaining money; it is held at once."""

    institution_id: str
    contract_id: str
    cause: str
    reason: str | None
    acted_by: str


@dataclass(frozen=True, slots=True)
class AgreeRefund:
    """Agree to a refund: the money held leaves for its payers."""

    institution_id: str
    refund_id: UUID
    acted_by: str


@dataclass(frozen=True, slots=True)
class ContestRefund:
    """Contest a refund: the money stays held until a supervisor agrees."""

    institution_id: str
    refund_id: UUID
    reason: str | None
    acted_by: str


@dataclass(frozen=True, slots=True)
class NamePayer:
    """Name the account a refund goes to where the bank named none."""

    institution_id: str
    refund_id: UUID
    account_number: str
    account_name: str
    acted_by: str


@dataclass(frozen=True, slots=True)
class ServeInstruction:
    """Note that the bank was shown a planned instruction: from here on it may be paid."""

    institution_id: str
    instruction_id: UUID


@dataclass(frozen=True, slots=True)
class ClaimInstruction:
    """Take a planned or doubtful instruction for sending or asking, for a bounded time."""

    institution_id: str
    instruction_id: UUID
    leased_until: datetime


@dataclass(frozen=True, slots=True)
class RecordSending:
    """Record what the attempt to send or ask came to: sent, unknown, or never received."""

    institution_id: str
    instruction_id: UUID
    state: str


@dataclass(frozen=True, slots=True)
class LineResult:
    """What the bank says of one line."""

    line_no: int
    state: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class RecordResult:
    """Record what the bank says of an instruction."""

    institution_id: str
    instruction_id: UUID
    state: str
    bank_reference: str | None
    booked_at: datetime | None = None
    reason: str | None = None
    lines: tuple[LineResult, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class StatementEntry:
    """One entry as a bank's statement lists it."""

    entry_id: str
    direction: str
    amount_fen: Fen
    booked_at: datetime
    value_on: date
    end_to_end_id: str | None = None


@dataclass(frozen=True, slots=True)
class ReceiveStatement:
    """Keep a bank's statement of one account, to compare the books with it."""

    institution_id: str
    account_number: str
    statement_id: str
    bank_id: str
    from_at: datetime
    to_at: datetime
    opening_balance_fen: int
    closing_balance_fen: int
    entries: tuple[StatementEntry, ...]
    listed: str
    """The entries as they came, as JSON text."""
    content_digest: bytes


@dataclass(frozen=True, slots=True)
class NoteFindings:
    """Tell the feed that an institution's books did not verify."""

    institution_id: str
    verification_id: UUID
    findings: int
    first: str


@dataclass(frozen=True, slots=True)
class PlanPayouts:
    """Pay out what was retained and now has room; asked for by the clock."""

    institution_id: str


Command: TypeAlias = (
    RegisterInstitution
    | OpenAccount
    | SetFloor
    | PlaceFreeze
    | LiftFreeze
    | ConfirmFreeze
    | HearRegistry
    | RegisterContract
    | TakeEntry
    | AllocateReceipt
    | ReleaseLesson
    | ReverseLesson
    | RequestRefund
    | AgreeRefund
    | ContestRefund
    | NamePayer
    | ServeInstruction
    | ClaimInstruction
    | RecordSending
    | RecordResult
    | ReceiveStatement
    | PlanPayouts
    | NoteFindings
)

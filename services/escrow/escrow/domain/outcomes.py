"""What became of each thing asked: done, done before, or refused with a reason.

`Refusal` is closed and append-only: clients match on it.
The order in which the refusals of one command are tested is part of the contract
and is under test.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Self, TypeAlias, assert_never
from uuid import UUID

from shared.money import Fen


class Refusal(StrEnum):
    """Why an item was refused; each member carries the sentence a caller reads."""

    sentence: str

    def __new__(cls, value: str, sentence: str) -> Self:
        """Make a member from its wire value and its sentence."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        return member

    id_reused = "id_reused", "The id was used before, with other content."

    contract_unknown = "contract_unknown", "The institution has no contract with this id."

    lesson_out_of_range = "lesson_out_of_range", "The contract has no lesson with this number."

    already_released = (
        "already_released",
        "The lesson's fee was released before, under another item id.",
    )

    not_yet_taught = "not_yet_taught", "The lesson ends in the future."

    forbidden_slot = "forbidden_slot", "The contract's policy forbids lessons at that time."

    institution_frozen = "institution_frozen", "A freeze of scope `all` is on the institution."

    contract_frozen = "contract_frozen", "The contract is disputed or in transfer."

    refund_in_progress = (
        "refund_in_progress",
        "A refund of the contract's remaining money is under way.",
    )

    contract_closed = "contract_closed", "The contract is over."

    contract_not_funded = (
        "contract_not_funded",
        "No deposit for the contract has reached the custody account yet.",
    )

    held_insufficient = (
        "held_insufficient",
        "What is held for the contract does not cover the lesson's fee.",
    )

    institution_unknown = "institution_unknown", "No such institution is registered here."

    account_missing = "account_missing", "The institution has no custody account yet."

    may_not_charge = "may_not_charge", "The institution may not take new contracts at present."

    span_too_long = "span_too_long", "The contract runs longer than one charge may cover."

    too_many_lessons = (
        "too_many_lessons",
        "The student's open contracts would exceed the lessons one charge may cover.",
    )

    amount_over_cap = (
        "amount_over_cap",
        "The student's open contracts would exceed the amount one charge may reach.",
    )

    charged_too_early = "charged_too_early", "The charge lies too long before the course starts."

    dates_out_of_order = "dates_out_of_order", "The contract ends before it starts."

    fee_below_one_fen = "fee_below_one_fen", "The price does not reach one fen a lesson."

    signed_in_future = "signed_in_future", "The contract's signature lies in the future."

    account_unknown = "account_unknown", "No custody account with this number is held at this bank."

    currency_not_supported = "currency_not_supported", "Only CNY is kept here."

    lesson_not_released = "lesson_not_released", "There is no release of this lesson to put back."

    entry_unknown = "entry_unknown", "No bank entry with this id is recorded for the account."

    entry_not_unallocated = "entry_not_unallocated", "Nothing of this entry waits for a contract."

    contract_not_open = (
        "contract_not_open",
        "The contract takes no money: it is full, being refunded or over.",
    )

    payer_unknown = "payer_unknown", "The bank named no account to send this money back to."

    refund_unknown = "refund_unknown", "There is no such refund."

    refund_not_open = "refund_not_open", "The refund is past the step asked for."

    nothing_to_refund = "nothing_to_refund", "Nothing is held for the contract."

    freeze_unknown = "freeze_unknown", "There is no such freeze."

    freeze_lifted = "freeze_lifted", "The freeze was lifted before."

    instruction_unknown = "instruction_unknown", "There is no such instruction for this bank."

    result_conflict = (
        "result_conflict",
        "The result contradicts an earlier one and changed nothing.",
    )

    instruction_not_open = (
        "instruction_not_open",
        "The instruction has moved on from the state asked for.",
    )

    account_taken = "account_taken", "The account number belongs to another institution."

    bank_unknown = "bank_unknown", "No such bank is registered here."

    policy_unknown = "policy_unknown", "No such policy is known here."

    freeze_not_protective = (
        "freeze_not_protective",
        "A person placed the freeze: only one that the registry placed is confirmed.",
    )


def is_transient(refusal: Refusal) -> bool:
    """Tell whether the same item may succeed later without the caller changing anything."""
    match refusal:
        case Refusal.institution_frozen:
            return True
        case (
            Refusal.id_reused
            | Refusal.contract_unknown
            | Refusal.lesson_out_of_range
            | Refusal.already_released
            | Refusal.not_yet_taught
            | Refusal.forbidden_slot
            | Refusal.contract_frozen
            | Refusal.refund_in_progress
            | Refusal.contract_closed
            | Refusal.contract_not_funded
            | Refusal.held_insufficient
        ):
            return False
        case (
            Refusal.institution_unknown
            | Refusal.account_missing
            | Refusal.may_not_charge
            | Refusal.span_too_long
            | Refusal.too_many_lessons
            | Refusal.amount_over_cap
            | Refusal.charged_too_early
            | Refusal.dates_out_of_order
            | Refusal.fee_below_one_fen
            | Refusal.signed_in_future
        ):
            return False
        case Refusal.account_unknown | Refusal.currency_not_supported | Refusal.entry_unknown:
            return False
        case Refusal.entry_not_unallocated | Refusal.contract_not_open | Refusal.payer_unknown:
            return False
        case Refusal.lesson_not_released | Refusal.refund_unknown | Refusal.refund_not_open:
            return False
        case Refusal.nothing_to_refund | Refusal.freeze_unknown | Refusal.freeze_lifted:
            return False
        case Refusal.instruction_unknown | Refusal.result_conflict | Refusal.instruction_not_open:
            return False
        case (
            Refusal.account_taken
            | Refusal.bank_unknown
            | Refusal.policy_unknown
            | Refusal.freeze_not_protective
        ):
            return False
    assert_never(refusal)


class Payout(NamedTuple):
    """Where a released lesson's fee went: into an instruction, or retained and why."""

    state: str
    instruction_id: UUID | None = None
    reason: str | None = None


class Released(NamedTuple):
    """A lesson's fee left the contract.

    A tuple: one is made for every lesson, and a frozen dataclass costs six times as much.
    """

    movement_id: UUID
    amount_fen: Fen
    held_fen: Fen
    lessons_released: int
    lessons_remaining: int
    payout: Payout


@dataclass(frozen=True, slots=True)
class Accepted:
    """Done; with what it made, where it made something."""

    effect: str | None = None
    made_id: UUID | None = None
    contract_id: str | None = None
    amount_fen: Fen | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Exists:
    """The same id with the same content was done before: nothing changed."""

    movement_id: UUID | None = None
    amount_fen: Fen | None = None
    effect: str | None = None
    contract_id: str | None = None
    made_id: UUID | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Not done: a reason from the closed list; nothing about the item is remembered."""

    code: Refusal
    movement_id: UUID | None = None
    field: str | None = None

    @property
    def detail(self) -> str:
        """Return the sentence, with the field that differs where one does."""
        differs = f" It differs in {self.field}." if self.field else ""
        return self.code.sentence + differs


Outcome: TypeAlias = Released | Accepted | Exists | Refused

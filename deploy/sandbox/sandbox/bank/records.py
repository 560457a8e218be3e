"""What the bank writes down: accounts, entries, instructions and statements."""

from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from shared.money import FEN_MAX

AMOUNT_MAX_FEN = FEN_MAX
"""The wire contract's largest amount."""


class InstructionState(StrEnum):
    """Where a payment instruction stands at the bank."""

    ACCEPTED = "accepted"
    """Taken on, not yet paid."""
    SETTLED = "settled"
    """Every line was paid."""
    REJECTED = "rejected"
    """Nothing was paid and nothing will be."""
    RETURNED = "returned"
    """Paid, then sent back by the payee's bank."""


class Record(BaseModel):
    """A row of the bank's books; what it does not know in an answer it leaves aside."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Entry(Record):
    """One booking on one account, in the shape of the wire contract."""

    id: str
    account_number: str
    direction: Literal["credit", "debit"]
    amount_fen: int
    booked_at: datetime
    value_on: date
    balance_after_fen: int | None = None
    counterparty_name: str | None = None
    counterparty_account: str | None = None
    purpose: str | None = None
    reference: str | None = None
    end_to_end_id: str | None = None


class Line(Record):
    """One transfer of an instruction: for a payout, one lesson."""

    end_to_end_id: str
    amount_fen: int
    remittance: str | None = None


class Instruction(Record):
    """A payment instruction as the escrow service words it."""

    id: str
    kind: str
    institution_id: str
    account_number: str
    creditor_name: str | None = None
    creditor_account: str | None = None
    amount_fen: int
    lines: tuple[Line, ...]


class Statement(Record):
    """What was said about one account over some days."""

    id: str
    account_number: str
    opened_on: date
    closed_on: date
    opening_balance_fen: int
    closing_balance_fen: int
    entries: tuple[Entry, ...]

"""A reconciliation in the words of the wire; every difference says how many days old it is."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from escrow.bank.reconcile import Reconciliation
from escrow.bank.statements import days_of
from escrow.domain.commands import StatementEntry
from escrow.domain.reconciliation import KnownEntry, Pair, Transit
from shared.ids import parse_end_to_end_id
from shared.time import business_day, rfc3339
from shared.web.shown import Moment


class MatchedShown(BaseModel):
    """One entry that both sides have."""

    id: str
    book_entry_id: str
    direction: str
    amount_fen: int
    booked_at: Moment
    end_to_end_id: str | None
    matched_by: str = Field(description="id or end_to_end_id")
    age_days: int


class DifferentShown(MatchedShown):
    """One entry that both sides have, with another amount or direction."""

    book_direction: str
    book_amount_fen: int


class MissingShown(BaseModel):
    """One entry that one side has and the other lacks."""

    id: str
    direction: str
    amount_fen: int
    booked_at: Moment
    value_on: str
    end_to_end_id: str | None
    instruction_id: str | None = Field(description="Where the end-to-end id may be one of ours.")
    age_days: int


class TransitShown(BaseModel):
    """One transfer that the bank was asked for and has not booked."""

    end_to_end_id: str
    instruction_id: UUID
    kind: str
    state: str
    amount_fen: int
    since: Moment
    age_days: int


class ReconciliationShown(BaseModel):
    """A statement against the books, as they stand now."""

    model_config = ConfigDict(validate_by_name=True)

    id: UUID
    statement_id: str
    institution_id: str
    bank_id: str
    account_number: str
    from_: str = Field(alias="from")
    to: str
    received_at: Moment
    as_of: Moment
    opening_balance_fen: int
    closing_balance_fen: int
    arithmetic_gap_fen: int = Field(
        description="Closing balance less what the opening balance and the entries come to."
    )
    opening_gap_fen: int | None = Field(
        description="Opening balance less the closing balance of the statement before."
    )
    previous_statement_id: str | None
    follows_on: bool | None = Field(
        description="Whether it begins where the statement before ended."
    )
    book_balance_fen: int = Field(description="What was taken in makes of the account at the end.")
    difference_fen: int = Field(description="Closing balance less the books'; never plugged.")
    matched: list[MatchedShown]
    different_amount: list[DifferentShown]
    missing_here: list[MissingShown]
    missing_at_bank: list[MissingShown]
    in_transit: list[TransitShown]


def shown(done: Reconciliation) -> ReconciliationShown:
    """Show a reconciliation."""
    found, lists, now = done.found, done.comparison, done.as_of
    first, last = span_ends(found.span.from_at, found.span.to_at)
    opening, closing = found.balances
    return ReconciliationShown(
        id=found.reconciliation_id,
        statement_id=found.statement_id,
        institution_id=found.span.institution_id,
        bank_id=found.bank_id,
        account_number=found.span.account_number,
        from_=first,
        to=last,
        received_at=found.received_at,
        as_of=now,
        opening_balance_fen=opening,
        closing_balance_fen=closing,
        arithmetic_gap_fen=done.checks.arithmetic_gap_fen,
        opening_gap_fen=done.checks.opening_gap_fen,
        previous_statement_id=done.checks.previous_statement_id,
        follows_on=done.checks.follows_on,
        book_balance_fen=done.book_balance_fen,
        difference_fen=closing - done.book_balance_fen,
        matched=[_matched(one, now) for one in lists.matched],
        different_amount=[_different(one, now) for one in lists.different_amount],
        missing_here=[_missing(one, now) for one in lists.missing_here],
        missing_at_bank=[_missing(one, now) for one in lists.missing_at_bank],
        in_transit=[_transit(one, now) for one in lists.in_transit],
    )


def span_ends(from_at: datetime, to_at: datetime) -> tuple[str, str]:
    """Show where a statement begins and ends: as days where it covers days, else as instants."""
    days = days_of(from_at, to_at)
    if days is None:
        return rfc3339(from_at), rfc3339(to_at)
    return days[0].isoformat(), days[1].isoformat()


def _matched(pair: Pair, now: datetime) -> MatchedShown:
    said = pair.said
    return MatchedShown(
        id=said.entry_id,
        book_entry_id=pair.known.entry_id,
        direction=said.direction,
        amount_fen=said.amount_fen,
        booked_at=said.booked_at,
        end_to_end_id=said.end_to_end_id,
        matched_by=pair.matched_by,
        age_days=_age(said.booked_at, now),
    )


def _different(pair: Pair, now: datetime) -> DifferentShown:
    return DifferentShown(
        **dict(_matched(pair, now)),
        book_direction=pair.known.direction,
        book_amount_fen=pair.known.amount_fen,
    )


def _missing(one: StatementEntry | KnownEntry, now: datetime) -> MissingShown:
    named = parse_end_to_end_id(one.end_to_end_id) if one.end_to_end_id else None
    return MissingShown(
        id=one.entry_id,
        direction=one.direction,
        amount_fen=one.amount_fen,
        booked_at=one.booked_at,
        value_on=one.value_on.isoformat(),
        end_to_end_id=one.end_to_end_id,
        instruction_id=str(named[0]) if named else None,
        age_days=_age(one.booked_at, now),
    )


def _transit(one: Transit, now: datetime) -> TransitShown:
    return TransitShown(
        end_to_end_id=one.end_to_end_id,
        instruction_id=one.instruction_id,
        kind=one.kind,
        state=one.state,
        amount_fen=one.amount_fen,
        since=one.since,
        age_days=_age(one.since, now),
    )


def _age(since: datetime, now: datetime) -> int:
    """Return how many days ago something was, by the calendar of Shanghai."""
    return (business_day(now) - business_day(since)).days

"""Statements as they are kept, read back for a reconciliation."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from escrow.domain.commands import StatementEntry
from escrow.domain.reconciliation import Ending
from escrow.ledger.read_bank import NEAR, Span
from escrow.tables import bank_statement
from shared.money import Fen
from shared.time import SHANGHAI

_TICK: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class StatementFound:
    """One statement as it came."""

    statement_id: str
    reconciliation_id: UUID
    bank_id: str
    span: Span
    balances: tuple[int, int]
    entries: tuple[StatementEntry, ...]
    received_at: datetime


async def find_statement(
    connection: AsyncConnection, reconciliation_id: UUID
) -> StatementFound | None:
    """Return the statement that a reconciliation is of, or None."""
    query = select(bank_statement).where(bank_statement.c.reconciliation_id == reconciliation_id)
    row: Any = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    days = days_of(row.from_at, row.to_at)
    return StatementFound(
        row.statement_id,
        row.reconciliation_id,
        row.bank_id,
        Span(row.institution_id, row.account_number, row.from_at, row.to_at, days),
        (row.opening_balance_fen, row.closing_balance_fen),
        tuple(_entry(one) for one in row.entries),
        row.received_at,
    )


async def ending_before(connection: AsyncConnection, found: StatementFound) -> Ending | None:
    """Return how the account's last statement before this one ended, as known by now."""
    kept = bank_statement.c
    query = (
        select(kept.statement_id, kept.to_at, kept.closing_balance_fen)
        .where(
            kept.account_number == found.span.account_number,
            kept.to_at < found.span.from_at,
        )
        .order_by(kept.to_at.desc())
        .limit(1)
    )
    row = (await connection.execute(query)).one_or_none()
    return Ending(*row) if row is not None else None


async def listed_elsewhere(
    connection: AsyncConnection, found: StatementFound, entry_ids: Iterable[str]
) -> frozenset[str]:
    """Return which entries the account's other statements of about that time list."""
    asked = list(entry_ids)
    if not asked:
        return frozenset()
    listed = {
        "account_number": found.span.account_number,
        "statement_id": found.statement_id,
        "since": found.span.from_at - NEAR,
        "until": found.span.to_at + NEAR,
        "entry_ids": asked,
    }
    return frozenset((await connection.scalars(text(_ELSEWHERE_SQL), listed)).all())


_ELSEWHERE_SQL: Final = """
SELECT one.entry ->> 'id'
FROM escrow.bank_statement AS s
CROSS JOIN LATERAL jsonb_array_elements(s.entries) AS one (entry)
WHERE s.account_number = :account_number
  AND s.statement_id <> :statement_id
  AND s.to_at >= :since
  AND s.from_at <= :until
  AND one.entry ->> 'id' = ANY (CAST(:entry_ids AS text[]))
"""


def days_of(from_at: datetime, to_at: datetime) -> tuple[date, date] | None:
    """Return the days that a span covers whole, or None where it begins or ends within one."""
    first, after = from_at.astimezone(SHANGHAI), (to_at + _TICK).astimezone(SHANGHAI)
    if any(
        (one.hour, one.minute, one.second, one.microsecond) != (0,) * 4 for one in (first, after)
    ):
        return None
    return first.date(), to_at.astimezone(SHANGHAI).date()


def _entry(listed: dict[str, Any]) -> StatementEntry:
    return StatementEntry(
        listed["id"],
        listed["direction"],
        Fen(listed["amount_fen"]),
        datetime.fromisoformat(listed["booked_at"]),
        date.fromisoformat(listed["value_on"]),
        listed.get("end_to_end_id"),
    )

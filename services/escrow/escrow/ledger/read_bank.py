"""What a bank's statement is compared with: entries taken in, and transfers on their way."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import case, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from escrow.domain.reconciliation import KnownEntry, Transit
from escrow.ledger.tables import bank_entry
from shared.ids import end_to_end_id
from shared.money import Fen

NEAR: Final = timedelta(days=7)
"""How far around a statement's span an entry of ours may be booked to be looked at."""

TRANSITS_MAX: Final = 5_000
"""Transfers on their way that are shown: more than one statement lists."""


@dataclass(frozen=True, slots=True)
class Span:
    """An account and the time that a statement speaks of; by days, where it names days."""

    institution_id: str
    account_number: str
    from_at: datetime
    to_at: datetime
    days: tuple[date, date] | None

    def holds(self, entry: KnownEntry) -> bool:
        """Tell whether an entry of ours belongs to this time."""
        if self.days is not None:
            return self.days[0] <= entry.value_on <= self.days[1]
        return self.from_at <= entry.booked_at <= self.to_at


async def known_entries(
    connection: AsyncConnection, span: Span, entry_ids: Sequence[str]
) -> list[KnownEntry]:
    """Return our entries with these ids, and those booked around a time."""
    asked = {
        "institution_id": span.institution_id,
        "account_number": span.account_number,
        "entry_ids": list(entry_ids),
        "since": span.from_at - NEAR,
        "until": span.to_at + NEAR,
    }
    return [
        KnownEntry(
            row.entry_id,
            row.direction,
            Fen(row.amount_fen),
            row.booked_at,
            row.value_on,
            row.end_to_end_id,
        )
        for row in await connection.execute(text(_KNOWN_SQL), asked)
    ]


async def book_balance_fen(connection: AsyncConnection, span: Span) -> int:
    """Return what the entries taken in make of an account, in fen, up to the end of a time."""
    signed = case(
        (bank_entry.c.direction == "credit", bank_entry.c.amount_fen),
        else_=-bank_entry.c.amount_fen,
    )
    query = select(func.coalesce(func.sum(signed), 0)).where(
        bank_entry.c.institution_id == span.institution_id,
        bank_entry.c.account_number == span.account_number,
    )
    if span.days is not None:
        query = query.where(bank_entry.c.value_on <= span.days[1])
    else:
        query = query.where(bank_entry.c.booked_at <= span.to_at)
    return int(await connection.scalar(query) or 0)


async def transits(connection: AsyncConnection, span: Span, bank_id: str) -> list[Transit]:
    """Return the transfers that the bank has and nobody booked, oldest first."""
    asked = {
        "institution_id": span.institution_id,
        "account_number": span.account_number,
        "bank_id": bank_id,
        "until": span.to_at,
        "most": TRANSITS_MAX,
    }
    return [
        Transit(
            end_to_end_id(row.instruction_id, row.line_no),
            row.instruction_id,
            row.kind,
            row.state,
            row.amount_fen,
            row.since,
        )
        for row in await connection.execute(text(_TRANSITS_SQL), asked)
    ]


def due(known: Iterable[KnownEntry], span: Span, elsewhere: frozenset[str]) -> list[KnownEntry]:
    """Mark which of our entries this statement should list: of its time, and in no other."""
    return [
        KnownEntry(
            one.entry_id,
            one.direction,
            one.amount_fen,
            one.booked_at,
            one.value_on,
            one.end_to_end_id,
            is_due=span.holds(one) and one.entry_id not in elsewhere,
        )
        for one in known
    ]


_KNOWN_SQL: Final = """
SELECT e.entry_id, e.direction, e.amount_fen, e.booked_at, e.value_on, e.end_to_end_id
FROM escrow.bank_entry AS e
WHERE e.institution_id = :institution_id
  AND e.account_number = :account_number
  AND e.entry_id = ANY (CAST(:entry_ids AS text[]))
UNION
SELECT e.entry_id, e.direction, e.amount_fen, e.booked_at, e.value_on, e.end_to_end_id
FROM escrow.bank_entry AS e
WHERE e.institution_id = :institution_id
  AND e.account_number = :account_number
  AND e.booked_at BETWEEN :since AND :until
"""

_TRANSITS_SQL: Final = """
WITH open AS (
  SELECT i.instruction_id
  FROM escrow.instruction AS i
  WHERE i.bank_id = :bank_id
    AND i.state IN ('planned', 'claimed', 'sent', 'unknown', 'accepted')
    AND i.institution_id = :institution_id
    AND (i.state <> 'planned' OR i.served_at IS NOT NULL)
  UNION
  SELECT l.instruction_id
  FROM escrow.instruction_line AS l
  WHERE l.institution_id = :institution_id AND l.state = 'settled' AND l.booked_entry_id IS NULL
)
SELECT i.instruction_id, l.line_no, i.kind, l.state, l.amount_fen,
  coalesce(i.sent_at, i.served_at, i.created_at) AS since
FROM open AS o
JOIN escrow.instruction AS i
  ON i.institution_id = :institution_id AND i.instruction_id = o.instruction_id
JOIN escrow.instruction_line AS l
  ON l.institution_id = :institution_id AND l.instruction_id = o.instruction_id
WHERE i.account_number = :account_number
  AND i.created_at <= :until
  AND l.booked_entry_id IS NULL
  AND l.state IN ('planned', 'claimed', 'sent', 'unknown', 'accepted', 'settled')
ORDER BY since, i.instruction_id, l.line_no
LIMIT CAST(:most AS int)
"""
"""Sent or shown and not finished, by the bank's index; settled and not booked, by their own."""

"""A reconciliation as it stands now: the statement of then, and the books of today.

It is computed anew at every look, so that what was missing and arrived is missing no more.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from escrow.bank.statements import (
    StatementFound,
    ending_before,
    listed_elsewhere,
)
from escrow.domain.reconciliation import Checks, Comparison, check, compare
from escrow.ledger.read_bank import book_balance_fen, due, known_entries, transits
from escrow.ledger.read_books import NOW
from shared.pg.database import Database


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What comparing a statement with the books comes to."""

    as_of: datetime
    found: StatementFound
    checks: Checks
    comparison: Comparison
    book_balance_fen: int


async def reconcile(database: Database, found: StatementFound) -> Reconciliation:
    """Compare a statement with what was taken in and what is on its way, entry by entry."""
    async with database.connect() as connection:
        now: datetime = (await connection.execute(select(NOW))).scalar_one()
        ids = [one.entry_id for one in found.entries]
        known = await known_entries(connection, found.span, ids)
        unnamed = {one.entry_id for one in known if found.span.holds(one)}.difference(ids)
        elsewhere = await listed_elsewhere(connection, found, sorted(unnamed))
        on_the_way = await transits(connection, found.span, found.bank_id)
        before = await ending_before(connection, found)
        booked_fen = await book_balance_fen(connection, found.span)
    checks = check(found.balances, found.entries, found.span.from_at, before)
    comparison = compare(found.entries, due(known, found.span, elsewhere), on_the_way)
    return Reconciliation(now, found, checks, comparison, booked_fen)

"""One institution's books as its readers see them: standing, balances, statement.

Nothing here locks or decides. A movement's number grows with the time it was posted at, so
whatever was asked for as of a moment is the movements up to one number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, TextClause, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from escrow.domain.accounts import DEBIT_NORMAL, AccountKind
from escrow.domain.records import Floor, Standing
from escrow.ledger.store import records
from escrow.ledger.tables import movement
from shared.money import Fen
from shared.pg.sql import statement


@dataclass(frozen=True, slots=True)
class StandingSeen:
    """An institution's row, and the books' time at which it was read."""

    now: datetime
    standing: Standing


def _asked(name: str) -> TextClause:
    """Return a statement of the ledger that takes institutions, to run it on a reader."""
    hot = statement("escrow.ledger.sql", name)
    return text(hot.replace("$1::text[]", "CAST(:institution_ids AS text[])"))


async def read_standing(connection: AsyncConnection, institution_id: str) -> StandingSeen | None:
    """Return how an institution stands, or None where none is registered under this id."""
    found = await connection.execute(_asked("read_standing"), {"institution_ids": [institution_id]})
    row: Any = found.one()
    if row.institution_id is None or row.name is None:
        return None
    return StandingSeen(row.clock, records.standing(row))


async def read_floors(connection: AsyncConnection, institution_id: str) -> list[Floor]:
    """Return every floor that was ever set for an institution."""
    found = await connection.execute(_asked("read_floor"), {"institution_ids": [institution_id]})
    rows: Sequence[Any] = found.all()
    return [records.floor(row) for row in rows]


async def last_number(connection: AsyncConnection, institution_id: str, at: datetime) -> int:
    """Return the number of the last movement posted up to a moment; 0 where there was none."""
    found = await connection.scalar(
        text(_LAST_NUMBER_SQL), {"institution_id": institution_id, "at": at}
    )
    return int(found or 0)


async def balances_at(
    connection: AsyncConnection, institution_id: str, number: int
) -> dict[AccountKind, Fen]:
    """Return the balances after a movement, recomputed from all movements up to it."""
    balances = dict.fromkeys(AccountKind, 0)
    for row in await connection.execute(
        text(_SUMS_SQL), {"institution_id": institution_id, "number": number}
    ):
        debit, credit = AccountKind(row.debit), AccountKind(row.credit)
        amount = int(row.amount_fen)
        balances[debit] += amount if debit in DEBIT_NORMAL else -amount
        balances[credit] -= amount if credit in DEBIT_NORMAL else -amount
    return {kind: Fen(amount) for kind, amount in balances.items()}


async def list_movements(
    connection: AsyncConnection, institution_id: str, *, after: int, last: int, limit: int
) -> Sequence[RowMapping]:
    """Return the movements that follow a number, up to another, in the order of the journal."""
    query = (
        select(movement)
        .where(
            movement.c.institution_id == institution_id,
            movement.c.sequence > after,
            movement.c.sequence <= last,
        )
        .order_by(movement.c.sequence)
        .limit(limit)
    )
    return (await connection.execute(query)).mappings().all()


_LAST_NUMBER_SQL: Final = """
WITH RECURSIVE half AS (
  SELECT CAST(0 AS bigint) AS low, b.movements AS high
  FROM escrow.balance AS b
  WHERE b.institution_id = :institution_id
  UNION ALL
  SELECT
    CASE WHEN m.posted_at <= :at THEN m.sequence ELSE h.low END,
    CASE WHEN m.posted_at <= :at THEN h.high ELSE m.sequence - 1 END
  FROM half AS h
  JOIN escrow.movement AS m
    ON m.institution_id = :institution_id AND m.sequence = (h.low + h.high + 1) / 2
  WHERE h.low < h.high
)
SELECT max(low) FROM half
"""
"""Halve the numbers until one is left: as many probes of the key as the count has bits."""

_SUMS_SQL: Final = """
SELECT m.debit, m.credit, sum(m.amount_fen) AS amount_fen
FROM escrow.movement AS m
WHERE m.institution_id = :institution_id AND m.sequence <= :number
GROUP BY m.debit, m.credit
"""

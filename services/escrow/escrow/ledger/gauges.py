"""Figures of the books for Prometheus: sums that are cheap to take, four times a minute.

Series are bounded: kinds of account, states of an instruction, and at most thirty banks.
Whole numbers of fen are divided here and nowhere else, for display alone.
"""

from datetime import datetime
from typing import Any, Final

from prometheus_client import Gauge
from sqlalchemy import Row, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from escrow.domain.accounts import AccountKind
from escrow.domain.instructions import UNFINISHED
from escrow.ledger.feed import FEED
from escrow.ledger.read_books import NOW
from escrow.ledger.tables import balance, bank_entry
from escrow.tables import BALANCES
from shared.feed.lag import LagGauges
from shared.feed.outbox import lag
from shared.pg.database import Database

BANKS_MAX: Final = 30
"""Banks with a series of their own: more than hold supervised accounts in any city."""

_balances: Final = Gauge(
    "tuition_escrow_balance_yuan", "Sum of a kind of account over all institutions.", ["account"]
)
_institutions: Final = Gauge("tuition_escrow_institutions", "Institutions with books here.")
_retained: Final = Gauge("tuition_escrow_retained_yuan", "Released fees whose payout waits.")
_retained_lessons: Final = Gauge(
    "tuition_escrow_retained_lessons", "Released lessons whose payout waits."
)
_unallocated: Final = Gauge(
    "tuition_escrow_unallocated_entries", "Credits that wait for their contract."
)
_unallocated_age: Final = Gauge(
    "tuition_escrow_unallocated_oldest_age_seconds", "Age of the oldest of them; 0 without any."
)
_instructions: Final = Gauge(
    "tuition_escrow_instructions", "Instructions that the bank has not finished.", ["state"]
)
_instruction_age: Final = Gauge(
    "tuition_escrow_instruction_oldest_age_seconds",
    "Age of the oldest unfinished instruction; 0 without any.",
    ["state"],
)
_unbooked: Final = Gauge(
    "tuition_escrow_settled_unbooked_lines", "Transfers called settled without a booked entry."
)
_unbooked_age: Final = Gauge(
    "tuition_escrow_settled_unbooked_oldest_age_seconds",
    "Age of the oldest instruction with such a transfer; 0 without any.",
)
_statement: Final = Gauge(
    "tuition_escrow_statement_last_timestamp_seconds",
    "When a bank's last statement was received.",
    ["bank"],
)
_unconfirmed: Final = Gauge(
    "tuition_escrow_protective_freezes_unconfirmed",
    "Freezes that the registry placed and no officer has confirmed or lifted.",
)
_unconfirmed_since: Final = Gauge(
    "tuition_escrow_protective_freeze_oldest_unconfirmed_timestamp_seconds",
    "When the oldest of them was placed; 0 without any.",
)
_feed: Final = LagGauges("escrow")


async def refresh(database: Database) -> None:
    """Take every figure anew, on one connection."""
    async with database.connect() as connection:
        now: datetime = (await connection.execute(select(NOW))).scalar_one()
        await _show_balances(connection)
        await _show_unallocated(connection, now)
        await _show_instructions(connection, now)
        await _show_unbooked(connection, now)
        await _show_statements(connection)
        await _show_unconfirmed(connection)
        _feed.show(await lag(connection, FEED))


async def _show_balances(connection: AsyncConnection) -> None:
    sums = [func.coalesce(func.sum(balance.c[name]), 0) for name in BALANCES]
    retained = (balance.c.retained_fen, balance.c.retained_count)
    query = select(*sums, *(func.coalesce(func.sum(one), 0) for one in retained), func.count())
    *kinds, waiting, lessons, count = (await connection.execute(query.select_from(balance))).one()
    for kind, total in zip(AccountKind, kinds, strict=True):
        _balances.labels(kind).set(_yuan(total))
    _retained.set(_yuan(waiting))
    _retained_lessons.set(int(lessons))
    _institutions.set(count)


async def _show_unallocated(connection: AsyncConnection, now: datetime) -> None:
    query = select(func.count(), func.min(bank_entry.c.booked_at)).where(
        bank_entry.c.unallocated_fen > 0
    )
    count, oldest = (await connection.execute(query)).one()
    _unallocated.set(count)
    _unallocated_age.set(_age_s(oldest, now))


async def _show_instructions(connection: AsyncConnection, now: datetime) -> None:
    rows = await connection.execute(text(_UNFINISHED_SQL))
    found: dict[str, Row[Any]] = {row.state: row for row in rows}
    for state in sorted(UNFINISHED):
        row = found.get(state)
        _instructions.labels(state).set(row.number if row else 0)
        _instruction_age.labels(state).set(_age_s(row.oldest if row else None, now))


async def _show_unbooked(connection: AsyncConnection, now: datetime) -> None:
    count, oldest = (await connection.execute(text(_UNBOOKED_SQL))).one()
    _unbooked.set(count)
    _unbooked_age.set(_age_s(oldest, now))


async def _show_statements(connection: AsyncConnection) -> None:
    rows = await connection.execute(text(_STATEMENTS_SQL), {"most": BANKS_MAX})
    for bank_id, received_at in rows:
        if received_at is not None:
            _statement.labels(bank_id).set(received_at.timestamp())


async def _show_unconfirmed(connection: AsyncConnection) -> None:
    count, oldest = (await connection.execute(text(_UNCONFIRMED_SQL))).one()
    _unconfirmed.set(count)
    _unconfirmed_since.set(oldest.timestamp() if oldest else 0)


def _age_s(since: datetime | None, now: datetime) -> int:
    return 0 if since is None else max(0, int((now - since).total_seconds()))


def _yuan(fen: Any) -> Any:  # noqa: ANN401 - a sum of the database's; a float for display alone
    return int(fen) / 100


_UNFINISHED_SQL: Final = """
SELECT i.state, count(*) AS number, min(i.created_at) AS oldest
FROM escrow.instruction AS i
WHERE i.state IN ('planned', 'claimed', 'sent', 'unknown', 'accepted')
GROUP BY i.state
"""
"""The states are spelled as in the index's condition, so that the index serves the query."""

_UNBOOKED_SQL: Final = """
SELECT count(*) AS number, min(i.created_at) AS oldest
FROM escrow.instruction_line AS l
JOIN escrow.instruction AS i
  ON i.institution_id = l.institution_id AND i.instruction_id = l.instruction_id
WHERE l.state = 'settled' AND l.booked_entry_id IS NULL
"""

_UNCONFIRMED_SQL: Final = """
SELECT count(*) AS number, min(f.placed_at) AS oldest
FROM escrow.freeze AS f
WHERE f.registry_event_id IS NOT NULL AND f.lifted_at IS NULL
  AND NOT EXISTS (
    SELECT FROM escrow.freeze_confirmation AS c
    WHERE c.institution_id = f.institution_id AND c.freeze_id = f.freeze_id)
"""

_STATEMENTS_SQL: Final = """
SELECT b.bank_id, (
  SELECT max(s.received_at) FROM escrow.bank_statement AS s WHERE s.bank_id = b.bank_id
) AS received_at
FROM escrow.bank AS b
ORDER BY b.bank_id
LIMIT CAST(:most AS int)
"""

"""Instructions as the bank and the dispatcher find them, outside any posting."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, or_, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from escrow.ledger.tables import balance, instruction, instruction_line
from shared.ids import end_to_end_id
from shared.pg.database import Database
from shared.time import rfc3339


@dataclass(frozen=True, slots=True)
class Shown:
    """An instruction as the wire shows it, and whether it was shown before."""

    institution_id: str
    instruction_id: UUID
    kind: str
    state: str
    is_served: bool
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Due:
    """An instruction that a push bank is to be sent, or asked about."""

    institution_id: str
    instruction_id: UUID
    endpoint: str
    finality_s: int


async def list_instructions(
    database: Database,
    *,
    bank_id: str,
    state: str | None,
    institution_id: str | None,
    after: UUID | None,
    limit: int,
) -> list[Shown]:
    """Return a bank's instructions in the order they were planned."""
    query = select(instruction).where(instruction.c.bank_id == bank_id)
    if state is not None:
        query = query.where(instruction.c.state == state)
    if institution_id is not None:
        query = query.where(instruction.c.institution_id == institution_id)
    if after is not None:
        query = query.where(instruction.c.instruction_id > after)
    async with database.connect() as connection:
        rows = (
            await connection.execute(query.order_by(instruction.c.instruction_id).limit(limit))
        ).all()
        lines = await _lines(connection, rows)
    return [_shown(row, lines.get(row.instruction_id, [])) for row in rows]


async def find_shown(database: Database, institution_id: str, instruction_id: UUID) -> Shown | None:
    """Return one instruction with its lines, or None."""
    query = select(instruction).where(
        instruction.c.institution_id == institution_id,
        instruction.c.instruction_id == instruction_id,
    )
    async with database.connect() as connection:
        rows = (await connection.execute(query)).all()
        lines = await _lines(connection, rows)
    return _shown(rows[0], lines.get(instruction_id, [])) if rows else None


async def list_due(database: Database, but: Collection[str], limit: int) -> list[Due]:
    """Return what push banks are to be sent, or asked about, and nobody is at already.

    So many of each bank and state, so that one bank's doubts hold up neither another bank
    nor what is new; banks at the endpoints `but` are left out.
    """
    bound = {"but": list(but), "limit": limit}
    async with database.connect() as connection:
        return [Due(*row) for row in await connection.execute(text(_DUE_SQL), bound)]


_DUE_SQL: Final = """
SELECT due.institution_id, due.instruction_id, b.endpoint, b.finality_s
FROM escrow.bank AS b
CROSS JOIN (VALUES ('planned'), ('claimed'), ('unknown')) AS s (state)
CROSS JOIN (SELECT now() + make_interval(secs => offset_s) AS now FROM access.clock) AS clock
CROSS JOIN LATERAL (
  SELECT i.institution_id, i.instruction_id
  FROM escrow.instruction AS i
  WHERE i.bank_id = b.bank_id
    AND i.state = s.state
    AND i.state IN ('planned', 'claimed', 'sent', 'unknown', 'accepted')
    AND (i.leased_until IS NULL OR i.leased_until < clock.now)
    AND (i.state = 'planned' OR i.changed_at IS NULL OR i.changed_at < clock.now)
  ORDER BY i.instruction_id
  LIMIT CAST(:limit AS int)
) AS due
WHERE b.delivery = 'push' AND b.endpoint <> ALL (CAST(:but AS text[]))
ORDER BY due.instruction_id
"""


async def sent_at(database: Database, due: Due) -> datetime | None:
    """Return when an instruction was last sent, as the books know it now."""
    query = select(instruction.c.sent_at).where(
        instruction.c.institution_id == due.institution_id,
        instruction.c.instruction_id == due.instruction_id,
    )
    async with database.connect() as connection:
        found: datetime | None = await connection.scalar(query)
    return found


async def list_waiting(database: Database, limit: int, after: str) -> list[str]:
    """Return institutions with retained lessons or a freeze, for the clock's posting."""
    query = (
        select(balance.c.institution_id)
        .where(
            balance.c.institution_id > after,
            or_(
                balance.c.retained_count > 0,
                and_(balance.c.payment_clearing_fen > 0, balance.c.payout_freezes > 0),
                and_(balance.c.payment_clearing_fen > 0, balance.c.full_freezes > 0),
            ),
        )
        .order_by(balance.c.institution_id)
        .limit(limit)
    )
    async with database.connect() as connection:
        return list((await connection.scalars(query)).all())


async def clock(database: Database) -> datetime:
    """Return the books' time: the database's, plus what the sandbox raised it by."""
    query = text("SELECT now() + make_interval(secs => offset_s) FROM access.clock")
    async with database.connect() as connection:
        now: datetime = (await connection.execute(query)).scalar_one()
    return now


async def _lines(
    connection: AsyncConnection, rows: Sequence[Any]
) -> dict[UUID, list[dict[str, Any]]]:
    """Return the lines of a page of instructions, by instruction."""
    keys = [(row.institution_id, row.instruction_id) for row in rows]
    if not keys:
        return {}
    line = instruction_line.c
    query = (
        select(instruction_line)
        .where(tuple_(line.institution_id, line.instruction_id).in_(keys))
        .order_by(line.institution_id, line.instruction_id, line.line_no)
    )
    found: dict[UUID, list[dict[str, Any]]] = {}
    for row in await connection.execute(query):
        found.setdefault(row.instruction_id, []).append(
            {
                "end_to_end_id": end_to_end_id(row.instruction_id, row.line_no),
                "amount_fen": row.amount_fen,
                "remittance": row.remittance,
                "state": row.state,
            }
        )
    return found


def _shown(row: Any, lines: list[dict[str, Any]]) -> Shown:  # noqa: ANN401 - a row of all columns
    return Shown(
        row.institution_id,
        row.instruction_id,
        row.kind,
        row.state,
        row.served_at is not None,
        {
            "id": str(row.instruction_id),
            "kind": row.kind,
            "state": row.state,
            "institution_id": row.institution_id,
            "bank_id": row.bank_id,
            "account_number": row.account_number,
            "creditor_name": row.creditor_name,
            "creditor_account": row.creditor_account,
            "amount_fen": row.amount_fen,
            "created_at": rfc3339(row.created_at),
            "lines": lines,
        },
    )

"""Instructions as the bank and the dispatcher find them, outside any posting."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from escrow.ledger.tables import balance, instruction, instruction_line
from escrow.tables import bank
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
    state: str
    endpoint: str
    finality_s: int
    sent_at: datetime | None


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


async def list_due(database: Database, now: datetime, limit: int) -> list[Due]:
    """Return what push banks are to be sent, or asked about, and nobody is at already."""
    query = (
        select(
            instruction.c.institution_id,
            instruction.c.instruction_id,
            instruction.c.state,
            bank.c.endpoint,
            bank.c.finality_s,
            instruction.c.sent_at,
        )
        .join(bank, bank.c.bank_id == instruction.c.bank_id)
        .where(
            bank.c.delivery == "push",
            instruction.c.state.in_(("planned", "claimed", "unknown")),
            or_(instruction.c.leased_until.is_(None), instruction.c.leased_until < now),
            or_(
                instruction.c.state == "planned",
                instruction.c.changed_at.is_(None),
                instruction.c.changed_at < now,
            ),
        )
        .order_by(instruction.c.instruction_id)
        .limit(limit)
    )
    async with database.connect() as connection:
        return [Due(*row) for row in await connection.execute(query)]


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

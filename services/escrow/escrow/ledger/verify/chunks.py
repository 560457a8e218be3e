"""What to look at: institutions, cut into chunks, and in each the rows that moved.

A chunk is read under one snapshot, so postings may go on meanwhile.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from escrow.ledger.verify.report import FINDINGS_MAX, Scope
from shared.pg.database import Database
from shared.pg.sql import statement

MOVEMENTS_MAX: Final = 50_000
"""Movements of one chunk, unless a single institution has more: a second or two of work."""

INSTITUTIONS_MAX: Final = 500
"""Institutions of one chunk."""

EVER: Final = 2**63 - 1
"""No upper bound for an event's number."""

_FIGURES: Final = (
    "sequence",
    "movements",
    "custody_cash_fen",
    "tuition_held_fen",
    "institution_payable_fen",
    "institution_receivable_fen",
    "payment_clearing_fen",
    "refund_payable_fen",
    "unmatched_receipt_fen",
    "unbacked_debit_fen",
    "reserve_fen",
    "funded_running_fen",
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a run looks at, and when it began by the ledger's clock."""

    started_at: datetime
    chunks: tuple[tuple[str, ...], ...]
    institutions: int
    movements: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some institutions under one snapshot: what the checks are bound to, how the books stand."""

    binds: Mapping[str, Any]
    standings: Mapping[str, Mapping[str, Any]]
    """The figures to verify from next time, by institution."""

    def narrowed(self, institution_id: str, told: int, until: int) -> "Chunk":
        """Return the same check of one institution's events in (told, until] alone."""
        place = self.binds["ids"].index(institution_id)
        narrow = {"ids": [institution_id], "since": [self.binds["since"][place]]}
        return Chunk({**self.binds, **narrow, "told": [told], "until": [until]}, self.standings)


def query(name: str) -> TextClause:
    """Return one of the auditor's statements, ready to be bound."""
    return text(statement("escrow.ledger.sql", name))


async def choose(database: Database, scope: Scope, named: Sequence[str] | None) -> Chosen:
    """Choose the institutions to verify and cut them into chunks of bounded work."""
    binds = {"is_whole": scope == "whole", "named": None if named is None else list(named)}
    async with database.connect() as connection:
        now = (await connection.execute(_CLOCK)).scalar_one()
        found = (await connection.execute(query("verify_scope"), binds)).all()
    fresh = {str(row.institution_id): max(0, int(row.fresh)) for row in found}
    return Chosen(now, tuple(_cut(fresh)), len(fresh), sum(fresh.values()))


async def clock(connection: AsyncConnection) -> datetime:
    """Return the ledger's time."""
    now: datetime = (await connection.execute(_CLOCK)).scalar_one()
    return now


async def open_chunk(connection: AsyncConnection, scope: Scope, ids: Sequence[str]) -> Chunk:
    """Read from where on to check each institution, and which of its records moved."""
    is_whole = scope == "whole"
    asked = {"ids": list(ids), "is_whole": is_whole}
    found = (await connection.execute(query("verify_range"), asked)).mappings().all()
    binds: dict[str, Any] = {
        "ids": [row["institution_id"] for row in found],
        "since": [row["since"] for row in found],
        "told": [row["told"] for row in found],
        "until": [EVER] * len(found),
        "is_whole": is_whole,
        "most": 10 * FINDINGS_MAX,
    }
    touched = (await connection.execute(query("verify_touched"), binds)).all()
    for kind in ("contract", "instruction", "refund"):
        keys = [(row.institution_id, row.id) for row in touched if row.kind == kind and row.id]
        if kind != "contract":
            keys = [(owner, uuid) for owner, id_ in keys if (uuid := _uuid(id_)) is not None]
        binds[f"{kind}_owners"] = [owner for owner, _ in keys]
        binds[f"{kind}s"] = [id_ for _, id_ in keys]
    figures = {row["institution_id"]: {name: row[name] for name in _FIGURES} for row in found}
    return Chunk(binds, figures)


def _cut(fresh: Mapping[str, int]) -> Iterator[tuple[str, ...]]:
    """Cut institutions into chunks; one with more movements than a chunk holds stands alone."""
    chunk: list[str] = []
    size = 0
    for institution_id, movements in fresh.items():
        if chunk and (size + movements > MOVEMENTS_MAX or len(chunk) == INSTITUTIONS_MAX):
            yield tuple(chunk)
            chunk, size = [], 0
        chunk.append(institution_id)
        size += movements
    if chunk:
        yield tuple(chunk)


def _uuid(id_: str) -> UUID | None:
    """Read an id cut out of an event; what is none is found where the event is compared."""
    try:
        return UUID(id_)
    except ValueError:
        return None


_CLOCK: Final = text(
    "SELECT statement_timestamp() + make_interval(secs => offset_s) FROM access.clock"
)

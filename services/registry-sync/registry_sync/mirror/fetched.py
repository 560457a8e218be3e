"""Fetches as they are shown: which there were, what each came to, which rows were set aside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Row, text

from shared.pg.database import Database

SET_ASIDE_MAX: Final = 1_000
"""Rows of one fetch that are listed: who has more to correct corrects the source as a whole."""

_FETCH: Final = (
    "SELECT f.fetch_id, f.source, f.kind, f.version, f.started_at, f.finished_at, f.result,"
    " f.detail, f.records, f.sha256, (SELECT count(*) FROM registry.set_aside AS s"
    " WHERE s.fetch_id = f.fetch_id) AS set_aside FROM registry.fetch AS f"
)


@dataclass(frozen=True, slots=True)
class Fetched:
    """One fetch and what it came to."""

    fetch_id: UUID
    source: str
    kind: str
    version: int | None
    started_at: datetime
    finished_at: datetime | None
    result: str
    detail: str | None
    records: int | None
    sha256: str | None
    set_aside: int
    """How many of its rows were not believed; all of them, whatever is listed."""


@dataclass(frozen=True, slots=True)
class RowAside:
    """One row that was not believed."""

    place: str
    reason: str
    field: str | None
    institution_id: str | None


async def list_fetches(database: Database, *, after: UUID | None, limit: int) -> list[Fetched]:
    """Return fetches, the newest first."""
    query = text(
        f"{_FETCH} WHERE (CAST(:after AS uuid) IS NULL OR f.fetch_id < CAST(:after AS uuid))"
        " ORDER BY f.fetch_id DESC LIMIT :limit"
    )
    async with database.connect() as connection:
        rows = (await connection.execute(query, {"after": after, "limit": limit})).all()
    return [_fetched(row) for row in rows]


async def find_fetch(database: Database, fetch_id: UUID) -> Fetched | None:
    """Return one fetch; None where there is none of this id."""
    query = text(f"{_FETCH} WHERE f.fetch_id = :id")
    async with database.connect() as connection:
        row = (await connection.execute(query, {"id": fetch_id})).one_or_none()
    return None if row is None else _fetched(row)


async def read_set_aside(database: Database, fetch_id: UUID) -> Sequence[RowAside]:
    """Return the rows of a fetch that were not believed, in the order they stood."""
    query = text(
        "SELECT place, reason, field, institution_id FROM registry.set_aside"
        " WHERE fetch_id = :id ORDER BY row_no LIMIT :limit"
    )
    async with database.connect() as connection:
        found = await connection.execute(query, {"id": fetch_id, "limit": SET_ASIDE_MAX})
        return [RowAside(*row) for row in found]


def _fetched(row: Row[tuple[object, ...]]) -> Fetched:
    return Fetched(**row._mapping)  # noqa: SLF001 - the columns are the fields

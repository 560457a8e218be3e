"""Sheets that an officer sent: those nobody accepted yet, and what a preview did not believe."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from registry_sync.mirror.fetched import RowAside
from shared.pg.database import Database

WAITING_MAX: Final = 50
"""Sheets that are listed: accepting one replaces those of its source that came before."""


@dataclass(frozen=True, slots=True)
class Imported:
    """One sheet as it came, and what it would change."""

    import_id: UUID
    source: str
    fetch_id: UUID
    file_name: str
    uploaded_by: str
    uploaded_at: datetime
    counts: Mapping[str, int]
    """added, modified, revoked, restored, missing, unchanged, set_aside."""


async def list_waiting(database: Database) -> list[Imported]:
    """Return the sheets that wait to be accepted, the newest first."""
    query = text(
        "SELECT import_id, source, fetch_id, file_name, uploaded_by, uploaded_at,"
        " preview -> 'counts' AS counts FROM registry.import WHERE state = 'preview'"
        " ORDER BY import_id DESC LIMIT :limit"
    )
    async with database.connect() as connection:
        rows = (await connection.execute(query, {"limit": WAITING_MAX})).all()
    return [_imported(row) for row in rows]


async def read_previewed(database: Database, fetch_id: UUID) -> tuple[int, list[RowAside]]:
    """Return how many rows of a preview would be set aside, and those that it shows."""
    query = text("SELECT preview FROM registry.import WHERE fetch_id = :id")
    async with database.connect() as connection:
        preview: Any = await connection.scalar(query, {"id": fetch_id})
    shown = json.loads(preview) if isinstance(preview, str) else preview or {}
    rows = [
        RowAside(one["place"], one["reason"], one["field"], None)
        for one in shown.get("set_aside", [])
    ]
    return shown.get("counts", {}).get("set_aside", 0), rows


def _imported(row: Row[Any]) -> Imported:
    said = {**row._mapping}  # noqa: SLF001 - the columns are the fields
    if isinstance(row.counts, str):  # JSON, read by the driver or not
        said["counts"] = json.loads(row.counts)
    return Imported(**said)

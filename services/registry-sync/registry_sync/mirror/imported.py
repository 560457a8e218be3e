"""Sheets that an officer sent and nobody accepted yet."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

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


def _imported(row: Row[Any]) -> Imported:
    said = {**row._mapping}  # noqa: SLF001 - the columns are the fields
    if isinstance(row.counts, str):  # JSON, read by the driver or not
        said["counts"] = json.loads(row.counts)
    return Imported(**said)

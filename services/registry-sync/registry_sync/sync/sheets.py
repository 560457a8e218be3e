"""A bureau's sheet: kept as it came, shown as a difference, applied when an officer accepts.

A sheet is a full list: what it leaves out is missing, which never freezes.
Accepting reads the kept bytes again and judges them against what is held then.
"""

import asyncio
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from registry_sync.domain.changes import Changes, Held, compare
from registry_sync.domain.identity import check_identity
from registry_sync.domain.record import FIELDS, Key, Parsed, Record
from registry_sync.mirror import sources
from registry_sync.settings import SourceSettings
from registry_sync.source.mapping import Mapping
from registry_sync.source.refusals import BatchRefused
from registry_sync.source.sheets import read_sheet
from registry_sync.sync.accept import Accepted, Arrived, accept
from shared.errors import Conflict, NotKnown
from shared.ids import new_id
from shared.pg.database import Database

ACCEPTING_MAX: Final = timedelta(minutes=10)
"""Whoever accepted a sheet has applied it by then, or was broken off: it may be accepted again."""

SAMPLE_MAX: Final = 50
"""Sites of each kind shown in a preview; the counts tell of all."""

_IMPORT: Final = """SELECT i.*, i.state = 'accepted' AND i.accepted_at < :since
    AND NOT EXISTS (SELECT FROM registry.fetch f WHERE f.source = i.source AND f.kind = 'import'
        AND f.started_at >= i.accepted_at AND f.result IN ('applied', 'withheld'))
    AND NOT EXISTS (SELECT FROM registry.import newer WHERE newer.source = i.source
        AND newer.state = 'accepted' AND newer.import_id > i.import_id) AS is_broken_off
FROM registry.import i WHERE i.import_id = :id FOR UPDATE OF i"""
"""An import, and whether it was accepted and nothing of its source was applied since."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file as an officer sent it."""

    file_name: str
    content: bytes
    by: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a sheet would change."""

    import_id: UUID
    fetch_id: UUID
    shown: dict[str, Any]


async def preview(database: Database, source: SourceSettings, uploaded: Uploaded) -> Preview:
    """Keep a sheet, and return what it would change.

    Raises:
        BatchRefused: when it is no sheet that may be read; it is kept all the same.

    """
    now = await sources.clock(database)
    digest = hashlib.sha256(uploaded.content).hexdigest()
    fetch_id = await sources.begin_fetch(database, source.name, "import", None, now)
    await sources.keep_part(database, fetch_id, 0, uploaded.file_name, digest, uploaded.content)
    try:
        parsed = await _parsed(source, uploaded.file_name, uploaded.content)
    except BatchRefused as refused:
        fault, detail = refused.fault.value, refused.detail
        await sources.end_fetch(database, fetch_id, source.name, fault, detail, now)
        raise
    shown = await _difference(database, source.name, parsed)
    import_id = new_id()
    async with database.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO registry.import (import_id, source, fetch_id, file_name, uploaded_by,"
                " uploaded_at, preview, state) VALUES (:import_id, :source, :fetch_id, :file_name,"
                " :by, :now, CAST(:preview AS jsonb), 'preview')"
            ),
            {
                "import_id": import_id,
                "source": source.name,
                "fetch_id": fetch_id,
                "file_name": uploaded.file_name,
                "by": uploaded.by,
                "now": now,
                "preview": json.dumps(shown, ensure_ascii=False),
            },
        )
        await connection.execute(
            text("UPDATE registry.fetch SET result = 'previewed' WHERE fetch_id = :fetch_id"),
            {"fetch_id": fetch_id},
        )
    return Preview(import_id, fetch_id, shown)


async def accept_import(
    database: Database,
    ranks: dict[str, int],
    import_id: UUID,
    by: str,
    named: Sequence[SourceSettings],
) -> Accepted:
    """Apply a sheet that was previewed, or was accepted and then broken off.

    Accepting stays apart from applying: reading takes longer than a transaction may idle.

    Raises:
        NotKnown: when there is no such import.
        Conflict: `import_ended`, when it or a newer one of its source was accepted.

    """
    now = await sources.clock(database)
    async with database.begin() as connection:
        row = (
            await connection.execute(
                text(_IMPORT),
                {"id": import_id, "since": now - ACCEPTING_MAX},
            )
        ).one_or_none()
        if row is None:
            raise NotKnown
        if row.state != "preview" and not row.is_broken_off:
            message = "This sheet was accepted, or a newer one of its source was."
            raise Conflict(message, code="import_ended")
        source = next(one for one in named if one.name == row.source)
        await connection.execute(
            text(
                "UPDATE registry.import SET state = CASE WHEN import_id = :id THEN 'accepted'"
                " ELSE 'replaced' END, accepted_by = CASE WHEN import_id = :id THEN :by END,"
                " accepted_at = CASE WHEN import_id = :id THEN CAST(:now AS timestamptz) END"
                " WHERE source = :source AND import_id <= :id"
                " AND (state = 'preview' OR import_id = :id)"
            ),
            {"id": import_id, "by": by, "now": now, "source": source.name},
        )
    return await _apply(database, ranks, source, row.fetch_id, row.file_name)


async def apply_again(
    database: Database, ranks: dict[str, int], source: SourceSettings
) -> Accepted | None:
    """Judge the sheet accepted last once more: two persons let through what was withheld."""
    query = text(
        "SELECT fetch_id, file_name FROM registry.import WHERE source = :source"
        " AND state = 'accepted' ORDER BY import_id DESC LIMIT 1"
    )
    async with database.connect() as connection:
        row = (await connection.execute(query, {"source": source.name})).one_or_none()
    if row is None:
        return None
    return await _apply(database, ranks, source, row.fetch_id, row.file_name)


async def _apply(
    database: Database, ranks: dict[str, int], source: SourceSettings, kept: UUID, file_name: str
) -> Accepted:
    """Read kept bytes again, and judge and apply them as a fetch of their own."""
    now = await sources.clock(database)
    content, digest = await _kept(database, kept)
    fetch_id = await sources.begin_fetch(database, source.name, "import", None, now)
    await sources.keep_part(database, fetch_id, 0, file_name, digest, content)
    parsed = await _parsed(source, file_name, content)
    count = len(parsed.records) + len(parsed.set_aside)
    arrived = Arrived(source.name, fetch_id, parsed, count, digest, now, is_full=True)
    return await accept(database, ranks, arrived)


async def _kept(database: Database, fetch_id: UUID) -> tuple[bytes, str]:
    query = text(
        "SELECT content, sha256 FROM registry.fetch_part WHERE fetch_id = :id AND part_no = 0"
    )
    async with database.connect() as connection:
        row = (await connection.execute(query, {"id": fetch_id})).one()
    return row.content, row.sha256


async def _parsed(source: SourceSettings, file_name: str, content: bytes) -> Parsed:
    """Parse beside the loop: a large sheet takes seconds."""
    mapping = Mapping.load(source.mapping)
    return await asyncio.to_thread(read_sheet, content, file_name, mapping)


async def _difference(database: Database, source: str, parsed: Parsed) -> dict[str, Any]:
    async with database.ledger() as tx:
        held = await sources.read_held(tx, source)
    records, doubtful = check_identity(held, parsed.records)
    aside = [*parsed.set_aside, *doubtful]
    named = [one.key for one in aside if one.key is not None]
    changes = compare(held, records, is_full=True, set_aside=named)
    return {
        "counts": _counts(changes, len(aside)),
        "added": [_record(one) for one in changes.added[:SAMPLE_MAX]],
        "modified": [_record(one) for one in changes.modified[:SAMPLE_MAX]],
        "revoked": [_record(one) for one in changes.revoked[:SAMPLE_MAX]],
        "restored": [_record(one) for one in changes.restored[:SAMPLE_MAX]],
        "missing": [_gone(key, held) for key in changes.missing[:SAMPLE_MAX]],
        "set_aside": [
            {"place": one.where, "reason": one.reason.value, "field": one.field}
            for one in aside[:SAMPLE_MAX]
        ],
        "unknown_columns": len(parsed.unknown_columns),
        "remarks": parsed.remarks,
    }


def _counts(changes: Changes, aside: int) -> dict[str, int]:
    return {
        "added": len(changes.added),
        "modified": len(changes.modified),
        "revoked": len(changes.revoked),
        "restored": len(changes.restored),
        "missing": len(changes.missing),
        "unchanged": changes.unchanged,
        "set_aside": aside,
    }


def _record(record: Record) -> dict[str, Any]:
    said = dict(zip(FIELDS, record.values, strict=True))
    return {
        "institution_id": record.institution_id,
        "licence_no": record.licence_no,
        "place": record.where,
        "said": {name: value for name, value in said.items() if value is not None},
    }


def _gone(key: Key, held: dict[Key, Held]) -> dict[str, Any]:
    return {"institution_id": key[0], "licence_no": key[1], "name": held[key].name}

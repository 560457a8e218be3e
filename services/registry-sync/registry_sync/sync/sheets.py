"""A bureau's sheet: kept as it came, shown as a difference, applied when an officer accepts.

A sheet is a full list: what it leaves out is missing, which never freezes.
Accepting reads the kept bytes again and judges them against what is held then.
"""

import asyncio
import hashlib
import json
from collections.abc import Mapping as Table
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from registry_sync.domain.believing import compared
from registry_sync.domain.changes import Held
from registry_sync.domain.record import Key, Parsed
from registry_sync.domain.words import BatchFault
from registry_sync.mirror import sources
from registry_sync.settings import SourceSettings
from registry_sync.source.mapping import Mapping
from registry_sync.source.refusals import BatchRefused
from registry_sync.source.sheets import read_sheet
from registry_sync.sync.accept import Accepted, Arrived, accept
from registry_sync.sync.difference import difference
from shared.errors import Conflict, NotKnown
from shared.ids import new_id
from shared.pg.database import Database
from shared.pg.sql import statement
from shared.time import business_day
from shared.web.principals import area_covers, area_stem

ACCEPTING_MAX: Final = timedelta(minutes=10)
"""Whoever accepted a sheet has applied it by then, or was broken off: it may be accepted again."""

_SQL: Final = "registry_sync.mirror.sql"
_IMPORT: Final = """SELECT i.*, i.state = 'accepted' AND i.accepted_at < :since
    AND NOT EXISTS (SELECT FROM registry.fetch f WHERE f.source = i.source AND f.kind = 'import'
        AND f.started_at >= i.accepted_at AND f.result IN ('applied', 'withheld'))
    AND NOT EXISTS (SELECT FROM registry.import newer WHERE newer.source = i.source
        AND newer.state = 'accepted' AND newer.import_id > i.import_id) AS is_broken_off
FROM registry.import i WHERE i.import_id = :id FOR UPDATE OF i"""
"""An import, and whether it was accepted and nothing of its source was applied since."""


@dataclass(frozen=True, slots=True)
class Officer:
    """Who sends or accepts a sheet, and how far the officer's district reaches."""

    name: str
    area_code: str | None = None


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file as an officer sent it."""

    file_name: str
    content: bytes
    by: Officer


@dataclass(frozen=True, slots=True)
class _Kept:
    """A sheet that was kept, read anew."""

    import_id: UUID
    file_name: str
    content: bytes
    digest: str
    parsed: Parsed


@dataclass(frozen=True, slots=True)
class Preview:
    """What a sheet would change."""

    import_id: UUID
    fetch_id: UUID
    shown: dict[str, Any]


async def preview(database: Database, source: SourceSettings, uploaded: Uploaded) -> Preview:
    """Keep a sheet, and return what it would change.

    Raises:
        BatchRefused: when it is no sheet that may be read, or lies outside the officer's
            district; it is kept all the same.

    """
    now = await sources.clock(database)
    digest = hashlib.sha256(uploaded.content).hexdigest()
    fetch_id = await sources.begin_fetch(database, source.name, "import", None, now)
    await sources.keep_part(database, fetch_id, 0, uploaded.file_name, digest, uploaded.content)
    try:
        parsed = await _parsed(source, uploaded.file_name, uploaded.content)
        async with database.ledger() as tx:
            held = await sources.read_held(tx, source.name)
        await _refuse_outside(database, held, parsed, uploaded.by)
    except BatchRefused as refused:
        fault, detail = refused.fault.value, refused.detail
        await sources.end_fetch(database, fetch_id, source.name, fault, detail, now)
        raise
    found = compared(held, parsed, business_day(now), is_full=True)
    shown = difference(held, parsed, found)
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
                "by": uploaded.by.name,
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
    by: Officer,
    named: Sequence[SourceSettings],
) -> Accepted:
    """Apply a sheet that was previewed, or was accepted and then broken off.

    Accepting stays apart from applying: reading takes longer than a transaction may idle. What
    cannot be read is not accepted, and of two accepted at one moment the newer one stays.

    Raises:
        NotKnown: when there is no such import.
        Conflict: `import_ended`, when it or a newer one of its source was accepted.
        BatchRefused: when its bytes are refused by now, when it lies outside the officer's
            district, or `overtaken` by a newer one.

    """
    now = await sources.clock(database)
    async with database.begin() as connection:
        row = await _acceptable(connection, import_id, now)
    source = next(one for one in named if one.name == row.source)
    kept = await _read_kept(database, source, row)
    async with database.ledger() as tx:
        held = await sources.read_held(tx, source.name)
    await _refuse_outside(database, held, kept.parsed, by)
    async with database.begin() as connection:
        await _acceptable(connection, import_id, now)
        await connection.execute(
            text(
                "UPDATE registry.import SET state = CASE WHEN import_id = :id THEN 'accepted'"
                " ELSE 'replaced' END, accepted_by = CASE WHEN import_id = :id THEN :by END,"
                " accepted_at = CASE WHEN import_id = :id THEN CAST(:now AS timestamptz) END"
                " WHERE source = :source AND import_id <= :id"
                " AND (state = 'preview' OR import_id = :id)"
            ),
            {"id": import_id, "by": by.name, "now": now, "source": source.name},
        )
    return await _apply(database, ranks, source, kept)


async def _acceptable(
    connection: AsyncConnection, import_id: UUID, now: datetime
) -> Row[tuple[object, ...]]:
    """Return an import that may be accepted, locked until the transaction ends."""
    bound = {"id": import_id, "since": now - ACCEPTING_MAX}
    row = (await connection.execute(text(_IMPORT), bound)).one_or_none()
    if row is None:
        raise NotKnown
    if row.state != "preview" and not row.is_broken_off:
        message = "This sheet was accepted, or a newer one of its source was."
        raise Conflict(message, code="import_ended")
    return row


async def apply_again(
    database: Database, ranks: dict[str, int], source: SourceSettings
) -> Accepted | None:
    """Judge the sheet accepted last once more: two persons let through what was withheld.

    A sheet that is refused by now is left, and the source says so.
    """
    query = text(
        "SELECT import_id, fetch_id, file_name FROM registry.import WHERE source = :source"
        " AND state = 'accepted' ORDER BY import_id DESC LIMIT 1"
    )
    async with database.connect() as connection:
        row = (await connection.execute(query, {"source": source.name})).one_or_none()
    if row is None:
        return None
    try:
        return await _apply(database, ranks, source, await _read_kept(database, source, row))
    except BatchRefused as refused:
        now = await sources.clock(database)
        fault, detail = refused.fault.value, refused.detail
        await sources.end_fetch(database, None, source.name, fault, detail, now)
        return None


async def _apply(
    database: Database, ranks: dict[str, int], source: SourceSettings, kept: _Kept
) -> Accepted:
    """Judge and apply kept bytes as a fetch of their own."""
    now = await sources.clock(database)
    fetch_id = await sources.begin_fetch(database, source.name, "import", None, now)
    await sources.keep_part(database, fetch_id, 0, kept.file_name, kept.digest, kept.content)
    count = len(kept.parsed.records) + len(kept.parsed.set_aside)
    arrived = Arrived(
        source.name,
        fetch_id,
        kept.parsed,
        count,
        kept.digest,
        now,
        is_full=True,
        import_id=kept.import_id,
    )
    try:
        return await accept(database, ranks, arrived)
    except BatchRefused as refused:
        fault, detail = refused.fault.value, refused.detail
        await sources.end_fetch(database, fetch_id, source.name, fault, detail, now)
        raise


async def _read_kept(
    database: Database, source: SourceSettings, row: Row[tuple[object, ...]]
) -> _Kept:
    """Read the bytes of an import again."""
    query = text(
        "SELECT content, sha256 FROM registry.fetch_part WHERE fetch_id = :id AND part_no = 0"
    )
    async with database.connect() as connection:
        part = (await connection.execute(query, {"id": row.fetch_id})).one()
    parsed = await _parsed(source, row.file_name, part.content)
    return _Kept(row.import_id, row.file_name, part.content, part.sha256, parsed)


async def _refuse_outside(
    database: Database, held: Table[Key, Held], parsed: Parsed, by: Officer
) -> None:
    """Refuse a sheet of which something lies outside the officer's district.

    A list has no district: that of every institution counts which it names, or held and could
    leave out, where it is known, and that which a row says itself.
    """
    if not area_stem(by.area_code):
        return
    said = {one.get("district_code") for one in parsed.records}
    names = sorted({name for name, _ in [*held, *(one.key for one in parsed.records)]})
    rows = await database.probe(statement(_SQL, "read_districts"), names)
    found = {*said, *(row["district_code"] for row in rows)} - {None}
    if not all(area_covers(by.area_code, one) for one in found):
        sentence = "The list has institutions outside the district of your key."
        raise BatchRefused(BatchFault.outside_district, sentence)


async def _parsed(source: SourceSettings, file_name: str, content: bytes) -> Parsed:
    """Parse beside the loop: a large sheet takes seconds."""
    mapping = Mapping.load(source.mapping)
    return await asyncio.to_thread(read_sheet, content, file_name, mapping)

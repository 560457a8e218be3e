"""Writing what was judged: statements, sites, how institutions stand, and what to tell of it.

One who applies holds an advisory lock, so that the sources take turns: what an institution
comes to depends on all of them. Everything goes in the caller's transaction, with the cursor.
"""

import asyncio
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from registry_sync.domain.record import Key, Record
from registry_sync.domain.standing import Said, view_of
from registry_sync.mirror.chunk import Chunk, Row, Source, Work, look_at, work_out
from shared.pg.database import LedgerConnection
from shared.pg.sql import statement

CHUNK: Final = 1_000
"""Institutions written at once: some megabytes, and well within a statement's time."""

_LOCK: Final = 7_316_803
_SQL: Final = "registry_sync.mirror.sql"


@dataclass(slots=True)
class Applied:
    """What came of applying: how many institutions changed how they stand, and what did not."""

    changed: int = 0
    contradicted: set[Key] = field(default_factory=set)
    """Sites of which the source's word is not believed, for another of its rank differs."""


async def lock(tx: LedgerConnection) -> None:
    """Wait until nobody else applies."""
    await tx.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)


async def apply(tx: LedgerConnection, source: Source, records: Iterable[Record]) -> Applied:
    """Apply records, and return what came of it.

    A chunk is worked out while the one before is written: they have no institution in common.
    """
    done = Applied()
    before = Work()
    for found in _chunks(sorted(records, key=attrgetter("institution_id", "licence_no"))):
        chunk = await read_chunk(tx, list(dict.fromkeys(one.institution_id for one in found)))
        working = asyncio.create_task(asyncio.to_thread(work_out, source, chunk, found))
        await _write(tx, source, before)
        before = await working
        done.changed += len(before.views)
        if before.contradicted:
            done.contradicted |= before.contradicted & {one.key for one in found}
    await _write(tx, source, before)
    return done


async def look_again(tx: LedgerConnection, source: Source, names: Sequence[str]) -> Applied:
    """Work out anew how some institutions stand: those in conflict, those that lapsed."""
    work = look_at(source, await read_chunk(tx, names), names)
    await _write(tx, source, work)
    return Applied(len(work.views), work.contradicted)


async def note_missing(tx: LedgerConnection, source: Source, keys: Sequence[Key]) -> None:
    """Count once more that a full batch left sites out."""
    if keys:
        await tx.execute(statement(_SQL, "write_missing"), *_columns(keys), source.name, source.now)


async def note_seen(tx: LedgerConnection, source: Source, keys: Sequence[Key]) -> None:
    """Note that sites are named again."""
    if keys:
        await tx.execute(statement(_SQL, "write_seen"), *_columns(keys), source.name)
        await tx.execute(statement(_SQL, "write_present"), [name for name, _ in keys])


async def tell_of(tx: LedgerConnection, events: Sequence[Row], now: datetime) -> None:
    """Put events on the feed, as `event_rows` makes them."""
    if events:
        await tx.execute(statement(_SQL, "add_event"), *_columns(events), now)


async def read_chunk(tx: LedgerConnection, names: Sequence[str]) -> Chunk:
    """Read what is said of some institutions, and how they are believed to stand."""
    chunk = Chunk()
    for row in await tx.fetch(statement(_SQL, "read_sites"), names):
        key = (row["institution_id"], row["licence_no"])
        said = Said(
            row["source"],
            row["rank"],
            key,
            tuple(row["said"]),
            row["valid_from"],
            row["evidence"],
            row["missing_fulls"] > 0,
        )
        chunk.said.setdefault(key[0], {})[row["source"], key[1]] = said
        chunk.numbers[row["source"], key] = row["statement_no"]
    for row in await tx.fetch(statement(_SQL, "read_institutions"), names):
        chunk.views[row["institution_id"]] = view_of(json.loads(row["body"]))
        chunk.sequences[row["institution_id"]] = row["sequence"]
    return chunk


def _chunks(records: Sequence[Record]) -> Iterator[list[Record]]:
    """Cut records into chunks that keep the sites of an institution together."""
    chunk: list[Record] = []
    for _, sites in groupby(records, key=attrgetter("institution_id")):
        chunk += sites
        if len(chunk) >= CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


async def _write(tx: LedgerConnection, source: Source, work: Work) -> None:
    if work.sites:
        await tx.execute(
            statement(_SQL, "write_site"),
            source.name,
            source.evidence,
            source.now,
            source.fetch_id,
            *_columns(work.sites),
        )
    if work.views:
        await tx.execute(statement(_SQL, "write_institution"), source.now, *_columns(work.views))
    await tell_of(tx, work.events, source.now)


def _columns(rows: Sequence[Row]) -> list[list[Any]]:
    """Turn rows into columns; there is at least one row."""
    return [list(column) for column in zip(*rows, strict=True)]

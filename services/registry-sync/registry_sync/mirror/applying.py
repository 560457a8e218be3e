"""Writing what was judged: statements, sites, how institutions stand, and what to tell of it.

One who applies holds an advisory lock, so that the sources take turns: what an institution
comes to depends on all of them. Everything goes in the caller's transaction, with the cursor.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from registry_sync.domain.record import Key, Record
from registry_sync.domain.standing import Said, View, contradicted_of, resolve, view_of
from registry_sync.domain.telling import Told, tell
from registry_sync.mirror.terms import terms_of
from shared.ids import new_id
from shared.pg.database import LedgerConnection
from shared.pg.sql import statement

CHUNK: Final = 1_000
"""Institutions written at once: some megabytes, and well within a statement's time."""

_LOCK: Final = 7_316_803
_SQL: Final = "registry_sync.mirror.sql"


@dataclass(frozen=True, slots=True)
class Source:
    """The source whose batch is applied, and the moment it is applied at."""

    name: str
    ranks: dict[str, int]
    """Of every source."""
    fetch_id: UUID
    evidence: str
    """The hash of what was fetched."""
    as_of: date
    """The authority's day, for records that name none."""
    now: datetime
    today: date
    is_stale: bool = False
    settled: frozenset[tuple[str, Key]] = frozenset()
    """Words that two persons let through, though others of the same rank say otherwise."""


@dataclass(slots=True)
class Applied:
    """What came of applying: how many institutions changed how they stand, and what did not."""

    changed: int = 0
    contradicted: set[Key] = field(default_factory=set)
    """Sites of which the source's word is not believed, for another of its rank differs."""


@dataclass(slots=True)
class _Chunk:
    """What is read of some institutions before their records are applied."""

    said: dict[str, dict[tuple[str, str], Said]]
    numbers: dict[tuple[str, Key], int]
    """The last statement of each source on each site."""
    views: dict[str, View]
    sequences: dict[str, int]


async def lock(tx: LedgerConnection) -> None:
    """Wait until nobody else applies."""
    await tx.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)


async def apply(tx: LedgerConnection, source: Source, records: Iterable[Record]) -> Applied:
    """Apply records, and return what came of it."""
    done = Applied()
    for chunk in _chunks(sorted(records, key=attrgetter("institution_id", "licence_no"))):
        came = await _apply_chunk(tx, source, chunk)
        said = {one.key for one in chunk}
        done.changed += came.changed
        done.contradicted |= came.contradicted & said
    return done


async def look_again(tx: LedgerConnection, source: Source, keys: Iterable[Key]) -> Applied:
    """Work out anew how the institutions of some sites stand: few, those in conflict."""
    names = sorted({name for name, _ in keys})
    return await write_views(tx, source, await read_chunk(tx, names), names)


async def note_missing(tx: LedgerConnection, source: Source, keys: Sequence[Key]) -> None:
    """Count once more that a full batch left sites out."""
    if keys:
        await tx.execute(statement(_SQL, "write_missing"), *_columns(keys), source.name, source.now)


async def note_seen(tx: LedgerConnection, source: Source, keys: Sequence[Key]) -> None:
    """Note that sites are named again."""
    if keys:
        await tx.execute(statement(_SQL, "write_seen"), *_columns(keys), source.name)
        await tx.execute(statement(_SQL, "write_present"), [name for name, _ in keys])


async def tell_of(
    tx: LedgerConnection, told: Sequence[tuple[str, int, Told]], now: datetime
) -> None:
    """Put events on the feed: institution, its next sequence, what to tell."""
    if not told:
        return
    rows = [
        (name, sequence, new_id(), one.type, json.dumps(one.body, ensure_ascii=False))
        for name, sequence, one in told
    ]
    await tx.execute(statement(_SQL, "add_event"), *_columns(rows), now)


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


async def _apply_chunk(tx: LedgerConnection, source: Source, records: list[Record]) -> Applied:
    names = list(dict.fromkeys(one.institution_id for one in records))
    chunk = await read_chunk(tx, names)
    rows = []
    for one in records:
        number = chunk.numbers.get((source.name, one.key), 0) + 1
        since = one.since or source.as_of
        rows.append((one, number, since))
        said = Said(
            source.name, source.ranks[source.name], one.key, one.values, since, source.evidence
        )
        chunk.said.setdefault(one.institution_id, {})[source.name, one.licence_no] = said
    await _write_sites(tx, source, rows)
    return await write_views(tx, source, chunk, names)


async def read_chunk(tx: LedgerConnection, names: Sequence[str]) -> _Chunk:
    """Read what is said of some institutions, and how they are believed to stand."""
    chunk = _Chunk({}, {}, {}, {})
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


async def _write_sites(
    tx: LedgerConnection, source: Source, rows: Sequence[tuple[Record, int, date]]
) -> None:
    """Append the statements, and put the last of each site."""
    statements = [
        (
            one.institution_id,
            source.name,
            one.licence_no,
            number,
            list(one.values),
            since,
            source.now,
            source.fetch_id,
            one.where,
        )
        for one, number, since in rows
    ]
    await tx.copy_records_to_table(
        "statement", schema_name="registry", records=statements, columns=_STATEMENT
    )
    columns = _columns(
        [
            (
                one.institution_id,
                one.licence_no,
                one.digest,
                json.dumps(one.values, ensure_ascii=False),
                since,
                number,
            )
            for one, number, since in rows
        ]
    )
    await tx.execute(
        statement(_SQL, "write_site"),
        columns[0],
        source.name,
        source.evidence,
        source.now,
        *columns[1:],
    )


_STATEMENT: Final = (
    *("institution_id", "source", "licence_no", "statement_no", "said", "valid_from"),
    *("recorded_at", "fetch_id", "place"),
)


async def write_views(
    tx: LedgerConnection, source: Source, chunk: _Chunk, names: Sequence[str]
) -> Applied:
    """Work out how institutions stand now; write and tell where that changed."""
    rows = []
    contradicted: set[Key] = set()
    told: list[tuple[str, int, Told]] = []
    for name in names:
        before = chunk.views.get(name)
        said = chunk.said[name].values()
        after = resolve(name, said, source.today, before, source.settled)
        if after.conflicts:
            contradicted |= {key for who, key in contradicted_of(after, said) if who == source.name}
        events = tell(before, after, is_stale=source.is_stale)
        if not events:
            continue
        first = chunk.sequences.get(name, 0) + 1
        told += [(name, number, one) for number, one in enumerate(events, first)]
        rows.append(_institution_row(after, first + len(events) - 1))
    if rows:
        await tx.execute(statement(_SQL, "write_institution"), source.now, *_columns(rows))
    await tell_of(tx, told, source.now)
    return Applied(len(rows), contradicted)


def _institution_row(view: View, sequence: int) -> tuple[Any, ...]:
    return (
        view.institution_id,
        view.name,
        view.district_code,
        view.status,
        view.ends_on,
        json.dumps(terms_of(view.name), ensure_ascii=False),
        json.dumps(view.body(), ensure_ascii=False),
        False,
        sequence,
    )


def _columns(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Turn rows into columns; there is at least one row."""
    return [list(column) for column in zip(*rows, strict=True)]

"""Where each source stands, and what was fetched from it, byte by byte."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Final
from uuid import UUID

from sqlalchemy import text

from registry_sync.domain.changes import GONE_AFTER, GONE_FULLS, Held
from registry_sync.domain.record import Key, SetAside
from shared.ids import new_id
from shared.pg.database import Database, LedgerConnection
from shared.pg.sql import statement

RUNS: Final = 30
"""Full batches whose median says how full a field usually is."""

RUNS_MIN: Final = 3
"""Fewer say nothing."""

TOGGLES_WITHIN: Final = timedelta(days=7)
REVOKED_WITHIN: Final = timedelta(hours=24)
"""Revocations of one day are judged together: a source may drip what it would not dare at once."""

LATE: Final = 2
"""A source is stale when nothing came for so many times its cadence."""

_SQL: Final = "registry_sync.mirror.sql"


@dataclass(frozen=True, slots=True)
class State:
    """Where one source stands."""

    source: str
    rank: int
    version: int | None = None
    schema_version: int | None = None
    etag: str | None = None
    as_of: datetime | None = None
    valid_until: datetime | None = None
    cadence_s: int | None = None
    last_success_at: datetime | None = None
    last_full_at: datetime | None = None
    last_change_at: datetime | None = None
    last_result: str | None = None
    last_tried_at: datetime | None = None

    def is_stale(self, now: datetime) -> bool:
        """Tell whether what is held of it may be out of date."""
        if self.last_success_at is None:
            return True
        if self.valid_until is not None and self.valid_until < now:
            return True
        late = timedelta(seconds=LATE * self.cadence_s) if self.cadence_s else None
        return late is not None and now - self.last_success_at > late


_STATE: Final = (
    "source, rank, version, schema_version, etag, as_of, valid_until, cadence_s,"
    " last_success_at, last_full_at, last_change_at, last_result, last_tried_at"
)


async def enrol(
    database: Database, ranks: Mapping[str, int], cadences: Mapping[str, int] | None = None
) -> None:
    """Make the rows of sources that are new, and give those known their rank and cadence.

    Cadences are of those that do not say themselves how often something comes: sheets.
    """
    query = text(
        "INSERT INTO registry.source (source, rank, cadence_s)"
        " VALUES (:source, :rank, CAST(:cadence_s AS integer))"
        " ON CONFLICT (source) DO UPDATE SET rank = excluded.rank,"
        " cadence_s = coalesce(excluded.cadence_s, registry.source.cadence_s)"
        " WHERE registry.source.rank <> excluded.rank"
        " OR registry.source.cadence_s IS DISTINCT FROM"
        " coalesce(excluded.cadence_s, registry.source.cadence_s)"
    )
    known = cadences or {}
    async with database.begin() as connection:
        for source, rank in sorted(ranks.items()):
            bound = {"source": source, "rank": rank, "cadence_s": known.get(source)}
            await connection.execute(query, bound)


async def states(database: Database) -> dict[str, State]:
    """Return where every source stands."""
    query = text(f"SELECT {_STATE} FROM registry.source ORDER BY source")  # noqa: S608 - ours
    async with database.connect() as connection:
        return {row.source: State(*row) for row in await connection.execute(query)}


async def clock(database: Database) -> datetime:
    """Return the time: the database's, plus what the sandbox raised it by."""
    query = text("SELECT now() + make_interval(secs => offset_s) FROM access.clock")
    async with database.connect() as connection:
        now: datetime = (await connection.execute(query)).scalar_one()
    return now


async def begin_fetch(
    database: Database, source: str, kind: str, version: int | None, now: datetime
) -> UUID:
    """Note that a fetch begins; its bytes follow as they come.

    One of the same source that still seems to run was broken off: nothing came of it.
    """
    fetch_id = new_id()
    broken_off = text(
        "UPDATE registry.fetch SET result = 'broken_off', finished_at = :now"
        " WHERE source = :source AND result = 'running'"
    )
    query = text(
        "INSERT INTO registry.fetch (fetch_id, source, kind, version, started_at, result)"
        " VALUES (:fetch_id, :source, :kind, :version, :now, 'running')"
    )
    bound = {"fetch_id": fetch_id, "source": source, "kind": kind, "version": version, "now": now}
    async with database.begin() as connection:
        await connection.execute(broken_off, {"source": source, "now": now})
        await connection.execute(query, bound)
    return fetch_id


async def keep_part(
    database: Database, fetch_id: UUID, part_no: int, name: str, sha256: str, content: bytes
) -> None:
    """Keep one file of a fetch as it came."""
    query = text(
        "INSERT INTO registry.fetch_part (fetch_id, part_no, name, sha256, content)"
        " VALUES (:fetch_id, :part_no, :name, :sha256, :content)"
    )
    bound = {
        "fetch_id": fetch_id,
        "part_no": part_no,
        "name": name,
        "sha256": sha256,
        "content": content,
    }
    async with database.begin() as connection:
        await connection.execute(query, bound)


async def end_fetch(
    database: Database, fetch_id: UUID | None, source: str, result: str, detail: str, now: datetime
) -> None:
    """Note that a fetch came to nothing; what was held before stays."""
    async with database.begin() as connection:
        await connection.execute(
            text(
                "UPDATE registry.fetch SET result = :result, detail = :detail, finished_at = :now"
                " WHERE fetch_id = :fetch_id"
            ),
            {"fetch_id": fetch_id, "result": result, "detail": detail, "now": now},
        )
        await connection.execute(
            text(
                "UPDATE registry.source SET last_tried_at = :now, last_result = :result"
                " WHERE source = :source"
            ),
            {"source": source, "result": result, "now": now},
        )


async def note_withheld(database: Database, source: str, now: datetime) -> None:
    """Note that the source still shows a version that waits for people: not fresh, not new."""
    query = text(
        "UPDATE registry.source SET last_tried_at = :now, last_result = 'withheld'"
        " WHERE source = :source"
    )
    async with database.begin() as connection:
        await connection.execute(query, {"source": source, "now": now})


async def note_unchanged(database: Database, source: str, now: datetime) -> None:
    """Note that the source answered and had nothing new: fresh, and no new data."""
    query = text(
        "UPDATE registry.source SET last_tried_at = :now, last_success_at = :now,"
        " last_result = 'unchanged' WHERE source = :source"
    )
    async with database.begin() as connection:
        await connection.execute(query, {"source": source, "now": now})


@dataclass(frozen=True, slots=True)
class Published:
    """The version held, published again with a new date to count until."""

    etag: str | None
    as_of: datetime
    valid_until: datetime


async def note_published(
    database: Database, source: str, published: Published, now: datetime
) -> None:
    """Note that the version held was published again."""
    query = text(
        "UPDATE registry.source SET last_tried_at = :now, last_success_at = :now,"
        " last_result = 'unchanged', etag = :etag, as_of = :as_of, valid_until = :valid_until"
        " WHERE source = :source"
    )
    bound = {
        "source": source,
        "now": now,
        "etag": published.etag,
        "as_of": published.as_of,
        "valid_until": published.valid_until,
    }
    async with database.begin() as connection:
        await connection.execute(query, bound)


async def read_held(tx: LedgerConnection, source: str) -> dict[Key, Held]:
    """Return what is held of a source, to compare a batch with."""
    return {
        (row["institution_id"], row["licence_no"]): Held(
            row["digest"],
            row["status"] or "",
            row["district_code"] or "",
            row["name"] or "",
            row["black_listed"] or False,
            row["missing_fulls"],
            row["is_gone"] or False,
            row["stated"],
            row["white_listed"] or False,
        )
        for row in await tx.fetch(statement(_SQL, "read_held"), source, GONE_FULLS, GONE_AFTER)
    }


async def read_toggles(tx: LedgerConnection, source: str, now: datetime) -> dict[str, int]:
    """Return how often each institution's status or black listing turned within a week."""
    rows = await tx.fetch(statement(_SQL, "read_toggles"), source, now - TOGGLES_WITHIN)
    return {row["institution_id"]: row["toggles"] for row in rows}


async def read_revoked(tx: LedgerConnection, source: str, now: datetime) -> frozenset[Key]:
    """Return the sites revoked within a day on the source's word alone."""
    rows = await tx.fetch(statement(_SQL, "read_revoked"), source, now - REVOKED_WITHIN)
    return frozenset((row["institution_id"], row["licence_no"]) for row in rows)


async def usual_fill(tx: LedgerConnection, source: str) -> dict[str, int]:
    """Return how full each field usually is, in basis points: the median of the last runs.

    Once two persons let an emptier batch through, it is the first run that counts.
    """
    rows = await tx.fetch(
        "SELECT fill_bps FROM registry.fetch WHERE source = $1 AND kind IN ('full', 'import')"
        " AND result IN ('applied', 'withheld') AND fill_bps IS NOT NULL"
        " AND started_at >= coalesce((SELECT max(ended_at) FROM registry.hold WHERE source = $1"
        " AND reason = 'fill_rate' AND state = 'applied'), '-infinity')"
        " ORDER BY started_at DESC LIMIT $2",
        source,
        RUNS,
    )
    runs = [json.loads(row["fill_bps"]) for row in rows]
    if len(runs) < RUNS_MIN:
        return {}
    fields = {name for run in runs for name in run}
    return {name: int(median(run.get(name, 0) for run in runs)) for name in fields}


async def write_set_aside(
    tx: LedgerConnection, fetch_id: UUID, source: str, found: Sequence[SetAside], now: datetime
) -> None:
    """Keep which rows were not believed, by where they stood."""
    rows = [
        (
            *(fetch_id, number, source, one.where, one.reason.value, one.field),
            *(one.key[0] if one.key else None, now),
        )
        for number, one in enumerate(found)
    ]
    await tx.copy_records_to_table(
        "set_aside",
        schema_name="registry",
        records=rows,
        columns=(
            *("fetch_id", "row_no", "source", "place", "reason", "field"),
            *("institution_id", "set_aside_at"),
        ),
    )

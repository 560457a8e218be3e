"""A batch that arrived whole: compared, judged, applied; all in one transaction."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from registry_sync.domain.believing import compared
from registry_sync.domain.changes import Changes, Held
from registry_sync.domain.record import Key, Parsed, SetAside
from registry_sync.domain.safeguards import (
    Batch,
    Judgement,
    Limits,
    Release,
    fill_of,
    judge,
)
from registry_sync.domain.words import BatchFault, HoldReason
from registry_sync.mirror import absence, applying, conflicts, holding, sources
from registry_sync.mirror.chunk import Source
from registry_sync.source.manifest import Manifest
from registry_sync.source.refusals import BatchRefused
from registry_sync.sync import metrics
from shared.pg.database import Database, LedgerConnection
from shared.time import business_day


@dataclass(frozen=True, slots=True)
class Arrived:
    """A batch as it came."""

    source: str
    fetch_id: UUID
    parsed: Parsed
    count: int
    evidence: str
    now: datetime
    is_full: bool
    manifest: Manifest | None = None
    etag: str | None = None
    version_before: int | None = None
    """The version that was held when it was fetched: what deltas lead on from."""
    import_id: UUID | None = None
    """Of a sheet: which one an officer accepted."""

    @property
    def day(self) -> date:
        """Return the authority's day that it is of."""
        return business_day(self.manifest.as_of if self.manifest else self.now)


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a batch."""

    result: str
    changed: int
    set_aside: int
    withheld: Mapping[HoldReason, int] = field(default_factory=dict)


async def accept(database: Database, ranks: dict[str, int], arrived: Arrived) -> Accepted:
    """Compare, judge and apply one batch, and move the source's cursor with it.

    Raises:
        BatchRefused: `overtaken`, when another process moved the cursor meanwhile, or another
            sheet of the source was accepted after this one.

    """
    async with database.ledger() as tx:
        await applying.lock(tx)
        await _refuse_overtaken(tx, arrived)
        held = await sources.read_held(tx, arrived.source)
        found = compared(held, arrived.parsed, arrived.day, is_full=arrived.is_full)
        changes, aside = found.changes, found.set_aside
        batch = await _batch(tx, arrived, held, changes)
        released = await holding.read_released(tx, arrived.source, arrived.now)
        judgement = judge(batch, Limits(), released)
        changed = 0
        if not judgement.is_whole:
            changed = await _apply(tx, ranks, arrived, judgement, released)
        await sources.write_set_aside(tx, arrived.fetch_id, arrived.source, aside, arrived.now)
        await _hold(tx, arrived, held, changes, judgement, list(released))
        await _move_on(tx, arrived, batch, judgement)
    _count(arrived.source, changes, judgement, aside)
    withheld = {one.reason: one.count for one in judgement.withheld}
    return Accepted(_result(judgement), changed, len(aside), withheld)


def _result(judgement: Judgement) -> str:
    return "withheld" if judgement.withheld else "applied"


async def _refuse_overtaken(tx: LedgerConnection, arrived: Arrived) -> None:
    """Refuse what another process, or an officer's newer word, has made old meanwhile."""
    if arrived.manifest is not None:
        before = await tx.fetchval(
            "SELECT version FROM registry.source WHERE source = $1", arrived.source
        )
        if before != arrived.version_before:
            sentence = "Another process applied a version meanwhile: the next look goes on from it."
            raise BatchRefused(BatchFault.overtaken, sentence)
    if arrived.import_id is not None and await tx.fetchval(
        "SELECT EXISTS (SELECT FROM registry.import WHERE source = $1 AND state = 'accepted'"
        " AND import_id > $2)",
        arrived.source,
        arrived.import_id,
    ):
        sentence = "A newer sheet of this source was accepted meanwhile: it alone applies."
        raise BatchRefused(BatchFault.overtaken, sentence)


async def _batch(
    tx: LedgerConnection, arrived: Arrived, held: Mapping[Key, Held], changes: Changes
) -> Batch:
    manifest = arrived.manifest
    return Batch(
        is_full=arrived.is_full,
        count=arrived.count,
        changes=changes,
        held=held,
        version=manifest.version if manifest else None,
        version_before=arrived.version_before,
        as_of=manifest.as_of if manifest else None,
        now=arrived.now,
        unknown_columns=arrived.parsed.unknown_columns,
        fill_bps=fill_of(arrived.parsed.records, {} if arrived.is_full else held),
        fill_before_bps=await sources.usual_fill(tx, arrived.source),
        toggles=await sources.read_toggles(tx, arrived.source, arrived.now),
        revoked_lately=await sources.read_revoked(tx, arrived.source, arrived.now),
    )


async def _apply(
    tx: LedgerConnection,
    ranks: dict[str, int],
    arrived: Arrived,
    judgement: Judgement,
    released: Mapping[HoldReason, Release],
) -> int:
    source = Source(
        arrived.source,
        ranks,
        arrived.fetch_id,
        arrived.evidence,
        arrived.day,
        arrived.now,
        business_day(arrived.now),
    )
    done = await applying.apply(tx, source, judgement.records)
    conflict = await conflicts.settle(tx, source, done.contradicted, released)
    if conflict is not None:
        judgement.withheld.append(conflict)
    await applying.note_missing(tx, source, judgement.missing)
    await applying.note_seen(tx, source, judgement.seen_again)
    if judgement.missing:
        await absence.tell_missing(tx, source)
    return done.changed


async def _hold(
    tx: LedgerConnection,
    arrived: Arrived,
    held: Mapping[Key, Held],
    changes: Changes,
    judgement: Judgement,
    released: Sequence[HoldReason],
) -> None:
    districts = {key: one.district_code for key, one in held.items()}
    districts |= {
        one.key: one.get("district_code") or "" for one in changes.records if one.key not in held
    }
    version = arrived.manifest.version if arrived.manifest else None
    batch = holding.Batch(
        arrived.source, arrived.fetch_id, version, districts, arrived.now, arrived.is_full
    )
    await holding.write_holds(tx, batch, judgement.withheld, released)


async def _move_on(
    tx: LedgerConnection, arrived: Arrived, batch: Batch, judgement: Judgement
) -> None:
    """Move the cursor, unless nothing of the batch was believed."""
    await tx.execute(
        "UPDATE registry.fetch SET finished_at = $2, result = $3, records = $4, sha256 = $5,"
        " fill_bps = $6::jsonb WHERE fetch_id = $1",
        arrived.fetch_id,
        arrived.now,
        _result(judgement),
        arrived.count,
        arrived.evidence,
        None if judgement.is_whole else json.dumps(batch.fill_bps),
    )
    if judgement.is_whole:
        await tx.execute(
            "UPDATE registry.source SET last_tried_at = $2, last_result = 'withheld'"
            " WHERE source = $1",
            arrived.source,
            arrived.now,
        )
        return
    manifest = arrived.manifest
    await tx.execute(
        "UPDATE registry.source SET version = coalesce($3, version),"
        " schema_version = coalesce($4, schema_version), etag = $5,"
        " as_of = coalesce($6, as_of), valid_until = $7, cadence_s = coalesce($8, cadence_s),"
        " last_tried_at = $2, last_success_at = $2, last_result = $9,"
        " last_change_at = CASE WHEN $10 THEN $2 ELSE last_change_at END,"
        " last_full_at = CASE WHEN $11 THEN $2 ELSE last_full_at END WHERE source = $1",
        arrived.source,
        arrived.now,
        manifest.version if manifest else None,
        manifest.schema_version if manifest else None,
        arrived.etag if not judgement.withheld else None,
        manifest.as_of if manifest else arrived.now,
        manifest.valid_until if manifest else None,
        manifest.update_cadence_s if manifest else None,
        _result(judgement),
        bool(judgement.records),
        arrived.is_full,
    )


def _count(source: str, changes: Changes, judgement: Judgement, aside: Sequence[SetAside]) -> None:
    acted = {one.key for one in judgement.records}
    kinds = {
        "add": changes.added,
        "modify": changes.modified,
        "revoke": changes.revoked,
        "restore": changes.restored,
    }
    applied = {kind: sum(one.key in acted for one in found) for kind, found in kinds.items()}
    waiting = {kind: len(found) - applied[kind] for kind, found in kinds.items()}
    missing = len(judgement.missing)
    metrics.count_changes(source, "applied", {**applied, "missing": missing})
    metrics.count_changes(source, "held", {**waiting, "missing": len(changes.missing) - missing})
    metrics.count_changes(source, "quarantined", {"modify": len(aside)})

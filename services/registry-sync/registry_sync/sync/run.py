"""One sync of one platform.

| step | what may end it |
|---|---|
| ask for the manifest | unchanged: fresh, nothing to do |
| check signature, source, version | refused: what is held stays |
| choose deltas, or everything | - |
| download, check, unpack, parse | refused: what is held stays |
| compare, judge, apply, in one transaction with the cursor | withheld: waits for two persons |

Everything is fetched at least once a day, whatever the deltas say, and whenever something is
withheld: what a delta said once it says never again.
"""

import asyncio
import time
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import httpx
import structlog

from registry_sync.domain.safeguards import Limits
from registry_sync.domain.words import BatchFault, HoldReason
from registry_sync.mirror import sources, waiting
from registry_sync.mirror.sources import State
from registry_sync.settings import SourceSettings
from registry_sync.source.manifest import File, Manifest
from registry_sync.source.mapping import Mapping
from registry_sync.source.platform import Batch, read_files
from registry_sync.source.refusals import BatchRefused
from registry_sync.source.transport import Gone, Place, Transport
from registry_sync.sync import metrics
from registry_sync.sync.accept import Arrived, accept
from shared.pg.database import Database

FULL_EVERY: Final = timedelta(hours=24)
"""Deltas alone would never show what they forgot."""

_log = structlog.get_logger("registry.sync")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one sync came to."""

    source: str
    result: str
    """unchanged, applied, withheld, or the fault it was refused for."""

    detail: str = ""
    version: int | None = None
    changed: int = 0
    set_aside: int = 0
    withheld: Table[HoldReason, int] = field(default_factory=dict)


@dataclass(slots=True)
class Syncing:
    """What a process syncs with: its database, its sources, one HTTP client."""

    database: Database
    client: httpx.AsyncClient
    ranks: dict[str, int]
    https_only: bool = True
    pause_s: float = 0.5
    silence_s: float = 15.0
    running: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def sync(self, source: SourceSettings, *, everything: bool = False) -> Outcome:
        """Sync one platform; `everything` asks for all of it, whatever it says of changes."""
        async with self.running.setdefault(source.name, asyncio.Lock()):
            return await _Run(self, source, everything=everything).play()

    def transport(self, source: SourceSettings) -> Transport:
        """Return the way to a source."""
        place = Place(source.url or "", source.allowed_hosts, self.https_only)
        return Transport(self.client, place, self.pause_s, self.silence_s)


class _Run:
    """One sync in progress."""

    fetch_id: UUID | None = None
    version: int | None = None
    """The version held when it began."""

    def __init__(self, syncing: Syncing, source: SourceSettings, *, everything: bool) -> None:
        self.syncing = syncing
        self.source = source
        self.everything = everything
        self.transport = syncing.transport(source)
        self.started = time.monotonic()

    @property
    def database(self) -> Database:
        return self.syncing.database

    async def play(self) -> Outcome:
        name = self.source.name
        now = await sources.clock(self.database)
        try:
            outcome = await self._play(now)
        except BatchRefused as refused:
            fault = refused.fault.value
            await sources.end_fetch(self.database, self.fetch_id, name, fault, refused.detail, now)
            metrics.FETCHES.labels(name, fault).inc()
            _log.warning("batch_refused", source=name, fault=fault)
            outcome = Outcome(name, fault, refused.detail)
        finally:
            metrics.count_fetches(name, self.transport.statuses)
        return outcome

    async def _play(self, now: datetime) -> Outcome:
        name = self.source.name
        state = (await sources.states(self.database))[name]
        self.version = state.version
        held = await waiting.look(self.database, name, now)
        self.everything |= held.is_over
        self.everything |= held.is_approved
        ask_anew = self.everything or held.is_any or self._is_full_due(state, now)
        answer = await self.transport.manifest(None if ask_anew else state.etag)
        if answer is None:
            await sources.note_unchanged(self.database, name, now)
            return Outcome(name, "unchanged", version=state.version)
        content, etag = answer
        manifest = self._checked(content, state)
        await self._refuse_overdue(manifest, now)
        is_same = manifest.version == state.version and not self._is_full_due(state, now)
        is_ahead = manifest.as_of - now > Limits().ahead_max
        if is_same and not self.everything:
            if is_ahead:
                await sources.note_unchanged(self.database, name, now)
                return Outcome(name, "unchanged", version=state.version)
            published = sources.Published(etag, manifest.as_of, manifest.valid_until)
            await sources.note_published(self.database, name, published, now)
            return Outcome(name, "unchanged", version=state.version)
        is_known = manifest.version == held.version and (is_ahead or not held.is_ahead)
        if is_known and not self.everything:
            await sources.note_withheld(self.database, name, now)
            return Outcome(name, "withheld", version=state.version)
        chain = None if held.is_any else self._chain(manifest, state, now)
        return await self._fetch(manifest, chain, etag, now)

    def _checked(self, content: bytes, state: State) -> Manifest:
        manifest = Manifest.read(content, self.source.public_key or "")
        if manifest.source != self.source.mapping:
            sentence = "The manifest is of another source."
            raise BatchRefused(BatchFault.manifest_wrong, sentence)
        if state.version is not None and manifest.version < state.version:
            sentence = "The source went back to an older version."
            raise BatchRefused(BatchFault.rollback, sentence)
        return manifest

    async def _refuse_overdue(self, manifest: Manifest, now: datetime) -> None:
        """Leave what an overdue manifest says for a fresh one to say.

        Applied now it would freeze nobody, and a fresh one that says the same would be no change.
        """
        if not manifest.is_over(now):
            return
        await waiting.note_overdue(self.database, self.source.name, manifest.valid_until)
        sentence = "The manifest counts until a moment that has passed: the source is late."
        raise BatchRefused(BatchFault.overdue, sentence)

    def _is_full_due(self, state: State, now: datetime) -> bool:
        return state.last_full_at is None or now - state.last_full_at >= FULL_EVERY

    def _chain(self, manifest: Manifest, state: State, now: datetime) -> list[File] | None:
        """Return the deltas to fetch, or None where everything is to be."""
        is_new = state.version is None or state.schema_version != manifest.schema_version
        if self.everything or is_new or self._is_full_due(state, now):
            return None
        assert state.version is not None
        chain = manifest.chain(state.version)
        return [*chain] if chain else None

    async def _fetch(
        self, manifest: Manifest, chain: list[File] | None, etag: str | None, now: datetime
    ) -> Outcome:
        try:
            batch = await self._read(manifest, chain or manifest.full.parts, chain, now)
        except Gone:
            if chain is None:
                sentence = "A part of the newest version is gone."
                raise BatchRefused(BatchFault.unreachable, sentence) from None
            await sources.end_fetch(
                self.database, self.fetch_id, self.source.name, "gone", "a delta is gone", now
            )
            return await self._fetch(manifest, None, etag, now)
        is_full = chain is None
        if is_full and batch.count != manifest.full.count:
            sentence = "The parts have another number of lines than the manifest says."
            raise BatchRefused(BatchFault.count_wrong, sentence)
        assert self.fetch_id is not None
        arrived = Arrived(
            self.source.name,
            self.fetch_id,
            batch.parsed,
            batch.count,
            batch.evidence,
            now,
            is_full=is_full,
            manifest=manifest,
            etag=etag,
            version_before=self.version,
        )
        accepted = await accept(self.database, self.syncing.ranks, arrived)
        metrics.PROPAGATION.labels("feed").observe(time.monotonic() - self.started)
        return Outcome(
            self.source.name,
            accepted.result,
            "; ".join(batch.parsed.remarks),
            manifest.version,
            accepted.changed,
            accepted.set_aside,
            accepted.withheld,
        )

    async def _read(
        self, manifest: Manifest, files: list[File], chain: list[File] | None, now: datetime
    ) -> Batch:
        kind = "full" if chain is None else "delta"
        self.fetch_id = await sources.begin_fetch(
            self.database, self.source.name, kind, manifest.version, now
        )
        fetch_id = self.fetch_id

        async def keep(number: int, file: File, content: bytes) -> None:
            await sources.keep_part(self.database, fetch_id, number, file.url, file.sha256, content)

        mapping = Mapping.load(self.source.mapping)
        return await read_files(self.transport, mapping, files, keep, is_chain=chain is not None)

"""A mirror and the platform it mirrors, both real, on a database of their own."""

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from registry_sync.migrations.ddl_0001 import APPEND_ONLY, CHANGEABLE
from registry_sync.mirror.holding import Word, vote
from registry_sync.mirror.sources import enrol
from registry_sync.settings import SourceSettings
from registry_sync.sync.run import Outcome, Syncing
from registry_sync.worker import Rounds
from sandbox.bank.transport import WithoutNetwork
from sandbox.platform import PlatformOptions, create_platform
from shared.pg.database import Database
from tests.support.platform import Reader
from tests.support.postgres import registry_url, run_sql

NATIONAL = "national"
Site = dict[str, Any]


@dataclass
class Mirror:
    """A platform, the way to it, and what is held of it."""

    database: Database
    owner_url: str
    app: FastAPI
    platform: Reader
    syncing: Syncing
    source: SourceSettings
    passed: timedelta = timedelta()

    async def sync(self, *, everything: bool = False) -> Outcome:
        """Look at the platform once."""
        return await self.syncing.sync(self.source, everything=everything)

    async def rows(self, query: str, **bound: object) -> list[dict[str, Any]]:
        """Return what a query finds."""
        async with self.database.connect() as connection:
            found = await connection.execute(text(query), bound)
            return [dict(row) for row in found.mappings()]

    async def status(self, uscc: str) -> str:
        """Return how an institution is believed to stand."""
        found = await self.rows(
            "SELECT status FROM registry.institution WHERE institution_id = :me", me=uscc
        )
        return str(found[0]["status"])

    async def events(self, *but: str) -> list[dict[str, Any]]:
        """Return the feed in the order written, but for some types."""
        found = await self.rows(
            "SELECT institution_id, sequence, type, body FROM registry.event ORDER BY event_id"
        )
        return [{**one, "body": json.loads(one["body"])} for one in found if one["type"] not in but]

    async def absences(self) -> list[dict[str, Any]]:
        """Return what the feed says of institutions that were left out."""
        return [one for one in await self.events() if one["type"] == "institution.missing"]

    async def freezing(self) -> list[str]:
        """Return the institutions that the feed says are to be frozen."""
        events = await self.events()
        return [one["institution_id"] for one in events if one["body"]["effect"] == "freeze"]

    async def holds(self, state: str = "open") -> dict[str, int]:
        """Return what waits, by reason."""
        found = await self.rows(
            "SELECT reason, changes FROM registry.hold WHERE state = :state", state=state
        )
        return {one["reason"]: one["changes"] for one in found}

    async def sites(self, number: int, status: str = "正常") -> list[Site]:
        """Return some of the platform's sites, one of each institution."""
        answer = await self.platform.http.get(
            "/desk/institutions", params={"status": status, "limit": number * 2}
        )
        found = {one["uscc"]: one for one in answer.json()["items"] if one["licenceNo"]}
        return list(found.values())[:number]

    async def revoke(self, *sites: Site) -> None:
        """Let the platform revoke licences."""
        await self.platform.change(
            *(
                {"uscc": one["uscc"], "licenceNo": one["licenceNo"], "orgStatus": "吊销"}
                for one in sites
            )
        )

    async def hold_id(self, reason: str, state: str = "open") -> UUID:
        """Return the hold of a reason that is in a state."""
        (found,) = await self.rows(
            "SELECT hold_id FROM registry.hold WHERE reason = :reason AND state = :state",
            reason=reason,
            state=state,
        )
        return UUID(str(found["hold_id"]))

    async def vote(self, reason: str, *voters: str, verdict: str = "approve") -> str:
        """Let persons decide the hold of a reason that is open, and return what it comes to."""
        hold_id, state = await self.hold_id(reason), "open"
        for voter in voters:
            state = await vote(self.database, hold_id, Word(voter, verdict, "looked at it"))
        return state

    async def look(self) -> Outcome | None:
        """Let the worker look whether anything is due, and return the sync it made."""
        made: list[Outcome] = []

        class Watched(Syncing):
            async def sync(self, source: SourceSettings, *, everything: bool = False) -> Outcome:
                made.append(await super().sync(source, everything=everything))
                return made[-1]

        own = self.syncing
        watched = Watched(own.database, own.client, own.ranks, own.https_only, own.pause_s)
        await Rounds(self.database, [self.source], watched, poll_s=86_400).look()
        return made[-1] if made else None

    def wait(self, seconds: int) -> None:
        """Let time pass, for the mirror: the clock of the books is raised."""
        run_sql(self.owner_url, f"UPDATE access.clock SET offset_s = offset_s + {seconds}")

    async def pass_time(self, **parts: int) -> None:
        """Let time pass for the mirror and the platform alike."""
        self.passed += timedelta(**parts)
        self.wait(int(timedelta(**parts).total_seconds()))
        offset = {"offset_s": int(self.passed.total_seconds())}
        await self.platform.http.put("/desk/clock", json=offset)


def empty(owner_url: str) -> None:
    """Make a database as good as new: many mirrors, one after the other, need but one."""
    tables = ", ".join(f"registry.{name}" for name in (*APPEND_ONLY, *CHANGEABLE))
    run_sql(owner_url, f"TRUNCATE {tables}")
    run_sql(owner_url, "UPDATE access.clock SET offset_s = 0")


@contextlib.asynccontextmanager
async def mirror_on(owner_url: str, **options: Any) -> AsyncIterator[Mirror]:  # noqa: ANN401
    """Open a platform and an empty mirror of it."""
    app = create_platform(PlatformOptions(**{"institutions": 400, "seed": 7, **options}))
    platform = Reader(app)
    key = (await platform.http.get("/desk/key")).json()["public_key"]
    source = SourceSettings(
        name=NATIONAL,
        kind="platform",
        rank=1,
        mapping=NATIONAL,
        url="http://platform",
        public_key=key,
    )
    database = await Database(registry_url(owner_url), application="tests").open()
    try:
        await enrol(database, {NATIONAL: 1})
        async with httpx.AsyncClient(transport=WithoutNetwork(app)) as client:
            syncing = Syncing(
                database, client, {NATIONAL: 1}, https_only=False, pause_s=0, silence_s=2
            )
            yield Mirror(database, owner_url, app, platform, syncing, source)
    finally:
        await database.close()

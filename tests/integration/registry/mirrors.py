"""A mirror and the platform it mirrors, both real, on a database of their own."""

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from registry_sync.mirror.sources import enrol
from registry_sync.settings import SourceSettings
from registry_sync.sync.run import Outcome, Syncing
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
        return [
            {**one, "body": json.loads(one["body"])} for one in found if one["type"] not in but
        ]

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

    def wait(self, seconds: int) -> None:
        """Let time pass, for the mirror: the clock of the books is raised."""
        run_sql(self.owner_url, f"UPDATE access.clock SET offset_s = offset_s + {seconds}")


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
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
            syncing = Syncing(
                database, client, {NATIONAL: 1}, https_only=False, pause_s=0, silence_s=2
            )
            yield Mirror(database, owner_url, app, platform, syncing, source)
    finally:
        await database.close()

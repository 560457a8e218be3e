"""A mirror into which sources say what a test wants, when it wants; and its HTTP."""

import contextlib
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import text

from escrow.access.service import create_key
from registry_sync.app import build
from registry_sync.domain.record import Record, values_of
from registry_sync.mirror.applying import Source, apply, lock
from registry_sync.mirror.sources import enrol
from registry_sync.settings import Settings
from shared.ids import new_id
from shared.pg.database import Database
from shared.settings import Environment
from shared.web.principals import Role
from tests.support.client import an_institution_id
from tests.support.postgres import registry_url, run_sql, service_url

RANKS = {"national": 1, "province": 2, "city": 2}
SOUND = {
    "district_code": "320613",
    "category": "non_subject",
    "delivery": "offline",
    "status": "normal",
    "licensed": "yes",
    "registered": "yes",
    "valid_until": "2030-08-31",
    "white_listed": "yes",
    "black_listed": "no",
    "address": "南通市崇川区示例路7号",
}
BEGAN = datetime(2026, 3, 1, 1, tzinfo=UTC)
"""Nine in the morning of the first of March, in Shanghai."""


@dataclass
class Hall:
    """A mirror, what speaks into it, and who asks."""

    database: Database
    owner_url: str
    app: FastAPI
    http: httpx.AsyncClient

    async def say(
        self,
        institution_id: str,
        source: str = "national",
        *,
        at: datetime = BEGAN,
        since: date | None = None,
        licence_no: str = "L1",
        **said: str | None,
    ) -> None:
        """Let a source say something of a licence."""
        values = values_of({**SOUND, **said})
        record = Record(institution_id, licence_no, values, since, "line 17")
        await self.tell(source, [record], at=at)

    async def tell(self, source: str, records: list[Record], *, at: datetime = BEGAN) -> None:
        """Let a source say many things at once."""
        fetch_id, digest = new_id(), hashlib.sha256(str(at).encode()).hexdigest()
        async with self.database.begin() as connection:
            await connection.execute(
                text(
                    "INSERT INTO registry.fetch"
                    " (fetch_id, source, kind, started_at, result, sha256)"
                    " VALUES (:fetch_id, :source, 'full', :at, 'applied', :digest)"
                ),
                {"fetch_id": fetch_id, "source": source, "at": at, "digest": digest},
            )
        day = (at + timedelta(hours=8)).date()
        batch = Source(source, RANKS, fetch_id, digest, day, at, day)
        async with self.database.ledger() as tx:
            await lock(tx)
            await apply(tx, batch, records)

    def succeed(self, source: str = "national", *, hours_ago: int = 0) -> None:
        """Let a source have answered some hours ago."""
        run_sql(
            self.owner_url,
            "UPDATE registry.source SET cadence_s = 3600, version = 17, as_of ="
            f" '2026-03-01 08:00+08', last_success_at = now() - interval '{hours_ago} hours'"
            f" WHERE source = '{source}'",
        )

    async def ask(
        self, path: str, key: str | None = None, **query: str | int | None
    ) -> httpx.Response:
        """Ask, with a key or without."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        asked = {name: value for name, value in query.items() if value is not None}
        return await self.http.get(path, params=asked, headers=headers)

    async def place(self, **said: str | None) -> str:
        """Return a new institution of which the national platform says this."""
        institution_id = an_institution_id()
        await self.say(institution_id, **said)
        return institution_id


async def auditors_key(owner_url: str) -> str:
    """Return a key that reads."""
    database = await Database(service_url(owner_url), application="tests").open()
    try:
        return (await create_key(database, role=Role.auditor, created_by="tests"))[1]
    finally:
        await database.close()


@contextlib.asynccontextmanager
async def hall_on(owner_url: str, **settings: Any) -> AsyncIterator[Hall]:  # noqa: ANN401
    """Open a mirror without sources to pull, and its application."""
    given = {"public_rate": 0, "environment": Environment.test, **settings}
    app = build(Settings(database_url=SecretStr(registry_url(owner_url)), **given))
    async with app.router.lifespan_context(app):
        database: Database = app.state.registry.database
        await enrol(database, RANKS)
        transport = httpx.ASGITransport(app, client=("192.0.2.1", 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://registry") as http:
            yield Hall(database, owner_url, app, http)

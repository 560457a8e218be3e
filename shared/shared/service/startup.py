"""What every process of a service does first: find its database, or refuse to start."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared import log
from shared.errors import StartupRefused, Unavailable
from shared.pg.database import Database
from shared.pg.migrate import refuse_old_server, refuse_unmigrated
from shared.settings import DatabaseSettings, Environment
from shared.web.serve import serve


@dataclass(frozen=True, slots=True)
class Service:
    """What is particular to one service when a process of it starts."""

    name: str
    """Of its schema and its logs; in capitals, of its settings."""
    package: str
    """What `python -m` runs, and where the migrations stand."""
    check_feed: Callable[[AsyncConnection], Awaitable[None]]
    """Refuses where the feed was numbered by another server."""

    def database(self, settings: DatabaseSettings) -> Database:
        """Return the pools on the service's database, not opened yet.

        Raises:
            StartupRefused: no database is named.

        """
        if settings.database_url is None or not settings.database_url.get_secret_value():
            message = (
                f"{self.name.upper()}_DATABASE_URL is not set: run"
                f" `python -m {self.package} migrate --json` with DATABASE_URL set to the owner's"
                " URL, it prints the URL to use."
            )
            raise StartupRefused(message)
        url = settings.database_url.get_secret_value()
        return Database(url, application=self.package.replace("_", "-"))

    def prepare(self, settings: DatabaseSettings) -> None:
        """Log as it is set; refuse to start before anything listens, naming what to run."""
        log.configure(self.name, settings.log_level)
        asyncio.run(self._check(settings))

    def serve(self, settings: DatabaseSettings, app: FastAPI) -> None:
        """Answer HTTP until a signal."""
        serve(
            app,
            settings.host,
            settings.port,
            settings.metrics_port,
            metrics_host=settings.metrics_host,
        )

    async def start(self, database: Database, settings: DatabaseSettings) -> None:
        """Open the pools; say what this process runs on, or refuse to run on it."""
        found = await self._refuse(database, settings)
        await database.open()
        structlog.get_logger(self.name).info("started", **found)

    async def refuse_unready(self, database: Database) -> None:
        """Refuse while the database is away, or its schema is not this code's."""
        async with database.connect() as connection:
            try:
                await refuse_unmigrated(connection, package=self.package, schema=self.name)
            except StartupRefused as refused:
                raise Unavailable(refused.detail) from refused

    async def _check(self, settings: DatabaseSettings) -> None:
        database = self.database(settings)
        try:
            await self._refuse(database, settings)
        finally:
            await database.close()

    async def _refuse(self, database: Database, settings: DatabaseSettings) -> dict[str, object]:
        async with database.connect() as connection:
            server = await refuse_old_server(connection)
            revision = await refuse_unmigrated(connection, package=self.package, schema=self.name)
            await self.check_feed(connection)
            offset_s = await connection.scalar(text("SELECT offset_s FROM access.clock"))
            named = await connection.scalar(text("SELECT current_database()"))
        if offset_s and settings.environment is Environment.production:
            message = "The clock was raised in this database: it is a sandbox, never production."
            raise StartupRefused(message)
        return {"server": server, "revision": revision, "named": named, "offset_s": offset_s}

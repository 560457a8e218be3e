"""What every process of this service does first: find its database, or refuse to start."""

import structlog
from sqlalchemy import text

from registry_sync.settings import Settings
from registry_sync.tables import FEED
from shared.errors import StartupRefused
from shared.feed import outbox
from shared.pg.database import Database
from shared.pg.migrate import refuse_old_server, refuse_unmigrated
from shared.settings import Environment

OPEN_EPOCH = "python -m registry_sync open-epoch"

_log = structlog.get_logger("registry")


def database_of(settings: Settings) -> Database:
    """Return the pools on the service's database, not opened yet."""
    if settings.database_url is None or not settings.database_url.get_secret_value():
        message = (
            "REGISTRY_DATABASE_URL is not set: run `python -m registry_sync migrate --json` with"
            " DATABASE_URL set to the owner's URL, it prints the URL to use."
        )
        raise StartupRefused(message)
    return Database(settings.database_url.get_secret_value(), application="registry-sync")


async def check(settings: Settings) -> None:
    """Refuse to start before anything listens, with a sentence that names what to run."""
    database = database_of(settings)
    try:
        await _refuse(database, settings)
    finally:
        await database.close()


async def start(database: Database, settings: Settings) -> None:
    """Open the pools; say what this process runs on, or refuse to run on it."""
    found = await _refuse(database, settings)
    await database.open()
    _log.info("started", **found)


async def _refuse(database: Database, settings: Settings) -> dict[str, object]:
    async with database.connect() as connection:
        server = await refuse_old_server(connection)
        revision = await refuse_unmigrated(connection, package="registry_sync", schema="registry")
        await outbox.check_epoch(connection, FEED, OPEN_EPOCH)
        offset_s = await connection.scalar(text("SELECT offset_s FROM access.clock"))
        named = await connection.scalar(text("SELECT current_database()"))
    if offset_s and settings.environment is Environment.production:
        message = "The clock was raised in this database: it is a sandbox, never production."
        raise StartupRefused(message)
    return {"server": server, "revision": revision, "named": named, "offset_s": offset_s}

"""The HTTP application: routers, start-up checks, what a process shares."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

import structlog
from fastapi import FastAPI
from sqlalchemy import text

from escrow.access import api as access
from escrow.audit import api as audit
from escrow.bank import api as bank
from escrow.bank import statements_api
from escrow.contracts import api as contracts
from escrow.custody import api as custody
from escrow.custody import reading_api
from escrow.deposits import api as deposits
from escrow.edge import Escrow
from escrow.events import api as events
from escrow.ledger.gather import Poster
from escrow.ledger.tables import event
from escrow.policies import api as policies
from escrow.policies.store import policies_of, read_documents
from escrow.refunds import api as refunds
from escrow.releases import api as releases
from escrow.settings import Settings
from shared.errors import StartupRefused, Unavailable
from shared.feed.outbox import check_epoch
from shared.pg.database import Database
from shared.pg.migrate import refuse_old_server, refuse_unmigrated
from shared.settings import Environment
from shared.web.app import create_app
from shared.web.keys import KeyDirectory

_log = structlog.get_logger("escrow")

OPEN_EPOCH = "python -m escrow open-epoch"

_ROUTERS = (
    releases.router,
    contracts.router,
    custody.router,
    reading_api.router,
    deposits.router,
    refunds.router,
    bank.router,
    statements_api.router,
    policies.router,
    events.router,
    audit.router,
    access.router,
)


def build(settings: Settings) -> FastAPI:
    """Return the application of one process; the database is opened when it starts."""
    database = database_of(settings)
    documents = read_documents()
    keys = KeyDirectory(database)
    escrow = Escrow(database, Poster(database, policies_of(documents)), documents, keys)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await start(database, settings)
        yield
        await database.close()

    async def ready() -> None:
        async with database.connect() as connection:
            try:
                await refuse_unmigrated(connection, package="escrow", schema="escrow")
            except StartupRefused as refused:
                raise Unavailable(refused.detail) from refused

    app = create_app(
        title="Yike escrow",
        description="Supervised tuition: contracts, deposits, releases, payouts, refunds.",
        version=version("yike"),
        service="escrow",
        routers=_ROUTERS,
        lifespan=lifespan,
        access=keys,
        ready=ready,
    )
    app.state.escrow = escrow
    app.state.settings = settings
    return app


def database_of(settings: Settings) -> Database:
    """Return the pools on the service's database, not opened yet."""
    if settings.database_url is None:
        message = (
            "ESCROW_DATABASE_URL is not set: run `python -m escrow migrate --json` with"
            " DATABASE_URL set to the owner's URL, it prints the URL to use."
        )
        raise StartupRefused(message)
    return Database(settings.database_url.get_secret_value(), application="escrow")


async def start(database: Database, settings: Settings) -> None:
    """Open the pools; say what this process runs on, or refuse to run on it."""
    async with database.connect() as connection:
        server = await refuse_old_server(connection)
        revision = await refuse_unmigrated(connection, package="escrow", schema="escrow")
        await check_epoch(connection, event, OPEN_EPOCH)
        offset_s = await connection.scalar(text("SELECT offset_s FROM access.clock"))
        named = await connection.scalar(text("SELECT current_database()"))
    if offset_s and settings.environment is Environment.production:
        message = "The clock was raised in this database: it is a sandbox, never production."
        raise StartupRefused(message)
    await database.open()
    _log.info("started", server=server, revision=revision, named=named, offset_s=offset_s)

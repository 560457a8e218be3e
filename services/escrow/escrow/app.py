"""The HTTP application: routers, start-up checks, what a process shares."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version

from fastapi import FastAPI

from escrow.access import api as access
from escrow.audit import api as audit
from escrow.bank import api as bank
from escrow.bank import statements_api
from escrow.contracts import api as contracts
from escrow.contracts import reading_api as contract_reading
from escrow.custody import api as custody
from escrow.custody import freezes_api, reading_api
from escrow.deposits import api as deposits
from escrow.edge import Escrow
from escrow.events import api as events
from escrow.ledger.gather import Poster
from escrow.policies import api as policies
from escrow.policies.store import policies_of, read_documents
from escrow.refunds import api as refunds
from escrow.releases import api as releases
from escrow.settings import Settings
from escrow.startup import SERVICE
from shared.web.app import create_app
from shared.web.keys import KeyDirectory

_ROUTERS = (
    releases.router,
    contracts.router,
    contract_reading.router,
    custody.router,
    freezes_api.router,
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
    database = SERVICE.database(settings)
    documents = read_documents()
    keys = KeyDirectory(database)
    escrow = Escrow(database, Poster(database, policies_of(documents)), documents, keys)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await SERVICE.start(database, settings)
        yield
        await database.close()

    app = create_app(
        title="Yike escrow",
        description="Supervised tuition: contracts, deposits, releases, payouts, refunds.",
        version=version("yike"),
        service="escrow",
        routers=_ROUTERS,
        lifespan=lifespan,
        access=keys,
        ready=partial(SERVICE.refuse_unready, database),
    )
    app.state.escrow = escrow
    app.state.settings = settings
    return app

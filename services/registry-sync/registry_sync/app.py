"""The HTTP application: routers, start-up checks, what a process shares."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version

import httpx
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from registry_sync.edge import Registry
from registry_sync.events import api as events
from registry_sync.fetches import api as fetches
from registry_sync.holds import api as holds
from registry_sync.imports import api as imports
from registry_sync.lookup import api as lookup
from registry_sync.lookup import faults, pages
from registry_sync.lookup.desk import open_desk
from registry_sync.mirror.sources import enrol
from registry_sync.pulling import api as pulling
from registry_sync.settings import Settings, cadences_of, read_sources
from registry_sync.source.sheets import SIZE_MAX
from registry_sync.startup import SERVICE
from registry_sync.supervision import faults as supervision_faults
from registry_sync.supervision import pages as supervision
from registry_sync.sync.run import Syncing
from shared.errors import ServiceError
from shared.settings import Environment
from shared.web.app import create_app
from shared.web.keys import KeyDirectory

_ROUTERS = (
    pages.router,
    supervision.router,
    lookup.router,
    holds.router,
    fetches.router,
    imports.router,
    pulling.router,
    events.router,
)


def build(settings: Settings) -> FastAPI:
    """Return the application of one process; the database is opened when it starts."""
    database = SERVICE.database(settings)
    named = read_sources(settings.sources_file)
    ranks = {one.name: one.rank for one in named}
    keys = KeyDirectory(database)
    client = httpx.AsyncClient(follow_redirects=False, trust_env=False)
    is_production = settings.environment is Environment.production
    syncing = Syncing(database, client, ranks, https_only=is_production)
    registry = Registry(database, settings, named, syncing, keys)
    desk = open_desk(database, settings, named)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await SERVICE.start(database, settings)
        await enrol(database, ranks, cadences_of(named))
        yield
        await client.aclose()
        await desk.accounts.close()
        await database.close()

    app = create_app(
        title="Yike registry-sync",
        description="What the authorities say of every institution, as of any time.",
        version=version("yike"),
        service="registry",
        routers=_ROUTERS,
        lifespan=lifespan,
        access=keys,
        ready=partial(SERVICE.refuse_unready, database),
        body_max=SIZE_MAX,
    )
    app.state.registry = registry
    app.state.settings = settings
    app.state.desk = desk
    app.state.fault_page = _fault_page
    return app


def _fault_page(request: Request, fault: ServiceError) -> Response | None:
    """Show a refusal in the words of those whose page it is."""
    if supervision_faults.is_ours(request.scope["path"]):
        return supervision_faults.fault_page(request, fault)
    return faults.fault_page(request, fault)

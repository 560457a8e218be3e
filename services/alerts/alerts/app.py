"""The HTTP application: routers, start-up checks, what a process shares."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from typing import Final

from fastapi import APIRouter, FastAPI

from alerts.campaigns import api as campaigns
from alerts.campaigns import pages as campaign_pages
from alerts.cases import api as cases
from alerts.cases import pages as case_pages
from alerts.cases import suppressions
from alerts.domain.rules.catalogue import RULES
from alerts.edge import Alerts
from alerts.notices import api as notices
from alerts.notices.channels import channels_of
from alerts.notices.doorbell import Doorbell
from alerts.pages.faults import fault_page
from alerts.pages.wording import SIGNALS
from alerts.reports import api as reports
from alerts.reports import pages
from alerts.rules import api as rules
from alerts.rules import backtests
from alerts.settings import Settings
from alerts.signals import api as signals
from alerts.startup import SERVICE
from shared.web.app import create_app
from shared.web.keys import KeyDirectory

_ROUTERS: Final[tuple[APIRouter, ...]] = (
    cases.router,
    suppressions.router,
    signals.router,
    rules.router,
    backtests.router,
    campaigns.router,
    reports.router,
    pages.router,
    case_pages.router,
    campaign_pages.router,
    notices.router,
)


def build(settings: Settings) -> FastAPI:
    """Return the application of one process; the database is opened when it starts."""
    database = SERVICE.database(settings)
    keys = KeyDirectory(database)
    channels = channels_of(settings)
    titles = {**SIGNALS, **{rule.key: rule.title for rule in RULES.values()}}

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await SERVICE.start(database, settings)
        yield
        await database.close()

    app = create_app(
        title="Yike alerts",
        description="From a bank entry to a closed case.",
        version=version("yike"),
        service="alerts",
        routers=_ROUTERS,
        lifespan=lifespan,
        access=keys,
        ready=partial(SERVICE.refuse_unready, database),
    )
    app.state.alerts = Alerts(database, settings, keys)
    app.state.settings = settings
    app.state.fault_page = fault_page
    app.state.doorbell = Doorbell(database, channels, titles, settings.case_url)
    return app

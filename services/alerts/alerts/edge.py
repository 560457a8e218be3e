"""What the routes of one process share."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from alerts.settings import Settings
from shared.pg.database import Database
from shared.web.keys import KeyDirectory


@dataclass(frozen=True, slots=True)
class Alerts:
    """What the routes of one process share."""

    database: Database
    settings: Settings
    keys: KeyDirectory


def alerts_of(request: Request) -> Alerts:
    """Return what the process shares."""
    shared: Alerts = request.app.state.alerts
    return shared


Shared = Annotated[Alerts, Depends(alerts_of)]

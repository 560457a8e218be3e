"""What all look-ups of one process share: the database, the limit, the way to escrow."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

import httpx
from fastapi import Depends
from starlette.requests import Request

from registry_sync.lookup.accounts import TIMEOUT_S, Accounts
from registry_sync.lookup.throttle import Throttle, caller_of
from registry_sync.pages.rendering import Pages
from registry_sync.settings import Settings, SourceSettings
from shared.errors import TooMany
from shared.pg.database import Database

PAGES: Final = Pages("registry_sync.lookup", kept="public, max-age=60")
"""One that was found may be shown again for a minute: mirrors are minutes old anyway."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What all look-ups of one process share."""

    database: Database
    throttle: Throttle
    accounts: Accounts
    complaint_line: str
    titles: Mapping[str, str]
    """What the public calls each source."""

    def admit(self, request: Request) -> None:
        """Let one without a key ask, or tell when to come back.

        The caller is who connects: a header that names another one could be anybody's.

        Raises:
            TooMany: with the seconds to wait.

        """
        host = request.client.host if request.client else None
        wait_s = self.throttle.wait_s(caller_of(host), time.monotonic())
        if wait_s:
            message = "More look-ups than one caller has without a key: wait, or use a key."
            raise TooMany(message, headers={"Retry-After": str(math.ceil(wait_s))})


def open_desk(database: Database, settings: Settings, named: list[SourceSettings]) -> Desk:
    """Return what look-ups share, by the settings of the process."""
    return Desk(
        database,
        Throttle(settings.public_rate),
        Accounts(_client(settings)),
        settings.complaint_line,
        {one.name: one.title for one in named if one.title},
    )


def _client(settings: Settings) -> httpx.AsyncClient | None:
    if settings.escrow_url is None or settings.escrow_key is None:
        return None
    return httpx.AsyncClient(
        base_url=settings.escrow_url,
        headers={"Authorization": f"Bearer {settings.escrow_key.get_secret_value()}"},
        timeout=TIMEOUT_S,
        follow_redirects=False,
        trust_env=False,
    )


def desk_of(request: Request) -> Desk:
    """Return what look-ups share."""
    desk: Desk = request.app.state.desk
    return desk


async def _at_desk(request: Request) -> Desk:
    return desk_of(request)  # one that is not async would cost a thread


AtDesk = Annotated[Desk, Depends(_at_desk)]

"""The loops of one worker process: sending, paying, hearing the registry, checking the books."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

import httpx
import structlog
from sqlalchemy import func, select

from escrow.bank.client import BankClient
from escrow.bank.dispatch import Dispatcher
from escrow.domain.commands import NoteFindings, PlanPayouts
from escrow.events.registry import Listener
from escrow.ledger import requests
from escrow.ledger.gather import Poster
from escrow.ledger.gauges import refresh
from escrow.ledger.instructions import list_waiting
from escrow.ledger.read_books import NOW
from escrow.ledger.verify import Finding, Report, verify
from escrow.policies.store import policies_of, read_documents
from escrow.settings import Settings
from escrow.startup import SERVICE
from escrow.tables import verification
from shared.errors import StartupRefused
from shared.feed.reader import Reader
from shared.metrics import exposed
from shared.pg.database import Database
from shared.work.loop import Loop, run

WAITING_MAX: Final = 50
"""Institutions whose payouts are planned anew in one round."""

WHOLE_EVERY: Final = timedelta(hours=24)
"""The whole of the books is checked once a day."""

PURGE_MAX: Final = 5_000
"""Answers dropped in one round: a fraction of a second."""

_log = structlog.get_logger("escrow.worker")


@dataclass(slots=True)
class Rounds:
    """What the loops share: the database, the door to the ledger, and where they stand."""

    database: Database
    poster: Poster
    place: str = ""

    async def plan_waiting(self) -> int:
        """Pay out what was retained and has room by now: a floor changes with the day."""
        found = await list_waiting(self.database, WAITING_MAX, self.place)
        self.place = found[-1] if len(found) == WAITING_MAX else ""
        for institution_id in found:
            await self.poster.ask([PlanPayouts(institution_id)])
        return 0

    async def check_new(self) -> int:
        """Check what was posted since the last check; the whole where a day has passed."""
        async with self.database.connect() as connection:
            is_fresh = await connection.scalar(
                select(func.max(verification.c.finished_at) > NOW - WHOLE_EVERY).where(
                    verification.c.scope == "whole"
                )
            )
        scope: Literal["new", "whole"] = "new" if is_fresh else "whole"
        await self._tell(await verify(self.database, scope=scope))
        return 0

    async def _tell(self, report: Report) -> None:
        """Log what was found, and put it on the feed of each institution it concerns."""
        if report.is_clean:
            return
        _log.error("books_do_not_verify", findings=len(report.findings), scope=report.scope)
        by_institution: dict[str, list[Finding]] = {}
        for finding in report.findings:
            by_institution.setdefault(finding.institution_id, []).append(finding)
        for institution_id, found in by_institution.items():
            first = f"{found[0].table}: {found[0].rule}"
            note = NoteFindings(institution_id, report.verification_id, len(found), first)
            await self.poster.ask([note])

    async def drop_answers(self) -> int:
        """Drop stored answers past their keeping."""
        return await requests.drop_old(self.database, PURGE_MAX)

    async def show(self) -> int:
        """Refresh the gauges."""
        await refresh(self.database)
        return 0


def work(settings: Settings) -> None:
    """Run the loops until a signal; metrics on a port of their own."""
    with exposed(settings.work_metrics_port, host=settings.metrics_host):
        asyncio.run(_work(settings))


async def _work(settings: Settings) -> None:
    database = SERVICE.database(settings)
    await SERVICE.start(database, settings)
    poster = Poster(database, policies_of(read_documents()))
    rounds = Rounds(database, poster)
    async with httpx.AsyncClient(follow_redirects=False) as client:
        dispatcher = Dispatcher(database, poster, BankClient(client))
        loops = [
            _loop("dispatch", 1.0, dispatcher.once),
            _loop("plan_waiting", 5.0, rounds.plan_waiting),
            _loop("verify", settings.verify_interval_s, rounds.check_new),
            _loop("drop_answers", 3_600.0, rounds.drop_answers),
            _loop("gauges", 15.0, rounds.show),
        ]
        reader = registry_reader(settings, client)
        if reader is not None:
            listener = Listener(database, poster.policies, reader)
            loops.append(_loop("registry", 1.0, listener.once))
        try:
            await run(loops)
        finally:
            await database.close()


def registry_reader(settings: Settings, client: httpx.AsyncClient) -> Reader | None:
    """Return the way to the registry's feed, or None where none is set.

    Raises:
        StartupRefused: there is an address and no key.

    """
    if settings.registry_url is None:
        return None
    if settings.registry_key is None or not settings.registry_key.get_secret_value():
        message = (
            "ESCROW_REGISTRY_URL is set and ESCROW_REGISTRY_KEY is not: give a key of the role"
            " `service`; `python -m escrow keys create --role service` makes one."
        )
        raise StartupRefused(message)
    url = f"{settings.registry_url.rstrip('/')}/v1/events"
    return Reader(client, url, settings.registry_key.get_secret_value())


def _loop(name: str, interval_s: float, once: Callable[[], Awaitable[int]]) -> Loop:
    return Loop(name, interval_s, once)

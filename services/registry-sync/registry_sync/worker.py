"""The loops of one worker process: looking at sources, working off holds, noticing the day."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import httpx

from registry_sync.mirror import lapsing, sources, waiting
from registry_sync.settings import Settings, SourceSettings, read_sources
from registry_sync.startup import SERVICE
from registry_sync.sync import gauges, metrics, sheets
from registry_sync.sync.run import Syncing
from shared.metrics import exposed
from shared.pg.database import Database
from shared.settings import Environment
from shared.work.loop import Loop, run

LOOK_S: Final = 1.0
"""Between two looks at whether anything is due: an approved hold waits no longer."""

GAUGES_S: Final = 15.0
LAPSE_S: Final = 60.0


@dataclass(slots=True)
class Rounds:
    """What the loops share: the database, the sources, and the way to them."""

    database: Database
    named: Sequence[SourceSettings]
    syncing: Syncing
    poll_s: float

    async def look(self) -> int:
        """Look at every platform that is due, or of which two persons let something through."""
        now = await sources.clock(self.database)
        states = await sources.states(self.database)
        approved = await waiting.released(self.database)
        for source in self.named:
            tried = states[source.name].last_tried_at
            if source.kind == "sheet" and source.name in approved:
                await sheets.apply_again(self.database, self.syncing.ranks, source)
            is_due = tried is None or now - tried >= timedelta(seconds=self.poll_s)
            if source.kind == "platform" and (is_due or source.name in approved):
                await self.syncing.sync(source, everything=source.name in approved)
        return 0

    async def lapse(self) -> int:
        """Tell of licences that ended with the day."""
        ranks = {one.name: one.rank for one in self.named}
        return await lapsing.lapse(self.database, ranks)

    async def show(self) -> int:
        """Refresh the gauges."""
        await gauges.refresh(self.database, self.named)
        return 0


def work(settings: Settings) -> None:
    """Run the loops until a signal; metrics on a port of their own."""
    with exposed(settings.work_metrics_port, host=settings.metrics_host):
        asyncio.run(_work(settings))


async def _work(settings: Settings) -> None:
    database = SERVICE.database(settings)
    await SERVICE.start(database, settings)
    named = read_sources(settings.sources_file)
    ranks = {one.name: one.rank for one in named}
    await sources.enrol(database, ranks)
    metrics.begin(list(ranks))
    is_production = settings.environment is Environment.production
    async with httpx.AsyncClient(follow_redirects=False, trust_env=False) as client:
        syncing = Syncing(database, client, ranks, https_only=is_production)
        rounds = Rounds(database, named, syncing, settings.poll_s)
        try:
            await run(
                [
                    Loop("look", LOOK_S, rounds.look),
                    Loop("lapse", LAPSE_S, rounds.lapse),
                    Loop("gauges", GAUGES_S, rounds.show),
                ]
            )
        finally:
            await database.close()

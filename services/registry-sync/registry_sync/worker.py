"""The loops of one worker process: looking at sources, working off holds, noticing the day."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import httpx

from registry_sync.mirror import lapsing, sources, waiting
from registry_sync.settings import Settings, SourceSettings, cadences_of, read_sources
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
        """Look at every source that is due, or of which two persons let something through.

        A fault of ours at one source keeps none of the others waiting: they go first.

        Raises:
            ExceptionGroup: of the faults.

        """
        now = await sources.clock(self.database)
        states = await sources.states(self.database)
        approved = await waiting.released(self.database)
        faults: list[Exception] = []
        for source in self.named:
            is_let = source.name in approved
            try:
                await self._look_at(source, states[source.name], now, is_let=is_let)
            except Exception as fault:  # noqa: BLE001 - told once all were looked at
                faults.append(fault)
        if faults:
            message = "some sources could not be looked at"
            raise ExceptionGroup(message, faults)
        return 0

    async def _look_at(
        self, source: SourceSettings, state: sources.State, now: datetime, *, is_let: bool
    ) -> None:
        if source.kind == "sheet":
            if is_let:
                await sheets.apply_again(self.database, self.syncing.ranks, source)
            return
        tried = state.last_tried_at
        if is_let or tried is None or now - tried >= timedelta(seconds=self.poll_s):
            await self.syncing.sync(source, everything=is_let)

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
    await sources.enrol(database, ranks, cadences_of(named))
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

"""The loops of one worker process: reading the feeds, judging, opening cases."""

import asyncio

from alerts.settings import Settings
from alerts.startup import SERVICE
from shared.metrics import exposed
from shared.work.loop import Loop, run


def work(settings: Settings) -> None:
    """Run the loops until a signal; metrics on a port of their own."""
    with exposed(settings.work_metrics_port, host=settings.metrics_host):
        asyncio.run(_work(settings))


async def _work(settings: Settings) -> None:
    database = SERVICE.database(settings)
    await SERVICE.start(database, settings)
    loops: list[Loop] = []
    try:
        await run(loops)
    finally:
        await database.close()

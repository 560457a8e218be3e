"""`python -m alerts export`: the one process that shows cases and aggregates to Prometheus.

One process, because a closed case must leave what is shown, and what several processes of the
client library share cannot leave. A second exporter shows the same: scrape one of them.
"""

import asyncio
from importlib.metadata import version

from prometheus_client import REGISTRY

from alerts.settings import Settings
from alerts.startup import SERVICE
from alerts.watching.collector import SNAPSHOT_S, Cases
from alerts.watching.serving import shown
from shared.metrics import build_info
from shared.work.loop import Loop, run


def run_export(settings: Settings) -> None:
    """Show figures until a signal, read anew twice a minute."""
    build_info(SERVICE.name, version("yike"))
    asyncio.run(_export(settings))


async def _export(settings: Settings) -> None:
    database = SERVICE.database(settings)
    await SERVICE.start(database, settings)
    cases = Cases(database)
    REGISTRY.register(cases)
    try:
        with shown(settings.exporter_port, settings.metrics_host, lambda: cases.page):
            await run([Loop("snapshot", SNAPSHOT_S, cases.refresh)])
    finally:
        REGISTRY.unregister(cases)
        await database.close()

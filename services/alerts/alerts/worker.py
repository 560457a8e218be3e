"""The loops of one worker process: reading the feeds, judging, opening cases."""

import asyncio
from functools import partial
from typing import Final

import httpx

from alerts.campaigns.keeping import ProgressKeeper
from alerts.intake.pull import Feed, Listener
from alerts.judging.backtesting import start_waiting
from alerts.judging.judge import Judge
from alerts.judging.ranking import rank
from alerts.notices import metrics
from alerts.notices.channels import channels_of
from alerts.notices.dispatch import Dispatcher, clients
from alerts.notices.wire import open_http
from alerts.reports.making import ReportMaker
from alerts.settings import Settings
from alerts.startup import SERVICE
from alerts.watching import instruments
from shared.errors import StartupRefused
from shared.feed.reader import Reader
from shared.metrics import exposed
from shared.pg.database import Database
from shared.work.loop import Loop, run

JUDGE_S: Final = 0.5
"""Between two looks at what is to be judged: from entry to case in seconds."""

SWEEP_S: Final = 5.0
BACKTEST_S: Final = 5.0
NOTICES_S: Final = 1.0
RANK_S: Final = 60.0
REPORTS_S: Final = 30.0
CAMPAIGNS_S: Final = 20.0


def work(settings: Settings) -> None:
    """Run the loops until a signal; metrics on a port of their own."""
    with exposed(settings.work_metrics_port, host=settings.metrics_host):
        asyncio.run(_work(settings))


async def _work(settings: Settings) -> None:
    database = SERVICE.database(settings)
    await SERVICE.start(database, settings)
    instruments.begin()
    metrics.begin()
    channels = channels_of(settings)
    async with (
        httpx.AsyncClient(follow_redirects=False, trust_env=False) as client,
        open_http() as outside,
    ):
        dispatcher = Dispatcher(database, channels, clients(outside), settings.case_url)
        judge = Judge(database)
        loops = [
            Loop(f"hear_{one.feed}", JUDGE_S, one.once)
            for one in listeners(settings, database, client)
        ]
        loops += [
            Loop("judge", JUDGE_S, judge.judge_touched),
            Loop("sweep", SWEEP_S, judge.sweep),
            Loop("rank", RANK_S, partial(rank, database)),
            Loop("campaigns", CAMPAIGNS_S, ProgressKeeper(database).once),
            Loop("reports", REPORTS_S, ReportMaker(database).once),
            Loop("notices", NOTICES_S, dispatcher.once),
            Loop("backtest", BACKTEST_S, partial(start_waiting, database)),
        ]
        try:
            await run(loops)
        finally:
            await database.close()


def listeners(settings: Settings, database: Database, client: httpx.AsyncClient) -> list[Listener]:
    """Return the readers of the feeds that are set.

    Raises:
        StartupRefused: there is an address and no key.

    """
    urls: dict[Feed, str | None] = {
        "escrow": settings.escrow_url,
        "registry": settings.registry_url,
    }
    key = settings.feed_key.get_secret_value() if settings.feed_key else ""
    if any(urls.values()) and not key:
        message = (
            "ALERTS_ESCROW_URL or ALERTS_REGISTRY_URL is set and ALERTS_FEED_KEY is not: give a"
            " key of the role `service`; `python -m escrow keys create --role service` makes one."
        )
        raise StartupRefused(message)
    return [
        Listener(database, feed, Reader(client, f"{url.rstrip('/')}/v1/events", key))
        for feed, url in urls.items()
        if url
    ]

"""A real worker, killed with signal 9 in the middle of its reading and judging, again and again.

It reads both feeds over HTTP. However often it is killed, what is stored at the end is what the
oracle finds as of every judging that was committed, each once, and all of it replays.
"""

import asyncio
import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI

from sandbox.children import Child, spawn
from shared.feed.reader import FeedPage
from tests.integration.alerts.feeds import Said
from tests.integration.alerts.histories import DAY, START, Feed, Tale, history
from tests.integration.alerts.mortals import Office, office_on
from tests.integration.alerts.verdicts import assert_exact
from tests.support.postgres import alerts_url

READY_S = 60.0
"""Longest start of a process on two busy cores."""

KILLS = 2
PAGE = 6


@contextlib.contextmanager
def _telling(feeds: dict[Feed, Said]) -> Iterator[str]:
    """Serve the feeds over HTTP; give what their addresses begin with."""
    app = FastAPI()

    @app.get("/{feed}/v1/events")
    async def read(feed: Feed, after: str | None = None) -> FeedPage:
        return await feeds[feed].page(after)

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None))
        thread = threading.Thread(
            target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True
        )
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(READY_S)


def _say(feeds: dict[Feed, Said], tales: list[Tale]) -> None:
    """Put everything into pages that overlap by one event."""
    for name, said in feeds.items():
        events = [one.event for one in tales if one.feed == name and one.event is not None]
        for place in range(0, len(events), PAGE):
            said.say(*events[max(place - 1, 0) : place + PAGE])


async def _wait_for(office: Office, query: str, least: int, child: Child) -> None:
    """Wait until a worker brought something about, up to a bound."""
    deadline = time.monotonic() + READY_S
    while await office.owner.fetchval(query) < least:
        child.check()
        assert time.monotonic() < deadline, f"it did not happen in {READY_S} s: {query}"
        await asyncio.sleep(0.002)


def _kill(child: Child) -> None:
    for pid in child.pids():
        os.kill(pid, signal.SIGKILL)
    child.stop()


@pytest.mark.slow
async def test_a_worker_that_is_killed_leaves_nothing_out_and_nothing_twice(
    fresh_database: Callable[[], str], tmp_path: Path
) -> None:
    owner_url, tales = fresh_database(), [one for one in history(7) if one.event is not None]
    async with office_on(owner_url, 7) as office:
        _say(office.feeds, tales)
        facts = "SELECT count(*) FROM alerts.fact"
        left = "SELECT -count(*) FROM alerts.institution WHERE touched_at IS NOT NULL"
        with _telling(office.feeds) as url:
            env = {
                **os.environ,
                "ALERTS_DATABASE_URL": alerts_url(owner_url),
                "ALERTS_ENVIRONMENT": "test",
                "ALERTS_ESCROW_URL": f"{url}/escrow",
                "ALERTS_REGISTRY_URL": f"{url}/registry",
                "ALERTS_FEED_KEY": "yk_test_test",
                "ALERTS_WORK_METRICS_PORT": "0",
            }
            for number in range(KILLS + 1):
                await office.set_clock(START + (8 + 9 * number) * DAY)
                child = spawn("alerts work", ["alerts", "work"], env, tmp_path / "work.log")
                try:
                    if number == KILLS:
                        ends = {name: str(len(said.pages)) for name, said in office.feeds.items()}
                        await _wait_for(office, _read_to(ends), 2, child)
                        await _wait_for(office, left, 0, child)
                    else:
                        told = number * len(tales) // KILLS + 5
                        await _wait_for(office, facts, told, child)
                finally:
                    _kill(child)
        assert len(await assert_exact(office.owner, office.database, tales)) >= 10


def _read_to(ends: dict[Feed, str]) -> str:
    """Return the query that counts the feeds that were read to their ends."""
    places = " OR ".join(f"(feed = '{name}' AND cursor = '{end}')" for name, end in ends.items())
    return f"SELECT count(*) FROM alerts.feed WHERE {places}"

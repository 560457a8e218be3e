"""`python -m tests.bench.alerts.judging`: sweep, touched institutions, a backtest, intake.

Seeds 100,000 institutions with 4.5 million entries unless told otherwise, then runs the worker's
own code against a PostgreSQL with durable commits on the same processors, and writes
`results/alerts.md` and `.json`.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from alerts import migrations as alerts
from alerts.domain.rules.catalogue import RULES
from alerts.intake.pull import PAGE_MAX, Listener
from alerts.judging import backtesting
from alerts.judging.judge import TOUCHED_MAX, Judge
from alerts.rules import store
from escrow import migrations as escrow
from sandbox import postgres
from shared.feed.reader import FeedPage
from shared.ids import new_id
from shared.pg.database import Database
from shared.time import rfc3339
from tests.bench import hardware
from tests.bench.alerts.seeding import seed
from tests.support.postgres import alerts_url, at_database, create_database, run_sql

ROOT: Final = Path(__file__).parents[3]
TOUCHED: Final = 1_000
TRIED: Final = "large_outflow_24h"
PAGES: Final = 20
LESSONS: Final = 30


def main() -> int:
    """Measure, and write what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.alerts.judging")
    parser.add_argument("--institutions", type=int, default=100_000)
    parser.add_argument("--results", type=Path, default=Path(__file__).parents[1] / "results")
    asked = parser.parse_args()
    folder = ROOT / ".data" / "bench-judging"
    folder.mkdir(parents=True, exist_ok=True)
    postgres.remove(folder / "cluster")
    with postgres.start(folder / "cluster", durable=True) as server:
        create_database(server.url, "alerts")
        owner_url = at_database(server.url, "alerts")
        for one in (escrow, alerts):
            one.migrate(owner_url)
        facts = seed(owner_url, asked.institutions)
        say(f"{facts:,} facts of {asked.institutions:,} institutions are there")
        found = asyncio.run(_measured(owner_url))
    postgres.remove(folder / "cluster")
    found |= {"institutions": asked.institutions, "facts": facts, "hardware": hardware.hardware()}
    (asked.results / "alerts.json").write_text(json.dumps(found, indent=2) + "\n")
    (asked.results / "alerts.md").write_text(page(found))
    say(page(found))
    return 0


def page(found: dict[str, Any]) -> str:
    """Return the figures as people read them."""
    rows = [
        (f"{TOUCHED:,} institutions, each of which something new is known", "touched_s", 1),
        ("all of them by every rule, nothing new found", "second_sweep_s", 30),
        ("all of them by every rule, every finding new", "sweep_s", 30),
        (f"a backtest of 90 days of `{TRIED}`", "backtest_s", 60),
    ]
    lines = [f"| {words} | {found[name]} | {reach} |" for words, name, reach in rows]
    machine = "\n".join(f"- {name}: {value}" for name, value in found["hardware"].items())
    return (
        "# Judging, as measured\n\n"
        "Written by `make bench-alerts`; judge and PostgreSQL (durable commits) share the"
        f" processors named below.\n{found['facts']:,} facts of {found['institutions']:,}"
        " institutions, 4.5 million of them bank entries where there are 100,000.\n\n"
        "| Case | Seconds | Reach |\n|---|--:|--:|\n" + "\n".join(lines) + "\n\n"
        f"Intake: **{found['intake_per_s']:,}** events a second, of {LESSONS} lessons each"
        " (reach 1,000).\n\n" + machine + "\n"
    )


async def _measured(owner_url: str) -> dict[str, Any]:
    database = await Database(alerts_url(owner_url), application="bench").open()
    try:
        judge = Judge(database)
        rows = await database.probe("SELECT institution_id FROM alerts.institution LIMIT 1000")
        names = [row["institution_id"] for row in rows]
        found: dict[str, Any] = {"first_touched_s": await _touched(judge, names)}
        say(f"{TOUCHED} institutions for the first time: {found['first_touched_s']} s")
        found["touched_s"] = await _touched(judge, names)
        say(f"{TOUCHED} touched institutions: {found['touched_s']} s")
        found["sweep_s"] = await _swept(judge)
        say(f"a full sweep: {found['sweep_s']} s")
        await asyncio.to_thread(
            run_sql, owner_url, "UPDATE alerts.institution SET judged_at = NULL"
        )
        found["second_sweep_s"] = await _swept(judge)
        say(f"a full sweep that finds nothing new: {found['second_sweep_s']} s")
        found["backtest_s"] = await _tried(database)
        say(f"a backtest of 90 days of one rule: {found['backtest_s']} s")
        found["intake_per_s"] = await _taken_in(database)
        say(f"intake: {found['intake_per_s']} events a second, of {LESSONS} lessons each")
    finally:
        await database.close()
    return found


async def _tried(database: Database) -> float:
    """Try tighter values of one rule on the last 90 days, as the worker's child does."""
    async with database.ledger() as tx:
        now = await store.clock(tx)
        params = {**RULES[TRIED].presets}
        await store.add(tx, RULES[TRIED], "", params, ("bench", "bench", now))
        row = await store.read(tx, TRIED, "", 1)
        assert row is not None
        span = {"from_at": now - timedelta(days=90), "to_at": now}
        made = await store.ask(tx, store.values_of(row), by="bench", now=now, **span)
    began = time.monotonic()
    result = await backtesting.run(database, made)
    say(f"  judged {result['judged']:,} times, {result['cases']:,} cases")
    return round(time.monotonic() - began, 2)


async def _taken_in(database: Database) -> int:
    """Hear pages of releases as a feed tells them; return the events taken in a second."""
    now = datetime(2026, 11, 20, 9, tzinfo=UTC)
    feed = Told([_page(n, now) for n in range(PAGES)])
    listener = Listener(database, "escrow", feed)  # type: ignore[arg-type]
    began, heard = time.monotonic(), 0
    while number := await listener.once():
        heard += number
    return round(heard / (time.monotonic() - began))


def _page(number: int, now: datetime) -> bytes:
    items = [_release(number * PAGE_MAX + n, now) for n in range(PAGE_MAX)]
    return json.dumps({"items": items, "next": str(number + 1)}).encode()


def _release(number: int, now: datetime) -> dict[str, Any]:
    lesson = {
        "lesson_no": 1,
        "amount_fen": 8_000,
        "taught_at": rfc3339(now),
        "ended_at": rfc3339(now + timedelta(hours=1)),
        "teacher_ref": "T-1",
        "room_ref": "R-1",
    }
    lessons = [
        {**lesson, "contract_id": f"C-{number}-{n}", "student_ref": f"S-{n}"}
        for n in range(LESSONS)
    ]
    return {
        "specversion": "1.0",
        "id": str(new_id()),
        "source": "urn:yike:escrow",
        "type": "lessons.released",
        "subject": f"91320602MA{number % 1_000:07d}X",
        "time": rfc3339(now),
        "sequence": str(number + 1),
        "data": {"lessons": lessons},
    }


class Told:
    """A feed whose pages are there already, as bytes: reading them is part of the work."""

    def __init__(self, pages: list[bytes]) -> None:
        self._pages = pages

    async def page(self, after: str | None, **_: object) -> FeedPage:
        """Return the page that follows a cursor."""
        place = int(after or 0)
        if place >= len(self._pages):
            return FeedPage(items=[], next=None)
        return FeedPage.model_validate_json(self._pages[place])


async def _touched(judge: Judge, names: Sequence[str]) -> float:
    began = time.monotonic()
    for place in range(0, len(names), TOUCHED_MAX):
        await judge.judge(names[place : place + TOUCHED_MAX])
    return round(time.monotonic() - began, 2)


async def _swept(judge: Judge) -> float:
    began = time.monotonic()
    swept = 0
    while number := await judge.sweep():
        swept += number
        if swept % 20_000 < number:
            say(f"  {swept:,} swept after {time.monotonic() - began:.0f} s")
    return round(time.monotonic() - began, 2)


def say(line: str) -> None:
    """Say how far it is."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

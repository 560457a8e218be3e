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
from pathlib import Path
from typing import Any, Final

from alerts import migrations as alerts
from alerts.judging.judge import TOUCHED_MAX, Judge
from escrow import migrations as escrow
from sandbox import postgres
from shared.pg.database import Database
from tests.bench import hardware
from tests.bench.alerts.seeding import seed
from tests.support.postgres import alerts_url, at_database, create_database, run_sql

ROOT: Final = Path(__file__).parents[3]
TOUCHED: Final = 1_000


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
    return 0


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
    finally:
        await database.close()
    return found


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

"""`python -m tests.bench.alerts.exporter`: what a scrape costs at 100,000 institutions.

Seeds the tables directly, 200 districts and 20,000 open cases unless told otherwise, starts the
exporter as it runs in earnest, scrapes it as Prometheus does, and says series, MB and ms.
"""

import argparse
import asyncio
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Final

import httpx
from prometheus_client.parser import text_string_to_metric_families

from alerts import migrations as alerts
from alerts.watching.reading import read
from escrow import migrations as escrow
from sandbox import children, postgres
from shared.pg.database import Database
from tests.bench.service import free_port
from tests.support.cases import found_institutions, open_cases
from tests.support.postgres import alerts_url, at_database, create_database, run_sql

ROOT: Final = Path(__file__).parents[3]
SCRAPES: Final = 20
SERIES_MAX, BYTES_MAX, SCRAPE_MAX_MS = 13_000, 3_000_000, 250.0
READY_S: Final = 60.0
PACKED: Final = {"accept-encoding": "gzip"}

DISTRICT: Final = "(320000 + n % 200)::text"
STEPS: Final = """
INSERT INTO alerts.case_event
SELECT institution_id, case_id, step_no, opened_at + step_no * interval '3 hours', 'somebody',
    'supervisor', step, 'new', step, '', '{}', '', ''
FROM alerts."case", unnest(ARRAY['acknowledged', 'interviewed', 'classified', 'closed'])
    WITH ORDINALITY AS s (step, step_no)
"""
CAMPAIGNS: Final = """
INSERT INTO alerts.campaign SELECT gen_random_uuid(), '清零' || n, '320000', NULL,
    current_date + 60, current_date + 20, 'somebody', now() FROM generate_series(1, 5) AS n
"""


def main() -> int:
    """Measure, and say whether it is within bounds."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.alerts.exporter")
    parser.add_argument("--institutions", type=int, default=100_000)
    parser.add_argument("--cases", type=int, default=20_000)
    asked = parser.parse_args()
    folder = ROOT / ".data" / "bench-alerts"
    folder.mkdir(parents=True, exist_ok=True)
    postgres.remove(folder / "cluster")
    with postgres.start(folder / "cluster", durable=False) as server:
        create_database(server.url, "alerts")
        owner_url = at_database(server.url, "alerts")
        for one in (escrow, alerts):
            one.migrate(owner_url)
        _seed(owner_url, asked.institutions, asked.cases)
        reading_s = asyncio.run(_time_reading(owner_url))
        series, size, times_ms = _scrape(folder, owner_url)
    worst = max(times_ms)
    print(f"{asked.institutions:,} institutions, {asked.cases:,} open cases")
    print(f"series   {series:>9,}   at most {SERIES_MAX:,}")
    print(f"size     {size / 1e6:>9.2f}   MB, at most {BYTES_MAX / 1e6:.0f}")
    print(f"scrape   {statistics.median(times_ms):>9.0f}   ms, worst {worst:.0f}")
    print(f"reading  {reading_s * 1000:>9.0f}   ms, twice a minute")
    is_kept = series <= SERIES_MAX and size < BYTES_MAX and worst < SCRAPE_MAX_MS
    return 0 if is_kept else 1


def _seed(owner_url: str, institutions: int, cases: int) -> None:
    found_institutions(owner_url, 1, institutions, district=DISTRICT)
    grave = "(ARRAY['critical', 'warning', 'warning', 'info'])[n % 4 + 1]"
    open_cases(owner_url, 1, cases, severity=grave, district=DISTRICT)
    for statement in (STEPS, CAMPAIGNS, "ANALYZE"):
        run_sql(owner_url, statement)


async def _time_reading(owner_url: str) -> float:
    database = Database(alerts_url(owner_url), application="bench")
    times_s = []
    for _ in range(3):
        began = time.monotonic()
        await read(database, 2_000)
        times_s.append(time.monotonic() - began)
    await database.close()
    return min(times_s)


def _scrape(folder: Path, owner_url: str) -> tuple[int, int, list[float]]:
    """Return series, bytes before compression, and how long each scrape took."""
    port = free_port()
    env = {
        **os.environ,
        "ALERTS_DATABASE_URL": alerts_url(owner_url),
        "ALERTS_EXPORTER_PORT": str(port),
    }
    child = children.spawn("alerts export", ["alerts", "export"], env, folder / "export.log")
    try:
        url = f"http://127.0.0.1:{port}/metrics"
        deadline = time.monotonic() + READY_S
        while "case_opened" not in _asked(url) and time.monotonic() < deadline:
            child.check()
            time.sleep(0.2)
        times_ms, answer = [], httpx.get(url, headers=PACKED)
        with httpx.Client(headers=PACKED) as client:
            for _ in range(SCRAPES):
                began = time.monotonic()
                answer = client.get(url)
                times_ms.append((time.monotonic() - began) * 1000)
    finally:
        child.stop()
    families = text_string_to_metric_families(answer.text)
    return sum(len(one.samples) for one in families), len(answer.content), times_ms


def _asked(url: str) -> str:
    try:
        return httpx.get(url).text
    except httpx.TransportError:
        return ""


if __name__ == "__main__":
    sys.exit(main())

"""Prometheus and Alertmanager, really started, on the exporter of a real database."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from alerts.watching import serving
from alerts.watching.collector import Cases
from sandbox import watchers
from shared.pg.database import Database
from tests.integration.shared.ports import free_port
from tests.support import dashboards
from tests.support.cases import found_institutions, open_cases
from tests.support.postgres import alerts_url, in_thread

SOON_S = 90.0


@pytest.fixture
def programs() -> watchers.Programs:
    found = watchers.installed()
    if found is None:
        pytest.skip(f"not installed: {watchers.INSTALL}")
    return found


@pytest.fixture
def exported(owner_url: str) -> Iterator[int]:
    """Yield the port of an exporter that knows one case."""
    found_institutions(owner_url, 1, 3)
    open_cases(owner_url, 1, 1, severity="'critical'")
    database = Database(alerts_url(owner_url), application="exporter")
    cases = Cases(database)

    async def read() -> None:
        await cases.refresh()
        await database.close()

    in_thread(read)
    with serving.shown(0, "127.0.0.1", lambda: cases.page) as port:
        yield port


@pytest.mark.slow
def test_an_open_case_reaches_alertmanager(
    programs: watchers.Programs, exported: int, tmp_path: Path
) -> None:
    jobs = ("escrow", "escrow-work", "registry", "registry-work", "alerts", "alerts-work")
    watched = watchers.Watched(
        targets={**dict.fromkeys(jobs, "127.0.0.1:1"), "alerts-export": f"127.0.0.1:{exported}"},
        bridge_url="http://127.0.0.1:1/v1/notices/alertmanager",
        key="none",
        case_url="https://yike.example/cases/",
    )
    ports = (free_port(), free_port())
    (tmp_path / "logs").mkdir()
    children = watchers.start(programs, watched, tmp_path / "state", tmp_path / "logs", ports)
    try:
        url = f"http://127.0.0.1:{ports[1]}/api/v2/alerts"
        asked = {"filter": 'alertname="TuitionCaseOpen"'}
        deadline = time.monotonic() + SOON_S
        found = []
        while not found and time.monotonic() < deadline:
            found = httpx.get(url, params=asked).json()
            time.sleep(0.5)
        assert [one["labels"]["severity"] for one in found] == ["critical"]
        told = found[0]["annotations"]
        assert told["summary"].startswith("示例机构1有未办结案件")
        assert told["case_url"].startswith("https://yike.example/cases/")
        empty = dashboards.empty_panels(f"http://127.0.0.1:{ports[0]}")
        assert "overview: 红色未办结" not in empty
    finally:
        for child in reversed(children):
            child.stop()

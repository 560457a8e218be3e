"""`make run` as a newcomer sees it: a Saturday, the next one, and an end without leftovers."""

import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.postgres_children import is_alive
from tests.e2e.launching import Launched, Sandbox, env, reset

pytestmark = pytest.mark.timeout(600)  # the first test waits for the start

PLAY_S = 480.0
"""Longest play on two cores that other tests share; alone it takes half a minute."""


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[[], Launched]]:
    """Return a function that runs `make run` in one folder, which is deleted at the end."""
    folder = tmp_path / ".data"
    launched: list[Launched] = []

    def once_more() -> Launched:
        launched.append(Launched(folder, "on"))
        return launched[-1]

    yield once_more
    for one in launched:
        one.stop()
    reset(folder)


def day_of(printed: str) -> str:
    """Return the Saturday that a summary is about."""
    found = re.findall(r"Saturday (\d{4}-\d\d-\d\d)", printed)
    assert found, printed
    return str(found[-1])


def row_of(printed: str, label: str) -> str:
    """Return a line of the summary."""
    found = re.findall(rf"^ {label} +(.*)$", printed, re.MULTILINE)
    assert found, f"no {label} in:\n{printed}"
    return str(found[-1]).strip()


def pids_of(sandbox: Sandbox) -> list[int]:
    """Return every process the file names."""
    return [pid for pids in sandbox.told["pids"].values() for pid in pids]


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_two_runs_play_two_saturdays_and_leave_nothing_behind(
    launch: Callable[[], Launched],
) -> None:
    first = launch()
    sandbox = first.wait(PLAY_S)
    assert stat.S_IMODE(first.file.stat().st_mode) == 0o600
    assert sandbox.told["clock_offset_s"] > 0
    assert len(sandbox.told["keys"]["institutions"]) == 36
    assert set(sandbox.told["pids"]) == {"escrow", "registry", "alerts", "postgres"}
    assert set(sandbox.told["services"]) == {"escrow", "alerts", "registry"}
    _wait_for(first, "Everything stays up")
    printed = first.printed()
    assert row_of(printed, "books verified").startswith("yes")
    assert row_of(printed, "paid twice") == "nothing"
    assert "frozen here after" in row_of(printed, "licence revoked")
    assert first.stop() == 0
    assert not first.file.exists()
    assert not any(is_alive(pid) for pid in pids_of(sandbox))

    second = launch()
    sandbox = second.wait(PLAY_S)
    _wait_for(second, "Everything stays up")
    assert day_of(second.printed()) > day_of(printed)
    assert row_of(second.printed(), "books verified").startswith("yes")
    assert "frozen here after" in row_of(second.printed(), "licence revoked")

    os.kill(sandbox.told["pids"]["escrow"][0], signal.SIGKILL)
    assert second.popen.wait(60) == 1
    assert "`escrow serve` ended by signal 9" in second.printed()
    assert not any(is_alive(pid) for pid in pids_of(sandbox))


def test_a_second_run_says_that_the_first_is_up(sandbox: Sandbox) -> None:
    command = [sys.executable, "-m", "sandbox", "run", "--folder", str(sandbox.folder)]
    second = subprocess.run(
        command, env=env(), capture_output=True, text=True, timeout=60, check=False
    )
    assert second.returncode == 1
    assert "already runs here" in second.stdout


def test_without_a_city_the_clock_stands_and_the_banks_are_idle(sandbox: Sandbox) -> None:
    assert sandbox.told["clock_offset_s"] == 0
    assert sandbox.told["keys"]["institutions"] == {}
    for party in ("operator", "supervisor", "auditor", "bank", "service"):
        assert sandbox.key(party).startswith("yk_")


def _wait_for(launched: Launched, words: str) -> None:
    deadline = time.monotonic() + 30
    while words not in launched.printed():
        assert time.monotonic() < deadline, launched.printed()
        time.sleep(0.1)

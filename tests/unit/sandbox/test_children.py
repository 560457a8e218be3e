"""Children of the launcher: logged, noticed when they end, gone when it goes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sandbox import children
from sandbox.failures import LaunchFailed
from sandbox.postgres_children import is_alive

SLEEPER = "import time\nprint('up', flush=True)\ntime.sleep(60)\n"


@pytest.fixture
def programs(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which `python -m` finds three little programs."""
    (tmp_path / "sleeper.py").write_text(SLEEPER)
    (tmp_path / "ender.py").write_text("import sys\nprint('no luck')\nsys.exit(3)\n")
    (tmp_path / "sayer.py").write_text("print('{}')\n")
    return {**os.environ, "PYTHONPATH": str(tmp_path)}


def wait_for(path: Path, words: str) -> None:
    """Wait until a log holds some words."""
    deadline = time.monotonic() + 10
    while words not in (path.read_text() if path.exists() else ""):
        assert time.monotonic() < deadline, f"{words} never came"
        time.sleep(0.02)


def test_a_child_stops_when_asked(tmp_path: Path, programs: dict[str, str]) -> None:
    child = children.spawn("sleeper", ["sleeper"], programs, tmp_path / "a.log")
    wait_for(child.log, "up")
    child.check()
    assert child.pid in child.pids()
    child.stop()
    assert not child.is_running


def test_a_child_that_ended_is_named_with_its_log(tmp_path: Path, programs: dict[str, str]) -> None:
    child = children.spawn("ender", ["ender"], programs, tmp_path / "a.log")
    wait_for(child.log, "no luck")
    while child.is_running:
        time.sleep(0.01)
    with pytest.raises(LaunchFailed, match="`ender` ended with exit status 3") as failed:
        child.check()
    assert "no luck" in failed.value.tail


def test_a_command_returns_what_it_printed(tmp_path: Path, programs: dict[str, str]) -> None:
    assert children.run("sayer", ["sayer"], programs, tmp_path / "a.log") == "{}\n"


def test_a_command_that_fails_says_so(tmp_path: Path, programs: dict[str, str]) -> None:
    with pytest.raises(LaunchFailed, match="exit status 3") as failed:
        children.run("ender", ["ender"], programs, tmp_path / "a.log")
    assert "no luck" in failed.value.tail


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of the death")
def test_no_child_outlives_a_launcher_that_was_killed(
    tmp_path: Path, programs: dict[str, str]
) -> None:
    log = tmp_path / "a.log"
    launch = (
        "import os, pathlib, time\nfrom sandbox import children\n"
        f"child = children.spawn('s', ['sleeper'], dict(os.environ), pathlib.Path({str(log)!r}))\n"
        "print(child.pid, flush=True)\ntime.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", launch], env=programs, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    with parent.stdout as printed:
        pid = int(printed.readline())
    wait_for(log, "up")
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 10
    while is_alive(pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)

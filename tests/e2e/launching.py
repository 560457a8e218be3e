"""Start the sandbox in a folder of its own, as `make run` does, and speak to it."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from sandbox import clock

START_S = 240.0
"""Longest start: database, schema, services, keys, on two busy cores."""

ANSWER_S = 30.0
"""Longest wait for one answer of alerts, while other tests keep both cores busy."""


@dataclass
class Sandbox:
    """What `.data/sandbox.json` says, and clients that speak with its keys."""

    folder: Path
    told: dict[str, Any]

    @property
    def url(self) -> str:
        """Return where escrow answers."""
        url: str = self.told["services"]["escrow"]
        return url

    @property
    def platform(self) -> str:
        """Return where the national platform answers."""
        url: str = self.told["platform"]
        return url

    def key(self, party: str) -> str:
        """Return a party's key."""
        key: str = self.told["keys"][party]
        return key

    def client(self, key: str) -> httpx.Client:
        """Return a client of escrow with a key."""
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=10)

    def registry(self, key: str | None = None) -> httpx.Client:
        """Return a client of registry-sync, with a key or as anybody."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        url = self.told["services"]["registry"]
        return httpx.Client(base_url=url, headers=headers, timeout=10)

    def alerts(self, key: str) -> httpx.Client:
        """Return a client of alerts with a key."""
        headers = {"Authorization": f"Bearer {key}"}
        url = self.told["services"]["alerts"]
        return httpx.Client(base_url=url, headers=headers, timeout=ANSWER_S)

    def now(self) -> datetime:
        """Return the time of the books."""
        _, now = asyncio.run(clock.read_clock(self.told["database_url"]))
        return now

    def raise_clock(self, instant: datetime) -> None:
        """Move the books' clock forward, then the platform's: ahead of them it is disbelieved."""
        offset_s = asyncio.run(clock.raise_clock(self.told["database_url"], instant))
        answer = httpx.put(f"{self.platform}/desk/clock", json={"offset_s": offset_s})
        answer.raise_for_status()


def wait_until(is_true: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something that a worker brings about."""
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)


class Launched:
    """A `python -m sandbox run` in a folder of its own."""

    def __init__(self, folder: Path, city: str) -> None:
        self.folder = folder
        self.file = folder / "sandbox.json"
        self.log = folder.with_suffix(".out")
        with self.log.open("ab") as output:
            self._began = output.tell()  # what one before it in this folder said is not its own
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "sandbox", "run", "--folder", str(folder)],
                env={**env(), "CITY": city},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait(self, seconds: float) -> Sandbox:
        """Wait until everything is ready."""
        deadline = time.monotonic() + seconds
        while not self.file.exists():
            assert self.popen.poll() is None, f"it ended:\n{self.printed()}"
            assert time.monotonic() < deadline, f"not ready:\n{self.printed()}"
            time.sleep(0.1)
        return Sandbox(self.folder, json.loads(self.file.read_text()))

    def printed(self) -> str:
        """Return what it said so far."""
        return self.log.read_bytes()[self._began :].decode()

    def stop(self) -> int:
        """Stop it as Ctrl-C does and return its exit status."""
        if self.popen.poll() is None:
            self.popen.terminate()
        return self.popen.wait(180)


def reset(folder: Path) -> None:
    """Delete what was made, the database included."""
    command = [sys.executable, "-m", "sandbox", "reset", "--folder", str(folder)]
    subprocess.run(command, env=env(), check=True, capture_output=True, timeout=240)


def env() -> dict[str, str]:
    return {word: value for word, value in os.environ.items() if word != "DATABASE_URL"}

"""What a round of killing works on: a durable cluster, the service, its worker, a bank.

Everything is a process of its own, started from the main thread, and killed with signal 9.
"""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import asyncpg
import httpx

from escrow.ledger.verify import Report, verify
from escrow.migrations import migrate, service_url
from sandbox import postgres
from sandbox.children import Child, spawn
from sandbox.ports import Ports
from shared.pg.database import Database
from tests.crash.asking import Json, make_key

READY_S: Final = 60.0
"""Longest start of a process on two busy cores."""

REFUSED: Final = 2
"""The exit status of a start that was refused: `shared.service.commands.REFUSED`."""

BANK_ID: Final = "pushed"
LEASE_S: Final = 61
"""A little more than a dispatcher's claim lasts; the clock is raised by it, not waited for."""


class Rig:
    """The processes of one run, and what it takes to kill and start each."""

    def __init__(self, folder: Path) -> None:
        """Start everything; the folder takes the cluster and the logs."""
        self.folder = folder
        self.ports = Ports()
        self.database_port = self.ports.choose(28_700)
        self.server = self._start_postgres()
        migrate(self.server.url)
        self.login = service_url(self.server.url)
        self.port = self.ports.choose(28_500)
        self.bank_port = self.ports.choose(28_600)
        self.url = f"http://127.0.0.1:{self.port}"
        self.bank_url = f"http://127.0.0.1:{self.bank_port}"
        self.operator = make_key(self.login, role="operator")
        self.supervisor = make_key(self.login, role="supervisor")
        self.bank_key = make_key(self.login, role="bank", bank_id=BANK_ID)
        self.serve = self._spawn("serve")
        self.work = self._spawn("work")
        self.bank = self._spawn_bank()
        self.wait_until(self.is_ready)
        self.wait_until(lambda: self._answers(f"{self.bank_url}/healthz"))

    def kill(self, victim: str) -> None:
        """Kill one of `serve`, `work` and `postgres` without a word of warning."""
        if victim == "postgres":
            self.server.kill()
            return
        child: Child = getattr(self, victim)
        for pid in child.pids():
            os.kill(pid, signal.SIGKILL)
        self.wait_until(lambda: not child.is_running)

    def restart(self, victim: str) -> None:
        """Start again what was killed, on the same data."""
        if victim == "postgres":
            self.server = self._start_postgres()
        else:
            setattr(self, victim, self._spawn(victim))
        self.wait_until(self.is_ready)

    def keep_up(self) -> None:
        """Start again what refused to start while the database was away, as a supervisor does.

        What ended in any other way is a fault.
        """
        for name in ("serve", "work"):
            child: Child = getattr(self, name)
            if child.is_running:
                continue
            assert child._popen.returncode == REFUSED, f"{name} ended by itself: see {child.log}"
            setattr(self, name, self._spawn(name))

    def is_ready(self) -> bool:
        """Tell whether the service answers that it can do its work."""
        return self._answers(f"{self.url}/readyz")

    def wait_until(self, is_true: Callable[[], bool], seconds: float = READY_S) -> None:
        """Wait for something another process brings about, up to a bound."""
        deadline = time.monotonic() + seconds
        while not is_true():
            for child in (self.bank,) if hasattr(self, "bank") else ():
                child.check()
            assert time.monotonic() < deadline, f"it did not happen in {seconds} s"
            time.sleep(0.05)

    def let_leases_end(self) -> None:
        """Raise the clock past every claim that a killed dispatcher left behind."""
        statement = "UPDATE access.clock SET offset_s = offset_s + $1"
        asyncio.run(_as_owner(self.server.url, statement, LEASE_S))

    def released(self, item_ids: list[str]) -> dict[str, list[str]]:
        """Return the releases that stand in the books under these ids, read as the owner."""
        return asyncio.run(_released(self.server.url, item_ids))

    def payments(self) -> Json:
        """Return what the bank counted."""
        answer: Json = httpx.get(f"{self.bank_url}/payments", timeout=10).json()
        return answer

    def report(self, scope: str) -> Report:
        """Check the books."""
        return asyncio.run(_report(self.login, scope))

    def stop(self) -> None:
        """Stop everything and let go of the cluster."""
        for child in (self.serve, self.work, self.bank):
            child.stop()
        self.server.stop()
        self.ports.close()
        postgres.remove(self.folder / "postgres")

    def _start_postgres(self) -> postgres.Server:
        """Start the cluster on the port that the services know."""
        folder = self.folder / "postgres"
        server = postgres.start(folder, durable=True, port=self.database_port)
        assert server.cluster.port == self.database_port, "another program took the port"
        return server

    def _spawn(self, name: str) -> Child:
        env = {word: value for word, value in os.environ.items() if word != "DATABASE_URL"}
        env |= {
            "ESCROW_DATABASE_URL": self.login,
            "ESCROW_ENVIRONMENT": "test",
            "ESCROW_PORT": str(self.port),
            "ESCROW_METRICS_PORT": "0",
            "ESCROW_LOG_LEVEL": "warning",
            "ESCROW_VERIFY_INTERVAL_S": "3600",
        }
        return spawn(f"escrow {name}", ["escrow", name], env, self.folder / f"{name}.log")

    def _spawn_bank(self) -> Child:
        env = os.environ | {"SANDBOX_BANK_KEY": self.bank_key, "SANDBOX_ESCROW_URL": self.url}
        module = ["sandbox", "bank", "--port", str(self.bank_port), "--bank-id", BANK_ID]
        return spawn("bank", [*module, "--pushed"], env, self.folder / "bank.log")

    def _answers(self, url: str) -> bool:
        try:
            return httpx.get(url, timeout=2).is_success
        except httpx.HTTPError:
            return False


async def _as_owner(url: str, statement: str, *arguments: object) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        found: list[asyncpg.Record] = await connection.fetch(statement, *arguments)
    finally:
        await connection.close()
    return found


async def _released(url: str, item_ids: list[str]) -> dict[str, list[str]]:
    statement = "SELECT item_id, movement_id FROM escrow.lesson WHERE item_id = ANY ($1::text[])"
    found: dict[str, list[str]] = {}
    for row in await _as_owner(url, statement, item_ids):
        found.setdefault(row["item_id"], []).append(str(row["movement_id"]))
    return found


async def _report(login: str, scope: str) -> Report:
    database = await Database(login, application="crash").open()
    try:
        return await verify(database, scope="whole" if scope == "whole" else "new")
    finally:
        await database.close()

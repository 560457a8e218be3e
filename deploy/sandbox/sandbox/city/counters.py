"""The counters of the city's banks: what customers and the launcher ask of them directly.

Two banks, because a bank either pulls its instructions or is pushed to.
"""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import httpx

BANK_WAIT_S = 60.0
"""Longest wait for the banks to finish what they were given; then the day goes on without."""

STATEMENTS_S = 120.0
"""Longest wait for a bank's statements: one request per account."""

_POLL_S = 0.2

_QUIET_ROUNDS = 2
"""Rounds without news after which a bank is done: one may have begun before the question."""


@dataclass(slots=True)
class Paid:
    """What the banks have paid by instruction, ever."""

    payments: int = 0
    amount_fen: int = 0
    twice: list[str] = field(default_factory=list)


class Counters:
    """One client per bank."""

    def __init__(self, clients: dict[str, httpx.AsyncClient]) -> None:
        self._clients = clients

    def client(self, bank_id: str) -> httpx.AsyncClient:
        """Return the way to a bank's counter."""
        return self._clients[bank_id]

    async def open_account(self, bank_id: str, number: str, name: str, opened_on: date) -> None:
        """Open an account at a bank."""
        body = {"name": name, "opened_on": str(opened_on)}
        await self._ask("PUT", bank_id, f"/accounts/{number}", body)

    async def book(self, bank_id: str, counter: str, rows: list[dict[str, Any]]) -> None:
        """Pay in at `deposits`, or take out at `debits`."""
        await self._ask("POST", bank_id, f"/{counter}", {"items": rows})

    async def set_everywhere(self, path: str, body: dict[str, Any]) -> None:
        """Put the same at every bank: the clock, the fault switches."""
        for bank_id in self._clients:
            await self._ask("PUT", bank_id, path, body)

    async def close_day(self) -> list[dict[str, Any]]:
        """Let every bank send its statements; return what the service answered."""
        said: list[dict[str, Any]] = []
        for client in self._clients.values():
            answer = await client.post("/statements", timeout=STATEMENTS_S)
            answer.raise_for_status()
            said += answer.json()["items"]
        return said

    async def drain(self) -> bool:
        """Wait until no bank has anything left to do; say whether they got there."""
        return all([await _drained(client) for client in self._clients.values()])

    async def paid(self) -> Paid:
        """Return what all banks have paid."""
        paid = Paid()
        for client in self._clients.values():
            told = (await client.get("/payments")).json()
            paid.payments += told["payments"]
            paid.amount_fen += told["amount_fen"]
            paid.twice += told["paid_twice"]
        return paid

    async def struck(self) -> Counter[str]:
        """Return how often each fault struck, over all banks."""
        struck: Counter[str] = Counter()
        for client in self._clients.values():
            struck.update((await client.get("/report")).json()["faults_struck"])
        return struck

    async def _ask(self, method: str, bank_id: str, path: str, body: dict[str, Any]) -> None:
        answer = await self._clients[bank_id].request(method, path, json=body)
        answer.raise_for_status()


async def _drained(client: httpx.AsyncClient) -> bool:
    deadline = time.monotonic() + BANK_WAIT_S
    seen, since = None, 0
    while time.monotonic() < deadline:
        report = (await client.get("/report")).json()
        now = _news(report["counts"])
        if report["pending"] or now != seen:
            seen, since = now, report["rounds"]
        elif report["rounds"] >= since + _QUIET_ROUNDS:
            return True
        await asyncio.sleep(_POLL_S)
    return False


def _news(counts: dict[str, int]) -> tuple[int, ...]:
    return tuple(counts.get(word, 0) for word in ("instructions", "entries"))

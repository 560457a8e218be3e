"""A push bank across the street: the service, its dispatchers and the sandbox's bank, all real.

The wire between them is in memory, keeps what was said on it, and can stop a dispatcher at
the two places where it hurts.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import httpx
from sqlalchemy import text

from escrow.bank.client import BankClient
from escrow.bank.dispatch import Dispatcher
from escrow.ledger.gather import Poster
from escrow.worker import Rounds
from sandbox.bank import BankOptions, Faults, create_bank
from sandbox.bank.desk import Bank
from sandbox.bank.transport import WithoutNetwork
from shared.pg.database import Database
from tests.integration.escrow.locks import SEEN_S
from tests.support.client import City, Place, running
from tests.support.postgres import run_sql, service_url

FINALITY_S = 300
PATIENCE_S = 0.2
"""How long an answer is waited for where none will come."""

Json = dict[str, Any]
Hook = Callable[[], Awaitable[None]]


async def _nothing() -> None:
    """Let a call pass."""


class Wire(httpx.AsyncBaseTransport):
    """The line to one bank: keeps what was asked, and calls a test before and after."""

    def __init__(self, bank: httpx.AsyncBaseTransport) -> None:
        self.bank = bank
        self.asked: list[tuple[str, str]] = []
        self.told: list[Json] = []
        self.before: Hook = _nothing
        self.after: Hook = _nothing

    async def handle_async_request(  # tidy: allow banned-name - httpx's own word
        self, request: httpx.Request
    ) -> httpx.Response:
        await self.before()
        if request.method == "POST":
            self.asked.append(("sent", request.headers["Idempotency-Key"].strip('"')))
            self.told.append(json.loads(request.content))
        else:
            self.asked.append(("asked", request.url.path.rpartition("/")[2]))
        answer = await self.bank.handle_async_request(request)
        await self.after()
        return answer


class Refusing(httpx.AsyncBaseTransport):
    """A bank whose doorman answers 503 to all."""

    async def handle_async_request(  # tidy: allow banned-name - httpx's own word
        self, request: httpx.Request
    ) -> httpx.Response:
        return httpx.Response(503, request=request)


@dataclass
class Street:
    """An institution, its push bank, and the dispatchers between them."""

    city: City
    place: Place
    bank: Bank
    wire: Wire
    owner_url: str
    mounts: dict[str, httpx.AsyncBaseTransport] = field(default_factory=dict)
    patience_s: float = SEEN_S

    @property
    def database(self) -> Database:
        database: Database = self.city.app.state.escrow.database
        return database

    @property
    def poster(self) -> Poster:
        poster: Poster = self.city.app.state.escrow.poster
        return poster

    def dispatcher(self) -> Dispatcher:
        """Return a new worker's dispatcher: it remembers nothing of the others."""
        client = httpx.AsyncClient(mounts=dict(self.mounts), trust_env=False)
        return Dispatcher(self.database, self.poster, BankClient(client, self.patience_s))

    def faults(self, **chances: float) -> None:
        """Turn the bank's switches; where it may stay silent, nobody waits for long."""
        self.bank.dice.set(Faults.model_validate(chances))
        is_silent = "silent" in chances or chances.get("slow_s", 0) > SEEN_S
        self.patience_s = PATIENCE_S if is_silent else SEEN_S

    def wait(self, seconds: int) -> None:
        """Let time pass: the clock of the books is raised, as the sandbox does."""
        run_sql(self.owner_url, f"UPDATE access.clock SET offset_s = offset_s + {seconds}")

    async def fund(self, name: str, lessons: int = 10) -> None:
        """Register a contract, and let its price come in at the bank."""
        fee = 8_000
        await self.place.register(self.place.contract(name, lessons, lessons * fee))
        entry = self.place.entry(f"D-{name}", lessons * fee, reference=name)
        asked = {"account_number", "amount_fen", "reference", "id", "booked_at"} | {
            "counterparty_name",
            "counterparty_account",
        }
        rows = [{key: value for key, value in entry.items() if key in asked}]
        async with httpx.AsyncClient(transport=self.wire.bank, base_url="http://bank.test") as one:
            (await one.post("/deposits", json={"items": rows})).raise_for_status()
        await self.bank.work_once()

    async def planned(self, lessons: int = 2) -> str:
        """Release some lessons at once and return the one instruction that pays them."""
        await self.fund("C1")
        await self.place.release("C1", *range(1, lessons + 1))
        ((name, state),) = await self.instructions()
        assert state == "planned"
        return name

    async def states(self) -> list[str]:
        """Return the states of the institution's instructions, in the order planned."""
        return [state for _, state in await self.instructions()]

    async def instructions(self) -> list[tuple[str, str]]:
        query = text(
            "SELECT instruction_id::text, state FROM escrow.instruction"
            " WHERE institution_id = :me ORDER BY instruction_id"
        )
        async with self.database.connect() as connection:
            rows = await connection.execute(query, {"me": self.place.id})
            return [(row.instruction_id, row.state) for row in rows]

    async def pay(self) -> Json:
        """Let the bank work until nothing is left to do; return what it paid."""
        while await self.bank.work_once():
            pass
        async with httpx.AsyncClient(transport=self.wire.bank, base_url="http://bank.test") as one:
            found: Json = (await one.get("/payments")).json()
        assert found["paid_twice"] == []
        return found

    async def plan_waiting(self) -> None:
        """Let the worker pay out what has room by now."""
        await Rounds(self.database, self.poster).plan_waiting()

    async def kill(self, dispatcher: Dispatcher, *, before: bool) -> None:
        """Stop a dispatcher for good, before or after the bank has its instruction."""
        reached, never = asyncio.Event(), asyncio.Event()

        async def stop_here() -> None:
            reached.set()
            await never.wait()

        if before:
            self.wire.before = stop_here
        else:
            self.wire.after = stop_here
        doomed = asyncio.create_task(dispatcher.once())
        async with asyncio.timeout(SEEN_S):
            await reached.wait()
        doomed.cancel()
        await asyncio.wait({doomed})
        self.wire.before = self.wire.after = _nothing


@contextlib.asynccontextmanager
async def street_on(owner_url: str) -> AsyncIterator[Street]:
    """Start the service and its push bank on a migrated database of their own."""
    async with running(service_url(owner_url)) as city:
        push = {"delivery": "push", "endpoint": "http://bank.test", "finality_s": FINALITY_S}
        caller = await city.open_bank("bank-push", **push)
        transport = httpx.ASGITransport(city.app)
        headers = {"Authorization": f"Bearer {caller.key}"}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://escrow.test", headers=headers
        ) as escrow:
            options = BankOptions(bank_id="bank-push", pulls=False)
            bank_app = create_bank(options, escrow)
            place = await city.place(bank_id="bank-push")
            bank: Bank = bank_app.state.bank
            bank.books.open_account(place.account, "示例专户", date(2026, 1, 5))
            wire = Wire(WithoutNetwork(bank_app))
            mounts: dict[str, httpx.AsyncBaseTransport] = {"http://bank.test": wire}
            yield Street(city, place, bank, wire, owner_url, mounts)

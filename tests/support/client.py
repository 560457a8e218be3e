"""The service as its callers meet it: HTTP in memory, a real database behind, keys for all.

    async with running(database_url) as city:
        place = await city.place()
        await place.fund("C1", lessons=10, paid_fen=80_000)
        released = await place.release("C1", 1, 2)

Every place is a new institution, so that tests share a database and not their books.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import SecretStr
from stdnum.cn import uscc

from escrow.access.service import create_key
from escrow.app import build
from escrow.ledger.feed import FEED
from escrow.settings import Settings
from shared.feed import outbox
from shared.ids import new_id
from shared.pg.database import Database
from shared.settings import Environment
from shared.time import SHANGHAI, rfc3339, wall_clock

Json = dict[str, Any]

BANK = "bank-a"
DISTRICT = "320602"

_numbers = count(1)


async def _held(database: Database) -> int:
    async with database.connect() as connection:
        return (await outbox.lag(connection, FEED)).held_events


def ok(answer: httpx.Response, status: int = 200) -> Json:
    """Return the answer's body, which must have this status."""
    assert answer.status_code == status, f"{answer.status_code} {answer.text}"
    body: Json = answer.json()
    return body


def an_institution_id() -> str:
    """Return an id that nobody had before, with its check digit."""
    stem = f"91320602MA{next(_numbers):07d}"
    return stem + str(uscc.calc_check_digit(stem))


def days_ago(days: int, hour: int = 9) -> datetime:
    """Return an hour of the day in Shanghai, some days ago."""
    today = wall_clock().astimezone(SHANGHAI)
    return today.replace(hour=hour, minute=0, second=0, microsecond=0) - timedelta(days=days)


@dataclass(frozen=True, slots=True)
class Caller:
    """One party's line to the service, with its key; every post has a fresh idempotency key."""

    http: httpx.AsyncClient
    key: str | None

    async def ask(self, method: str, path: str, **rest: Any) -> httpx.Response:  # noqa: ANN401
        """Send a request with the key."""
        headers = dict(rest.pop("headers", None) or {})
        if self.key is not None:
            headers.setdefault("Authorization", f"Bearer {self.key}")
        return await self.http.request(method, path, headers=headers, **rest)

    async def get(self, path: str, **query: str | int) -> httpx.Response:
        """Read something."""
        return await self.ask("GET", path, params=query)

    async def put(self, path: str, body: Json, **query: str) -> httpx.Response:
        """Put something in its place."""
        return await self.ask("PUT", path, json=body, params=query)

    async def post(
        self, path: str, body: Json, *, key: str | None = None, **query: str
    ) -> httpx.Response:
        """Ask for something to be done once, under this idempotency key or a fresh one."""
        headers = {"Idempotency-Key": key or str(new_id())}
        return await self.ask("POST", path, json=body, params=query, headers=headers)

    async def delete(self, path: str) -> httpx.Response:
        """Take something away."""
        return await self.ask("DELETE", path)


@dataclass
class City:
    """A running service, and one caller of each role that is not tied to an institution."""

    app: FastAPI
    http: httpx.AsyncClient
    operator: Caller
    parties: dict[str, Caller] = field(default_factory=dict)

    @property
    def supervisor(self) -> Caller:
        """Return the whole country's supervisor."""
        return self.parties["supervisor"]

    @property
    def auditor(self) -> Caller:
        """Return the whole country's auditor."""
        return self.parties["auditor"]

    @property
    def bank(self) -> Caller:
        """Return the bank that holds every account here."""
        return self.parties["bank"]

    @property
    def service(self) -> Caller:
        """Return one of our own services."""
        return self.parties["service"]

    @property
    def nobody(self) -> Caller:
        """Return a caller without a key."""
        return Caller(self.http, None)

    async def caller(self, role: str, **scope: str) -> Caller:
        """Make a key of a role and scope, over HTTP, and return its line."""
        made = ok(await self.operator.post("/v1/keys", {"role": role, **scope}), 201)
        return Caller(self.http, made["key"])

    async def feed_is_whole(self) -> None:
        """Wait until all that was posted is on the feed.

        A transaction in any database of the server may hold the feed back for a moment.
        """
        database = self.app.state.escrow.database
        async with asyncio.timeout(20):
            while await _held(database):  # noqa: ASYNC110 - the state is in the server
                await asyncio.sleep(0.01)

    async def open_bank(self, bank_id: str = BANK, **changes: object) -> Caller:
        """Register a bank that pulls, and return its line."""
        body = {"name": "示例银行", "delivery": "pull", "finality_s": 60, **changes}
        ok(await self.operator.put(f"/v1/banks/{bank_id}", body))
        return await self.caller("bank", bank_id=bank_id)

    async def place(self, *, district_code: str = DISTRICT, bank_id: str = BANK) -> "Place":
        """Register an institution with a custody account, and return it with its key."""
        name = an_institution_id()
        billing = await self.caller("institution", institution_id=name)
        place = Place(self, name, f"62{name[10:]}", billing)
        facts = {
            "name": "示例青竹科技培训中心",
            "district_code": district_code,
            "category": "non_subject",
            "delivery": "offline",
            "policy": "national",
        }
        ok(await self.supervisor.put(place.path, facts))
        account = {
            "bank_id": bank_id,
            "account_number": place.account,
            "account_name": "示例青竹（预收费托管专户）",
            "opened_on": "2026-01-05",
            "settlement_account_number": f"95{name[10:]}",
            "settlement_account_name": "示例青竹科技培训中心",
        }
        ok(await self.supervisor.put(f"{place.path}/custody-account", account))
        return place


@dataclass(frozen=True)
class Place:
    """An institution with an account at the city's bank, and its billing system."""

    city: City
    id: str
    account: str
    billing: Caller

    @property
    def path(self) -> str:
        """Return where the institution is on the wire."""
        return f"/v1/institutions/{self.id}"

    def contract(
        self, name: str, lessons: int = 10, paid_fen: int = 80_000, **changes: object
    ) -> Json:
        """Return a contract signed nine days ago."""
        return {
            "id": name,
            "institution_id": self.id,
            "student_ref": f"S-{name}",
            "guardian_ref": f"G-{name}",
            "course": {"name": "少儿编程 L2", "category": "non_subject", "delivery": "offline"},
            "lessons": lessons,
            "paid_fen": paid_fen,
            "list_fen": paid_fen,
            "signed_at": rfc3339(days_ago(9)),
            "starts_on": str(days_ago(8).date()),
            "ends_on": str(days_ago(8).date() + timedelta(days=80)),
            **changes,
        }

    def entry(self, name: str, amount_fen: int, **changes: object) -> Json:
        """Return a credit that the bank booked a week ago."""
        return {
            "id": name,
            "account_number": self.account,
            "direction": "credit",
            "amount_fen": amount_fen,
            "booked_at": rfc3339(days_ago(7)),
            "value_on": str(days_ago(7).date()),
            "counterparty_name": "王小明",
            "counterparty_account": "6217000000000000077",
            **changes,
        }

    def lesson(self, contract_id: str, lesson_no: int, **changes: object) -> Json:
        """Return a lesson that was taught yesterday morning."""
        return {
            "id": f"r-{contract_id}-{lesson_no}",
            "contract_id": contract_id,
            "lesson_no": lesson_no,
            "taught_at": rfc3339(days_ago(1)),
            "ended_at": rfc3339(days_ago(1, 10)),
            **changes,
        }

    async def register(self, *contracts: Json) -> Json:
        """Register contracts, of which none may be refused."""
        done = ok(await self.billing.post("/v1/contracts", {"items": list(contracts)}))
        assert not done["counts"]["refused"], done
        return done

    async def book(self, *entries: Json) -> Json:
        """Let the bank report entries, of which none may be refused."""
        done = ok(await self.city.bank.post("/v1/bank/entries", {"items": list(entries)}))
        assert not done["counts"]["refused"], done
        return done

    async def fund(
        self, name: str, lessons: int = 10, paid_fen: int = 80_000, **changes: object
    ) -> None:
        """Register a contract and let its whole price come in."""
        await self.register(self.contract(name, lessons, paid_fen, **changes))
        await self.book(self.entry(f"D-{name}", paid_fen, reference=name))

    async def release(self, contract_id: str, *lessons: int) -> list[Json]:
        """Claim lessons of one contract; return the items of the answer."""
        items = [self.lesson(contract_id, number) for number in lessons]
        return await self.claim(*items)

    async def claim(self, *items: Json) -> list[Json]:
        """Claim lessons as they are given; return the items of the answer."""
        body = {"institution_id": self.id, "items": list(items)}
        done: list[Json] = ok(await self.billing.post("/v1/releases", body))["items"]
        return done

    async def instructions(self, **query: str) -> list[Json]:
        """Let the bank pull this institution's instructions."""
        page = ok(
            await self.city.bank.get("/v1/bank/instructions", institution_id=self.id, **query)
        )
        found: list[Json] = page["items"]
        return found

    async def balances(self) -> dict[str, int]:
        """Return the balances by kind of account."""
        accounts: dict[str, int] = ok(await self.billing.get(f"{self.path}/balances"))["accounts"]
        return accounts


@contextlib.asynccontextmanager
async def running(database_url: str) -> AsyncIterator[City]:
    """Start the service on a migrated database, and give every party a key."""
    app = build(Settings(database_url=SecretStr(database_url), environment=Environment.test))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://escrow.test") as http,
    ):
        database = app.state.escrow.database
        _, key = await create_key(database, role="operator", created_by="tests")
        city = City(app, http, Caller(http, key))
        for role in ("supervisor", "auditor", "service"):
            city.parties[role] = await city.caller(role)
        city.parties["bank"] = await city.open_bank()
        yield city

"""A whole Saturday of the city, with the real bank, against a lenient stub of the service."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request

from sandbox.bank import BankOptions, create_bank
from sandbox.bank.transport import WithoutNetwork
from sandbox.city.counters import Counters
from sandbox.city.memory import Memory, recall
from sandbox.city.places import PULLING_BANK, PUSHED_BANK
from sandbox.city.saturday import play
from sandbox.city.town import Town
from sandbox.city.wire import Wire

NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)
Json = dict[str, Any]


@dataclass
class LenientEscrow:
    """Says yes to nearly everything and remembers what it was asked."""

    asked: Counter[str] = field(default_factory=Counter)
    released: set[tuple[str, int]] = field(default_factory=set)
    contracts: set[str] = field(default_factory=set)
    planned: list[Json] = field(default_factory=list)
    clock: list[datetime] = field(default_factory=list)

    async def answer(self, request: Request, path: str) -> Json:
        """Answer any request of the wire contract."""
        body = await request.json() if await request.body() else {}
        self.asked[f"{request.method} {path.split('/')[1]}"] += 1
        match request.method, path.split("/")[1:]:
            case "POST", ["contracts"]:
                return self._rows(body, self._contract)
            case "POST", ["releases"]:
                return self._releases(body)
            case "GET", ["bank", "instructions"]:
                taken, self.planned = self.planned, []
                state = request.query_params["state"]
                return {"items": taken if state == "planned" else [], "next": None}
            case "POST", ["bank", "entries"]:
                return self._rows(body, lambda _: {"outcome": "accepted"})
            case _:
                name = f"id-{sum(self.asked.values())}"
                found = {"matched": [], "difference_fen": 0, "follows_on": True}
                return {"id": name, "reconciliation_id": name, "accounts": {}, **found}

    def _rows(self, body: Json, answer: Callable[[Json], Json]) -> Json:
        rows = [{"index": n, **answer(row)} for n, row in enumerate(body["items"])]
        return {"items": rows, "counts": {}}

    def _contract(self, row: Json) -> Json:
        if row["id"].startswith("X-"):
            return {"outcome": "refused", "code": "span_too_long"}
        self.contracts.add(row["id"])
        return {"outcome": "accepted"}

    def _releases(self, body: Json) -> Json:
        answer = self._rows(body, self._release)
        count = sum(row["outcome"] == "released" for row in answer["items"])
        if count:
            self.planned.append(self._instruction(body["institution_id"], count))
        return answer

    def _release(self, row: Json) -> Json:
        lesson = (row["contract_id"], row["lesson_no"])
        if row["contract_id"] not in self.contracts:
            return {"outcome": "refused", "code": "contract_unknown"}
        if lesson in self.released:
            return {"outcome": "refused", "code": "already_released"}
        self.released.add(lesson)
        return {"outcome": "released", "amount_fen": 100, "payout": {"state": "instructed"}}

    def _instruction(self, institution_id: str, count: int) -> Json:
        name = f"i-{len(self.released)}"
        lines = [{"end_to_end_id": f"{name}-{n}", "amount_fen": 100} for n in range(count)]
        return {
            "id": name,
            "kind": "payout",
            "institution_id": institution_id,
            "account_number": self.account,
            "amount_fen": 100 * count,
            "lines": lines,
        }

    account = ""


class Silent:
    """A progress bar that nobody watches."""

    def begin(self, words: str, steps: int) -> None:
        """Begin."""

    def advance(self, steps: int) -> None:
        """Advance."""


@pytest.fixture
async def escrow() -> LenientEscrow:
    """Return a stub that has heard nothing yet."""
    return LenientEscrow()


@pytest.fixture
async def town(escrow: LenientEscrow) -> AsyncIterator[Town]:
    """Return a town whose bank works, with every party on the stub."""
    app = FastAPI()
    app.api_route("/v1{path:path}", methods=["GET", "PUT", "POST"])(escrow.answer)
    service = httpx.AsyncClient(transport=WithoutNetwork(app), base_url="http://escrow")
    bank_app = create_bank(BankOptions(), service)
    bank = bank_app.state.bank
    stop = asyncio.Event()
    rounds = asyncio.create_task(bank.run(stop))

    async def open_line(**_: str) -> Wire:
        return Wire(service, "key")

    async def raise_clock(instant: datetime) -> int:
        escrow.clock.append(instant)
        escrow.account = next(iter(bank.books.accounts), "")
        return int((instant - NOW).total_seconds())

    line = Wire(service, "key")
    counter = httpx.AsyncClient(transport=WithoutNetwork(bank_app), base_url="http://bank")
    banks = Counters({PULLING_BANK: counter, PUSHED_BANK: counter})
    yield Town(line, line, {}, banks, raise_clock, open_line, Silent())
    stop.set()
    await rounds


async def test_two_saturdays_follow_each_other(
    town: Town, escrow: LenientEscrow, tmp_path: Path
) -> None:
    path = tmp_path / "memory.json"
    await play(town, Memory(seed=1), path, NOW)
    first = len(escrow.released)
    assert town.tally.releases["released"] == first > 2_000
    assert town.tally.contracts["accepted"] == len(escrow.contracts)
    assert town.tally.release_refusals.keys() >= {"already_released", "contract_unknown"}
    assert (await town.banks.paid()).twice == []

    memory = recall(path)
    assert memory is not None
    assert memory.freeze_id is not None
    await play(town, memory, path, escrow.clock[-1])
    days = [day.isoformat() for day in memory.played]
    assert days == ["2026-11-28", "2026-12-05"]
    assert len(escrow.released) > first + 2_000
    assert escrow.clock == sorted(escrow.clock)
    assert escrow.clock[-1] - escrow.clock[0] > timedelta(days=7)


async def test_a_day_that_was_cut_short_is_caught_up_next_week(
    town: Town, escrow: LenientEscrow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "memory.json"

    async def cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("sandbox.city.morning.pay_in", cut)
        with pytest.raises(KeyboardInterrupt):
            await play(town, Memory(seed=1), path, NOW)
    assert escrow.released == set()

    memory = recall(path)
    assert memory is not None
    await play(town, memory, path, escrow.clock[-1])
    assert len(escrow.released) > 2_000
    assert {row.state for group in memory.classes for row in group.contracts} <= {
        "running",
        "refunding",
        "over",
    }

"""The revocation of the evening: a real platform, and a stub of escrow that hears of it or not."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request

from sandbox.city import revoking
from sandbox.city.counters import Counters
from sandbox.city.revoking import revoke_one
from sandbox.city.town import Town
from sandbox.city.wire import Wire
from sandbox.platform import PlatformOptions, create_platform

Json = dict[str, Any]
DAY = date(2026, 11, 28)


@dataclass
class HearingEscrow:
    """Freezes whom the platform lists as revoked, where it hears of it at all."""

    platform: httpx.AsyncClient
    hears: bool = True
    registered: list[str] = field(default_factory=list)
    confirmed: list[str] = field(default_factory=list)

    async def answer(self, request: Request, path: str) -> Json:
        """Answer what the story asks."""
        match request.method, path.split("/")[1:]:
            case "PUT", ["institutions", name]:
                self.registered.append(name)
            case "GET", ["institutions", name]:
                return {"freezes": await self._freezes(name), "may_refund": {"allowed": True}}
            case "POST", ["freezes", name, "confirm"]:
                self.confirmed.append(name)
        return {}

    async def _freezes(self, name: str) -> list[Json]:
        query = {"uscc": name}
        [site] = (await self.platform.get("/desk/institutions", params=query)).json()["items"]
        if not self.hears or site["orgStatus"] != "吊销":
            return []
        return [{"id": f"{name}-{n}", "registry_event_id": "e"} for n in range(2)]


class Silent:
    """A progress bar that nobody watches."""

    def begin(self, words: str, steps: int) -> None:
        """Begin."""

    def advance(self, steps: int) -> None:
        """Advance."""


@pytest.fixture
async def platform() -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of a small platform."""
    app = create_platform(PlatformOptions(institutions=80, opened_on=DAY))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://platform"
    ) as client:
        yield client


@pytest.fixture
def escrow(platform: httpx.AsyncClient) -> HearingEscrow:
    """Return a stub that hears of revocations."""
    return HearingEscrow(platform)


@pytest.fixture
async def town(escrow: HearingEscrow) -> AsyncIterator[Town]:
    """Return a town with every party on the stub."""
    app = FastAPI()
    app.api_route("/v1{path:path}", methods=["GET", "PUT", "POST"])(escrow.answer)

    async def never(*_: object, **__: object) -> Any:  # noqa: ANN401 - nobody asks
        raise AssertionError

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://escrow") as http:
        line = Wire(http, "key")
        yield Town(line, line, {}, Counters({}), never, never, Silent())


async def sites(platform: httpx.AsyncClient, **asked: str | int) -> list[Json]:
    """Return sites of the platform."""
    found: list[Json] = (await platform.get("/desk/institutions", params=asked)).json()["items"]
    return found


async def test_one_that_the_city_does_not_teach_at_is_frozen_and_confirmed(
    town: Town, platform: httpx.AsyncClient, escrow: HearingEscrow
) -> None:
    first, second, *_ = await sites(platform, status="正常")
    revoked = await revoke_one(town, platform, {first["uscc"]}, DAY)
    assert revoked is not None
    assert revoked.name == second["orgName"]
    assert revoked.after_s is not None
    assert revoked.may_refund
    assert escrow.registered == [second["uscc"]]
    assert len(escrow.confirmed) == 2


async def test_another_one_each_time(
    town: Town, platform: httpx.AsyncClient, escrow: HearingEscrow
) -> None:
    for _ in range(3):
        assert await revoke_one(town, platform, set(), DAY)
    assert len(set(escrow.registered)) == 3


async def test_one_that_is_not_frozen_is_told_of(
    town: Town,
    platform: httpx.AsyncClient,
    escrow: HearingEscrow,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    escrow.hears = False
    monkeypatch.setattr(revoking, "FROZEN_S", 0.2)
    revoked = await revoke_one(town, platform, set(), DAY)
    assert revoked is not None
    assert revoked.after_s is None
    assert escrow.confirmed == []


async def test_where_nobody_is_left_nothing_is_revoked(
    town: Town, platform: httpx.AsyncClient
) -> None:
    everybody = {site["uscc"] for site in await sites(platform, limit=1_000)}
    assert await revoke_one(town, platform, everybody, DAY) is None

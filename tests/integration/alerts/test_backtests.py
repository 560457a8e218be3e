"""Values tried on the past: asked for over HTTP, run by their own process, and then promoted."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from alerts.judging import backtesting
from shared.time import rfc3339
from tests.integration.alerts.feeds import Books, School, books_on
from tests.integration.alerts.offices import Office, office_on
from tests.support.client import Caller, ok

RULE = "large_outflow_single"


@dataclass
class Desk:
    """The rules over HTTP, an officer, and facts to try them on."""

    office: Office
    officer: Caller
    books: Books

    async def draft(self, **params: int) -> dict[str, Any]:
        """Keep values as a draft."""
        body = {"district_code": "320602", "params": params, "reason": "收紧单笔阈值"}
        return ok(await self.officer.put(f"/v1/rules/{RULE}/parameters", body))

    async def backtest(self, version: int, days: int = 100) -> dict[str, Any]:
        """Ask for a backtest of so many days up to now, and run it."""
        now = await self.books.now()
        body = {
            "district_code": "320602",
            "version": version,
            "from_at": rfc3339(now - timedelta(days=days)),
            "to_at": rfc3339(now - timedelta(minutes=1)),
        }
        asked = ok(await self.officer.post(f"/v1/rules/{RULE}/backtests", body), 202)
        await backtesting.run(self.books.database, UUID(asked["id"]))
        return ok(await self.officer.get(f"/v1/backtests/{asked['id']}"))

    async def promote(self, to: str, who: Caller | None = None, **more: object) -> httpx.Response:
        """Ask that values move on."""
        body = {"district_code": "320602", "to": to, "reason": "已核对回测", **more}
        return await (who or self.officer).post(f"/v1/rules/{RULE}/promote", body)


@pytest.fixture
async def desk(fresh_database: object) -> AsyncIterator[Desk]:
    owner_url = fresh_database()  # type: ignore[operator]
    async with books_on(owner_url) as books, office_on(owner_url) as office:
        yield Desk(office, await office.caller(district_code="320602"), books)


async def _robbed(desk: Desk) -> School:
    school, now = School(), await desk.books.now()
    desk.books.said.say(
        school.named(now - timedelta(days=80)),
        school.paid_in(now - timedelta(days=80), 200_000_000),
        school.took_out(now - timedelta(days=20), 15_000_000),
        school.took_out(now - timedelta(days=3), 90_000_000),
    )
    await desk.books.hear()
    return school


async def test_the_catalogue_names_limits_and_bases(desk: Desk) -> None:
    items = ok(await desk.officer.get("/v1/rules"))["items"]
    assert [one["number"] for one in items] == [f"R{n:02}" for n in range(1, 23)]
    assert all(one["parameters"] for one in items)
    detail = ok(await desk.officer.get(f"/v1/rules/{RULE}"))
    assert detail["values"] == []


async def test_values_out_of_range_are_refused_with_the_range(desk: Desk) -> None:
    (first, *_) = ok(await desk.officer.get(f"/v1/rules/{RULE}"))["parameters"]
    body = {"params": {first["name"]: first["high"] + 1, "nonsense": 5}, "reason": "x"}
    answer = await desk.officer.put(f"/v1/rules/{RULE}/parameters", body)
    said = [one["detail"] for one in ok(answer, 422)["errors"]]
    assert any(str(first["high"]) in one for one in said)
    assert any("no parameter" in one for one in said)


async def test_another_districts_values_are_not_ones_own(desk: Desk) -> None:
    (first, *_) = ok(await desk.officer.get(f"/v1/rules/{RULE}"))["parameters"]
    body = {
        "district_code": "310104",
        "params": {first["name"]: first["low"]},
        "reason": "x",
    }
    answer = await desk.officer.put(f"/v1/rules/{RULE}/parameters", body)
    assert answer.status_code == 403


async def test_a_span_in_which_nothing_was_known_says_so(desk: Desk) -> None:
    (first, *_) = ok(await desk.officer.get(f"/v1/rules/{RULE}"))["parameters"]
    made = await desk.draft(**{first["name"]: first["low"]})
    await _robbed(desk)
    found = await desk.backtest(made["version"])
    assert found["state"] == "done"
    assert found["result"]["is_empty"] is False
    assert found["result_hash"]
    now = await desk.books.now()
    body = {
        "district_code": "320602",
        "version": made["version"],
        "from_at": rfc3339(now - timedelta(days=300)),
        "to_at": rfc3339(now - timedelta(days=200)),
    }
    asked = ok(await desk.officer.post(f"/v1/rules/{RULE}/backtests", body), 202)
    result = await backtesting.run(desk.books.database, UUID(asked["id"]))
    assert result["is_empty"] is True


@pytest.mark.parametrize(
    ("from_days", "to_days"), [(1, 2), (500, 1), (5, -1)], ids=["crossed", "too long", "future"]
)
async def test_a_span_that_makes_no_sense_is_refused(
    desk: Desk, from_days: int, to_days: int
) -> None:
    (first, *_) = ok(await desk.officer.get(f"/v1/rules/{RULE}"))["parameters"]
    made = await desk.draft(**{first["name"]: first["low"]})
    now = await desk.books.now()
    body = {
        "district_code": "320602",
        "version": made["version"],
        "from_at": rfc3339(now - timedelta(days=from_days)),
        "to_at": rfc3339(now - timedelta(days=to_days)),
    }
    answer = await desk.officer.post(f"/v1/rules/{RULE}/backtests", body)
    assert ok(answer, 422)["errors"][0]["pointer"] == "/to_at"


async def test_values_go_live_by_shadow_proof_and_two_persons(desk: Desk) -> None:
    (first, *_) = ok(await desk.officer.get(f"/v1/rules/{RULE}"))["parameters"]
    made = await desk.draft(**{first["name"]: first["low"]})
    version = {"version": made["version"]}
    assert ok(await desk.promote("shadow", **version))["state"] == "shadow"
    await _robbed(desk)
    found = await desk.backtest(made["version"])
    proven = {**version, "backtest_id": found["id"], "accept_over_budget": True}
    early = ok(await desk.promote("live", **proven), 409)
    assert early["code"] == "shadow_too_short"
    await desk.office.run("UPDATE alerts.parameters SET shadow_since = now() - interval '8 days'")
    once = ok(await desk.promote("live", **proven))
    assert (once["state"], once["approvals"]) == ("shadow", 1)
    again = ok(await desk.promote("live", **proven))
    assert (again["state"], again["approvals"]) == ("shadow", 1)
    second = await desk.office.caller(district_code="320602")
    live = ok(await desk.promote("live", second, **proven))
    assert live["state"] == "live"
    (kept,) = ok(await desk.officer.get(f"/v1/rules/{RULE}"))["values"]
    assert [one["to"] for one in kept["approvals"]].count("live") == 3

"""Holds over HTTP: every role at every route, and how far a district's word reaches."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import yaml
from pydantic import SecretStr

from escrow.access.service import create_key
from registry_sync.app import build
from registry_sync.settings import Settings
from shared.pg.database import Database
from shared.settings import Environment
from tests.integration.registry.mirrors import NATIONAL, Mirror, empty, mirror_on
from tests.integration.registry.truth import untouched
from tests.support.client import Caller, Json, ok
from tests.support.postgres import registry_url, run_sql, service_url

SITES = 150
SCOPES: dict[str, dict[str, str]] = {
    "institution": {"institution_id": "91320602MA1ABCDE16"},
    "bank": {"bank_id": "bank-a"},
    "guardian": {"district_code": "320600"},
    "supervisor": {},
    "auditor": {},
    "service": {},
    "operator": {},
}
READERS = {"supervisor", "auditor", "operator"}
BODY = {"reason": "the ministry announced it"}


class Desk:
    """The service over HTTP, and a key for whoever calls."""

    def __init__(self, http: httpx.AsyncClient, escrow: Database) -> None:
        self.http = http
        self.escrow = escrow

    async def caller(self, role: str, **scope: str) -> Caller:
        _, key = await create_key(self.escrow, role=role, created_by="tests", **scope)
        return Caller(self.http, key)

    async def newest(self) -> Json:
        reader = await self.caller("supervisor")
        found: Json = ok(await reader.get("/v1/holds", limit=1))["items"][0]
        return found


@pytest.fixture
async def mirror(owner_url: str) -> AsyncIterator[Mirror]:
    empty(owner_url)
    async with mirror_on(owner_url, institutions=SITES) as found:
        await found.sync()
        yield found


@pytest.fixture
async def desk(mirror: Mirror, tmp_path: Path) -> AsyncIterator[Desk]:
    named = mirror.source.model_dump(mode="json", exclude_none=True)
    file = tmp_path / "sources.yaml"
    file.write_text(yaml.safe_dump({"sources": [named]}))
    settings = Settings(
        database_url=SecretStr(registry_url(mirror.owner_url)),
        sources_file=file,
        environment=Environment.test,
    )
    app = build(settings)
    escrow = Database(service_url(mirror.owner_url), application="tests")
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(app.router.lifespan_context(app))
        http = httpx.AsyncClient(transport=transport, base_url="http://registry.test")
        await stack.enter_async_context(http)
        stack.push_async_callback(escrow.close)
        yield Desk(http, escrow)


async def held(mirror: Mirror, number: int = 10, province: str = "") -> list[str]:
    """Let many revocations be held, all in one province or anywhere; return the institutions."""
    found = await untouched(mirror, SITES)
    sites = [one for one in found if one["regionCode"].startswith(province)][:number]
    await mirror.revoke(*sites)
    await mirror.sync()
    return sorted(one["uscc"] for one in sites)


@pytest.mark.parametrize("role", [None, *SCOPES])
async def test_who_may_read_and_who_may_decide(
    mirror: Mirror, desk: Desk, role: str | None
) -> None:
    await held(mirror)
    path = f"/v1/holds/{await mirror.hold_id('mass_revocation')}"
    who = await desk.caller(role, **SCOPES[role]) if role else Caller(desk.http, None)
    refused = 403 if role else 401
    assert (await who.get("/v1/holds")).status_code == (200 if role in READERS else refused)
    decides = 200 if role == "supervisor" else refused
    assert (await who.post(f"{path}/approve", BODY)).status_code == decides
    assert (await who.post(f"{path}/reject", BODY)).status_code in {decides, 409}


async def test_a_mass_revocation_from_hold_to_freeze(mirror: Mirror, desk: Desk) -> None:
    institutions = await held(mirror)
    hold = await desk.newest()
    assert (hold["reason"], hold["state"], hold["changes"]) == ("mass_revocation", "open", 10)
    assert sum(hold["districts"].values()) == 10
    assert {one["institution_id"] for one in hold["sample"]} == set(institutions)
    path = f"/v1/holds/{hold['id']}/approve"
    one, other = [await desk.caller("supervisor") for _ in range(2)]
    for who, state in ((one, "open"), (one, "open"), (other, "approved")):
        assert ok(await who.post(path, BODY)) == {"id": hold["id"], "state": state}
    await mirror.look()
    assert sorted(await mirror.freezing()) == institutions
    hold = await desk.newest()
    assert (hold["state"], len(hold["votes"])) == ("applied", 2)
    late = await other.post(path, BODY)
    assert (late.status_code, late.json()["code"]) == (409, "hold_ended")


async def test_one_who_approved_cannot_reject(mirror: Mirror, desk: Desk) -> None:
    await held(mirror)
    path = f"/v1/holds/{(await desk.newest())['id']}"
    who = await desk.caller("supervisor")
    ok(await who.post(f"{path}/approve", BODY))
    answer = await who.post(f"{path}/reject", BODY)
    assert (answer.status_code, answer.json()["code"]) == (409, "already_voted")
    other = await desk.caller("supervisor")
    assert ok(await other.post(f"{path}/reject", BODY))["state"] == "rejected"


async def test_an_unknown_hold_is_404_and_a_reason_is_needed(mirror: Mirror, desk: Desk) -> None:
    who = await desk.caller("supervisor")
    nowhere = "/v1/holds/00000000-0000-7000-8000-000000000000/approve"
    assert (await who.post(nowhere, BODY)).status_code == 404
    assert (await who.post(nowhere, {})).status_code in {400, 422}


async def test_a_district_decides_what_lies_within_it_alone(mirror: Mirror, desk: Desk) -> None:
    await held(mirror, province="32")
    sites = await mirror.rows("SELECT DISTINCT district_code FROM registry.held_site")
    path = f"/v1/holds/{await mirror.hold_id('mass_revocation')}/approve"
    county = await desk.caller("supervisor", district_code=sites[0]["district_code"])
    assert len(sites) > 1
    assert (await county.post(path, BODY)).status_code == 403
    province = await desk.caller("supervisor", district_code="320000")
    assert ok(await province.post(path, BODY))["state"] == "open"


async def test_a_site_without_a_district_is_the_countrys_to_decide(
    mirror: Mirror, desk: Desk
) -> None:
    first, *_ = await held(mirror, province="32")
    nowhere = f"UPDATE registry.held_site SET district_code = NULL WHERE institution_id = '{first}'"
    run_sql(mirror.owner_url, nowhere)
    path = f"/v1/holds/{await mirror.hold_id('mass_revocation')}/approve"
    province = await desk.caller("supervisor", district_code="320000")
    assert (await province.post(path, BODY)).status_code == 403
    country = await desk.caller("supervisor")
    assert ok(await country.post(path, BODY))["state"] == "open"


async def test_what_concerns_a_whole_batch_is_not_a_districts_to_decide(
    mirror: Mirror, desk: Desk
) -> None:
    await mirror.platform.turn(schema_drift=True)
    await mirror.sync()
    path = f"/v1/holds/{await mirror.hold_id('schema_drift')}/approve"
    province = await desk.caller("supervisor", district_code="320000")
    assert (await province.post(path, BODY)).status_code == 403
    country = await desk.caller("supervisor")
    assert ok(await country.post(path, BODY))["state"] == "open"
    assert (await desk.newest())["source"] == NATIONAL

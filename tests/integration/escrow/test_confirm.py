"""An officer confirms what the registry froze: once, while it is in force, for all to see."""

import json
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from escrow.ledger.gauges import refresh
from shared.pg.database import Database
from tests.integration.escrow.heard import Feed
from tests.integration.escrow.offices import findings
from tests.support.client import City, Place, ok

Json = dict[str, Any]

REASON = {"reason": "已核实", "document_no": "教监〔2026〕3号"}
GAUGE = "tuition_escrow_protective_freeze"


@pytest.fixture
async def database(city: City) -> Database:
    found: Database = city.app.state.escrow.database
    return found


@pytest.fixture
async def freezes(place: Place, database: Database) -> list[Json]:
    """Return the two freezes that the registry placed, as they are shown."""
    feed = Feed()
    feed.say(place.id, "licence.revoked", "freeze")
    await feed.listener(database).once()
    found: list[Json] = ok(await place.billing.get(place.path))["freezes"]
    assert len(found) == 2
    return found


def path(freeze: Json, verb: str = "confirm") -> str:
    return f"/v1/freezes/{freeze['id']}/{verb}"


async def test_a_confirmed_freeze_says_who_and_when_and_stays(
    city: City, place: Place, freezes: list[Json], database: Database
) -> None:
    charging, payout = freezes
    answer = ok(await city.supervisor.post(path(charging), REASON))
    expected = {"institution_id": place.id, "scope": "charging", "state": "confirmed"}
    assert answer == {"id": charging["id"], **expected}
    first = ok(await place.billing.get(place.path))
    assert [one["confirmed_at"] is None for one in first["freezes"]] == [False, True]
    assert first["freezes"][0]["confirmed_by"].startswith("supervisor")
    again = {"reason": "再次", "document_no": "4"}
    assert ok(await city.supervisor.post(path(charging), again)) == answer
    second = ok(await place.billing.get(place.path))
    assert second["freezes"] == first["freezes"]
    assert not second["may_charge"]["allowed"]
    ok(await city.supervisor.post(path(payout, "lift"), REASON))
    ok(await city.supervisor.post(path(charging, "lift"), REASON))
    assert ok(await place.billing.get(place.path))["freezes"] == []
    assert await findings(database) == []


async def test_a_confirmation_is_told(
    city: City, place: Place, freezes: list[Json], database: Database
) -> None:
    key = "confirm-once"
    for _ in range(2):
        ok(await city.supervisor.post(path(freezes[0]), REASON, key=key))
    # Read where it is written: another test's open transaction may hold the feed's pages back.
    query = text(
        "SELECT body FROM escrow.event"
        " WHERE institution_id = :me AND type = 'freeze.confirmed' ORDER BY sequence"
    )
    async with database.connect() as connection:
        told = [json.loads(body) for body in await connection.scalars(query, {"me": place.id})]
    event = freezes[0]["registry_event_id"]
    assert told == [
        {
            "freeze_id": freezes[0]["id"],
            "scope": "charging",
            "registry_event_id": event,
            **REASON,
        }
    ]


async def test_what_is_not_in_force_or_not_the_registrys_is_not_confirmed(
    city: City, place: Place, freezes: list[Json]
) -> None:
    ok(await city.supervisor.post(path(freezes[0], "lift"), REASON))
    lifted = await city.supervisor.post(path(freezes[0]), REASON)
    assert (lifted.status_code, lifted.json()["code"]) == (409, "freeze_lifted")
    body = {"scope": "payout", "reason": "挪用", "authority": "区教育局", "document_no": "1"}
    placed = ok(await city.supervisor.post(f"{place.path}/freezes", body), 201)
    own = await city.supervisor.post(path(placed), REASON)
    assert (own.status_code, own.json()["code"]) == (409, "freeze_not_protective")
    nowhere = {"id": "0193b1c2-7d7e-7c4f-9f39-1f2b3c4d5e6f"}
    assert (await city.supervisor.post(path(nowhere), REASON)).status_code == 404


async def test_only_the_districts_supervisor_confirms(
    city: City, place: Place, freezes: list[Json]
) -> None:
    away = await city.caller("supervisor", district_code="110101")
    for caller in (away, place.billing, city.bank, city.operator, city.service, city.auditor):
        assert (await caller.post(path(freezes[0]), REASON)).status_code == 403
    for wrong in ({}, {"reason": "x"}, {**REASON, "note": "x"}, {**REASON, "reason": " "}):
        assert (await city.supervisor.post(path(freezes[0]), wrong)).status_code == 422


async def test_only_the_districts_supervisor_lifts(
    city: City, place: Place, freezes: list[Json]
) -> None:
    away = await city.caller("supervisor", district_code="110101")
    for caller in (away, place.billing, city.bank, city.operator, city.service, city.auditor):
        assert (await caller.post(path(freezes[0], "lift"), REASON)).status_code == 403
    assert len(ok(await place.billing.get(place.path))["freezes"]) == 2


async def test_what_no_officer_has_looked_at_is_counted(
    city: City, freezes: list[Json], database: Database
) -> None:
    def figures() -> tuple[float, float]:
        count = REGISTRY.get_sample_value(f"{GAUGE}s_unconfirmed")
        since = REGISTRY.get_sample_value(f"{GAUGE}_oldest_unconfirmed_timestamp_seconds")
        assert count is not None
        assert since is not None
        return count, since

    await refresh(database)
    count, since = figures()
    assert count >= 2
    assert since > 0
    ok(await city.supervisor.post(path(freezes[0]), REASON))
    await refresh(database)
    assert figures()[0] == count - 1
    ok(await city.supervisor.post(path(freezes[1], "lift"), REASON))
    await refresh(database)
    assert figures()[0] == count - 2

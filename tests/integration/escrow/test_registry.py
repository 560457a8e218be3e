"""The registry's feed into the books: each event once, whatever is repeated, broken or lost."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg
import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from escrow.domain.policy import Policies
from escrow.events import place as feed_place
from escrow.events import registry
from escrow.ledger.post import Posted, Submission, post
from shared.errors import Unavailable
from shared.pg.database import Database, LedgerConnection
from shared.pg.faults import Contended
from tests.integration.escrow.heard import Feed, counted
from tests.integration.escrow.offices import findings
from tests.support.client import City, Place, an_institution_id, ok

Json = dict[str, Any]

FROZEN = {"effect": "freeze", "status": "revoked", "document_no": "吊销〔2026〕1号"}


@pytest.fixture
def feed() -> Feed:
    return Feed()


@pytest.fixture
async def database(city: City) -> Database:
    found: Database = city.app.state.escrow.database
    return found


@pytest.fixture
async def owner(owner_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(owner_url)
    yield connection
    await connection.close()


async def shown(place: Place) -> Json:
    return ok(await place.billing.get(place.path))


async def new_contract(place: Place, name: str) -> Json:
    """Register a contract; return what became of it."""
    body = {"items": [place.contract(name)]}
    found: Json = ok(await place.billing.post("/v1/contracts", body))["items"][0]
    return found


async def told_of(place: Place) -> list[Json]:
    """Return an institution's events, from where they are written.

    Another test's open transaction may hold the feed's pages back.
    """
    query = text("SELECT type, body FROM escrow.event WHERE institution_id = :me ORDER BY sequence")
    async with place.city.app.state.escrow.database.connect() as connection:
        rows = (await connection.execute(query, {"me": place.id})).all()
    return [{"type": row.type, "data": json.loads(row.body)} for row in rows]


async def aside(owner: asyncpg.Connection, event_id: object) -> list[tuple[str, ...]]:
    """Return what is kept of an event that was set aside."""
    query = "SELECT type, fault FROM escrow.feed_set_aside WHERE event_id = $1"
    return [tuple(row) for row in await owner.fetch(query, str(event_id))]


async def test_a_revoked_licence_holds_back_what_goes_to_the_institution_and_nothing_else(
    city: City, place: Place, database: Database, feed: Feed
) -> None:
    await place.fund("C1")
    await place.fund("C2")
    await place.release("C1", 1)
    event = feed.say(place.id, "licence.revoked", **FROZEN)
    assert await feed.listener(database).once() == 1

    state = await shown(place)
    assert state["status"] == "revoked"
    assert state["may_charge"]["reasons"] == ["charging_frozen", "licence_revoked"]
    assert state["may_be_paid"]["reasons"] == ["payout_frozen"]
    assert state["may_refund"]["allowed"]
    assert [one["scope"] for one in state["freezes"]] == ["charging", "payout"]
    for one in state["freezes"]:
        assert one["registry_event_id"] == str(event)
        assert (one["authority"], one["document_no"]) == ("national", "吊销〔2026〕1号")
        assert (one["confirmed_at"], one["confirmed_by"]) == (None, None)
    assert state["registry"]["event_id"] == str(event)
    assert await place.instructions(state="planned") == []  # withdrawn: nobody had seen it

    assert (await new_contract(place, "C3"))["code"] == "may_not_charge"
    (released,) = await place.release("C1", 2)
    assert released["payout"] == {"state": "retained", "reason": "payout_frozen"}
    body = {"institution_id": place.id, "contract_id": "C2", "cause": "institution"}
    refund = ok(await place.billing.post("/v1/refunds", body), 201)
    ok(await place.billing.post(f"/v1/refunds/{refund['id']}/agree", {}))
    assert [one["kind"] for one in await place.instructions(state="planned")] == ["refund"]

    lift = {"reason": "已查清", "document_no": "教监〔2026〕2号"}
    for one in state["freezes"]:
        ok(await city.supervisor.post(f"/v1/freezes/{one['id']}/lift", lift))
    paid = await place.instructions(state="planned")
    assert {one["kind"]: one["amount_fen"] for one in paid}["payout"] == 16_000
    assert (await shown(place))["may_charge"]["reasons"] == ["licence_revoked"]
    assert await findings(database) == []


async def test_what_is_told_follows_the_word(place: Place, database: Database, feed: Feed) -> None:
    event = feed.say(place.id, "licence.suspended", "no_collection", stale=False)
    await feed.listener(database).once()
    told = await told_of(place)
    assert told[-1]["type"] == "institution.changed"
    assert told[-1]["data"]["may_charge"] is False
    assert told[-1]["data"]["registry"]["event_id"] == str(event)
    assert told[-1]["data"]["registry"]["objections"] == ["licence_suspended"]
    state = await shown(place)
    assert (state["freezes"], state["may_be_paid"]["allowed"]) == ([], True)
    assert (await new_contract(place, "C1"))["code"] == "may_not_charge"


async def test_restoring_opens_collection_and_never_lifts(
    place: Place, database: Database, feed: Feed
) -> None:
    listener = feed.listener(database)
    feed.say(place.id, "licence.suspended", "no_collection")
    feed.say(place.id, "institution.restored", "restore_proposed", status="normal")
    await listener.once()
    assert (await shown(place))["may_charge"]["allowed"]
    feed.say(place.id, "licence.revoked", **FROZEN)
    feed.say(place.id, "institution.restored", "restore_proposed", status="normal")
    await listener.once()
    state = await shown(place)
    assert state["may_charge"]["reasons"] == ["charging_frozen"]
    assert len(state["freezes"]) == 2


async def test_missing_never_freezes(place: Place, database: Database, feed: Feed) -> None:
    before = counted("institution.missing", "missing")
    feed.say(place.id, "institution.missing", "freeze")
    assert await feed.listener(database).once() == 1
    state = await shown(place)
    assert (state["status"], state["registry"], state["freezes"]) == ("unlisted", None, [])
    assert state["may_charge"]["allowed"]
    assert counted("institution.missing", "missing") == before + 1


async def test_name_and_district_follow_the_registry_and_the_policy_stays(
    place: Place, database: Database, feed: Feed
) -> None:
    feed.say(place.id, "institution.listed", name="示例新名培训中心", district_code="320612")
    feed.say(place.id, "institution.changed", name="示例更名培训中心")
    await feed.listener(database).once()
    state = await shown(place)
    assert (state["name"], state["district_code"]) == ("示例更名培训中心", "320612")
    assert state["policy"] == "national"
    assert await findings(database) == []


async def test_what_was_said_before_an_institution_was_registered_holds_once_it_is(
    city: City, database: Database, feed: Feed
) -> None:
    name = an_institution_id()
    before = counted("licence.revoked", "remembered")
    feed.say(name, "licence.revoked", **FROZEN)
    await feed.listener(database).once()
    assert counted("licence.revoked", "remembered") == before + 1
    assert (await city.supervisor.get(f"/v1/institutions/{name}")).status_code == 404
    facts = {
        "name": "示例",
        "district_code": "320602",
        "category": "subject",
        "delivery": "offline",
    }
    ok(await city.supervisor.put(f"/v1/institutions/{name}", {**facts, "policy": "national"}))
    state = ok(await city.supervisor.get(f"/v1/institutions/{name}"))
    assert (state["status"], state["freezes"]) == ("revoked", [])
    assert state["may_charge"]["reasons"] == ["account_missing", "licence_revoked"]
    assert await findings(database) == []


async def test_hearing_and_registering_at_once_leave_one_truth(
    city: City, database: Database, feed: Feed
) -> None:
    listener = feed.listener(database)
    facts = {
        "name": "示例",
        "district_code": "320602",
        "category": "subject",
        "delivery": "offline",
    }
    for _ in range(8):
        name = an_institution_id()
        feed.say(name, "licence.suspended", "no_collection")
        put = city.supervisor.put(f"/v1/institutions/{name}", {**facts, "policy": "national"})
        await asyncio.gather(listener.once(), put)
        state = ok(await city.supervisor.get(f"/v1/institutions/{name}"))
        assert "licence_suspended" in state["may_charge"]["reasons"]
    assert await findings(database) == []


# -- once, whatever happens ----------------------------------------------------------------


async def test_pages_that_come_again_have_no_effect_again(
    place: Place, database: Database, feed: Feed, owner: asyncpg.Connection
) -> None:
    feed.say(place.id, "licence.revoked", **FROZEN)
    listener = feed.listener(database)
    await listener.once()
    first = await shown(place)
    again = counted("licence.revoked", "repeated")
    await owner.execute("UPDATE escrow.feed_cursor SET cursor = NULL")
    assert await listener.once() == 1
    assert {**await shown(place), "as_of": None} == {**first, "as_of": None}
    assert counted("licence.revoked", "repeated") == again + 1
    assert await listener.once() == 0
    assert feed.asked[-1].url.params["after"] == f"{feed.mark}/1"


async def test_a_crash_between_the_posting_and_the_place_undoes_both(
    place: Place, database: Database, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = feed.say(place.id, "licence.revoked", **FROZEN)
    listener = feed.listener(database)
    before = await feed_place.read(database, registry.FEED)

    async def crash(*_: object) -> None:
        message = "the power went"
        raise RuntimeError(message)

    with monkeypatch.context() as patched:
        patched.setattr(registry.place, "move", crash)
        with pytest.raises(RuntimeError, match="power"):
            await listener.once()
    assert (await shown(place))["freezes"] == []
    assert await feed_place.read(database, registry.FEED) == before
    assert await listener.once() == 1
    found = (await shown(place))["freezes"]
    assert [one["registry_event_id"] for one in found] == [str(event)] * 2


async def test_two_workers_that_read_the_same_page_take_it_in_once(
    place: Place, database: Database, feed: Feed
) -> None:
    feed.say(place.id, "licence.revoked", **FROZEN)
    frozen = counted("licence.revoked", "frozen")
    repeated = counted("licence.revoked", "repeated")
    listeners = [feed.listener(database) for _ in range(3)]
    await asyncio.gather(*(one.once() for one in listeners))
    assert len((await shown(place))["freezes"]) == 2
    assert counted("licence.revoked", "frozen") == frozen + 1
    assert counted("licence.revoked", "repeated") == repeated


async def test_more_than_a_page_is_read_page_by_page(
    place: Place, database: Database, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "PAGE_MAX", 2)
    for number in range(5):
        feed.say(place.id, "institution.changed", name=f"示例{number}")
    listener = feed.listener(database)
    assert [await listener.once() for _ in range(4)] == [2, 2, 1, 0]
    assert (await shown(place))["name"] == "示例4"
    assert feed.asked[0].url.params["wait_s"] == str(registry.WAIT_S)


# -- what cannot be taken in ---------------------------------------------------------------


async def test_one_poisoned_event_does_not_stop_the_feed(
    city: City,
    database: Database,
    feed: Feed,
    owner: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second, third = [await city.place() for _ in range(3)]
    for one in (first, second, third):
        feed.say(one.id, "licence.revoked", **FROZEN)
    poison = feed.items[1]
    assert isinstance(poison, dict)
    before = counted("licence.revoked", "set_aside")

    async def poisoned(
        tx: LedgerConnection, submissions: Sequence[Submission], policies: Policies
    ) -> list[Posted]:
        posted = await post(tx, submissions, policies)
        if any(one.institution_id == second.id for one in submissions[0].commands):
            await tx.execute("SELECT 1 / 0")
        return posted

    monkeypatch.setattr(registry, "post", poisoned)
    assert await feed.listener(database).once() == 3
    assert [len((await shown(one))["freezes"]) for one in (first, second, third)] == [2, 0, 2]
    assert (await shown(second))["registry"] is None
    assert await aside(owner, poison["id"]) == [("licence.revoked", "DivisionByZeroError")]
    assert counted("licence.revoked", "set_aside") == before + 1
    assert await feed.listener(database).once() == 0
    assert await findings(database) == []


async def test_what_cannot_be_understood_is_set_aside_and_the_rest_taken_in(
    place: Place, database: Database, feed: Feed, owner: asyncpg.Connection
) -> None:
    unknown = counted("other", "ignored")
    ruin = feed.say(place.id, "licence.revoked", "ruin")
    wrong = feed.say("91320602MA1ABCDE17", "licence.revoked", **FROZEN)
    feed.say(place.id, "institution.vanished", "freeze")
    broken = feed.say_anew(place.id, "licence.revoked", {}, sequence="many")
    feed.items.append("not an event")
    feed.say(place.id, "licence.suspended", "no_collection")
    assert await feed.listener(database).once() == 6
    assert (await shown(place))["may_charge"]["reasons"] == ["licence_suspended"]
    assert await aside(owner, ruin) == [("licence.revoked", "not_understood")]
    assert await aside(owner, wrong) == [("licence.revoked", "not_understood")]
    assert await aside(owner, broken) == [(None, "unreadable")]
    assert counted("other", "ignored") == unknown + 1
    assert await feed.listener(database).once() == 0


async def test_what_passes_sets_nothing_aside(
    place: Place,
    database: Database,
    feed: Feed,
    owner: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    event = feed.say(place.id, "licence.revoked", **FROZEN)
    for error in (Contended(), OSError("gone"), asyncpg.DeadlockDetectedError()):

        async def fails(*_: object, error: Exception = error) -> list[Posted]:
            raise error

        with monkeypatch.context() as patched:
            patched.setattr(registry, "post", fails)
            with pytest.raises(Unavailable):
                await feed.listener(database).once()
    assert await aside(owner, event) == []
    assert await feed.listener(database).once() == 1
    assert len((await shown(place))["freezes"]) == 2


async def test_a_lock_lost_on_the_second_try_keeps_the_page_whole(
    place: Place,
    database: Database,
    feed: Feed,
    owner: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    event = feed.say(place.id, "licence.revoked", **FROZEN)
    errors = [ValueError("ours"), Contended()] * 3

    async def fails(*_: object) -> list[Posted]:
        raise errors.pop(0)

    with monkeypatch.context() as patched:
        patched.setattr(registry, "post", fails)
        with pytest.raises(Contended):
            await feed.listener(database).once()
    assert await aside(owner, event) == []
    assert await feed.listener(database).once() == 1


async def test_a_registry_in_trouble_is_asked_again_later(
    place: Place, database: Database, feed: Feed
) -> None:
    feed.say(place.id, "licence.revoked", **FROZEN)
    await feed.listener(database).once()
    name = "tuition_escrow_registry_last_read_timestamp_seconds"
    last = REGISTRY.get_sample_value(name)
    assert last is not None
    assert last > 0
    feed.status = 503
    with pytest.raises(Unavailable):
        await feed.listener(database).once()
    assert REGISTRY.get_sample_value(name) == last

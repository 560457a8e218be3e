"""The feed over HTTP: CloudEvents in order, page by page, and the wait for the next."""

import asyncio
import time
from typing import Any

from shared.feed.reader import Reader
from tests.support.client import City, Place, ok


async def read(city: City, limit: int = 100) -> list[dict[str, Any]]:
    """Return every event, page by page."""
    await city.feed_is_whole()
    found: list[dict[str, Any]] = []
    query: dict[str, str | int] = {"limit": limit}
    while (page := ok(await city.service.get("/v1/events", **query)))["items"]:
        found += page["items"]
        query["after"] = page["next"]
    return found


async def test_events_are_cloud_events(city: City, place: Place) -> None:
    mine = [one for one in await read(city) if one["subject"] == place.id]
    first = mine[0]
    assert first["specversion"] == "1.0"
    assert first["source"] == "urn:yike:escrow"
    assert first["type"] == "institution.changed"
    assert first["datacontenttype"] == "application/json"
    assert first["time"].endswith("+08:00")
    assert first["sequence"] == "1"
    assert first["data"]["policy"] == "national"


async def test_an_institutions_events_come_in_sequence_without_a_gap(
    city: City, place: Place
) -> None:
    await place.fund("C1")
    await place.release("C1", 1, 2)
    for limit in (1, 3, 500):
        mine = [one for one in await read(city, limit) if one["subject"] == place.id]
        assert [int(one["sequence"]) for one in mine] == list(range(1, len(mine) + 1))
        assert [one["type"] for one in mine] == [
            "institution.changed",
            "account.changed",
            "contract.accepted",
            "receipt.matched",
            "lessons.released",
            "payout.planned",
        ]


async def test_an_event_tells_its_lessons(city: City, place: Place) -> None:
    await place.fund("C1")
    await place.claim(place.lesson("C1", 1, teacher_ref="T-1", room_ref="R-1"))
    found = await read(city)
    told = next(
        one for one in found if one["type"] == "lessons.released" and one["subject"] == place.id
    )
    (lesson,) = told["data"]["lessons"]
    assert (lesson["contract_id"], lesson["lesson_no"], lesson["amount_fen"]) == ("C1", 1, 8_000)
    assert (lesson["teacher_ref"], lesson["room_ref"]) == ("T-1", "R-1")
    assert lesson["student_ref"] == "S-C1"


async def test_an_empty_page_has_no_cursor_and_comes_at_once(city: City) -> None:
    place = await city.place()
    last = await cursor(city)
    started = time.monotonic()
    assert ok(await city.service.get("/v1/events", after=last)) == {"items": [], "next": None}
    assert time.monotonic() - started < 1
    assert place.id


async def test_one_who_waits_hears_of_the_next_event(city: City, place: Place) -> None:
    last = await cursor(city)
    waiting = asyncio.create_task(city.service.get("/v1/events", after=last, wait_s=10))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    await place.register(place.contract("C1"))
    page = ok(await waiting)
    assert [one["type"] for one in page["items"]] == ["contract.accepted"]


async def test_a_wait_is_at_most_thirty_seconds(city: City) -> None:
    for wait, status in (("31", 422), ("-1", 422), ("1.5", 422), ("x", 422), ("0", 200)):
        answer = await city.service.get("/v1/events", wait_s=wait)
        assert answer.status_code == status, wait


async def test_a_cursor_of_something_else_is_refused(city: City) -> None:
    answer = await city.service.get("/v1/events", after="abcd")
    assert answer.json()["code"] == "cursor_invalid"


async def test_our_own_reader_understands_the_feed(city: City, place: Place) -> None:
    assert city.service.key is not None
    reader = Reader(city.http, "http://escrow.test/v1/events", city.service.key)
    await city.feed_is_whole()
    page = await reader.page(None, limit=500)
    assert place.id in {one.subject for one in page.items}
    assert page.next is not None


async def test_only_services_and_the_operator_read_the_feed(city: City, place: Place) -> None:
    ok(await city.operator.get("/v1/events"))
    for caller in (place.billing, city.bank, city.supervisor, city.auditor):
        assert (await caller.get("/v1/events")).status_code == 403


async def cursor(city: City) -> str:
    """Return where the feed ends now."""
    await city.feed_is_whole()
    query: dict[str, str | int] = {"limit": 500}
    while (page := ok(await city.service.get("/v1/events", **query)))["items"]:
        query["after"] = page["next"]
    return str(query["after"])

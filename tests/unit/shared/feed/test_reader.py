"""Reading another service's feed: what is asked, what is understood, what is refused."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from shared.errors import Unavailable
from shared.feed.reader import FeedRefused, Reader

EVENT = {
    "specversion": "1.0",
    "id": "0193b1c2-7d7e-7c4f-9f39-1f2b3c4d5e6f",
    "source": "/escrow",
    "type": "lessons.released",
    "subject": "91320602MA1ABCDE16",
    "time": "2026-12-05T10:00:00+08:00",
    "datacontenttype": "application/json",
    "sequence": "12",
    "data": {"contract_id": "C-1", "brand_new": True},
    "brand_new": {"a": 1},
}
PAGE = {"items": [EVENT], "next": "c2", "brand_new": None}
Answering = Callable[[httpx.Request], httpx.Response]


def reader(answer: Answering) -> Reader:
    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return Reader(client, "http://producer/v1/events", "yk_x_y")


async def test_a_page_is_asked_for_with_key_and_cursor() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=PAGE)

    found = await reader(answer).page("c1", limit=5, wait_s=20)
    assert found.next == "c2"
    assert [event.sequence for event in found.items] == [12]
    assert found.items[0].data["contract_id"] == "C-1"
    [request] = asked
    assert dict(request.url.params) == {"limit": "5", "wait_s": "20", "after": "c1"}
    assert request.headers["authorization"] == "Bearer yk_x_y"
    assert request.extensions["timeout"]["read"] == 30


async def test_the_first_page_needs_no_cursor() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert "after" not in request.url.params
        return httpx.Response(200, json={"items": [], "next": None})

    found = await reader(answer).page(None)
    assert (found.items, found.next) == ([], None)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_producer_in_trouble_is_asked_again_later(status: int) -> None:
    with pytest.raises(Unavailable):
        await reader(lambda _: httpx.Response(status)).page(None)


@pytest.mark.parametrize("fault", [httpx.ConnectError, httpx.ReadTimeout, httpx.ReadError])
async def test_a_producer_out_of_reach_is_asked_again_later(fault: type[Exception]) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        message = "gone"
        raise fault(message)

    with pytest.raises(Unavailable):
        await reader(answer).page(None)


@pytest.mark.parametrize("status", [204, 301, 400, 401, 403, 404, 422])
async def test_a_refusal_is_not_repeated(status: int) -> None:
    with pytest.raises(FeedRefused, match=str(status)):
        await reader(lambda _: httpx.Response(status)).page(None)


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in EVENT.items() if key != name}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"items": []}',
        json.dumps({"items": [without("id")], "next": None}).encode(),
        json.dumps({"items": [without("sequence")], "next": None}).encode(),
        json.dumps({"items": [EVENT | {"data": 5}], "next": None}).encode(),
    ],
)
async def test_what_is_no_page_is_refused(content: bytes) -> None:
    with pytest.raises(FeedRefused):
        await reader(lambda _: httpx.Response(200, content=content)).page(None)


def unreadable(page: dict[str, Any]) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(200, json=page)


async def test_what_is_no_event_is_kept_apart_where_the_consumer_asks_for_it() -> None:
    broken = [EVENT | {"sequence": "many"}, {"id": 5}, "text", EVENT | {"id": "x" * 65}]
    answer = unreadable({"items": [broken[0], EVENT, *broken[1:]], "next": "c2"})
    found = await reader(answer).page(None, keeps_unreadable=True)
    assert [event.sequence for event in found.items] == [12]
    assert found.next == "c2"
    own, *hashed = [one.name for one in found.unreadable]
    assert own == EVENT["id"]
    assert len(set(hashed)) == 3
    assert {len(one) for one in hashed} == {64}
    again = await reader(answer).page(None, keeps_unreadable=True)
    assert again.unreadable == found.unreadable


async def test_a_page_without_faults_keeps_nothing_apart() -> None:
    found = await reader(unreadable(PAGE)).page(None, keeps_unreadable=True)
    assert (len(found.items), found.unreadable) == (1, [])


@pytest.mark.parametrize("content", [b"", b"[]", b'{"items": []}', b'{"items": 5, "next": null}'])
async def test_what_is_no_page_at_all_is_refused_in_any_case(content: bytes) -> None:
    with pytest.raises(FeedRefused):
        await reader(lambda _: httpx.Response(200, content=content)).page(
            None, keeps_unreadable=True
        )

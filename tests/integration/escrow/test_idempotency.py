"""The same request again: the same answer, one effect, whatever came in between."""

import asyncio
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from escrow.ledger.requests import drop_old
from shared.ids import new_id
from tests.integration.escrow.locks import holding
from tests.support.client import Caller, City, Json, Place, ok, running
from tests.support.postgres import run_sql

REPLAYED = "Idempotent-Replayed"


@pytest.fixture
async def other(city: City, database_url: str) -> AsyncIterator[City]:
    """Return a second process on the same database."""
    async with running(database_url) as found:
        yield found


def a_key() -> str:
    return f"key-{new_id()}"


def claims(place: Place, *items: Json) -> Json:
    return {"institution_id": place.id, "items": list(items)}


async def moved(place: Place) -> int:
    """Return how many movements the institution's journal has."""
    query = {"limit": 500}
    answer = ok(await place.billing.get(f"{place.path}/movements", **query))
    return len(answer["items"])


def code(answer: httpx.Response) -> str:
    problem: Json = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    return str(problem["code"])


# -- the same again ------------------------------------------------------------------------


async def test_a_repeated_request_gets_the_first_answer_byte_by_byte(place: Place) -> None:
    await place.fund("C1")
    body, key = claims(place, place.lesson("C1", 1)), a_key()
    first = await place.billing.post("/v1/releases", body, key=key)
    again = await place.billing.post("/v1/releases", body, key=key)
    assert first.json()["counts"]["released"] == 1
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert REPLAYED not in first.headers
    assert again.headers[REPLAYED] == "true"
    assert again.headers["Content-Type"] == first.headers["Content-Type"]


async def test_a_quoted_key_is_the_same_as_a_bare_one(place: Place) -> None:
    await place.fund("C1")
    body, key = claims(place, place.lesson("C1", 1)), a_key()
    await place.billing.post("/v1/releases", body, key=f'"{key}"')
    again = await place.billing.post("/v1/releases", body, key=key)
    assert again.headers[REPLAYED] == "true"


async def test_keys_are_compared_byte_by_byte(place: Place) -> None:
    await place.fund("C1")
    key = f"Key-{new_id()}"
    for number, spelled in enumerate((key, key.lower(), key.upper(), f"{key} ."), start=1):
        answer = await place.billing.post(
            "/v1/releases", claims(place, place.lesson("C1", number)), key=spelled
        )
        assert ok(answer)["counts"]["released"] == 1


async def test_a_replay_comes_from_another_process_as_well(place: Place, other: City) -> None:
    await place.fund("C1")
    body, key = claims(place, place.lesson("C1", 1), place.lesson("C1", 99)), a_key()
    first = await place.billing.post("/v1/releases", body, key=key)
    there = Caller(other.http, place.billing.key)
    again = await there.post("/v1/releases", body, key=key)
    assert (again.content, again.headers[REPLAYED]) == (first.content, "true")


async def test_a_stored_refusal_of_a_single_call_is_replayed_as_a_problem(place: Place) -> None:
    await place.register(place.contract("C1"))
    body = {"institution_id": place.id, "contract_id": "C1", "cause": "guardian"}
    key = a_key()
    first = await place.billing.post("/v1/refunds", body, key=key)
    assert (first.status_code, code(first)) == (409, "nothing_to_refund")
    await place.book(place.entry("D1", 80_000, reference="C1"))
    again = await place.billing.post("/v1/refunds", body, key=key)
    assert (again.status_code, code(again)) == (409, "nothing_to_refund")
    assert again.headers[REPLAYED] == "true"
    assert ok(await place.billing.post("/v1/refunds", body), 201)["amount_fen"] == 80_000


async def test_what_failed_and_was_corrected_needs_a_fresh_key(place: Place) -> None:
    await place.register(place.contract("C1"))
    body, key = claims(place, place.lesson("C1", 1)), a_key()
    refused = ok(await place.billing.post("/v1/releases", body, key=key))
    assert refused["items"][0]["code"] == "contract_not_funded"
    await place.book(place.entry("D1", 80_000, reference="C1"))
    assert ok(await place.billing.post("/v1/releases", body, key=key)) == refused
    corrected = claims(place, place.lesson("C1", 1, teacher_ref="T-1"))
    answer = await place.billing.post("/v1/releases", corrected, key=key)
    assert (answer.status_code, code(answer)) == (422, "idempotency_key_reused")
    done = ok(await place.billing.post("/v1/releases", corrected))
    assert done["items"][0]["outcome"] == "released"


async def test_a_replay_is_answered_after_a_freeze(city: City, place: Place) -> None:
    await place.fund("C1")
    body, key = claims(place, place.lesson("C1", 1)), a_key()
    first = await place.billing.post("/v1/releases", body, key=key)
    freeze = {"scope": "all", "reason": "r", "authority": "a", "document_no": "d"}
    ok(await city.supervisor.post(f"{place.path}/freezes", freeze), 201)
    again = await place.billing.post("/v1/releases", body, key=key)
    assert again.content == first.content
    (item,) = await place.claim(place.lesson("C1", 1))
    assert item["outcome"] == "exists"


async def test_a_replay_is_answered_after_the_contract_is_closed(city: City, place: Place) -> None:
    await place.fund("C1")
    body, key = claims(place, place.lesson("C1", 1)), a_key()
    first = await place.billing.post("/v1/releases", body, key=key)
    asked = {"institution_id": place.id, "contract_id": "C1", "cause": "guardian"}
    made = ok(await place.billing.post("/v1/refunds", asked), 201)["id"]
    ok(await city.supervisor.post(f"/v1/refunds/{made}/agree", {}))
    again = await place.billing.post("/v1/releases", body, key=key)
    assert again.content == first.content
    (item,) = await place.claim(place.lesson("C1", 1))
    assert item["movement_id"] == first.json()["items"][0]["movement_id"]
    (late,) = await place.claim(place.lesson("C1", 2))
    assert late["code"] == "contract_closed"


# -- the same key, another request ---------------------------------------------------------


async def test_the_same_key_with_another_amount_is_refused(city: City, place: Place) -> None:
    key = a_key()
    entries = [place.entry("E1", amount) for amount in (100, 200)]
    ok(await city.bank.post("/v1/bank/entries", {"items": entries[:1]}, key=key))
    answer = await city.bank.post("/v1/bank/entries", {"items": entries[1:]}, key=key)
    assert (answer.status_code, code(answer)) == (422, "idempotency_key_reused")
    assert (await place.balances())["unmatched_receipt"] == 100


async def test_the_same_key_with_another_account_is_refused(city: City, place: Place) -> None:
    neighbour, key = await city.place(), a_key()
    ok(await city.bank.post("/v1/bank/entries", {"items": [place.entry("E1", 100)]}, key=key))
    body = {"items": [neighbour.entry("E1", 100)]}
    answer = await city.bank.post("/v1/bank/entries", body, key=key)
    assert (answer.status_code, code(answer)) == (422, "idempotency_key_reused")
    assert (await neighbour.balances())["custody_cash"] == 0


async def test_the_same_key_with_another_query_is_refused(city: City, place: Place) -> None:
    await place.book(place.entry("E1", 100))
    path, key = "/v1/bank/entries/E1/allocation", a_key()
    body = {"return": True}
    ok(await city.supervisor.post(path, body, key=key, account_number=place.account))
    neighbour = await city.place()
    answer = await city.supervisor.post(path, body, key=key, account_number=neighbour.account)
    assert (answer.status_code, code(answer)) == (422, "idempotency_key_reused")


async def test_a_key_belongs_to_its_party(city: City, place: Place) -> None:
    neighbour, key = await city.place(), a_key()
    for one in (place, neighbour):
        await one.fund("C1")
        body = claims(one, one.lesson("C1", 1))
        answer = await one.billing.post("/v1/releases", body, key=key)
        assert ok(answer)["counts"]["released"] == 1
        assert REPLAYED not in answer.headers


async def test_a_key_belongs_to_its_path(place: Place) -> None:
    key = a_key()
    body = {"items": [place.contract("C1")]}
    ok(await place.billing.post("/v1/contracts", body, key=key))
    answer = await place.billing.post("/v1/releases", claims(place, place.lesson("C1", 1)), key=key)
    assert ok(answer)["items"][0]["code"] == "contract_not_funded"


async def test_a_party_keeps_its_requests_when_its_key_is_replaced(
    city: City, place: Place
) -> None:
    await place.fund("C1")
    body, key = claims(place, place.lesson("C1", 1)), a_key()
    first = await place.billing.post("/v1/releases", body, key=key)
    replaced = await city.caller("institution", institution_id=place.id)
    again = await replaced.post("/v1/releases", body, key=key)
    assert (again.content, again.headers[REPLAYED]) == (first.content, "true")


# -- keys that are none --------------------------------------------------------------------


async def test_a_call_that_needs_a_key_is_refused_without_one(place: Place) -> None:
    await place.fund("C1")
    for _ in range(2):
        answer = await place.billing.ask(
            "POST", "/v1/releases", json=claims(place, place.lesson("C1", 1))
        )
        assert (answer.status_code, code(answer)) == (400, "idempotency_key_required")
    assert (await place.balances())["tuition_held"] == 80_000


async def test_identical_bodies_without_a_key_are_two_requests(city: City, place: Place) -> None:
    floor = {"rules": [{"kind": "cycle_total"}], "effective_from": "2026-01-01"}
    body = floor | {"document_no": "d-1"}
    made = [
        ok(await city.supervisor.put(f"{place.path}/floor", body))["floor_id"] for _ in range(2)
    ]
    assert len(set(made)) == 2


@pytest.mark.parametrize(
    ("key", "status"), [("k" * 255, 200), ("k" * 256, 400), ('"' + "k" * 255 + '"', 200), ("", 400)]
)
async def test_a_key_has_1_to_255_characters(place: Place, key: str, status: int) -> None:
    await place.fund("C1")
    body = claims(place, place.lesson("C1", 1))
    headers = {"Idempotency-Key": key}
    answer = await place.billing.ask("POST", "/v1/releases", json=body, headers=headers)
    assert answer.status_code == status
    if status == 400:
        assert code(answer) == "idempotency_key_invalid"


# -- what began nothing is not stored ------------------------------------------------------


async def test_answers_that_began_nothing_are_not_stored(city: City, place: Place) -> None:
    """401, 403, 413 and 422 on shape leave the key free for the corrected request."""
    await place.fund("C1")
    key, good = a_key(), claims(place, place.lesson("C1", 1))
    neighbour = await city.place()
    attempts = [
        (Caller(city.http, "yk_00000000_" + "x" * 43), good, 401),
        (neighbour.billing, good, 403),
        (city.bank, good, 403),
        (place.billing, {**good, "unknown": 1}, 422),
        (place.billing, claims(place, *[place.lesson("C1", 1)] * 1_001), 413),
        (place.billing, {**good, "items": []}, 422),
    ]
    for caller, body, status in attempts:
        answer = await caller.post("/v1/releases", body, key=key)
        assert answer.status_code == status, answer.text
    done = await place.billing.post("/v1/releases", good, key=key)
    assert ok(done)["counts"]["released"] == 1
    assert REPLAYED not in done.headers


async def test_what_could_not_be_posted_is_not_stored(place: Place, owner_url: str) -> None:
    await place.fund("C1")
    body, key = claims(place, place.lesson("C1", 1)), a_key()
    before = await moved(place)
    async with holding(owner_url, place.id):
        answer = await place.billing.post("/v1/releases", body, key=key)
    assert (answer.status_code, code(answer)) == (503, "unavailable")
    problem = answer.json()
    assert (problem["outcome"], problem["retryable"]) == ("none", True)
    assert int(answer.headers["Retry-After"]) >= 1
    assert await moved(place) == before
    done = await place.billing.post("/v1/releases", body, key=key)
    assert ok(done)["counts"]["released"] == 1
    assert REPLAYED not in done.headers


async def test_answers_are_dropped_after_ninety_days_and_not_before(
    city: City, owner_url: str
) -> None:
    for name, days in (("old", 91), ("older", 92), ("kept", 89)):
        await asyncio.to_thread(
            run_sql,
            owner_url,
            "INSERT INTO escrow.request VALUES"
            f" ('{name}', '', 200, '', now() - interval '{days} days')",
        )
    database = city.app.state.escrow.database
    assert [await drop_old(database, 1) for _ in range(3)] == [1, 1, 0]
    kept = "SELECT FROM escrow.request WHERE request_digest = 'kept'"
    assert len(await asyncio.to_thread(run_sql, owner_url, kept)) == 1


# -- the first one still runs --------------------------------------------------------------


@pytest.mark.parametrize("where", ["the same process", "another process"])
async def test_a_call_whose_first_still_runs_waits_two_seconds_and_then_conflicts(
    place: Place, other: City, owner_url: str, where: str
) -> None:
    await place.fund("C1")
    body, key = claims(place, place.lesson("C1", 1)), a_key()
    second = place.billing if where == "the same process" else Caller(other.http, place.billing.key)
    async with holding(owner_url, place.id) as hand:
        first = asyncio.create_task(place.billing.post("/v1/releases", body, key=key))
        await hand.see_waiting(1)
        started = time.monotonic()
        conflict = await second.post("/v1/releases", body, key=key)
        waited_s = time.monotonic() - started
    assert (conflict.status_code, code(conflict)) == (409, "request_in_progress")
    assert int(conflict.headers["Retry-After"]) >= 1
    assert 1.5 < waited_s < 6.0
    done = await first
    assert done.status_code in {200, 503}
    again = await second.post("/v1/releases", body, key=key)
    assert ok(again)["counts"]["released"] == 1
    (item,) = again.json()["items"]
    if done.status_code == 200:
        assert item == done.json()["items"][0]


@pytest.mark.parametrize("where", ["the same process", "another process"])
async def test_a_call_whose_first_finishes_in_time_gets_its_answer(
    place: Place, other: City, owner_url: str, where: str
) -> None:
    await place.fund("C1")
    body, key = claims(place, place.lesson("C1", 1)), a_key()
    second = place.billing if where == "the same process" else Caller(other.http, place.billing.key)
    async with holding(owner_url, place.id) as hand:
        first = asyncio.create_task(place.billing.post("/v1/releases", body, key=key))
        await hand.see_waiting(1)
        waiting = asyncio.create_task(second.post("/v1/releases", body, key=key))
        await asyncio.sleep(0)
    done, again = await asyncio.gather(first, waiting)
    assert ok(done)["counts"]["released"] == 1
    assert again.content == done.content
    assert again.headers[REPLAYED] == "true"


async def test_one_key_at_once_through_two_processes_has_one_effect(
    place: Place, other: City
) -> None:
    await place.fund("C1", lessons=60, paid_fen=480_000)
    there = Caller(other.http, place.billing.key)
    for number in range(1, 16):
        body, key = claims(place, place.lesson("C1", number)), a_key()
        callers = (place.billing, there, place.billing, there)
        answers = await asyncio.gather(
            *(caller.post("/v1/releases", body, key=key) for caller in callers)
        )
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1
        assert sum(REPLAYED not in answer.headers for answer in answers) == 1
    assert (await place.balances())["tuition_held"] == 480_000 - 15 * 8_000


async def test_another_key_does_not_wait_for_a_conflict(place: Place, city: City) -> None:
    """Keys of one institution queue for its row and are all answered."""
    await place.fund("C1", lessons=60, paid_fen=480_000)
    answers = await asyncio.gather(
        *(
            place.billing.post("/v1/releases", claims(place, place.lesson("C1", n)), key=a_key())
            for n in range(1, 41)
        )
    )
    assert sum(ok(answer)["counts"]["released"] for answer in answers) == 40

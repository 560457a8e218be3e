"""What went wrong elsewhere and must not go wrong here: one test for each known trap.

The traps about repeated requests are in `test_idempotency`, those about the feed in
`test_feed`, those about two at once in `test_races`.
"""

import asyncio
from typing import Any

import pytest

from escrow.domain.outcomes import Refusal
from shared.time import rfc3339
from tests.integration.escrow.locks import holding
from tests.integration.escrow.offices import findings
from tests.support.client import City, Json, Place, days_ago, ok

FEN_MAX = 10**15


def brief(items: list[Json]) -> list[tuple[str, str | None]]:
    """Return each item's outcome and code."""
    return [(item["outcome"], item.get("code")) for item in items]


# -- twice in one batch --------------------------------------------------------------------


async def test_the_same_item_twice_in_one_batch_exists_the_second_time(place: Place) -> None:
    await place.fund("C1")
    first, second = await place.claim(place.lesson("C1", 1), place.lesson("C1", 1))
    assert (first["outcome"], second["outcome"]) == ("released", "exists")
    assert first["movement_id"] == second["movement_id"]
    assert (await place.balances())["tuition_held"] == 72_000


async def test_the_same_item_id_with_other_content_in_one_batch_is_refused(place: Place) -> None:
    await place.fund("C1")
    items = await place.claim(place.lesson("C1", 1), place.lesson("C1", 2, id="r-C1-1"))
    assert brief(items) == [("released", None), ("refused", "id_reused")]


async def test_an_item_id_is_known_long_after_its_batch(place: Place) -> None:
    await place.fund("C1")
    await place.release("C1", 1)
    items = await place.claim(place.lesson("C1", 2, id="r-C1-1"), place.lesson("C1", 3))
    assert brief(items) == [("refused", "id_reused"), ("released", None)]


async def test_the_same_lesson_twice_in_one_batch_is_released_once(place: Place) -> None:
    await place.fund("C1")
    first, second = await place.claim(place.lesson("C1", 1), place.lesson("C1", 1, id="other"))
    assert brief([first, second]) == [("released", None), ("refused", "already_released")]
    assert second["movement_id"] == first["movement_id"]


async def test_two_lessons_of_one_contract_in_one_batch_are_both_released(place: Place) -> None:
    """An `UPDATE ... FROM` a list that names the contract twice would lose one silently."""
    await place.fund("C1", lessons=3, paid_fen=100)
    items = await place.claim(*(place.lesson("C1", number) for number in (1, 2, 3)))
    assert [item["amount_fen"] for item in items] == [33, 33, 34]
    assert [item["contract"]["held_fen"] for item in items] == [67, 34, 0]
    assert [item["contract"]["lessons_remaining"] for item in items] == [2, 1, 0]
    assert (await place.balances())["tuition_held"] == 0


async def test_the_same_entry_twice_in_one_batch_is_booked_once(city: City, place: Place) -> None:
    entry = place.entry("E1", 100)
    done = ok(await city.bank.post("/v1/bank/entries", {"items": [entry, entry]}))
    assert [item["outcome"] for item in done["items"]] == ["accepted", "exists"]
    other = {**entry, "amount_fen": 200}
    done = ok(await city.bank.post("/v1/bank/entries", {"items": [other]}))
    assert brief(done["items"]) == [("refused", "id_reused")]
    assert (await place.balances())["custody_cash"] == 100


async def test_the_same_contract_twice_in_one_batch_is_registered_once(place: Place) -> None:
    contract = place.contract("C1")
    body = {"items": [contract, contract, {**contract, "paid_fen": 90_000}]}
    done = ok(await place.billing.post("/v1/contracts", body))
    assert brief(done["items"]) == [
        ("accepted", None),
        ("exists", None),
        ("refused", "id_reused"),
    ]


# -- after a refusal, after a reversal -----------------------------------------------------


async def test_a_refused_item_id_is_free_again(place: Place) -> None:
    await place.register(place.contract("C1"))
    item = place.lesson("C1", 1)
    assert brief(await place.claim(item)) == [("refused", "contract_not_funded")]
    await place.book(place.entry("D1", 80_000, reference="C1"))
    assert brief(await place.claim({**item, "teacher_ref": "T-9"})) == [("released", None)]


async def test_a_lesson_put_back_can_be_released_again(city: City, place: Place) -> None:
    await place.fund("C1")
    (first,) = await place.release("C1", 1)
    reversal = {"id": "v-1", "contract_id": "C1", "lesson_no": 1, "reason": "wrong child"}
    await reverse(city, place, reversal)
    (again,) = await place.claim(place.lesson("C1", 1, id="another"))
    assert again["outcome"] == "released"
    assert again["movement_id"] != first["movement_id"]
    assert brief(await place.release("C1", 1)) == [("exists", None)]
    assert (await place.balances())["tuition_held"] == 72_000


async def test_a_reversals_conflict_is_an_outcome_and_no_fault(city: City, place: Place) -> None:
    await place.fund("C1")
    await place.release("C1", 1, 2)
    reversal = {"id": "v-1", "contract_id": "C1", "lesson_no": 1, "reason": "wrong child"}
    (first,) = await reverse(city, place, reversal)
    assert first["outcome"] == "reversed"
    (same,) = await reverse(city, place, reversal)
    assert (same["outcome"], same["movement_id"]) == ("exists", first["movement_id"])
    assert brief(await reverse(city, place, {**reversal, "lesson_no": 2})) == [
        ("refused", "id_reused")
    ]
    assert brief(await reverse(city, place, {**reversal, "id": "v-2"})) == [
        ("refused", "lesson_not_released")
    ]
    body = {"institution_id": place.id, "items": [reversal]}
    ok(await city.supervisor.post("/v1/lessons/reversals", body, key="reversal-1"))
    other = {"institution_id": place.id, "items": [{**reversal, "reason": "typo"}]}
    answer = await city.supervisor.post("/v1/lessons/reversals", other, key="reversal-1")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert (await place.balances())["tuition_held"] == 72_000


async def reverse(city: City, place: Place, *items: Json) -> list[Json]:
    body = {"institution_id": place.id, "items": list(items)}
    done: list[Json] = ok(await city.supervisor.post("/v1/lessons/reversals", body))["items"]
    return done


# -- numbers -------------------------------------------------------------------------------

BAD_AMOUNTS: list[Any] = [0, -1, FEN_MAX + 1, 2**63, 2**64, 10**30, 1.5, 1e3, "100", True, None]


@pytest.mark.parametrize("amount", BAD_AMOUNTS, ids=str)
async def test_an_amount_is_a_whole_number_from_1_to_10_to_the_15(
    city: City, place: Place, amount: object
) -> None:
    entries = [place.entry("E1", 100), {**place.entry("E2", 100), "amount_fen": amount}]
    answer = await city.bank.post("/v1/bank/entries", {"items": entries})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/items/1/amount_fen"
    body = {"items": [{**place.contract("C1"), "paid_fen": amount}]}
    assert (await place.billing.post("/v1/contracts", body)).status_code == 422
    assert (await place.balances())["custody_cash"] == 0


async def test_the_largest_amount_is_booked(city: City, place: Place) -> None:
    await place.book(place.entry("E1", FEN_MAX), place.entry("E2", FEN_MAX))
    assert (await place.balances())["custody_cash"] == 2 * FEN_MAX


@pytest.mark.parametrize("number", [0, -1, 10_001, 2**31, 1.5, "1", True])
async def test_a_lesson_number_is_from_1_to_10_000(place: Place, number: object) -> None:
    body = {"institution_id": place.id, "items": [place.lesson("C1", 1) | {"lesson_no": number}]}
    answer = await place.billing.post("/v1/releases", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_a_price_below_one_fen_a_lesson_is_refused(place: Place) -> None:
    body = {"items": [place.contract("C1", lessons=10, paid_fen=9)]}
    done = ok(await place.billing.post("/v1/contracts", body))
    assert brief(done["items"]) == [("refused", "fee_below_one_fen")]


# -- floors, faults, results ---------------------------------------------------------------


async def test_a_floor_may_be_raised_above_the_balance(city: City, place: Place) -> None:
    """It is allowed, reported as a deficit, retains payouts and never refuses a release."""
    await place.fund("C1")
    await place.release("C1", 1)
    floor = {
        "rules": [{"kind": "fixed", "amount_fen": 1_000_000}],
        "effective_from": str(days_ago(1).date()),
        "document_no": "教监〔2026〕9号",
    }
    assert ok(await city.supervisor.put(f"{place.path}/floor", floor))["required_fen"] == 1_000_000
    (item,) = await place.release("C1", 2)
    assert (item["outcome"], item["payout"]) == (
        "released",
        {"state": "retained", "reason": "floor"},
    )
    shown = ok(await place.billing.get(place.path))
    assert shown["balances"]["institution_payable"] == 8_000
    asked = {"institution_id": place.id, "contract_id": "C1", "cause": "guardian"}
    made = ok(await place.billing.post("/v1/refunds", asked), 201)
    agreed = ok(await city.supervisor.post(f"/v1/refunds/{made['id']}/agree", {}))
    assert (agreed["state"], agreed["amount_fen"]) == ("instructed", 64_000)
    lower = {**floor, "rules": [{"kind": "fixed", "amount_fen": 0}]}
    ok(await city.supervisor.put(f"{place.path}/floor", lower))
    assert (await place.balances())["institution_payable"] == 0


async def test_a_fault_is_never_called_insufficient(
    place: Place, city: City, owner_url: str
) -> None:
    """A lock that cannot be had is 503 with nothing written, not a refusal on the merits."""
    await place.fund("C1")
    body = {"institution_id": place.id, "items": [place.lesson("C1", 1)]}
    async with holding(owner_url, place.id):
        answer = await place.billing.post("/v1/releases", body)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["outcome"]) == (503, "unavailable", "none")
    assert problem["retryable"] is True
    assert Refusal.held_insufficient not in answer.text
    assert brief(await place.release("C1", 1)) == [("released", None)]


async def test_the_results_of_a_batch_are_matched_by_index_and_id(city: City, place: Place) -> None:
    """However much goes on at once, outcomes stand in the order of the request."""
    await place.fund("C1", lessons=60, paid_fen=480_000)
    neighbour = await city.place()
    await neighbour.fund("C1", lessons=60, paid_fen=480_000)

    async def claim(one: Place, start: int) -> None:
        claims = []
        for number in range(start, start + 6):
            claims.append(one.lesson("C1", number))
            claims.append(one.lesson("C-nobody", number, id=f"x-{number}"))
        items = await one.claim(*claims)
        assert [item["index"] for item in items] == list(range(12))
        assert [item["id"] for item in items] == [item["id"] for item in claims]
        assert [item["outcome"] for item in items] == ["released", "refused"] * 6

    await asyncio.gather(
        *(claim(one, start) for start in range(1, 60, 6) for one in (place, neighbour))
    )
    assert (await place.balances())["tuition_held"] == 0


async def test_a_refused_item_never_spoils_its_neighbours(place: Place) -> None:
    await place.fund("C1")
    await place.register(place.contract("C2"))
    later = rfc3339(days_ago(-1))
    items = await place.claim(
        place.lesson("C1", 1),
        place.lesson("C9", 1),
        place.lesson("C1", 11),
        place.lesson("C2", 1),
        place.lesson("C1", 2, id="late", taught_at=later, ended_at=later),
        place.lesson("C1", 3),
    )
    assert brief(items) == [
        ("released", None),
        ("refused", "contract_unknown"),
        ("refused", "lesson_out_of_range"),
        ("refused", "contract_not_funded"),
        ("refused", "not_yet_taught"),
        ("released", None),
    ]
    assert await findings(place.city.app.state.escrow.database) == []


async def test_a_thousand_items_fit_and_one_more_does_not(place: Place) -> None:
    names = [f"C{number}" for number in range(20)]
    await place.register(*(place.contract(name, 50, 400_000) for name in names))
    await place.book(*(place.entry(f"D-{name}", 400_000, reference=name) for name in names))
    items = [place.lesson(name, number) for name in names for number in range(1, 51)]
    done = await place.claim(*items)
    assert {item["outcome"] for item in done} == {"released"}
    body = {"institution_id": place.id, "items": [*items, items[0]]}
    answer = await place.billing.post("/v1/releases", body)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_many_items")

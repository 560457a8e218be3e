"""Contracts as their parties see them: terms, money, lessons; a guardian only its own."""

import json
from datetime import date

import pytest

from tests.support.client import Caller, City, Place, days_ago, ok


@pytest.fixture
async def family(city: City, place: Place) -> Caller:
    """Return the key of one family at this institution."""
    return await city.caller("guardian", institution_id=place.id, guardian_ref="G-C1")


async def test_a_contract_is_shown_as_it_was_signed_and_as_it_stands(place: Place) -> None:
    slots = [{"weekday": 6, "starts": "09:00"}]
    signed = place.contract("C1", slots=slots, refund_terms={"days": 7}, gift_lessons=2)
    await place.register(signed)
    await place.book(place.entry("D-C1", 80_000, reference="C1"))
    await place.release("C1", 1)
    shown = ok(await place.billing.get("/v1/contracts/C1"))
    assert {name: shown[name] for name in signed if name != "course"} == {
        name: value for name, value in signed.items() if name != "course"
    }
    assert shown["course"] == {**signed["course"], "teacher_ref": None}
    assert shown["policy"] == {"name": "national", "version": 1}
    assert (shown["state"], shown["is_frozen"]) == ("open", False)
    assert (shown["funded_fen"], shown["held_fen"], shown["released_fen"]) == (
        80_000,
        72_000,
        8_000,
    )
    assert (shown["lessons_released"], shown["lessons_remaining"]) == (1, 9)
    assert shown["refund_id"] is None


async def test_a_contract_being_refunded_names_its_refund(place: Place) -> None:
    await place.fund("C1")
    body = {"institution_id": place.id, "contract_id": "C1", "cause": "guardian"}
    made = ok(await place.billing.post("/v1/refunds", body), 201)
    shown = ok(await place.billing.get("/v1/contracts/C1"))
    assert (shown["state"], shown["refund_id"]) == ("refunding", made["id"])


async def test_an_unknown_contract_is_not_found(city: City, place: Place) -> None:
    for path in ("/v1/contracts/C9", "/v1/contracts/C9/lessons"):
        answer = await place.billing.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "contract_unknown")
        answer = await city.supervisor.get(path, institution_id=place.id)
        assert answer.status_code == 404


async def test_contracts_are_listed_by_state(place: Place) -> None:
    await place.register(place.contract("C1"))
    await place.fund("C2")
    await place.fund("C3", lessons=1, paid_fen=8_000)
    await place.release("C3", 1)
    for state, names in {
        "accepted": ["C1"],
        "open": ["C2"],
        "completed": ["C3"],
        "closed": [],
    }.items():
        listed = ok(await place.billing.get("/v1/contracts", state=state))["items"]
        assert [one["id"] for one in listed] == names
    assert (await place.billing.get("/v1/contracts", state="lost")).status_code == 422


async def test_contracts_come_in_pages(place: Place) -> None:
    await place.register(*(place.contract(f"C{number}") for number in range(5)))
    found: list[str] = []
    query: dict[str, str | int] = {"limit": 2}
    while True:
        page = ok(await place.billing.get("/v1/contracts", **query))
        found += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        query["after"] = page["next"]
    assert found == [f"C{number}" for number in range(5)]


async def test_a_supervisor_names_the_institution(city: City, place: Place) -> None:
    await place.fund("C1")
    assert (await city.supervisor.get("/v1/contracts")).status_code == 422
    listed = ok(await city.supervisor.get("/v1/contracts", institution_id=place.id))["items"]
    assert [one["id"] for one in listed] == ["C1"]
    ok(await city.supervisor.get("/v1/contracts/C1", institution_id=place.id))
    away = await city.caller("supervisor", district_code="110101")
    answer = await away.get("/v1/contracts/C1", institution_id=place.id)
    assert answer.status_code == 403


async def test_a_family_sees_its_own_contract_alone(family: Caller, place: Place) -> None:
    await place.fund("C1")
    await place.fund("C2")
    ok(await family.get("/v1/contracts/C1"))
    ok(await family.get("/v1/contracts/C1/lessons"))
    assert [one["id"] for one in ok(await family.get("/v1/contracts"))["items"]] == ["C1"]
    assert (await family.get("/v1/contracts/C2")).status_code == 404
    assert (await family.get("/v1/contracts/C2/lessons")).status_code == 404
    assert (await family.get("/v1/contracts/C2", guardian_ref="G-C2")).status_code == 403


async def test_a_family_sees_nothing_of_another_institution(
    city: City, family: Caller, place: Place
) -> None:
    other = await city.place()
    await other.fund("C1")
    for path in ("/v1/contracts", "/v1/contracts/C1", "/v1/contracts/C1/lessons"):
        assert (await family.get(path, institution_id=other.id)).status_code == 403


async def test_a_citys_app_says_whom_it_speaks_for(city: City, place: Place) -> None:
    await place.fund("C1")
    await place.fund("C2")
    app = await city.caller("guardian", district_code="320600")
    asked = {"institution_id": place.id}
    assert (await app.get("/v1/contracts/C1", **asked)).status_code == 422
    ok(await app.get("/v1/contracts/C1", guardian_ref="G-C1", **asked))
    answer = await app.get("/v1/contracts/C2", guardian_ref="G-C1", **asked)
    assert answer.status_code == 404
    listed = ok(await app.get("/v1/contracts", guardian_ref="G-C2", **asked))["items"]
    assert [one["id"] for one in listed] == ["C2"]
    away = await city.caller("guardian", district_code="110100")
    answer = await away.get("/v1/contracts/C1", guardian_ref="G-C1", **asked)
    assert answer.status_code == 403


async def test_lessons_are_planned_released_or_put_back(city: City, place: Place) -> None:
    await place.fund("C1", lessons=3, paid_fen=10_000)
    released = await place.release("C1", 1, 2)
    row = {"id": "rev-1", "contract_id": "C1", "lesson_no": 2, "reason": "误销"}
    body = {"institution_id": place.id, "items": [row]}
    (put_back,) = ok(await city.supervisor.post("/v1/lessons/reversals", body))["items"]
    first, second, third = ok(await place.billing.get("/v1/contracts/C1/lessons"))["items"]
    assert (first["state"], first["fee_fen"], first["payout"]) == ("released", 3_333, "instructed")
    assert first["movement_id"] == released[0]["movement_id"]
    assert first["item_id"] == "r-C1-1"
    assert date.fromisoformat(first["taught_at"][:10]) == days_ago(1).date()
    assert (second["state"], second["payout"]) == ("reversed", None)
    assert second["reversed_by"] == put_back["movement_id"]
    assert (third["state"], third["fee_fen"], third["movement_id"]) == ("planned", 3_334, None)


async def test_a_lesson_released_again_shows_its_latest_release(city: City, place: Place) -> None:
    await place.fund("C1", lessons=3, paid_fen=9_000)
    await place.release("C1", 1)
    row = {"id": "rev-1", "contract_id": "C1", "lesson_no": 1, "reason": "误销"}
    body = {"institution_id": place.id, "items": [row]}
    ok(await city.supervisor.post("/v1/lessons/reversals", body))
    (again,) = await place.claim(place.lesson("C1", 1, id="r-again"))
    first = ok(await place.billing.get("/v1/contracts/C1/lessons"))["items"][0]
    assert (first["state"], first["item_id"]) == ("released", "r-again")
    assert first["movement_id"] == again["movement_id"]


async def test_a_retained_lesson_says_so(city: City, place: Place) -> None:
    await place.fund("C1")
    body = {"scope": "payout", "reason": "挪用", "authority": "区教育局", "document_no": "1"}
    ok(await city.supervisor.post(f"{place.path}/freezes", body), 201)
    await place.release("C1", 1)
    first = ok(await place.billing.get("/v1/contracts/C1/lessons"))["items"][0]
    assert first["payout"] == "retained"


async def test_lessons_come_in_pages_by_number(place: Place) -> None:
    await place.fund("C1", lessons=5)
    found: list[int] = []
    query: dict[str, str | int] = {"limit": 2}
    while True:
        page = ok(await place.billing.get("/v1/contracts/C1/lessons", **query))
        found += [one["lesson_no"] for one in page["items"]]
        if page["next"] is None:
            break
        query["after"] = page["next"]
    assert found == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999"])
async def test_free_terms_hold_no_number_that_json_lacks(place: Place, number: str) -> None:
    raw = json.dumps({"items": [place.contract("C1", refund_terms=["@"])]}).replace('"@"', number)
    headers = {"Idempotency-Key": "terms", "Content-Type": "application/json"}
    answer = await place.billing.ask("POST", "/v1/contracts", content=raw, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")

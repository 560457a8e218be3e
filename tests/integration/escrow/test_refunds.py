"""Refunds over HTTP: what is held, for whom, and where it goes."""

from datetime import timedelta

from shared.time import business_day, wall_clock
from tests.integration.escrow.offices import findings
from tests.support.client import Caller, City, Place, ok


async def ask(caller: Caller, place: Place, contract: str = "C1", **query: str) -> tuple[int, dict]:
    body = {"institution_id": place.id, "contract_id": contract, "cause": "guardian"}
    answer = await caller.post("/v1/refunds", body, **query)
    return answer.status_code, answer.json()


async def made(place: Place, contract: str = "C1") -> str:
    status, body = await ask(place.billing, place, contract)
    assert status == 201, body
    return str(body["id"])


async def agreed(place: Place, refund: str) -> dict:
    return ok(await place.billing.post(f"/v1/refunds/{refund}/agree", {}))


async def sound(place: Place) -> None:
    assert await findings(place.city.app.state.escrow.database) == []


async def test_a_request_holds_the_remaining_money_at_once(place: Place) -> None:
    await place.fund("C1")
    await place.release("C1", 1)
    status, body = await ask(place.billing, place)
    assert (status, body["state"], body["amount_fen"]) == (201, "requested", 72_000)
    status, again = await ask(place.billing, place)
    assert (status, again["code"]) == (409, "refund_in_progress")
    await sound(place)


async def test_a_lesson_taught_before_the_request_is_claimed_until_it_is_agreed(
    place: Place,
) -> None:
    await place.fund("C1")
    refund = await made(place)
    (item,) = await place.release("C1", 1)
    assert item["outcome"] == "released"
    assert (await agreed(place, refund))["amount_fen"] == 72_000
    (late,) = await place.release("C1", 2)
    assert late["code"] == "contract_closed"
    await sound(place)


async def test_the_quote_follows_what_was_released(place: Place) -> None:
    await place.fund("C1")
    await place.release("C1", 1, 2)
    quote = ok(await place.billing.get("/v1/contracts/C1/refund-quote", cause="guardian"))
    assert quote["refund_fen"] == 64_000
    steps = {step["rule"]: step["amount_fen"] for step in quote["steps"]}
    assert (steps["funded"], steps["released_lessons"]) == (80_000, -16_000)


async def test_a_quote_is_made_as_of_today_alone(place: Place) -> None:
    await place.fund("C1")
    path, today = "/v1/contracts/C1/refund-quote", business_day(wall_clock())
    assert ok(await place.billing.get(path, on=str(today)))["on"] == str(today)
    for days in (-1, 1, 365):
        refused = await place.billing.get(path, on=str(today + timedelta(days=days)))
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")
        assert refused.json()["errors"][0]["pointer"] == "/query/on"


async def test_money_goes_back_to_where_it_came_from_the_newest_first(place: Place) -> None:
    await place.register(place.contract("C1"))
    for name, amount, account, day in (
        ("E1", 50_000, "6217000000000000011", "2026-01-10T09:00:00+08:00"),
        ("E2", 30_000, "6217000000000000022", "2026-01-11T09:00:00+08:00"),
    ):
        changes = {"reference": "C1", "counterparty_account": account, "booked_at": day}
        await place.book(place.entry(name, amount, **changes))
    await place.release("C1", 1)
    assert (await agreed(place, await made(place)))["state"] == "instructed"
    back = {
        one["creditor_account"]: one["amount_fen"]
        for one in await place.instructions()
        if one["kind"] == "refund"
    }
    assert back == {"6217000000000000022": 30_000, "6217000000000000011": 42_000}
    await sound(place)


async def test_a_refund_without_a_known_payer_waits_for_a_supervisor(
    city: City, place: Place
) -> None:
    await place.register(place.contract("C1"))
    entry = place.entry("E1", 80_000, reference="C1")
    del entry["counterparty_account"]
    await place.book(entry)
    refund = await made(place)
    assert (await agreed(place, refund))["state"] == "payer_unknown"
    assert (await place.balances())["refund_payable"] == 80_000
    payer = {"account_number": "6217000000000000099", "account_name": "王小明"}
    done = ok(await city.supervisor.put(f"/v1/refunds/{refund}/payer-account", payer))
    assert done["state"] == "instructed"
    (found,) = await place.instructions()
    assert found["creditor_account"] == "6217000000000000099"
    again = await city.supervisor.put(f"/v1/refunds/{refund}/payer-account", payer)
    assert again.status_code == 200
    assert len(await place.instructions()) == 1, "named twice, paid once"
    await sound(place)


async def test_a_contested_refund_waits_for_a_supervisor(city: City, place: Place) -> None:
    await place.fund("C1")
    refund = await made(place)
    contested = await place.billing.post(f"/v1/refunds/{refund}/contest", {"reason": "已上课"})
    assert ok(contested)["state"] == "contested"
    assert await place.instructions() == []
    done = ok(await city.supervisor.post(f"/v1/refunds/{refund}/agree", {}))
    assert done["state"] == "instructed"


async def test_an_agreement_twice_pays_once(place: Place) -> None:
    await place.fund("C1")
    refund = await made(place)
    first = await agreed(place, refund)
    assert (await agreed(place, refund))["state"] == first["state"]
    assert len(await place.instructions()) == 1
    await sound(place)


async def test_a_refund_is_paid_when_the_bank_settles_it(city: City, place: Place) -> None:
    await place.fund("C1")
    refund = await made(place)
    await agreed(place, refund)
    (found,) = await place.instructions()
    result = {"state": "settled", "bank_reference": "B-1"}
    ok(await city.bank.post(f"/v1/bank/instructions/{found['id']}/result", result))
    assert ok(await place.billing.get(f"/v1/refunds/{refund}"))["state"] == "paid"
    await sound(place)


async def test_a_refund_the_bank_could_not_deliver_waits_for_another_account(
    city: City, place: Place
) -> None:
    await place.fund("C1")
    refund = await made(place)
    await agreed(place, refund)
    (found,) = await place.instructions()
    result = {"state": "rejected", "bank_reference": "B-1", "reason": "account closed"}
    ok(await city.bank.post(f"/v1/bank/instructions/{found['id']}/result", result))
    shown = ok(await place.billing.get(f"/v1/refunds/{refund}"))
    assert (shown["state"], shown["waiting_fen"]) == ("payer_unknown", 80_000)
    await sound(place)


async def test_a_family_asks_for_its_own_contract_alone(city: City, place: Place) -> None:
    await place.fund("C1")
    await place.fund("C2")
    family = await city.caller("guardian", institution_id=place.id, guardian_ref="G-C1")
    status, body = await ask(family, place, "C2")
    assert (status, body["code"]) == (403, "not_allowed")
    status, body = await ask(family, place, "C1")
    assert status == 201
    answer = await family.post(f"/v1/refunds/{body['id']}/agree", {})
    assert answer.status_code == 403


async def test_nothing_held_is_nothing_to_refund(place: Place) -> None:
    await place.register(place.contract("C1"))
    status, body = await ask(place.billing, place)
    assert (status, body["code"]) == (409, "nothing_to_refund")
    status, body = await ask(place.billing, place, "C-nobody")
    assert (status, body["code"]) == (404, "contract_unknown")

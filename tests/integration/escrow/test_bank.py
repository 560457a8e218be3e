"""A bank that pulls: entries in, instructions out, results back, over HTTP."""

import pytest

from shared.time import rfc3339
from tests.integration.escrow.offices import findings
from tests.support.client import City, Place, days_ago, ok


async def tell(city: City, instruction: str, state: str, **rest: object) -> tuple[int, dict]:
    body = {"state": state, "bank_reference": "B-1", **rest}
    answer = await city.bank.post(f"/v1/bank/instructions/{instruction}/result", body)
    return answer.status_code, answer.json()


def debit(place: Place, name: str, line: dict, **changes: object) -> dict:
    """Return the debit that pays an instruction's line."""
    plain = place.entry(name, line["amount_fen"], direction="debit")
    return {**plain, "end_to_end_id": line["end_to_end_id"], **changes}


async def planned(place: Place, lessons: int = 2) -> dict:
    """Release some lessons and let the bank pull what pays them."""
    await place.fund("C1")
    await place.release("C1", *range(1, lessons + 1))
    (found,) = await place.instructions(state="planned")
    return found


async def sound(place: Place) -> None:
    assert await findings(place.city.app.state.escrow.database) == []


async def test_an_instruction_has_one_line_for_each_lesson(place: Place) -> None:
    found = await planned(place, 3)
    assert (found["kind"], found["amount_fen"], found["account_number"]) == (
        "payout",
        24_000,
        place.account,
    )
    assert [line["remittance"] for line in found["lines"]] == ["C1 1/10", "C1 2/10", "C1 3/10"]
    assert len({line["end_to_end_id"] for line in found["lines"]}) == 3


async def test_an_instruction_stays_planned_until_the_bank_speaks_of_it(place: Place) -> None:
    found = await planned(place)
    assert await place.instructions(state="planned") == [found]


async def test_what_is_settled_and_booked_leaves_clearing(city: City, place: Place) -> None:
    found = await planned(place)
    assert (await place.balances())["payment_clearing"] == 16_000
    assert await tell(city, found["id"], "settled") == (
        200,
        {"id": found["id"], "state": "settled"},
    )
    assert (await place.balances())["payment_clearing"] == 16_000, "a result moves no money"
    done = await place.book(*(debit(place, f"D{n}", line) for n, line in enumerate(found["lines"])))
    assert {item["effect"] for item in done["items"]} == {"instruction_matched"}
    accounts = await place.balances()
    assert (accounts["payment_clearing"], accounts["custody_cash"]) == (0, 64_000)
    await sound(place)


async def test_an_entry_that_overtakes_the_result_settles(city: City, place: Place) -> None:
    found = await planned(place, 1)
    await place.book(debit(place, "D1", found["lines"][0]))
    (shown,) = await place.instructions()
    assert shown["state"] == "settled"
    for state in ("settled", "accepted"):
        assert (await tell(city, found["id"], state))[0] == 200
    await sound(place)


@pytest.mark.parametrize("state", ["settled", "rejected"])
async def test_the_same_result_again_changes_nothing(city: City, place: Place, state: str) -> None:
    found = await planned(place)
    first = await tell(city, found["id"], state)
    accounts = await place.balances()
    assert await tell(city, found["id"], state) == first
    assert await place.balances() == accounts


async def test_a_contradiction_is_a_conflict_and_changes_nothing(city: City, place: Place) -> None:
    found = await planned(place)
    await tell(city, found["id"], "settled")
    accounts = await place.balances()
    status, problem = await tell(city, found["id"], "rejected")
    assert (status, problem["code"]) == (409, "result_conflict")
    (shown,) = await place.instructions()
    assert (shown["state"], await place.balances()) == ("settled", accounts)
    await sound(place)


async def test_a_rejected_payout_is_payable_again(city: City, place: Place) -> None:
    found = await planned(place)
    assert (await tell(city, found["id"], "rejected", reason="account closed"))[0] == 200
    accounts = await place.balances()
    assert (accounts["payment_clearing"], accounts["institution_payable"]) == (0, 16_000)
    await sound(place)


async def test_single_lines_may_have_their_own_result(city: City, place: Place) -> None:
    found = await planned(place)
    refused = {"end_to_end_id": found["lines"][1]["end_to_end_id"], "state": "rejected"}
    assert (await tell(city, found["id"], "settled", lines=[refused]))[0] == 200
    accounts = await place.balances()
    assert (accounts["payment_clearing"], accounts["institution_payable"]) == (8_000, 8_000)
    await sound(place)


async def test_a_line_of_another_instruction_is_malformed(city: City, place: Place) -> None:
    found = await planned(place)
    other = {"end_to_end_id": "0" * 31 + "1", "state": "rejected"}
    status, problem = await tell(city, found["id"], "settled", lines=[other])
    assert (status, problem["code"]) == (422, "invalid_request")


async def test_a_payment_that_comes_back_is_payable_again(city: City, place: Place) -> None:
    found = await planned(place, 1)
    (line,) = found["lines"]
    await place.book(debit(place, "D1", line))
    back = place.entry("B1", 8_000, end_to_end_id=line["end_to_end_id"])
    done = await place.book(back)
    assert done["items"][0]["effect"] == "instruction_matched"
    accounts = await place.balances()
    assert accounts["custody_cash"] == 80_000
    assert accounts["institution_payable"] + accounts["payment_clearing"] == 8_000
    await sound(place)


async def test_a_debit_that_nobody_asked_for_stays_visible(city: City, place: Place) -> None:
    await place.fund("C1")
    done = await place.book(place.entry("D1", 5_000, direction="debit"))
    assert done["items"][0]["effect"] == "unbacked"
    accounts = await place.balances()
    assert (accounts["unbacked_debit"], accounts["custody_cash"]) == (5_000, 75_000)
    await place.book(place.entry("E2", 5_000))
    assert (await place.balances())["unbacked_debit"] == 5_000, "never netted"


async def test_a_debit_of_another_amount_is_not_ours(place: Place) -> None:
    found = await planned(place, 1)
    done = await place.book(debit(place, "D1", found["lines"][0], amount_fen=7_999))
    assert done["items"][0]["effect"] == "unbacked"
    await sound(place)


async def test_another_bank_sees_and_says_nothing(city: City, place: Place) -> None:
    found = await planned(place)
    stranger = await city.open_bank("bank-other")
    assert ok(await stranger.get("/v1/bank/instructions"))["items"] == []
    body = {"state": "settled", "bank_reference": "B"}
    answer = await stranger.post(f"/v1/bank/instructions/{found['id']}/result", body)
    assert answer.status_code == 404
    done = ok(await stranger.post("/v1/bank/entries", {"items": [place.entry("E9", 100)]}))
    assert done["items"][0]["code"] == "account_unknown"


async def test_a_bank_that_is_pushed_to_does_not_pull(city: City) -> None:
    push = await city.open_bank("bank-push", delivery="push", endpoint="http://bank.test")
    answer = await push.get("/v1/bank/instructions")
    assert (answer.status_code, answer.json()["code"]) == (409, "delivery_is_push")


# -- receipts ------------------------------------------------------------------------------


async def test_more_than_the_price_waits(place: Place) -> None:
    await place.register(place.contract("C1"))
    done = await place.book(place.entry("E1", 90_000, reference="C1"))
    assert done["items"][0]["effect"] == "over_funded"
    accounts = await place.balances()
    assert (accounts["tuition_held"], accounts["unmatched_receipt"]) == (80_000, 10_000)
    await sound(place)


async def test_money_finds_a_contract_that_is_registered_later(place: Place) -> None:
    done = await place.book(place.entry("E1", 80_000, reference="C1"))
    assert done["items"][0]["effect"] == "unallocated"
    await place.register(place.contract("C1"))
    assert (await place.balances())["tuition_held"] == 80_000
    await sound(place)


async def test_waiting_money_is_allocated_once(city: City, place: Place) -> None:
    await place.register(place.contract("C1"))
    await place.book(place.entry("E1", 80_000))
    path = "/v1/bank/entries/E1/allocation"
    body = {"contract_id": "C1"}
    ok(await city.supervisor.post(path, body, account_number=place.account))
    again = await city.supervisor.post(path, body, account_number=place.account)
    assert again.status_code in {200, 409}
    assert (await place.balances())["tuition_held"] == 80_000
    await sound(place)


async def test_waiting_money_goes_back_to_its_payer(city: City, place: Place) -> None:
    await place.book(place.entry("E1", 5_000))
    path = "/v1/bank/entries/E1/allocation"
    ok(await city.supervisor.post(path, {"return": True}, account_number=place.account))
    (found,) = await place.instructions()
    assert (found["kind"], found["amount_fen"], found["creditor_account"]) == (
        "return",
        5_000,
        "6217000000000000077",
    )
    assert (await place.balances())["unmatched_receipt"] == 0
    await sound(place)


async def test_a_foreign_currency_is_refused_for_that_item_alone(city: City, place: Place) -> None:
    entries = [place.entry("E1", 100, currency="USD"), place.entry("E2", 100)]
    done = ok(await city.bank.post("/v1/bank/entries", {"items": entries}))
    assert [item.get("code") for item in done["items"]] == ["currency_not_supported", None]


async def test_an_entry_of_tomorrow_or_of_long_ago_is_booked(place: Place) -> None:
    """The bank's dates are the bank's word."""
    for number, days in enumerate((-1, 900)):
        await place.book(place.entry(f"E{number}", 100, booked_at=rfc3339(days_ago(days))))
    assert (await place.balances())["custody_cash"] == 200

"""Floors and freezes over HTTP: what they hold back, and what they let through."""

import asyncio

import pytest

from escrow.domain.commands import RegisterInstitution
from escrow.domain.policy import Policies
from escrow.ledger.gather import Poster
from escrow.ledger.post import Submission
from escrow.ledger.requests import Answer, RequestKey
from shared.ids import new_id
from tests.integration.escrow.locks import SEEN_S, holding
from tests.integration.escrow.offices import findings
from tests.support.client import City, Place, an_institution_id, days_ago, ok

DOCUMENT = "教监〔2026〕9号"


async def freeze(city: City, place: Place, scope: str) -> str:
    body = {"scope": scope, "reason": "挪用", "authority": "区教育局", "document_no": DOCUMENT}
    made: str = ok(await city.supervisor.post(f"{place.path}/freezes", body), 201)["id"]
    return made


async def lift(city: City, freeze_id: str, reason: str = "已整改") -> int:
    body = {"reason": reason, "document_no": DOCUMENT}
    return (await city.supervisor.post(f"/v1/freezes/{freeze_id}/lift", body)).status_code


async def floor(city: City, place: Place, *rules: dict) -> dict:
    body = {
        "rules": list(rules),
        "effective_from": str(days_ago(1).date()),
        "document_no": DOCUMENT,
    }
    return ok(await city.supervisor.put(f"{place.path}/floor", body))


async def sound(place: Place) -> None:
    assert await findings(place.city.app.state.escrow.database) == []


# -- freezes -------------------------------------------------------------------------------


async def test_a_charging_freeze_stops_contracts_and_nothing_else(city: City, place: Place) -> None:
    await place.fund("C1")
    await freeze(city, place, "charging")
    body = {"items": [place.contract("C2")]}
    done = ok(await place.billing.post("/v1/contracts", body))
    assert done["items"][0]["code"] == "may_not_charge"
    (item,) = await place.release("C1", 1)
    assert item["payout"]["state"] == "instructed"


async def test_a_payout_freeze_retains_and_its_end_pays(city: City, place: Place) -> None:
    await place.fund("C1")
    placed = await freeze(city, place, "payout")
    items = await place.release("C1", 1, 2)
    assert [item["payout"] for item in items] == [
        {"state": "retained", "reason": "payout_frozen"}
    ] * 2
    assert await place.instructions() == []
    assert await lift(city, placed) == 200
    (paid,) = await place.instructions()
    assert [line["remittance"] for line in paid["lines"]] == ["C1 1/10", "C1 2/10"]
    await sound(place)


async def test_a_freeze_of_all_refuses_releases_and_says_they_may_be_tried_again(
    city: City, place: Place
) -> None:
    await place.fund("C1")
    placed = await freeze(city, place, "all")
    (item,) = await place.release("C1", 1)
    assert (item["code"], item["retryable"]) == ("institution_frozen", True)
    await lift(city, placed)
    (item,) = await place.release("C1", 1)
    assert item["outcome"] == "released"


@pytest.mark.parametrize("scope", ["charging", "payout", "all"])
async def test_refunds_are_open_under_every_freeze(city: City, place: Place, scope: str) -> None:
    await place.fund("C1")
    await freeze(city, place, scope)
    asked = {"institution_id": place.id, "contract_id": "C1", "cause": "guardian"}
    made = ok(await place.billing.post("/v1/refunds", asked), 201)["id"]
    assert ok(await place.billing.post(f"/v1/refunds/{made}/agree", {}))["state"] == "instructed"
    (found,) = await place.instructions(state="planned")
    assert (found["kind"], found["amount_fen"]) == ("refund", 80_000)
    await sound(place)


async def test_what_nobody_at_the_bank_saw_is_withdrawn(city: City, place: Place) -> None:
    await place.fund("C1")
    await place.release("C1", 1)
    placed = await freeze(city, place, "payout")
    (withdrawn,) = await place.instructions()
    assert withdrawn["state"] == "withdrawn"
    accounts = await place.balances()
    assert (accounts["payment_clearing"], accounts["institution_payable"]) == (0, 8_000)
    await lift(city, placed)
    assert [one["state"] for one in await place.instructions()] == ["withdrawn", "planned"]
    await sound(place)


async def test_what_the_bank_was_shown_stands(city: City, place: Place) -> None:
    await place.fund("C1")
    await place.release("C1", 1)
    (shown,) = await place.instructions()
    await freeze(city, place, "payout")
    assert await place.instructions() == [shown]


async def test_a_freeze_that_overtakes_a_pull_is_not_shown_to_the_bank(
    city: City, place: Place, owner_url: str
) -> None:
    """The bank's page was read while the freeze waited; what it withdrew is left out."""
    await place.fund("C1")
    await place.release("C1", 1)
    poster = city.app.state.escrow.poster
    async with holding(owner_url, place.id) as hand:
        freezing = asyncio.create_task(freeze(city, place, "payout"))
        await hand.see_waiting(1)
        pulling = asyncio.create_task(place.instructions())
        async with asyncio.timeout(SEEN_S):
            while not poster._queued:  # noqa: ASYNC110 - nobody else would tell
                await asyncio.sleep(0.01)
    await freezing
    assert await pulling == []
    assert [one["state"] for one in await place.instructions()] == ["withdrawn"]


async def test_a_freeze_ends_once(city: City, place: Place) -> None:
    placed = await freeze(city, place, "payout")
    assert [await lift(city, placed) for _ in range(2)] == [200, 200]
    assert await lift(city, placed, "another reason") == 409
    assert await lift(city, "01a20000-0000-7000-8000-000000000000") == 404


async def test_two_freezes_end_one_by_one(city: City, place: Place) -> None:
    await place.fund("C1")
    first, second = [await freeze(city, place, "payout") for _ in range(2)]
    await place.release("C1", 1)
    await lift(city, first)
    assert await place.instructions() == []
    await lift(city, second)
    assert len(await place.instructions()) == 1


# -- floors --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "required", "paid"),
    [
        ({"kind": "fixed", "amount_fen": 60_000}, 60_000, 2),
        ({"kind": "percent_collected", "bps": 5_000}, 40_000, 4),
        ({"kind": "cycle_total"}, 80_000, 0),
        ({"kind": "percent_held", "bps": 100}, 80_800, 3),
    ],
)
async def test_a_floor_retains_whole_lessons_and_the_oldest_go_first(
    city: City, place: Place, rule: dict, required: int, paid: int
) -> None:
    await place.fund("C1")
    assert (await floor(city, place, rule))["required_fen"] == required
    for number in range(1, 5):
        (item,) = await place.release("C1", number)
        assert item["outcome"] == "released", "a floor never refuses a release"
    lines = [line["remittance"] for one in await place.instructions() for line in one["lines"]]
    assert lines == [f"C1 {number}/10" for number in range(1, paid + 1)]
    await sound(place)


async def test_the_highest_rule_wins(city: City, place: Place) -> None:
    await place.fund("C1")
    rules = [{"kind": "fixed", "amount_fen": 1}, {"kind": "cycle_total"}]
    assert (await floor(city, place, *rules))["required_fen"] == 80_000


async def test_a_deposit_makes_room_for_what_was_retained(city: City, place: Place) -> None:
    await place.fund("C1")
    await floor(city, place, {"kind": "fixed", "amount_fen": 80_000})
    (item,) = await place.release("C1", 1)
    assert item["payout"] == {"state": "retained", "reason": "floor"}
    await place.fund("C2")
    (paid,) = await place.instructions()
    assert [line["remittance"] for line in paid["lines"]] == ["C1 1/10"]
    await sound(place)


async def test_a_floor_of_tomorrow_holds_nothing_back_today(city: City, place: Place) -> None:
    await place.fund("C1")
    body = {
        "rules": [{"kind": "cycle_total"}],
        "effective_from": str(days_ago(-3).date()),
        "document_no": DOCUMENT,
    }
    ok(await city.supervisor.put(f"{place.path}/floor", body))
    (item,) = await place.release("C1", 1)
    assert item["payout"]["state"] == "instructed"


# -- accounts ------------------------------------------------------------------------------


async def test_an_account_belongs_to_one_institution(city: City, place: Place) -> None:
    other = await city.place()
    body = {
        "bank_id": "bank-a",
        "account_number": place.account,
        "account_name": "专户",
        "opened_on": "2026-01-05",
        "settlement_account_number": "9500000001",
        "settlement_account_name": "示例",
    }
    answer = await city.supervisor.put(f"{other.path}/custody-account", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "account_taken")
    unknown = {**body, "bank_id": "no-such-bank", "account_number": "9900000001"}
    answer = await city.supervisor.put(f"{other.path}/custody-account", unknown)
    assert (answer.status_code, answer.json()["code"]) == (409, "bank_unknown")


# -- institutions --------------------------------------------------------------------------


async def test_a_refused_registration_leaves_nothing_in_the_books(city: City) -> None:
    name = an_institution_id()
    answer = await city.supervisor.put(f"/v1/institutions/{name}", described("natonal"))
    assert (answer.status_code, answer.json()["code"]) == (409, "policy_unknown")
    found = await findings(city.app.state.escrow.database)
    assert [one for one in found if name in one] == []
    assert (await city.supervisor.get(f"/v1/institutions/{name}")).status_code == 404


async def test_a_refusal_told_again_leaves_nothing_once_the_policy_is_known(city: City) -> None:
    """The first answer stands, though an upgrade brought the policy meanwhile."""
    database = city.app.state.escrow.database
    name, request = an_institution_id(), RequestKey(new_id().bytes * 2, bytes(32))
    command = RegisterInstitution(name, "夜课", "320600", "non_subject", "both", "national")
    submission = Submission((command,), request, lambda done: Answer(409, repr(done).encode()))
    first = await Poster(database, Policies(())).answer(submission)
    again = await city.app.state.escrow.poster.answer(submission)
    assert (again.body, again.is_replayed) == (first.body, True)
    assert [one for one in await findings(database) if name in one] == []


def described(policy: str) -> dict[str, str]:
    return {
        "name": "示例青竹科技培训中心",
        "district_code": "320602",
        "category": "non_subject",
        "delivery": "offline",
        "policy": policy,
    }

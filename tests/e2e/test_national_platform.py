"""S9, the national platform: a licence is revoked there, and the money stays here.

Within seconds escrow takes no new contracts of the institution and retains its payouts, while
families are refunded; an officer lifts the freeze, and what was retained goes out.
"""

import time
from collections.abc import Iterator

import httpx
import pytest

from shared.time import rfc3339
from tests.e2e.launching import Sandbox, wait_until
from tests.e2e.licensing import NORMAL, REVOKED, SECONDS, Licensing
from tests.e2e.parties import Json, Parties, Place, a_contract, a_lesson, days_ago, ok, post

pytestmark = pytest.mark.timeout(600)  # the first test waits for the start

PLACE = Place("91320602MA1ABCDH19", "6222020000000000211", name="示例国平科技培训中心")
PATH = f"/v1/institutions/{PLACE.id}"
TAUGHT, GIVEN_UP = "N-2026-0001", "N-2026-0002"


@pytest.fixture(scope="module")
def licensing(sandbox: Sandbox) -> Iterator[Licensing]:
    """List the institution at the platform, in good standing."""
    licensing = Licensing(sandbox)
    site = {"uscc": PLACE.id, "orgName": PLACE.name, "regionCode": "320602"}
    licensing.wait_mirrored(licensing.list(site))
    yield licensing
    licensing.close()


@pytest.fixture(scope="module")
def parties(sandbox: Sandbox, licensing: Licensing) -> Iterator[Parties]:
    """Return the parties, with two paid-up contracts and one lesson paid out."""
    parties = Parties(sandbox, PLACE)
    contracts = [a_contract(PLACE, name) for name in (TAUGHT, GIVEN_UP)]
    ok(post(parties.billing, "/v1/contracts", {"items": contracts}, "platform-contracts"))
    entries = [_deposit(name) for name in (TAUGHT, GIVEN_UP)]
    taken = ok(post(parties.bank, "/v1/bank/entries", {"items": entries}, "platform-deposits"))
    assert {one["effect"] for one in taken["items"]} == {"contract_funded"}
    assert teach(parties, 1)["payout"]["state"] == "instructed"
    yield parties
    parties.close()


@pytest.fixture(scope="module")
def revoked(parties: Parties, licensing: Licensing) -> Json:
    """Let the platform revoke the licence; return how the institution then stands here."""
    wait_until(lambda: stands(parties)["status"] == "normal", SECONDS)
    assert stands(parties)["may_charge"]["allowed"]
    began = time.monotonic()
    licensing.list({"uscc": PLACE.id, "orgStatus": REVOKED})
    wait_until(lambda: len(stands(parties)["freezes"]) == 2, SECONDS)
    assert time.monotonic() - began < SECONDS
    return stands(parties)


@pytest.fixture(scope="module")
def retained(parties: Parties, revoked: Json) -> Json:
    """Teach the second lesson while the institution is frozen."""
    return teach(parties, 2)


@pytest.fixture(scope="module")
def lifted(parties: Parties, retained: Json, revoked: Json) -> None:
    """Let the officer lift both freezes."""
    body = {"reason": "复议后撤销吊销决定", "document_no": "示例解冻〔2026〕9号"}
    for freeze in revoked["freezes"]:
        ok(post(parties.supervisor, f"/v1/freezes/{freeze['id']}/lift", body, freeze["id"]))


def stands(parties: Parties) -> Json:
    """Return how the institution stands in escrow."""
    return ok(parties.supervisor.get(PATH))


def teach(parties: Parties, lesson_no: int) -> Json:
    """Claim a lesson and return what came of it."""
    name = f"n-{lesson_no}"
    body = {"institution_id": PLACE.id, "items": [a_lesson(name, TAUGHT, lesson_no)]}
    outcome: Json = ok(post(parties.billing, "/v1/releases", body, name))["items"][0]
    assert outcome["outcome"] == "released"
    return outcome


def instructed(bank: httpx.Client) -> set[tuple[str, str]]:
    """Return kind and remittance of every line that waits at the bank for this institution."""
    rows = ok(bank.get("/v1/bank/instructions?state=planned&limit=500"))["items"]
    mine = [row for row in rows if row["institution_id"] == PLACE.id]
    return {(row["kind"], line["remittance"]) for row in mine for line in row["lines"]}


def _deposit(contract_id: str) -> Json:
    return {
        "id": f"deposit-{contract_id}",
        "account_number": PLACE.account,
        "direction": "credit",
        "amount_fen": 480_000,
        "booked_at": rfc3339(days_ago(8)),
        "value_on": str(days_ago(8).date()),
        "reference": contract_id,
        "counterparty_name": "示例家长",
        "counterparty_account": "6214880000000000077",
    }


def test_new_contracts_are_refused(parties: Parties, revoked: Json) -> None:
    assert "charging_frozen" in revoked["may_charge"]["reasons"]
    assert "licence_revoked" in revoked["may_charge"]["reasons"]
    body = {"items": [a_contract(PLACE, "N-2026-0003")]}
    item = ok(post(parties.billing, "/v1/contracts", body, "platform-late"))["items"][0]
    assert (item["outcome"], item["code"]) == ("refused", "may_not_charge")


def test_both_freezes_name_the_platform_and_the_event(parties: Parties, revoked: Json) -> None:
    assert {one["scope"] for one in revoked["freezes"]} == {"charging", "payout"}
    assert {one["authority"] for one in revoked["freezes"]} == {"national"}
    (event_id,) = {one["registry_event_id"] for one in revoked["freezes"]}
    assert event_id == revoked["registry"]["event_id"]


def test_a_lesson_is_released_and_its_payout_retained(parties: Parties, retained: Json) -> None:
    assert retained["payout"] == {
        **retained["payout"],
        "state": "retained",
        "reason": "payout_frozen",
    }
    assert ("payout", f"{TAUGHT} 2/60") not in instructed(parties.bank)


def test_a_family_is_refunded_all_the_same(parties: Parties, revoked: Json) -> None:
    assert revoked["may_refund"]["allowed"]
    body = {"institution_id": PLACE.id, "contract_id": GIVEN_UP, "cause": "institution"}
    asked = ok(post(parties.billing, "/v1/refunds", body, "platform-refund"), 201)
    path = f"/v1/refunds/{asked['id']}/agree"
    agreed = ok(post(parties.supervisor, path, {}, "platform-agreed"))
    assert agreed["amount_fen"] == 480_000
    wait_until(lambda: "refund" in {kind for kind, _ in instructed(parties.bank)}, SECONDS)


def test_citizens_see_that_the_licence_was_revoked(licensing: Licensing, revoked: Json) -> None:
    assert licensing.look_up(PLACE.id)["status"] == "revoked"
    assert "吊销" in licensing.read(f"/institutions/{PLACE.id}").text


def test_what_was_retained_goes_out_once_the_officer_lifts(parties: Parties, lifted: None) -> None:
    assert stands(parties)["may_be_paid"]["allowed"]
    wait_until(lambda: ("payout", f"{TAUGHT} 2/60") in instructed(parties.bank), SECONDS)


def test_new_contracts_wait_for_the_platform(
    parties: Parties, licensing: Licensing, lifted: None
) -> None:
    assert stands(parties)["may_charge"] == {"allowed": False, "reasons": ["licence_revoked"]}
    licensing.list({"uscc": PLACE.id, "orgStatus": NORMAL})
    wait_until(lambda: bool(stands(parties)["may_charge"]["allowed"]), SECONDS)
    body = {"items": [a_contract(PLACE, "N-2026-0004")]}
    item = ok(post(parties.billing, "/v1/contracts", body, "platform-again"))["items"][0]
    assert item["outcome"] == "accepted"

"""The main job, by the wire contract's own example, through real processes.

A contract is registered, its deposit arrives, a lesson is taught, its fee leaves escrow,
and the bank pays it.
"""

from collections.abc import Iterator

import pytest

from shared.time import business_day, rfc3339, wall_clock
from tests.e2e.launching import Sandbox, wait_until
from tests.e2e.parties import Json, Parties, Place, a_contract, a_lesson, days_ago, ok, post

pytestmark = pytest.mark.timeout(600)  # the first test waits for the start

PLACE = Place("91320602MA1ABCDE16", "6222020000000000011")
CONTRACT = "C-2026-0001"


@pytest.fixture(scope="module")
def parties(sandbox: Sandbox) -> Iterator[Parties]:
    """Return the parties, with the institution registered."""
    parties = Parties(sandbox, PLACE)
    yield parties
    parties.close()


@pytest.fixture(scope="module")
def released(parties: Parties) -> Json:
    """Bring the example up to the released lesson and return the answer."""
    registered = ok(
        post(
            parties.billing,
            "/v1/contracts",
            {"items": [a_contract(PLACE, CONTRACT)]},
            "contracts-1",
        )
    )
    assert registered == {
        "items": [{"index": 0, "id": CONTRACT, "outcome": "accepted"}],
        "counts": {"accepted": 1, "exists": 0, "refused": 0},
    }
    entry = {
        "id": "ICBC-20261121-00017",
        "account_number": PLACE.account,
        "direction": "credit",
        "amount_fen": 480_000,
        "booked_at": rfc3339(days_ago(8)),
        "value_on": str(days_ago(8).date()),
        "reference": CONTRACT,
        "counterparty_name": "示例家长",
        "counterparty_account": "6214880000000000033",
    }
    taken = ok(post(parties.bank, "/v1/bank/entries", {"items": [entry]}, "bank-1"))
    assert taken["items"][0] == {
        "index": 0,
        "id": "ICBC-20261121-00017",
        "outcome": "accepted",
        "effect": "contract_funded",
        "contract_id": CONTRACT,
    }
    return ok(post(parties.billing, "/v1/releases", class_of(), "class-883"))


def class_of() -> Json:
    """Return the example's class: one lesson, and one of a contract nobody knows."""
    items = [a_lesson("r-883-1", CONTRACT), a_lesson("r-883-2", "C-2026-0404")]
    return {"institution_id": PLACE.id, "items": items}


def test_a_taught_lesson_leaves_escrow_and_a_wrong_one_does_not(released: Json) -> None:
    first, second = released["items"]
    assert (first["outcome"], first["amount_fen"]) == ("released", 8_000)
    assert first["contract"] == {
        "held_fen": 472_000,
        "lessons_released": 1,
        "lessons_remaining": 59,
    }
    assert first["payout"]["state"] == "instructed"
    assert (second["outcome"], second["code"], second["retryable"]) == (
        "refused",
        "contract_unknown",
        False,
    )
    assert released["counts"] == {
        "released": 1,
        "awaiting_confirmation": 0,
        "exists": 0,
        "refused": 1,
    }


def test_the_same_call_again_answers_the_same(parties: Parties, released: Json) -> None:
    again = post(parties.billing, "/v1/releases", class_of(), "class-883")
    assert ok(again) == released
    assert again.headers["Idempotent-Replayed"] == "true"


def test_a_lesson_is_released_once_whatever_it_is_called(parties: Parties, released: Json) -> None:
    movement = released["items"][0]["movement_id"]
    items = [a_lesson("r-883-1", CONTRACT), a_lesson("r-other", CONTRACT)]
    body = {"institution_id": PLACE.id, "items": items}
    known, other = ok(post(parties.billing, "/v1/releases", body, "class-883-b"))["items"]
    assert (known["outcome"], known["movement_id"]) == ("exists", movement)
    assert (other["code"], other["movement_id"]) == ("already_released", movement)
    changed = {**a_lesson("r-883-1", CONTRACT), "lesson_no": 2}
    body = {"institution_id": PLACE.id, "items": [changed]}
    reused = ok(post(parties.billing, "/v1/releases", body, "class-883-c"))["items"][0]
    assert (reused["outcome"], reused["code"]) == ("refused", "id_reused")


def test_the_bank_pays_one_lesson_as_one_transfer(parties: Parties, released: Json) -> None:
    name = released["items"][0]["payout"]["instruction_id"]
    listed = ok(parties.bank.get("/v1/bank/instructions", params={"state": "planned"}))["items"]
    (instruction,) = [row for row in listed if row["id"] == name]
    assert instruction["kind"] == "payout"
    assert instruction["amount_fen"] == 8_000
    assert instruction["creditor_account"] == "6217990000000000022"
    (line,) = instruction["lines"]
    assert (line["amount_fen"], line["remittance"]) == (8_000, "C-2026-0001 1/60")
    assert len(line["end_to_end_id"]) == 32

    result = {
        "state": "settled",
        "bank_reference": "ICBC-20261205-00412",
        "booked_at": rfc3339(days_ago(0)),
    }
    path = f"/v1/bank/instructions/{name}/result"
    for _ in range(2):
        assert post(parties.bank, path, result, "result-1").is_success
    debit = {
        "id": "ICBC-20261205-00412",
        "account_number": PLACE.account,
        "direction": "debit",
        "amount_fen": 8_000,
        "booked_at": rfc3339(wall_clock()),
        "value_on": str(business_day(wall_clock())),
        "end_to_end_id": line["end_to_end_id"],
    }
    taken = ok(post(parties.bank, "/v1/bank/entries", {"items": [debit]}, "bank-2"))
    assert taken["items"][0]["effect"] == "instruction_matched"
    accounts = parties.balances()
    assert accounts["custody_cash"] == 472_000
    assert accounts["tuition_held"] == 472_000
    assert accounts.get("payment_clearing", 0) == 0


def test_the_feed_tells_the_story_in_order(parties: Parties, released: Json) -> None:
    wanted = ["contract.accepted", "receipt.matched", "lessons.released"]
    wait_until(lambda: wanted[-1] in told_types(parties))  # a check of the books may hold it back
    assert [word for word in told_types(parties) if word in wanted] == wanted


def told_types(parties: Parties) -> list[str]:
    """Return what the feed tells of the institution, which is in its sequence."""
    events: list[Json] = []
    after: dict[str, str] = {}
    while page := ok(parties.service.get("/v1/events", params={"limit": 100, **after})):
        events += page["items"]
        if not page["items"] or not page["next"]:
            break
        after = {"after": page["next"]}
    mine = [event for event in events if PLACE.id in str(event)]
    assert [int(event["sequence"]) for event in mine] == list(range(1, len(mine) + 1))
    return [event["type"].split("yike.")[-1] for event in mine]


def test_the_books_are_verified(parties: Parties, released: Json) -> None:
    balance = ok(parties.auditor.get("/v1/audit/trial-balance"))
    assert balance
    assert parties.auditor.get("/v1/audit/verification").status_code == 200

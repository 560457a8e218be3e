"""A bank's statement: received once, checked, compared with the books, never taken in."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from shared.time import rfc3339
from tests.support.client import City, Place, days_ago, ok

Json = dict[str, Any]


def statement(place: Place, *entries: Json, **changes: object) -> Json:
    """Return a statement of the day a week ago, which adds up."""
    opening = 0
    moved = sum(
        one["amount_fen"] if one["direction"] == "credit" else -one["amount_fen"] for one in entries
    )
    day = str(days_ago(7).date())
    return {
        "id": f"ST-{day}",
        "account_number": place.account,
        "from": day,
        "to": day,
        "opening_balance_fen": opening,
        "closing_balance_fen": opening + moved,
        "entries": list(entries),
        **changes,
    }


async def send(city: City, body: Json, status: int = 201) -> Json:
    return ok(await city.bank.post("/v1/bank/statements", body), status)


async def reconciled(city: City, answer: Json) -> Json:
    return ok(await city.supervisor.get(f"/v1/bank/reconciliations/{answer['reconciliation_id']}"))


def sizes(found: Json) -> list[int]:
    names = ("matched", "different_amount", "missing_here", "missing_at_bank", "in_transit")
    return [len(found[name]) for name in names]


async def test_a_statement_that_agrees_is_matched(city: City, place: Place) -> None:
    entry = place.entry("E1", 500)
    await place.book(entry)
    answer = await send(city, statement(place, entry))
    assert answer["id"] == f"ST-{days_ago(7).date()}"
    assert (answer["from"], answer["to"]) == (str(days_ago(7).date()),) * 2
    assert (answer["entry_count"], answer["arithmetic_gap_fen"]) == (1, 0)
    assert answer["institution_id"] == place.id
    found = await reconciled(city, answer)
    assert sizes(found) == [1, 0, 0, 0, 0]
    (matched,) = found["matched"]
    assert (matched["id"], matched["matched_by"], matched["age_days"]) == ("E1", "id", 7)
    assert (found["book_balance_fen"], found["difference_fen"]) == (500, 0)
    assert (found["opening_gap_fen"], found["follows_on"]) == (None, None)


async def test_what_is_missing_here_is_never_taken_in(city: City, place: Place) -> None:
    answer = await send(city, statement(place, place.entry("E1", 500)))
    found = await reconciled(city, answer)
    assert sizes(found) == [0, 0, 1, 0, 0]
    (missing,) = found["missing_here"]
    assert (missing["id"], missing["amount_fen"], missing["age_days"]) == ("E1", 500, 7)
    assert found["difference_fen"] == 500
    assert set((await place.balances()).values()) == {0}
    await place.book(place.entry("E1", 500))
    assert sizes(await reconciled(city, answer)) == [1, 0, 0, 0, 0]


async def test_another_amount_is_told_with_both(city: City, place: Place) -> None:
    await place.book(place.entry("E1", 500))
    found = await reconciled(city, await send(city, statement(place, place.entry("E1", 501))))
    assert sizes(found) == [0, 1, 0, 0, 0]
    (different,) = found["different_amount"]
    assert (different["amount_fen"], different["book_amount_fen"]) == (501, 500)


async def test_what_the_bank_leaves_out_is_missing_there(city: City, place: Place) -> None:
    await place.book(place.entry("E1", 500), place.entry("E2", 70))
    later = place.entry("E3", 9, value_on=str(days_ago(6).date()))
    await place.book(later)
    found = await reconciled(city, await send(city, statement(place, place.entry("E1", 500))))
    assert sizes(found) == [1, 0, 0, 1, 0]
    assert found["missing_at_bank"][0]["id"] == "E2"
    assert (found["book_balance_fen"], found["difference_fen"]) == (570, -70)


async def test_an_entry_in_another_statement_is_not_missing(city: City, place: Place) -> None:
    await place.book(place.entry("E1", 500), place.entry("E2", 70))
    first = await send(city, statement(place, place.entry("E1", 500)))
    day = str(days_ago(6).date())
    await send(
        city,
        statement(
            place,
            place.entry("E2", 70),
            id="ST-2",
            **{"from": day, "to": day},
            opening_balance_fen=500,
            closing_balance_fen=570,
        ),
    )
    assert sizes(await reconciled(city, first)) == [1, 0, 0, 0, 0]


async def test_a_transfer_is_the_same_under_another_id(city: City, place: Place) -> None:
    await place.fund("C1")
    await place.release("C1", 1)
    (instruction,) = await place.instructions(state="planned")
    transfer = instruction["lines"][0]["end_to_end_id"]
    debit = place.entry("E9", 8_000, direction="debit", end_to_end_id=transfer)
    await place.book(debit)
    listed = [place.entry("D-C1", 80_000, reference="C1"), {**debit, "id": "OTHER"}]
    found = await reconciled(city, await send(city, statement(place, *listed)))
    assert sizes(found) == [2, 0, 0, 0, 0]
    pair = next(one for one in found["matched"] if one["id"] == "OTHER")
    assert (pair["book_entry_id"], pair["matched_by"]) == ("E9", "end_to_end_id")


async def test_what_was_sent_and_not_booked_is_in_transit(city: City, place: Place) -> None:
    await place.fund("C1")
    await place.release("C1", 1, 2)
    today = str(days_ago(0).date())
    credit = place.entry("D-C1", 80_000, reference="C1")
    body = statement(place, credit, to=today)
    found = await reconciled(city, await send(city, body))
    assert sizes(found) == [1, 0, 0, 0, 0]  # planned, and shown to nobody
    (instruction,) = await place.instructions(state="planned")
    lines = [line["end_to_end_id"] for line in instruction["lines"]]
    found = await reconciled(city, await send(city, {**body, "id": "ST-2"}))
    assert [one["end_to_end_id"] for one in found["in_transit"]] == lines
    result = {"state": "settled", "bank_reference": "R-1"}
    ok(await city.bank.post(f"/v1/bank/instructions/{instruction['id']}/result", result))
    debit = place.entry("E9", 8_000, direction="debit", end_to_end_id=lines[0])
    await place.book(debit)
    found = await reconciled(city, await send(city, {**body, "id": "ST-3"}))
    (left,) = found["in_transit"]
    assert (left["end_to_end_id"], left["state"]) == (lines[1], "settled")
    assert (left["instruction_id"], left["age_days"]) == (instruction["id"], 0)


async def test_a_transfer_the_bank_lists_is_missing_here_and_names_its_instruction(
    city: City, place: Place
) -> None:
    await place.fund("C1")
    await place.release("C1", 1)
    (instruction,) = await place.instructions(state="planned")
    transfer = instruction["lines"][0]["end_to_end_id"]
    debit = place.entry("E9", 8_000, direction="debit", end_to_end_id=transfer)
    body = statement(place, debit, to=str(days_ago(0).date()))
    found = await reconciled(city, await send(city, body))
    assert found["in_transit"] == []
    assert found["missing_here"][0]["instruction_id"] == instruction["id"]


async def test_a_statement_that_does_not_add_up_says_by_how_much(city: City, place: Place) -> None:
    body = statement(place, place.entry("E1", 500), closing_balance_fen=480)
    answer = await send(city, body)
    assert answer["arithmetic_gap_fen"] == -20
    assert (await reconciled(city, answer))["arithmetic_gap_fen"] == -20


async def test_a_statement_that_does_not_follow_on_says_so(city: City, place: Place) -> None:
    await send(city, statement(place, place.entry("E1", 500)))
    gap = {"id": "ST-2", "from": str(days_ago(5).date()), "to": str(days_ago(5).date())}
    late = statement(place, opening_balance_fen=510, closing_balance_fen=510, **gap)
    found = await reconciled(city, await send(city, late))
    assert (found["opening_gap_fen"], found["follows_on"]) == (10, False)
    assert found["previous_statement_id"] == f"ST-{days_ago(7).date()}"
    between = {"id": "ST-1b", "from": str(days_ago(6).date()), "to": str(days_ago(6).date())}
    entry = place.entry("E2", 10, value_on=str(days_ago(6).date()))
    middle = statement(place, entry, opening_balance_fen=500, closing_balance_fen=510, **between)
    assert (await reconciled(city, await send(city, middle)))["follows_on"]
    found = await reconciled(city, {"reconciliation_id": found["id"]})
    assert (found["opening_gap_fen"], found["follows_on"]) == (0, True)


async def test_the_same_statement_again_is_the_same(city: City, place: Place) -> None:
    body = statement(place, place.entry("E1", 500))
    first = await send(city, body)
    assert await send(city, body) == first
    spelled = {**body, "entries": [{**body["entries"][0], "booked_at": utc(days_ago(7))}]}
    assert await send(city, spelled) == first


async def test_the_same_id_with_other_content_is_refused(city: City, place: Place) -> None:
    body = statement(place, place.entry("E1", 500))
    await send(city, body)
    for change in ({"closing_balance_fen": 1}, {"entries": []}, {"to": str(days_ago(6).date())}):
        answer = await city.bank.post("/v1/bank/statements", {**body, **change})
        assert (answer.status_code, answer.json()["code"]) == (409, "id_reused")


async def test_a_repeated_request_gets_the_stored_answer(city: City, place: Place) -> None:
    body = statement(place)
    first = await city.bank.post("/v1/bank/statements", body, key="statement-1")
    again = await city.bank.post("/v1/bank/statements", body, key="statement-1")
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotent-Replayed"] == "true"


async def test_an_idempotency_key_is_required(city: City, place: Place) -> None:
    answer = await city.bank.ask("POST", "/v1/bank/statements", json=statement(place))
    assert answer.json()["code"] == "idempotency_key_required"


async def test_the_feed_hears_of_a_statement_once(city: City, place: Place) -> None:
    body = statement(place, place.entry("E1", 500), place.entry("E2", 30, direction="debit"))
    answer = await send(city, body)
    await send(city, body)
    await city.feed_is_whole()
    page = ok(await city.service.get("/v1/events", limit=500))
    told = [
        one["data"]
        for one in page["items"]
        if one["subject"] == place.id and one["type"] == "statement.received"
    ]
    (fact,) = told
    assert fact["reconciliation_id"] == answer["reconciliation_id"]
    assert (fact["credits_fen"], fact["debits_fen"]) == (500, 30)
    assert (fact["entries"], fact["missing_here"], fact["matched"]) == (2, 2, 0)
    assert place.account not in str(fact)


async def test_the_feed_names_the_statement_before_and_never_a_later_one(
    city: City, place: Place
) -> None:
    for name, days in (("ST-1", 9), ("ST-3", 3), ("ST-2", 6)):
        day = str(days_ago(days).date())
        await send(city, statement(place, id=name, **{"from": day, "to": day}))
    before: dict[str, str | None] = {}
    async with asyncio.timeout(20):  # another database's transaction may hold the feed back
        while len(before) < 3:
            page = ok(await city.service.get("/v1/events", limit=500))
            before = {
                one["data"]["statement_id"]: one["data"]["previous_statement_id"]
                for one in page["items"]
                if one["subject"] == place.id and one["type"] == "statement.received"
            }
    assert before == {"ST-1": None, "ST-3": "ST-1", "ST-2": "ST-1"}


async def test_a_statement_may_speak_of_hours(city: City, place: Place) -> None:
    morning = place.entry("E1", 500)
    evening = place.entry("E2", 70, booked_at=rfc3339(days_ago(7, 20)))
    await place.book(morning, evening)
    span = {"from": rfc3339(days_ago(7, 8)), "to": rfc3339(days_ago(7, 12))}
    answer = await send(city, statement(place, morning, **span))
    assert (answer["from"], answer["to"]) == (span["from"], span["to"])
    found = await reconciled(city, answer)
    assert sizes(found) == [1, 0, 0, 0, 0]
    assert found["book_balance_fen"] == 500


async def test_another_banks_account_is_unknown(city: City, place: Place) -> None:
    other = await city.open_bank("bank-b")
    answer = await other.post("/v1/bank/statements", statement(place))
    assert (answer.status_code, answer.json()["code"]) == (404, "account_unknown")


async def test_only_the_bank_and_the_district_read_a_reconciliation(
    city: City, place: Place
) -> None:
    made = (await send(city, statement(place)))["reconciliation_id"]
    path = f"/v1/bank/reconciliations/{made}"
    ok(await city.bank.get(path))
    ok(await (await city.caller("supervisor", district_code="320600")).get(path))
    assert (await (await city.open_bank("bank-c")).get(path)).status_code == 404
    away = await city.caller("supervisor", district_code="110101")
    assert (await away.get(path)).status_code == 403
    for caller in (place.billing, city.auditor, city.operator):
        assert (await caller.get(path)).status_code == 403


async def test_what_a_statement_may_not_be_is_refused(city: City, place: Place) -> None:
    entry = place.entry("E1", 500)
    for body in (
        statement(place, entry, to=str(days_ago(8).date())),
        statement(place, entry, entry),
        statement(place, {**entry, "account_number": "6222020000000000999"}),
        statement(place, {**entry, "currency": "USD"}),
        statement(place, {**entry, "amount_fen": 0}),
        statement(place, entry, opening_balance_fen=10**16),
        statement(place, entry, surprise=1),
        statement(place, entry, **{"from": "2026-02-30"}),
    ):
        answer = await city.bank.post("/v1/bank/statements", body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request"), body


async def test_a_large_day_fits_in_one_statement(city: City, place: Place) -> None:
    entries = [place.entry(f"E{number}", 100 + number) for number in range(2_000)]
    for start in (0, 1_000):
        await place.book(*entries[start : start + 1_000])
    found = await reconciled(city, await send(city, statement(place, *entries)))
    assert sizes(found) == [2_000, 0, 0, 0, 0]
    assert found["difference_fen"] == 0


def utc(instant: datetime) -> str:
    return (instant - timedelta(hours=8)).replace(tzinfo=None).isoformat() + "Z"

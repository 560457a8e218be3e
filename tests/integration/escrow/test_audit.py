"""The trial balance and the latest verification, each within the reader's district."""

import json
from typing import Any

import asyncpg

from escrow.ledger.verify import verify
from shared.ids import new_id
from tests.support.client import City, Place, ok


async def test_assets_equal_what_is_owed(city: City, place: Place) -> None:
    auditor = await city.caller("auditor", district_code="440305")
    mine = await city.place(district_code="440305")
    await mine.fund("C1")
    await mine.release("C1", 1)
    await mine.book(mine.entry("stray", 300), mine.entry("taken", 100, direction="debit"))
    await place.fund("C1")
    told = ok(await auditor.get("/v1/audit/trial-balance"))
    assert told["institutions"] == 1
    assert told["accounts"] == {
        "custody_cash": 80_200,
        "tuition_held": 72_000,
        "institution_payable": 0,
        "institution_receivable": 0,
        "payment_clearing": 8_000,
        "refund_payable": 0,
        "unmatched_receipt": 300,
        "unbacked_debit": 100,
        "reserve": 0,
    }
    assert (told["assets_fen"], told["liabilities_fen"]) == (80_300, 80_300)
    assert told["balanced"]


async def test_a_city_sees_its_districts_and_the_operator_all(city: City) -> None:
    for district in ("510104", "510107"):
        await city.place(district_code=district)
    chengdu = await city.caller("supervisor", district_code="510100")
    jinjiang = await city.caller("auditor", district_code="510104")
    counts = [
        ok(await caller.get("/v1/audit/trial-balance"))["institutions"]
        for caller in (chengdu, jinjiang, city.operator)
    ]
    assert counts[:2] == [2, 1]
    assert counts[2] > 2


async def test_before_any_verification_there_is_none(city: City) -> None:
    told = ok(await city.auditor.get("/v1/audit/verification"))
    assert set(told) == {"whole", "new"}


async def test_the_latest_verification_of_each_scope_is_shown(
    city: City, database_url: str
) -> None:
    await write(database_url, "whole", [])
    last = await write(database_url, "whole", [])
    await write(database_url, "new", [])
    told = ok(await city.auditor.get("/v1/audit/verification"))
    assert told["whole"]["id"] == last
    assert told["whole"]["clean"]
    assert told["whole"]["findings"] == []
    assert told["new"]["scope"] == "new"


async def test_what_the_auditor_found_is_shown(city: City, place: Place) -> None:
    await place.fund("C1")
    await place.release("C1", 1)
    body = {
        "id": "ST-1",
        "account_number": place.account,
        "from": "2026-01-05",
        "to": "2026-01-05",
        "opening_balance_fen": 0,
        "closing_balance_fen": 0,
        "entries": [],
    }
    ok(await city.bank.post("/v1/bank/statements", body), 201)
    report = await verify(city.app.state.escrow.database, scope="whole")
    assert report.is_clean, report.findings
    told = ok(await city.auditor.get("/v1/audit/verification"))["whole"]
    assert (told["clean"], told["movements"]) == (True, report.movements)
    assert told["institutions"] == report.institutions


async def test_findings_are_shown_where_their_institution_is(
    city: City, place: Place, database_url: str
) -> None:
    finding = {
        "rule": "balance",
        "table": "balance",
        "key": f"{place.id}/custody_cash",
        "expected": "1",
        "found": "2",
    }
    await write(database_url, "whole", [finding])
    for caller in (
        city.auditor,
        city.operator,
        await city.caller("auditor", district_code="320600"),
    ):
        told = ok(await caller.get("/v1/audit/verification"))["whole"]
        assert (told["clean"], told["findings"]) == (False, [finding])
    elsewhere = await city.caller("auditor", district_code="110101")
    told = ok(await elsewhere.get("/v1/audit/verification"))["whole"]
    assert (told["clean"], told["findings"]) == (True, [])


async def test_the_money_parties_do_not_audit(city: City, place: Place) -> None:
    for caller in (place.billing, city.bank, city.service):
        for path in ("/v1/audit/trial-balance", "/v1/audit/verification"):
            assert (await caller.get(path)).status_code == 403


async def write(database_url: str, scope: str, findings: list[dict[str, Any]]) -> str:
    """Write a verification that has just ended, as the auditor does."""
    made = new_id()
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "INSERT INTO escrow.verification VALUES ($1, $2, now(), clock_timestamp(), 3, 9, $3)",
        made,
        scope,
        json.dumps(findings),
    )
    await connection.close()
    return str(made)

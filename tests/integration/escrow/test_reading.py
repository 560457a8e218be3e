"""An institution as its readers see it: how it stands, its balances, its statement."""

import csv
import io
from datetime import timedelta

from shared.time import rfc3339, wall_clock
from tests.support.client import BANK, City, Place, days_ago, ok

DOCUMENT = {"document_no": "教监〔2026〕9号"}


async def freeze(city: City, place: Place, scope: str) -> str:
    body = {"scope": scope, "reason": "挪用", "authority": "区教育局", **DOCUMENT}
    made: str = ok(await city.supervisor.post(f"{place.path}/freezes", body), 201)["id"]
    return made


async def test_an_institution_is_shown_as_it_stands(place: Place) -> None:
    await place.fund("C1", lessons=10, paid_fen=80_000)
    await place.release("C1", 1)
    shown = ok(await place.billing.get(place.path))
    assert shown["name"] == "示例青竹科技培训中心"
    assert shown["policy"] == "national"
    assert shown["policy_in_force"] == {
        "name": "national",
        "version": 1,
        "effective_from": "2021-01-01",
    }
    assert shown["status"] == "unlisted"
    assert shown["custody_account"]["bank_id"] == BANK
    allowed = {"allowed": True, "reasons": []}
    assert [shown[name] for name in ("may_charge", "may_be_paid", "may_refund")] == [allowed] * 3
    assert shown["balances"]["tuition_held"] == 72_000
    assert shown["balances"]["payment_clearing"] == 8_000
    assert shown["retained"] == {"amount_fen": 0, "lessons": 0}
    assert shown["floor"] is None
    assert shown["freezes"] == []


async def test_a_freeze_is_shown_until_it_is_lifted(city: City, place: Place) -> None:
    made = await freeze(city, place, "charging")
    shown = ok(await place.billing.get(place.path))
    assert shown["may_charge"] == {"allowed": False, "reasons": ["charging_frozen"]}
    assert shown["may_be_paid"]["allowed"]
    assert [one["id"] for one in shown["freezes"]] == [made]
    lift = {"reason": "已整改", "document_no": "教监〔2026〕10号"}
    ok(await city.supervisor.post(f"/v1/freezes/{made}/lift", lift))
    shown = ok(await place.billing.get(place.path))
    assert shown["may_charge"]["allowed"]
    assert shown["freezes"] == []


async def test_refunds_stay_open_under_every_freeze(city: City, place: Place) -> None:
    await freeze(city, place, "all")
    shown = ok(await place.billing.get(place.path))
    assert shown["may_charge"]["reasons"] == ["institution_frozen"]
    assert shown["may_be_paid"]["reasons"] == ["institution_frozen"]
    assert shown["may_refund"]["allowed"]


async def test_a_floor_shows_what_it_requires_and_what_is_missing(city: City, place: Place) -> None:
    await place.fund("C1", lessons=10, paid_fen=80_000)
    rules = [{"kind": "fixed", "amount_fen": 100_000}, {"kind": "percent_held", "bps": 1_000}]
    body = {"rules": rules, "effective_from": str(days_ago(1).date()), **DOCUMENT}
    ok(await city.supervisor.put(f"{place.path}/floor", body))
    await place.release("C1", 1)
    shown = ok(await place.billing.get(place.path))
    floor = shown["floor"]
    assert [(one["kind"], one["amount_fen"], one["bps"]) for one in floor["rules"]] == [
        ("fixed", 100_000, None),
        ("percent_held", None, 1_000),
    ]
    assert (floor["required_fen"], floor["present_fen"]) == (100_000, 80_000)
    assert floor["deficit_fen"] == 20_000
    assert shown["retained"] == {"amount_fen": 8_000, "lessons": 1}


async def test_a_floor_that_begins_tomorrow_is_not_in_force(city: City, place: Place) -> None:
    tomorrow = str(days_ago(-1).date())
    body = {"rules": [{"kind": "cycle_total"}], "effective_from": tomorrow, **DOCUMENT}
    ok(await city.supervisor.put(f"{place.path}/floor", body))
    assert ok(await place.billing.get(place.path))["floor"] is None


async def test_an_institution_without_an_account_may_neither_charge_nor_be_paid(
    city: City,
) -> None:
    place = await city.place()
    facts = {
        "name": "无户",
        "district_code": "320602",
        "category": "subject",
        "delivery": "online",
        "policy": "national",
    }
    bare = "/v1/institutions/91320602MA1ABCDE16"
    ok(await city.supervisor.put(bare, facts))
    shown = ok(await city.auditor.get(bare))
    assert shown["custody_account"] is None
    assert shown["may_charge"]["reasons"] == ["account_missing"]
    assert shown["may_be_paid"]["reasons"] == ["account_missing"]
    assert (await place.billing.get(bare)).status_code == 403


async def test_balances_of_a_moment_come_from_the_movements(place: Place) -> None:
    await place.fund("C1")
    between = wall_clock()
    await place.release("C1", 1, 2)
    path = f"{place.path}/balances"
    now = ok(await place.billing.get(path))
    assert now["accounts"]["tuition_held"] == 64_000
    then = ok(await place.billing.get(path, as_of=rfc3339(between)))
    assert then["as_of"] == rfc3339(between)
    assert then["accounts"]["tuition_held"] == 80_000
    assert then["accounts"]["payment_clearing"] == 0
    before = ok(await place.billing.get(path, as_of=str(days_ago(30).date())))
    assert set(before["accounts"].values()) == {0}


async def test_balances_as_of_now_are_the_balances(place: Place) -> None:
    await place.fund("C1")
    await place.release("C1", 1, 2, 3)
    path = f"{place.path}/balances"
    later = rfc3339(wall_clock() + timedelta(hours=1))
    told = ok(await place.billing.get(path, as_of=later))["accounts"]
    assert told == ok(await place.billing.get(path))["accounts"]
    today = str(wall_clock().date() + timedelta(days=1))
    assert ok(await place.billing.get(path, as_of=today))["accounts"] == told


async def test_the_statement_is_the_journal_in_its_order(place: Place) -> None:
    await place.fund("C1")
    await place.release("C1", 1, 2)
    path = f"{place.path}/movements"
    whole = ok(await place.billing.get(path))
    kinds = [one["kind"] for one in whole["items"]]
    assert kinds == ["receipt", "allocation", "release", "release", "payout"]
    assert [one["sequence"] for one in whole["items"]] == [1, 2, 3, 4, 5]
    release = whole["items"][2]
    assert (release["debit"], release["credit"]) == ("tuition_held", "institution_payable")
    assert (release["contract_id"], release["lesson_no"]) == ("C1", 1)
    assert whole["next"] is None
    first = ok(await place.billing.get(path, limit=3))
    rest = ok(await place.billing.get(path, limit=3, after=first["next"]))
    assert first["items"] + rest["items"] == whole["items"]


async def test_a_statement_covers_the_time_asked_for(place: Place) -> None:
    await place.fund("C1")
    await place.release("C1", 1)
    path = f"{place.path}/movements"
    items = ok(await place.billing.get(path))["items"]
    split = items[2]["posted_at"]
    early = ok(await place.billing.get(path, to=items[1]["posted_at"]))["items"]
    late = ok(await place.billing.get(path, **{"from": split}))["items"]
    assert early + late == items
    nothing = await place.billing.get(path, **{"from": str(days_ago(-2).date())})
    assert ok(nothing)["items"] == []
    nothing = await place.billing.get(path, to=str(days_ago(2).date()))
    assert ok(nothing)["items"] == []


async def test_the_statement_as_csv_says_the_same(place: Place) -> None:
    await place.fund("C1")
    await place.release("C1", 1)
    path = f"{place.path}/movements"
    items = ok(await place.billing.get(path))["items"]
    answer = await place.billing.ask("GET", path, headers={"Accept": "text/csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "link" not in answer.headers
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [int(row["sequence"]) for row in rows] == [one["sequence"] for one in items]
    assert [row["posted_at"] for row in rows] == [one["posted_at"] for one in items]
    assert [row["contract_id"] for row in rows] == [one["contract_id"] or "" for one in items]


async def test_a_page_of_csv_names_the_next(place: Place) -> None:
    await place.fund("C1")
    path = f"{place.path}/movements"
    answer = await place.billing.ask(
        "GET", path, headers={"Accept": "text/csv"}, params={"limit": 1}
    )
    after = answer.headers["link"].partition("=")[2].partition(">")[0]
    rest = ok(await place.billing.get(path, after=after))["items"]
    assert [one["sequence"] for one in rest] == [2]


async def test_an_id_that_looks_like_a_formula_is_opened_with_an_apostrophe(
    place: Place,
) -> None:
    await place.book(place.entry("-1.SUM", 500))
    answer = await place.billing.ask(
        "GET", f"{place.path}/movements", headers={"Accept": "text/csv"}
    )
    assert "'-1.SUM" in answer.text


async def test_the_prepaid_ledger_says_what_became_of_each_contract(
    city: City, place: Place
) -> None:
    await place.fund("C1")
    await place.fund("C2", lessons=5, paid_fen=50_000)
    await place.register(place.contract("C3"))
    await place.book(place.entry("D-C3", 20_000, reference="C3"))
    await place.release("C1", 1, 2, 3)
    await place.release("C2", 1)
    await put_back(city, place, "C1", 2)
    await refund(place, "C2")
    path = f"{place.path}/prepaid-ledger"
    now = ok(await city.auditor.get(path))
    first, second, third = now["items"]
    assert first == {
        "contract_id": "C1",
        "lessons": 10,
        "paid_fen": 80_000,
        "collected_lessons": 10,
        "collected_fen": 80_000,
        "consumed_lessons": 2,
        "consumed_fen": 16_000,
        "refunded_lessons": 0,
        "refunded_fen": 0,
        "remaining_lessons": 8,
        "remaining_fen": 64_000,
    }
    assert (second["refunded_fen"], second["refunded_lessons"]) == (40_000, 4)
    assert (second["remaining_fen"], second["remaining_lessons"]) == (0, 0)
    assert (third["collected_fen"], third["collected_lessons"]) == (20_000, 2)
    tomorrow = str(days_ago(-1).date())
    assert ok(await city.auditor.get(path, as_of=tomorrow))["items"] == now["items"]


async def test_the_prepaid_ledger_of_a_moment_is_what_was_known_then(place: Place) -> None:
    await place.fund("C1")
    await place.release("C1", 1)
    between = rfc3339(wall_clock())
    await place.release("C1", 2)
    await place.fund("C2")
    path = f"{place.path}/prepaid-ledger"
    (only,) = ok(await place.billing.get(path, as_of=between))["items"]
    assert (only["contract_id"], only["consumed_lessons"]) == ("C1", 1)
    assert only["remaining_fen"] == 72_000


async def test_the_prepaid_ledger_comes_in_pages(place: Place) -> None:
    for name in ("C1", "C2", "C3"):
        await place.fund(name)
    path = f"{place.path}/prepaid-ledger"
    for query in ({}, {"as_of": str(days_ago(-1).date())}):
        first = ok(await place.billing.get(path, limit=2, **query))
        rest = ok(await place.billing.get(path, limit=2, after=first["next"], **query))
        found = [one["contract_id"] for one in first["items"] + rest["items"]]
        assert found == ["C1", "C2", "C3"]
        assert rest["next"] is None


async def test_those_who_may_see_an_institution_do(city: City, place: Place) -> None:
    readers = [
        place.billing,
        city.bank,
        city.supervisor,
        city.auditor,
        city.operator,
        await city.caller("auditor", district_code="320600"),
    ]
    for path in ("", "/balances", "/movements", "/prepaid-ledger"):
        for reader in readers:
            ok(await reader.get(place.path + path))


async def test_nobody_else_does(city: City, place: Place) -> None:
    other = await city.place()
    strangers = [
        other.billing,
        await city.open_bank("bank-b"),
        await city.caller("supervisor", district_code="110101"),
        await city.caller("auditor", district_code="320603"),
        await city.caller("guardian", institution_id=place.id, guardian_ref="G-1"),
        city.service,
    ]
    for path in ("", "/balances", "/movements", "/prepaid-ledger"):
        for stranger in strangers:
            assert (await stranger.get(place.path + path)).status_code == 403


async def put_back(city: City, place: Place, contract_id: str, lesson_no: int) -> None:
    row = {"id": "rev-1", "contract_id": contract_id, "lesson_no": lesson_no, "reason": "误销"}
    body = {"institution_id": place.id, "items": [row]}
    done = ok(await city.supervisor.post("/v1/lessons/reversals", body))
    assert done["items"][0]["outcome"] == "reversed", done


async def refund(place: Place, contract_id: str) -> None:
    body = {"institution_id": place.id, "contract_id": contract_id, "cause": "institution"}
    made = ok(await place.billing.post("/v1/refunds", body), 201)
    ok(await place.billing.post(f"/v1/refunds/{made['id']}/agree", {}))

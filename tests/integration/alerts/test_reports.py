"""Reports over HTTP: made, signed and corrected; dossier, indicators, ledger and interviews."""

import base64
import io
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import openpyxl
import pytest

from alerts.domain.outcome import Severity
from alerts.domain.reports import hash_of
from alerts.reports.forms import Form
from alerts.reports.making import ReportMaker
from shared.time import SHANGHAI
from tests.integration.alerts.books import YUAN, Books, books_of, desk_on, judge, put_clock, sums
from tests.integration.alerts.offices import Office
from tests.support.client import Caller, Json, ok

MONDAY = datetime(2027, 3, 8, 7, tzinfo=SHANGHAI)
PARTS = ("opened", "overdue", "critical")


@pytest.fixture
async def office(owner_url: str) -> AsyncIterator[Office]:
    put_clock(owner_url, MONDAY)
    async with desk_on(owner_url) as found:
        yield found


async def make(office: Office) -> int:
    maker, made = ReportMaker(office.database), 0
    while number := await maker.once():
        made += number
    return made


async def daily(caller: Caller, day: str, code: str, status: int = 200, **query: str | int) -> Json:
    asked: dict[str, str | int] = {"date": day, "district_code": code, **query}
    return ok(await caller.get("/v1/reports/daily", **asked), status)


async def sign(caller: Caller, told: Json, status: int = 200, **changes: str) -> Json:
    body = {
        "date": told["last_day"],
        "district_code": told["district_code"],
        "report_no": told["report_no"],
        "hash": told["hash"],
    }
    return ok(await caller.post("/v1/reports/daily/sign", {**body, **changes}), status)


async def test_a_report_is_made_at_half_past_eight_of_a_working_day_and_covers_the_weekend(
    office: Office, owner_url: str
) -> None:
    await books_of(office, district_code="510104")
    officer = await office.caller(district_code="510100")
    await make(office)
    await daily(officer, "2027-03-07", "510104", 404)
    put_clock(owner_url, datetime(2027, 3, 8, 8, 31, tzinfo=SHANGHAI))
    assert await make(office) >= 2
    for code in ("510104", "510100"):
        told = await daily(officer, "2027-03-07", code)
        assert (told["first_day"], told["last_day"]) == ("2027-03-05", "2027-03-07")
        assert told["is_zero"]
        assert told["is_intact"]
        assert [told[name]["number"] for name in PARTS] == [0, 0, 0]
    assert await daily(officer, "2027-03-06", "510104") == await daily(
        officer, "2027-03-07", "510104"
    )
    assert await make(office) == 0
    put_clock(owner_url, datetime(2027, 3, 11, 8, 31, tzinfo=SHANGHAI))
    await make(office)
    late = await daily(officer, "2027-03-10", "510104")
    assert (late["first_day"], late["last_day"]) == ("2027-03-08", "2027-03-10")


async def test_no_report_is_made_by_reading_and_a_preview_is_none(office: Office) -> None:
    await books_of(office, district_code="520102")
    officer = await office.caller(district_code="520100")
    seen = await daily(officer, "2027-03-07", "520102", preview="true")
    assert (seen["report_no"], seen["hash"], seen["signed_by"]) == (None, None, None)
    problem = await daily(officer, "2027-03-07", "520102", 404)
    assert "preview=true" in problem["detail"]
    await daily(officer, "2027-03-09", "520102", 422, preview="true")


async def test_a_report_lists_what_it_counts_and_its_sums_are_those_of_its_rows(
    office: Office, owner_url: str
) -> None:
    for number in range(3):
        await office.case(Severity.critical, district_code="530102", amount_fen=100 + number)
    await office.case(Severity.info, district_code="530111", amount_fen=7)
    put_clock(owner_url, datetime(2027, 3, 9, 8, 31, tzinfo=SHANGHAI))
    await make(office)
    officer = await office.caller(district_code="530000")
    for code, opened in (("530100", 4), ("530102", 3), ("530111", 1)):
        told = await daily(officer, "2027-03-08", code)
        assert told["opened"]["number"] == opened
        for name in PARTS:
            part = told[name]
            assert part["number"] == len(part["items"]) + part["not_shown"]
            assert [part["amount_fen"]] == sums(part["items"], "amount_fen")
            assert sum(part["severities"].values()) == part["number"]
            assert sum(row[name] for row in told["districts"]) == part["number"]
        assert told["hash"] == hash_of(
            {
                key: value
                for key, value in told.items()
                if key not in {"made_by", "hash", "is_intact", "signed_by", "signed_at"}
            }
        )
    city = await daily(officer, "2027-03-08", "530100")
    assert (city["critical"]["number"], city["overdue"]["number"]) == (3, 3)
    assert not city["is_zero"]


async def test_a_report_is_signed_once_by_the_hash_that_was_read(
    office: Office, owner_url: str
) -> None:
    await books_of(office, district_code="540102")
    put_clock(owner_url, datetime(2027, 3, 8, 9, tzinfo=SHANGHAI))
    await make(office)
    officer = await office.caller(district_code="540100")
    told = await daily(officer, "2027-03-07", "540102")
    assert (await sign(officer, told, 409, hash="0" * 64))["code"] == "hash_differs"
    await sign(await office.caller(district_code="540103"), told, 404)
    await sign(await office.caller("auditor", district_code="540100"), told, 403)
    signed = await sign(officer, told)
    assert signed["signed_by"].startswith("supervisor:")
    again = await sign(await office.caller(district_code="540100"), told, 409)
    assert again["code"] == "already_signed"
    seen = await daily(officer, "2027-03-07", "540102")
    assert {**seen, "signed_by": None, "signed_at": None} == told


async def test_a_correction_is_another_number_and_what_was_signed_stays(
    office: Office, owner_url: str
) -> None:
    await books_of(office, district_code="610102")
    put_clock(owner_url, datetime(2027, 3, 8, 9, tzinfo=SHANGHAI))
    await make(office)
    officer = await office.caller(district_code="610100")
    first = await daily(officer, "2027-03-07", "610102")
    body = {"date": "2027-03-06", "district_code": "610102", "reason": "补录一起现场检查"}
    second = ok(await officer.post("/v1/reports/daily", body), 201)
    assert (second["report_no"], second["reason"]) == (2, "补录一起现场检查")
    assert (await sign(officer, first, 409))["code"] == "report_corrected"
    await sign(officer, second)
    assert await daily(officer, "2027-03-07", "610102", report_no=1) == first
    assert (await daily(officer, "2027-03-07", "610102"))["report_no"] == 2
    rows = await office.run("SELECT count(*) AS n FROM alerts.report WHERE district_code='610102'")
    assert rows[0]["n"] == 2


async def test_a_report_that_was_tampered_with_says_so(office: Office, owner_url: str) -> None:
    await books_of(office, district_code="620102")
    put_clock(owner_url, datetime(2027, 3, 8, 9, tzinfo=SHANGHAI))
    await make(office)
    await office.run(
        "UPDATE alerts.report SET body = jsonb_set(body, '{is_zero}', 'false')"
        " WHERE district_code = '620102'"
    )
    told = await daily(await office.caller(), "2027-03-07", "620102")
    assert told["is_intact"] is False


async def test_one_must_name_a_district_that_ones_key_does_not(office: Office) -> None:
    everywhere = await office.caller()
    problem = ok(await everywhere.get("/v1/reports/daily", date="2027-03-07"), 422)
    assert "district_code" in problem["detail"]
    county = await office.caller(district_code="320602")
    bank = await office.caller("bank", bank_id="bank-a")
    asked: Json
    for name, asked in (
        ("daily", {"date": "2027-03-07"}),
        ("daily", {"date": "2027-03-07", "preview": "true"}),
        ("indicators", {}),
        ("interviews", {}),
        ("ledger", {}),
    ):
        path = f"/v1/reports/{name}"
        ok(await county.get(path, district_code="320613", **asked), 404)
        ok(await county.get(path, district_code="320600", **asked), 404)
        ok(await bank.get(path, district_code="320602", **asked), 403)


async def a_story(office: Office, district_code: str) -> Books:
    """Let an institution collect, teach, refund, and spend what it should not."""
    books = await books_of(office, district_code=district_code)
    first = MONDAY - timedelta(days=60)
    await books.tell("account", first, tag="bank-a")
    await books.tell("contract", first, 6_000 * YUAN, ref="C-1", tag="non_subject", number=60)
    await books.fund(first, 6_000 * YUAN)
    await books.teach(MONDAY - timedelta(days=30), 1_000 * YUAN)
    await books.tell("refund", MONDAY - timedelta(days=9), 500 * YUAN, ref="RF-1", tag="requested",
                     contract_id="C-1")  # fmt: skip
    await books.tell("debit", MONDAY - timedelta(days=2), 3_000 * YUAN, tag="unbacked")
    await books.tell("freeze", MONDAY - timedelta(days=1), ref="F-1", tag="payout", reason="示例")
    return books


async def test_a_dossier_holds_facts_open_items_and_an_assessment_by_version(
    office: Office, owner_url: str
) -> None:
    books = await a_story(office, "630102")
    await judge(office, books)
    officer = await office.caller(district_code="630100")
    path = f"/v1/institutions/{books.institution_id}"
    told = ok(await officer.get(f"{path}/dossier"))
    figures = {one["key"]: one for one in told["figures"]}
    assert figures["balance_fen"]["value"] == 2_000 * YUAN
    assert figures["held_fen"]["value"] == 5_000 * YUAN
    assert figures["coverage_bps"]["value"] == 4_000
    assert figures["refunds_open_fen"]["value"] == 500 * YUAN
    assert figures["floor_fen"]["value"] is None
    assert figures["floor_fen"]["unknown"]
    assert all(one["source"] for one in told["figures"])
    kinds = [one["kind"] for one in told["open_items"]]
    assert {"case", "freeze", "refund"} == {*kinds}
    assert told["assessment"]["risk"] == "critical"
    assert "coverage_shortfall" in {one["rule"] for one in told["assessment"]["found"]}
    assert told["assessment"]["officer"] is None
    came = sums(told["months"], "came_fen", "taught_fen", "outflow_fen")
    assert came == [6_000 * YUAN, 1_000 * YUAN, 3_000 * YUAN]

    for version, words in ((1, "资金缺口须限期补足"), (2, "已约谈，承诺十日内补足")):
        body = {"risk": "critical", "text": words}
        made = ok(await officer.post(f"{path}/assessments", body), 201)
        assert made["version"] == version
        put_clock(owner_url, MONDAY + timedelta(days=version))
    newest = ok(await officer.get(f"{path}/dossier"))["assessment"]["officer"]
    assert (newest["version"], newest["text"]) == (2, "已约谈，承诺十日内补足")
    operator = await office.caller("operator")
    assert ok(await operator.get(f"{path}/dossier"))["assessment"]["officer"]["text"] is None
    then = ok(await officer.get(f"{path}/dossier", as_of="2027-03-08"))
    assert then["assessment"]["officer"]["version"] == 1
    before = ok(await officer.get(f"{path}/dossier", as_of="2027-02-01"))
    assert {one["key"]: one for one in before["figures"]}["held_fen"]["value"] == 6_000 * YUAN
    assert before["open_items"] == []
    elsewhere = await office.caller(district_code="640100")
    ok(await elsewhere.get(f"{path}/dossier"), 404)
    ok(await elsewhere.post(f"{path}/assessments", {"risk": "ok", "text": "x"}), 404)


async def test_indicators_have_a_source_and_what_is_not_known_says_why(office: Office) -> None:
    books = await a_story(office, "640105")
    await books.tell("tip", MONDAY - timedelta(days=3), tag="refund_refused")
    await judge(office, books)
    officer = await office.caller(district_code="640100")
    told = ok(await officer.get("/v1/reports/indicators"))
    assert (told["first_day"], told["last_day"]) == ("2027-01-01", "2027-03-08")
    found = {one["key"]: one for one in told["items"]}
    assert len({one["area"] for one in told["items"]}) == 6
    for one in told["items"]:
        assert (one["value"] is None) == bool(one["unknown"]), one
        assert one["source"]
        assert one["period"] in {"期间", "时点"}
    assert found["contracts"]["value"] == 1
    assert found["credits_fen"]["value"] == 6_000 * YUAN
    assert found["held_fen"]["value"] == 5_000 * YUAN
    assert found["refunds_requested"]["value"] == 1
    assert found["tips"]["value"] == 1
    assert found["adverts_found"]["value"] is None
    narrow = ok(await officer.get("/v1/reports/indicators", **{"from": "2027-03-01"}))
    assert {one["key"]: one for one in narrow["items"]}["credits_fen"]["value"] == 0
    for days in ({"from": "2027-03-09", "to": "2027-03-08"}, {"from": "2020-01-01"}):
        ok(await officer.get("/v1/reports/indicators", **days), 422)


async def test_a_ledger_is_read_by_page_and_whole_as_a_workbook(office: Office) -> None:
    cases = [str(await office.case(district_code="650102")) for _ in range(5)]
    evil = await office.place("650102")
    await office.run(
        "UPDATE alerts.institution SET name = '=HYPERLINK(\"http://example.org\")'"
        " WHERE institution_id = :me",
        me=evil,
    )
    cases.append(str(await office.case(district_code="650102", institution_id=evil)))
    officer = await office.caller(district_code="650100")
    rows, query = [], {"limit": 4}
    while True:
        page = ok(await officer.get("/v1/reports/ledger", **query))
        rows += [row["case_id"] for row in page["items"]]
        if page["next"] is None:
            break
        query = {"limit": 4, "after": page["next"]}
    assert rows == cases[::-1]
    answer = await officer.ask("GET", "/v1/reports/ledger", headers={"Accept": Form.workbook})
    assert answer.headers["content-type"] == Form.workbook
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    head, *lines = book["1 台账"].iter_rows()
    columns = [cell.value for cell in head]
    assert len(lines) == len(cases)
    name, code = columns.index("机构"), columns.index("统一社会信用代码")
    assert lines[0][name].value == '\'=HYPERLINK("http://example.org")'
    assert {line[name].data_type for line in lines} == {"s"}
    assert {line[code].data_type for line in lines} == {"s"}
    assert lines[0][columns.index("金额（元）")].value == pytest.approx(1_234)
    soon = ok(await officer.get("/v1/reports/ledger", to="2020-01-01"))
    assert soon["items"] == []


async def test_a_ledger_too_long_for_a_workbook_says_to_narrow_it_down(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        await office.case(district_code="660102")
    monkeypatch.setattr("alerts.reports.asking.ROWS_MAX", 2)
    officer = await office.caller(district_code="660100")
    answer = await officer.ask("GET", "/v1/reports/ledger", headers={"Accept": Form.workbook})
    problem = ok(answer, 422)
    assert problem["code"] == "too_many_rows"
    assert "narrow" in problem["detail"]


async def test_the_largest_and_the_distressed_are_to_be_interviewed(office: Office) -> None:
    places = []
    for number in range(4):
        books = await books_of(office, district_code="670102")
        await books.fund(MONDAY - timedelta(days=5), (number + 1) * 1_000 * YUAN)
        places.append(books)
    await judge(office, *places)
    await office.case(district_code="670102", institution_id=places[0].institution_id,
                      rule="distress", sentence="经营困难迹象 2 项")  # fmt: skip
    officer = await office.caller(district_code="670100")
    told = ok(await officer.get("/v1/reports/interviews", top=2))
    assert told["quarter"] == "2027-Q1"
    assert [(one["institution_id"], one["why"]) for one in told["items"]] == [
        (places[3].institution_id, "规模第 1 位"),
        (places[2].institution_id, "规模第 2 位"),
        (places[0].institution_id, "经营困难"),
    ]
    assert not any(one["is_interviewed"] for one in told["items"])


async def test_every_report_is_a_page_too_for_a_browser_with_the_key_as_password(
    office: Office, owner_url: str
) -> None:
    books = await a_story(office, "680102")
    await judge(office, books)
    put_clock(owner_url, datetime(2027, 3, 8, 9, tzinfo=SHANGHAI))
    await make(office)
    caller = await office.caller(district_code="680100")
    basic = base64.b64encode(f"x:{caller.key}".encode()).decode()
    for path in (
        "/reports/daily?date=2027-03-07&district_code=680102",
        "/reports/indicators",
        "/reports/interviews",
        "/reports/ledger",
        f"/institutions/{books.institution_id}/dossier",
    ):
        shown = await office.http.get(
            f"/supervise{path}", headers={"Authorization": f"Basic {basic}"}
        )
        assert shown.status_code == 200, shown.text
        assert shown.headers["content-type"].startswith("text/html")
        assert "script" not in shown.text
        assert "default-src 'none'" in shown.headers["content-security-policy"]
        as_bearer = await caller.ask("GET", f"/v1{path}", headers={"Accept": "text/html"})
        assert as_bearer.status_code == 200
        assert as_bearer.headers["content-type"].startswith("text/html")
        book = await caller.ask("GET", f"/v1{path}", headers={"Accept": Form.workbook})
        assert openpyxl.load_workbook(io.BytesIO(book.content)).sheetnames[0] == "概要"
        refused = await office.http.get(f"/supervise{path}")
        assert refused.status_code == 401
        assert "Basic" in refused.headers["www-authenticate"]
        by_password = await office.http.get(
            f"/v1{path}", headers={"Authorization": f"Basic {basic}"}
        )
        assert by_password.status_code == 401

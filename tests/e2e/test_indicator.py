"""S11, the supervision model and what it asks for (督查指标).

机构审批、预收费监管、费用的收取退还、培训合同签订履行、广告、举报查处；每年至少一次专项督导。

What a team takes along on its yearly inspection: every indicator with its number, its period and
its source, as JSON and as a workbook; what the system cannot know is said to be unknown, and why.
"""

import io
from collections.abc import Iterator
from datetime import timedelta

import openpyxl
import pytest

from shared.time import business_day, rfc3339
from tests.e2e.alerting import FEE_FEN, SOON_S, WORKBOOK, Bureau, drain, enrol
from tests.e2e.launching import Sandbox, wait_until
from tests.e2e.parties import Json, Parties, ok, post

pytestmark = pytest.mark.timeout(600)  # the first test waits for the start

AREAS = [
    "机构审批",
    "预收费监管",
    "费用收取与退还",
    "培训合同签订履行",
    "广告",
    "举报查处",
]
PUPILS = 4
TAKEN_FEN = 120_000


@pytest.fixture(scope="module")
def bureau(sandbox: Sandbox) -> Iterator[Bureau]:
    """Return the bureau of a county."""
    bureau = Bureau(sandbox, "340202")
    yield bureau
    bureau.close()


@pytest.fixture(scope="module")
def school(bureau: Bureau) -> Parties:
    """Found the county's institution, and let a year of it happen in a minute."""
    school = bureau.found(1, "示例镜湖书法培训中心")
    now = bureau.now()
    enrol(school, PUPILS, now - timedelta(days=20))
    lesson = {
        "id": "L-1",
        "contract_id": "C-000",
        "lesson_no": 1,
        "taught_at": rfc3339(now - timedelta(days=2)),
    }
    body = {"institution_id": school.place.id, "items": [lesson]}
    ok(post(school.billing, "/v1/releases", body, "indicator-lesson"))
    asked = {"institution_id": school.place.id, "contract_id": "C-001", "cause": "institution"}
    ok(post(school.billing, "/v1/refunds", asked, "indicator-refund"), 201)
    drain(school, TAKEN_FEN, now, purpose="手续费")
    tip = {
        "institution_id": school.place.id,
        "text": "机构要求转账到个人账户。",
        "told_at": rfc3339(now),
        "topic": "private_collection",
    }
    told = ok(bureau.officer.post("/v1/tips", json=tip), 201)
    bureau.do(told["case_id"], "acknowledge")
    bureau.interview(told["case_id"])
    return school


def indicators(bureau: Bureau) -> dict[str, Json]:
    """Return every indicator of the last month by its key."""
    today = business_day(bureau.now())
    days = {"from": str(today - timedelta(days=29)), "to": str(today)}
    told = ok(bureau.officer.get("/v1/reports/indicators", params=days))
    assert told["district_code"] == bureau.district_code
    return {one["key"]: one for one in told["items"]}


@pytest.fixture(scope="module")
def told(bureau: Bureau, school: Parties) -> dict[str, Json]:
    """Return the indicators once everything that happened was heard of."""
    wanted = {"unbacked_fen": TAKEN_FEN, "lessons": 1, "refunds_requested": 1, "interviews": 1}
    wanted |= {"custody_fen": PUPILS * FEE_FEN - TAKEN_FEN}

    def is_heard() -> bool:
        found = indicators(bureau)
        return all(found[key]["value"] == value for key, value in wanted.items())

    wait_until(is_heard, SOON_S)
    return indicators(bureau)


def test_every_area_that_a_team_asks_about_is_there(told: dict[str, Json]) -> None:
    assert list(dict.fromkeys(one["area"] for one in told.values())) == AREAS


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("institutions", 1),
        ("accounts", 1),
        ("contracts", PUPILS),
        ("contracted_fen", PUPILS * FEE_FEN),
        ("funded_fen", PUPILS * FEE_FEN),
        ("lessons", 1),
        ("taught_fen", FEE_FEN // 60),
        ("refunds_requested_fen", FEE_FEN),
        ("unbacked_fen", TAKEN_FEN),
        ("tips", 1),
        ("interviews", 1),
    ],
)
def test_a_number_is_what_happened(told: dict[str, Json], key: str, value: int) -> None:
    assert told[key]["value"] == value


def test_every_number_names_its_source(told: dict[str, Json]) -> None:
    assert all(one["source"] and one["period"] for one in told.values())


def test_what_cannot_be_known_is_said_to_be_unknown(told: dict[str, Json]) -> None:
    unknown = {key: one["unknown"] for key, one in told.items() if one["value"] is None}
    assert {"adverts_found", "fines_fen", "approval_days"} <= set(unknown)
    assert all(unknown.values()), "each says why, and where to ask"


def test_the_team_takes_a_workbook_along(bureau: Bureau, told: dict[str, Json]) -> None:
    answer = bureau.officer.get("/v1/reports/indicators", headers={"Accept": WORKBOOK})
    assert answer.headers["Content-Type"] == WORKBOOK
    book = openpyxl.load_workbook(io.BytesIO(answer.content), read_only=True)
    cells = {str(cell) for sheet in book for row in sheet.values for cell in row if cell}
    assert {one["title"] for one in told.values()} <= cells


def test_and_a_page_to_print(bureau: Bureau, told: dict[str, Json]) -> None:
    answer = bureau.officer.get("/v1/reports/indicators", headers={"Accept": "text/html"})
    for one in told.values():
        assert one["title"] in answer.text

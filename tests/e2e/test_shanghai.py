"""S4, Shanghai: 银行监测机构账户并对非常规开支预警—多部门联合约谈、分类处理.

A bank warns of spending that it finds unusual, and the rules find it too; several departments
interview the institution together, and each case is handled as what it turned out to be.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from shared.time import business_day, rfc3339
from tests.e2e.alerting import DEPARTMENTS, Bureau, drain, enrol
from tests.e2e.launching import Sandbox
from tests.e2e.parties import Json, Parties, ok

pytestmark = pytest.mark.timeout(600)  # the first test waits for the start

SPENT_FEN = 3_500_000


@pytest.fixture(scope="module")
def bureau(sandbox: Sandbox) -> Iterator[Bureau]:
    """Return the bureau of one of Shanghai's districts."""
    bureau = Bureau(sandbox, "310104")
    yield bureau
    bureau.close()


@pytest.fixture(scope="module")
def school(bureau: Bureau) -> Parties:
    """Found an institution with fees in custody."""
    school = bureau.found(1, "示例徐汇语言培训中心")
    enrol(school, 20, bureau.now() - timedelta(days=8))
    return school


def warn(bureau: Bureau, school: Parties, name: str, text: str, told_at: str) -> Json:
    """Let the bank send a warning of its own; return where it went."""
    body = {
        "id": name,
        "institution_id": school.place.id,
        "kind": "unusual_spend",
        "text": text,
        "told_at": told_at,
        "amount_fen": SPENT_FEN,
    }
    answer = bureau.bank.post("/v1/bank-warnings", json=body)
    assert answer.status_code in {200, 201}, answer.text
    told: Json = answer.json()
    return told


@pytest.fixture(scope="module")
def warned(bureau: Bureau, school: Parties) -> Json:
    """Let money go to a stranger for a purpose that no school has, and the bank warn of it."""
    drain(school, SPENT_FEN, bureau.now(), "ODD-1", purpose="购买理财")
    told = warn(
        bureau, school, "W-1", "账户向新收款人转出款项，用途为购买理财。", rfc3339(bureau.now())
    )
    return bureau.read(told["case_id"])


def test_a_bank_s_own_warning_opens_a_case(warned: Json) -> None:
    assert (warned["rule"], warned["severity"], warned["state"]) == (
        "bank_warning",
        "warning",
        "new",
    )
    assert "托管银行预警：非常规开支（35,000.00 元）" in warned["sentence"]
    (fact,) = warned["evidence"]
    assert (fact["kind"], fact["tag"], fact["amount_fen"]) == (
        "bank_warning",
        "unusual_spend",
        SPENT_FEN,
    )


def test_the_next_warning_joins_it(bureau: Bureau, school: Parties, warned: Json) -> None:
    second = ("W-2", "同一收款人再次出现。", rfc3339(bureau.now()))
    again = warn(bureau, school, *second)
    assert again["case_id"] == warned["id"]
    assert bureau.read(warned["id"])["evidence_count"] == 2
    assert warn(bureau, school, *second) == again
    assert bureau.read(warned["id"])["evidence_count"] == 2, "the same again is no second warning"


def test_the_rules_find_the_same_spending(bureau: Bureau, school: Parties, warned: Json) -> None:
    found = bureau.wait_case(school.place, "unusual_spend")
    assert "用途不属于" in found["sentence"]
    assert "收款方首次出现" in found["sentence"]
    assert found["amount_fen"] == SPENT_FEN


def test_departments_interview_it_together(bureau: Bureau, warned: Json) -> None:
    bureau.do(warned["id"], "acknowledge")
    bureau.interview(warned["id"], *DEPARTMENTS)
    told = bureau.read(warned["id"])
    assert told["state"] == "interviewed"
    assert told["interview"]["departments"] == DEPARTMENTS
    assert told["interview"]["commitments"] == ["三日内提交凭证"]
    assert told["milestone"] == "classify"


def test_what_was_wrong_is_put_right_by_a_day(bureau: Bureau, warned: Json) -> None:
    bureau.classify(warned["id"], "rectifying", "挪用预收费购买理财")
    refused = bureau.officer.post(f"/v1/cases/{warned['id']}/close", json={"reason": "已约谈"})
    assert refused.status_code == 409, "what is to be put right is not closed before it was ordered"
    until = str(business_day(bureau.now()) + timedelta(days=15))
    bureau.do(warned["id"], "rectification", what="赎回理财，资金转回专户", until=until)
    closed = bureau.do(warned["id"], "close", reason="资金已转回，凭证齐全")
    assert (closed["state"], closed["class"]) == ("closed", "rectifying")


def test_what_was_explained_is_closed_as_such(bureau: Bureau, school: Parties) -> None:
    case = bureau.wait_case(school.place, "unusual_spend")
    bureau.do(case["id"], "acknowledge")
    bureau.classify(case["id"], "explained", "与银行预警为同一笔", skip_reason="已联合约谈")
    closed = bureau.do(case["id"], "close", reason="并入银行预警案件处理")
    assert (closed["state"], closed["class"]) == ("closed", "explained")


def test_the_ledger_tells_how_each_was_handled(
    bureau: Bureau, school: Parties, warned: Json
) -> None:
    rows = ok(bureau.officer.get("/v1/reports/ledger", params={"limit": 100}))["items"]
    mine = {one["rule"]: one for one in rows if one["institution_id"] == school.place.id}
    handled = {rule: mine[rule]["finding_text"] for rule in ("bank_warning", "unusual_spend")}
    assert handled == {"bank_warning": "限期整改", "unusual_spend": "已说明"}
    assert mine["bank_warning"]["interviewed_at"] is not None
    assert bureau.read(warned["id"])["chain"]["is_intact"]

"""S6, Beijing: 预付费资金监管；24小时在线监测；双通报、双转办.

What an inspection finds is told to the county's group and to the city's at once (双通报), and
handed to two departments, each under a document with a deadline (双转办); the trace cannot be
rewritten unnoticed. That funds are tied to students, teachers and courses is told elsewhere.
"""

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from shared.time import business_day, rfc3339
from tests.e2e.alerting import SOON_S, Bureau
from tests.e2e.launching import Sandbox, wait_until
from tests.e2e.parties import Json, Parties, ok

pytestmark = pytest.mark.timeout(600)  # the first test waits for the start

REFERRALS = (
    ("示例区市场监管局", "示例转〔2026〕11号", 10),
    ("示例区公安分局", "示例转〔2026〕12号", 5),
)


@pytest.fixture(scope="module")
def bureau(sandbox: Sandbox) -> Iterator[Bureau]:
    """Return the bureau of one of Beijing's districts."""
    bureau = Bureau(sandbox, "110105")
    yield bureau
    bureau.close()


@pytest.fixture(scope="module")
def school(bureau: Bureau) -> Parties:
    """Found an institution."""
    return bureau.found(1, "示例朝阳篮球培训中心")


@pytest.fixture(scope="module")
def found(bureau: Bureau, school: Parties) -> Json:
    """Let an inspector find a locked door: a red case."""
    note = {
        "institution_id": school.place.id,
        "text": "现场大门上锁，前台无人，多名家长在场。",
        "told_at": rfc3339(bureau.now()),
        "severity": "critical",
        "document_no": "示例检〔2026〕31号",
    }
    told = ok(bureau.officer.post("/v1/inspections", json=note), 201)
    return bureau.read(told["case_id"])


@pytest.fixture(scope="module")
def referred(bureau: Bureau, found: Json) -> Json:
    """Interview, confirm, and hand the case to two departments."""
    bureau.do(found["id"], "acknowledge")
    bureau.interview(found["id"], "示例区教育局", "示例区公安分局")
    bureau.classify(found["id"], "confirmed_loss", "负责人失联，预收费无法退还")
    for department, document_no, days in REFERRALS:
        deadline = str(business_day(bureau.now()) + timedelta(days=days))
        bureau.do(
            found["id"],
            "referrals",
            department=department,
            document_no=document_no,
            deadline=deadline,
            waiting_for="department",
        )
    return bureau.read(found["id"])


def ring(sandbox: Sandbox, case: Json) -> Json:
    """Ring as Alertmanager does; what is said comes from the case."""
    alert = {
        "status": "firing",
        "labels": {
            "alertname": "TuitionCaseOpen",
            "severity": case["severity"],
            "case_id": case["id"],
            "district_code": case["district_code"],
            "audience": "supervisor",
        },
        "annotations": {"summary": "", "description": ""},
        "startsAt": case["opened_at"],
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.example/graph",
        "fingerprint": case["id"][-12:],
    }
    payload = {
        "version": "4",
        "groupKey": f"{{}}:{{case={case['id']!r}}}",
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "bridge",
        "groupLabels": {},
        "commonLabels": {"severity": case["severity"]},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example",
        "alerts": [alert],
    }
    with sandbox.alerts(sandbox.key("service")) as bell:
        return ok(bell.post("/v1/notices/alertmanager", json=payload))


def groups_told(sandbox: Sandbox, words: str) -> set[str]:
    """Return the robots that received a message with these words."""
    came = httpx.get(f"{sandbox.told['robots']}/desk/received", params={"limit": 10_000})
    return {one["place"] for one in ok(came)["items"] if words in one["text"]}


def test_county_and_city_hear_of_it_at_once(sandbox: Sandbox, school: Parties, found: Json) -> None:
    assert ring(sandbox, found)["unknown_cases"] == 0
    both = {"wecom", "dingtalk"}
    wait_until(lambda: both <= groups_told(sandbox, school.place.name), SOON_S)
    assert both <= groups_told(sandbox, found["id"]), "each message links to the case"


def test_two_departments_have_it_each_by_a_day(referred: Json) -> None:
    assert referred["state"] == "referred"
    told = [(one["department"], one["document_no"]) for one in referred["measures"]]
    assert told == [(department, number) for department, number, _ in REFERRALS]
    assert all(one["deadline"] > referred["opened_at"][:10] for one in referred["measures"])
    assert referred["class"] == "confirmed_loss", "a referral does not soften what was found"


def test_waiting_for_them_stops_no_clock(referred: Json) -> None:
    assert referred["waiting_for"] == "department"
    assert referred["milestone"] == "close"
    assert referred["due_at"] is not None


def test_the_trace_is_whole(referred: Json) -> None:
    steps = [one["step"] for one in referred["history"]]
    assert steps == [
        "opened",
        "acknowledged",
        "interview_scheduled",
        "interviewed",
        "classified",
        "referred",
        "referred",
    ]
    assert referred["chain"]["is_intact"]
    assert referred["chain"]["last_hash"] == referred["history"][-1]["hash"]
    numbers = [one["payload"].get("document_no") for one in referred["history"][-2:]]
    assert numbers == [number for _, number, _ in REFERRALS]


def test_another_district_does_not_see_it(sandbox: Sandbox, referred: Json) -> None:
    neighbour = Bureau(sandbox, "110108")
    assert neighbour.officer.get(f"/v1/cases/{referred['id']}").status_code == 404
    neighbour.close()


def test_it_is_closed_with_what_came_of_it(bureau: Bureau, referred: Json) -> None:
    closed = bureau.do(referred["id"], "close", by=bureau.second, reason="公安已立案，家长登记完毕")
    assert closed["state"] == "closed"
    ledger = ok(bureau.officer.get("/v1/reports/ledger"))["items"]
    (row,) = [one for one in ledger if one["case_id"] == referred["id"]]
    assert (row["finding_text"], row["state_text"]) == ("确认损失", "已办结")

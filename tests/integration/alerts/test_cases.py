"""Cases over HTTP: who sees what, the life of a case with its history, and two who race for one."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import asyncpg
import httpx
import pytest

from alerts.domain.outcome import Severity
from shared.ids import new_id
from shared.time import rfc3339
from tests.integration.alerts.offices import Office, a_hit, office_on
from tests.support.client import Caller, Json, ok
from tests.support.postgres import alerts_url, run_sql

SCOPES: dict[str, dict[str, str]] = {
    "institution": {"institution_id": "91320602MA1ABCDE16"},
    "bank": {"bank_id": "bank-a"},
    "guardian": {"district_code": "320600"},
    "supervisor": {},
    "auditor": {},
    "service": {},
    "operator": {},
}
READERS = {"supervisor", "auditor", "operator"}
REASON = {"reason": "核实后说明合理"}
SKIP = {"class": "explained", "reason": "有合同", "skip_reason": "金额小"}
STEPS: dict[str, Json] = {
    "acknowledge": {},
    "interviews": {
        "kind": "scheduled",
        "at": "2026-12-01T09:00:00+08:00",
        "place": "一号会议室",
        "departments": ["教育局"],
    },
    "classification": SKIP,
    "referrals": {"department": "公安局", "document_no": "1号", "deadline": "2199-12-01"},
    "rectification": {"what": "补足余额", "until": "2199-12-01"},
    "supervision": {"authority": "市局", "document_no": "2号", "until": "2199-12-01"},
    "close": REASON,
    "reopen": REASON,
    "recheck": {"outcome": "begun", **REASON},
}


@pytest.fixture
async def office(owner_url: str) -> AsyncIterator[Office]:
    async with office_on(owner_url) as found:
        yield found


async def heard(office: Office, officer: Caller, path: str) -> None:
    """Agree on a joint interview, and record it."""
    at = rfc3339(await office.now() - timedelta(minutes=5))
    interview = {"at": at, "place": "一号会议室", "departments": ["教育局", "市场监管局"]}
    ok(await officer.post(f"{path}/interviews", {**interview, "kind": "scheduled"}))
    record = {
        **interview,
        "kind": "held",
        "representative": "示例负责人",
        "questions": ["资金去向？"],
        "commitments": ["三日内说明"],
        "attachments": [{"name": "笔录.pdf", "sha256": "0" * 64}],
        "signed_on": at[:10],
    }
    ok(await officer.post(f"{path}/interviews", record))


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Return the status and code of a refusal."""
    return answer.status_code, str(answer.json()["code"])


@pytest.mark.parametrize("role", [None, *SCOPES])
async def test_who_may_read_and_who_may_act(office: Office, role: str | None) -> None:
    path = f"/v1/cases/{await office.case()}"
    who = await office.caller(role, **SCOPES[role]) if role else Caller(office.http, None)
    refused = 403 if role else 401
    reads = 200 if role in READERS else refused
    assert (await who.get("/v1/cases")).status_code == reads
    assert (await who.get(path)).status_code == reads
    for step, body in STEPS.items():
        answer = await who.post(f"{path}/{step}", body)
        assert answer.status_code in ({200, 409} if role == "supervisor" else {refused}), step


async def test_a_case_outside_the_district_is_not_there(office: Office) -> None:
    case_id = await office.case()
    path = f"/v1/cases/{case_id}"
    stranger = await office.caller(district_code="310100")
    nowhere = f"/v1/cases/{new_id()}"
    for place in (path, nowhere):
        assert refusal(await stranger.get(place)) == (404, "not_found")
        for step, body in STEPS.items():
            assert refusal(await stranger.post(f"{place}/{step}", body)) == (404, "not_found")
    assert str(case_id) not in (await stranger.get("/v1/cases")).text
    assert [one["step"] for one in await office.events(case_id)] == ["opened"]
    for area in ("320602", "320600", "320000"):
        assert ok(await (await office.caller(district_code=area)).get(path))["id"] == str(case_id)


async def test_a_case_of_no_known_district_is_the_countrys(office: Office) -> None:
    path = f"/v1/cases/{await office.case(district_code='')}"
    assert (await (await office.caller(district_code="320000")).get(path)).status_code == 404
    assert ok(await (await office.caller()).get(path))["district_code"] == ""


async def test_a_yellow_case_from_its_opening_to_its_close(office: Office) -> None:
    case_id = await office.case()
    path = f"/v1/cases/{case_id}"
    officer = await office.caller(district_code="320602")
    taken = ok(await officer.post(f"{path}/acknowledge", {"version": 1, "waiting_for": "bank"}))
    assert (taken["state"], taken["version"], taken["waiting_for"]) == ("acknowledged", 2, "bank")
    assert taken["owner"].startswith("supervisor:")
    assert (taken["milestone"], taken["is_overdue"]) == ("interview", False)
    await heard(office, officer, path)
    verdict = {"class": "rectifying", "reason": "余额不足"}
    assert ok(await officer.post(f"{path}/classification", verdict))["class"] == "rectifying"
    for step in ("rectification", "referrals", "referrals", "supervision"):
        ok(await officer.post(f"{path}/{step}", STEPS[step]))
    closed = ok(await officer.post(f"{path}/close", REASON))
    assert (closed["state"], closed["class"], closed["milestone"]) == (
        "closed",
        "supervised",
        "recheck",
    )
    seen = ok(await officer.get(path))
    assert [one["step"] for one in seen["history"]] == [
        "opened",
        "acknowledged",
        "interview_scheduled",
        "interviewed",
        "classified",
        "rectification_ordered",
        "referred",
        "referred",
        "supervised",
        "closed",
    ]
    assert seen["chain"]["is_intact"] is True
    assert seen["chain"]["steps"] == seen["version"] == 10
    assert seen["interview"]["departments"] == ["教育局", "市场监管局"]
    assert [one["kind"] for one in seen["measures"]] == [
        "rectifying",
        "referred",
        "referred",
        "supervised",
    ]
    assert seen["history"][-1]["reason"] == REASON["reason"]


async def test_a_case_shows_its_evidence_with_amounts(office: Office) -> None:
    place = await office.place()
    facts = await office.facts(place, 3, amount_fen=45_600)
    await office.enter(a_hit(place, *facts))
    reader = await office.caller("auditor", district_code="320600")
    (listed,) = ok(await reader.get("/v1/cases", institution_id=place))["items"]
    seen = ok(await reader.get(f"/v1/cases/{listed['id']}"))
    assert seen["sentence"] == "前 24 小时流出 1,234.00 元"
    assert seen["institution_name"] == "示例青竹培训中心"
    assert [one["fact_id"] for one in seen["evidence"]] == facts[::-1]
    assert {one["amount_fen"] for one in seen["evidence"]} == {45_600}
    assert seen["evidence_count"] == 3
    assert seen["history"][0]["payload"]["fact_ids"] == facts


async def test_a_list_is_filtered_and_paged(office: Office) -> None:
    reader = await office.caller()
    place = await office.place("440300")
    facts = await office.facts(place, 3)
    kinds = list(Severity)
    for number, fact in enumerate(facts):
        hit = a_hit(place, fact, severity=kinds[number])
        await office.enter(replace(hit, scope=f"s{number}", district_code="440300"))
    everything = ok(await reader.get("/v1/cases", district_code="440000"))["items"]
    assert [one["severity"] for one in everything] == ["critical", "warning", "info"]
    pages, after = [], ""
    while True:
        more = {"after": after} if after else {}
        page = ok(await reader.get("/v1/cases", district_code="440300", limit=2, **more))
        pages.append([one["id"] for one in page["items"]])
        after = page["next"]
        if not after:
            break
    assert [len(page) for page in pages] == [2, 1]
    assert [one for page in pages for one in page] == [one["id"] for one in everything]
    for query, number in (
        ({"severity": "critical"}, 1),
        ({"state": "new"}, 3),
        ({"state": "closed"}, 0),
        ({"institution_id": place}, 3),
    ):
        found = ok(await reader.get("/v1/cases", district_code="440300", **query))["items"]
        assert len(found) == number, query
    wrong = await reader.get("/v1/cases", state="sleeping")
    assert wrong.status_code == 422


async def test_an_illegal_step_is_409_and_writes_nothing(office: Office) -> None:
    case_id = await office.case()
    path = f"/v1/cases/{case_id}"
    officer = await office.caller()
    before = ok(await officer.get(path))
    for step in ("classification", "referrals", "rectification", "supervision", "close", "reopen"):
        answer = await officer.post(f"{path}/{step}", STEPS[step])
        assert refusal(answer) == (409, "illegal_transition"), step
    stale = await officer.post(f"{path}/acknowledge", {"version": 7})
    assert refusal(stale) == (409, "version_conflict")
    assert ok(await officer.get(path)) == before


async def test_a_body_that_does_not_fit_is_refused_and_writes_nothing(office: Office) -> None:
    case_id = await office.case()
    path = f"/v1/cases/{case_id}"
    officer = await office.caller()
    ok(await officer.post(f"{path}/acknowledge", {}))
    held = {**STEPS["interviews"], "kind": "held"}
    for step, body in (
        ("interviews", held),
        ("interviews", {**STEPS["interviews"], "departments": []}),
        ("classification", {"class": "explained"}),
        ("classification", {**SKIP, "class": "harmless"}),
        ("close", {}),
        ("close", {"reason": "  "}),
        ("acknowledge", {"waiting_for": "godot"}),
        ("acknowledge", {"hurry": True}),
    ):
        answer = await officer.post(f"{path}/{step}", body)
        assert refusal(answer) == (422, "invalid_request"), body
    assert len(await office.events(case_id)) == 2


async def test_a_red_case_that_was_nothing_takes_two_officers(office: Office) -> None:
    case_id = await office.case(Severity.critical)
    path = f"/v1/cases/{case_id}"
    one, other = await office.caller(), await office.caller()
    ok(await one.post(f"{path}/acknowledge", {}))
    skipped = await one.post(f"{path}/classification", SKIP)
    assert refusal(skipped) == (409, "illegal_transition")
    await heard(office, one, path)
    verdict = {"class": "data_error", "reason": "银行已更正"}
    ok(await one.post(f"{path}/classification", verdict))
    proposed = ok(await one.post(f"{path}/close", REASON), 202)
    assert proposed["state"] == "classified"
    assert proposed["closing_proposed"]["reason"] == REASON["reason"]
    again = await one.post(f"{path}/close", REASON)
    assert refusal(again) == (409, "second_officer_needed")
    closed = ok(await other.post(f"{path}/close", REASON))
    assert (closed["state"], closed["closing_proposed"]) == ("closed", None)
    last = (await office.events(case_id))[-2:]
    assert [event["step"] for event in last] == ["closing_proposed", "closed"]
    assert last[0]["actor"] != last[1]["actor"]


async def test_of_two_officers_who_race_one_wins(office: Office) -> None:
    case_id = await office.case()
    path = f"/v1/cases/{case_id}"
    officers = [await office.caller() for _ in range(4)]
    answers = await asyncio.gather(*(one.post(f"{path}/acknowledge", {}) for one in officers))
    assert sorted(one.status_code for one in answers) == [200, 409, 409, 409]
    lost = [one.json()["code"] for one in answers if one.status_code == 409]
    assert set(lost) == {"illegal_transition"}
    assert [one["step"] for one in await office.events(case_id)] == ["opened", "acknowledged"]
    seen = [{**STEPS["classification"], "version": 2} for _ in officers]
    pairs = zip(officers, seen, strict=True)
    answers = await asyncio.gather(
        *(one.post(f"{path}/classification", body) for one, body in pairs)
    )
    assert sorted(one.status_code for one in answers) == [200, 409, 409, 409]
    lost = [one.json()["code"] for one in answers if one.status_code == 409]
    assert set(lost) == {"version_conflict"}


async def test_an_officer_and_a_rule_take_turns_on_one_case(office: Office) -> None:
    place = await office.place()
    old, *more = await office.facts(place, 12)
    case_id = await office.case(institution_id=place)
    path = f"/v1/cases/{case_id}"
    officer = await office.caller()
    hits = [office.enter(a_hit(place, old, fact)) for fact in more]
    answer, *_ = await asyncio.gather(officer.post(f"{path}/acknowledge", {}), *hits)
    ok(answer)
    seen = ok(await officer.get(path))
    assert seen["chain"]["is_intact"] is True
    assert seen["state"] == "acknowledged"
    assert seen["evidence_count"] == 14
    assert len(ok(await officer.get("/v1/cases", institution_id=place))["items"]) == 1


async def test_a_closed_case_is_reopened_unless_a_newer_one_is_open(office: Office) -> None:
    place = await office.place()
    case_id = await office.case(institution_id=place)
    path = f"/v1/cases/{case_id}"
    officer = await office.caller()
    for step in ("acknowledge", "classification", "close", "reopen"):
        last = ok(await officer.post(f"{path}/{step}", STEPS[step]))
    assert (last["state"], last["closed_at"], last["class"]) == ("reopened", None, None)
    for step in ("acknowledge", "classification", "close"):
        ok(await officer.post(f"{path}/{step}", STEPS[step]))
    await office.case(institution_id=place)
    answer = await officer.post(f"{path}/reopen", REASON)
    assert refusal(answer) == (409, "case_already_open")


async def test_a_recheck_is_early_until_its_time_and_then_ends_the_case(office: Office) -> None:
    case_id = await office.case()
    path = f"/v1/cases/{case_id}"
    officer = await office.caller()
    for step in ("acknowledge", "classification", "close"):
        ok(await officer.post(f"{path}/{step}", STEPS[step]))
    early = await officer.post(f"{path}/recheck", STEPS["recheck"])
    assert refusal(early) == (409, "illegal_transition")
    due = "UPDATE alerts.\"case\" SET due_at = now() - interval '1 hour' WHERE case_id = :me"
    await office.run(due, me=case_id)
    assert ok(await officer.post(f"{path}/recheck", STEPS["recheck"]))["state"] == "recheck"
    silent = await officer.post(f"{path}/recheck", {"outcome": "in_order"})
    assert refusal(silent) == (409, "reason_needed")
    body = {"outcome": "in_order", "reason": "已整改到位"}
    assert ok(await officer.post(f"{path}/recheck", body))["state"] == "archived"


async def test_a_history_that_somebody_rewrote_is_shown_as_broken(
    office: Office, owner_url: str
) -> None:
    case_id = await office.case()
    path = f"/v1/cases/{case_id}"
    officer = await office.caller()
    ok(await officer.post(f"{path}/acknowledge", {}))
    forged = f"UPDATE alerts.case_event SET actor = 'nobody' WHERE case_id = '{case_id}'"
    await asyncio.to_thread(run_sql, owner_url, f"{forged} AND step_no = 2")
    chain = ok(await officer.get(path))["chain"]
    assert (chain["is_intact"], chain["broken_at"]) == (False, 2)
    dropped = f"DELETE FROM alerts.case_event WHERE case_id = '{case_id}' AND step_no = 2"
    await asyncio.to_thread(run_sql, owner_url, dropped)
    chain = ok(await officer.get(path))["chain"]
    assert (chain["is_intact"], chain["broken_at"], chain["steps"]) == (False, 2, 1)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE alerts.case_event SET actor = 'nobody'",
        "DELETE FROM alerts.case_event",
        "UPDATE alerts.case_evidence SET fact_id = 1",
        "DELETE FROM alerts.case_evidence",
        'DELETE FROM alerts."case"',
        "UPDATE alerts.fact SET amount_fen = 0",
    ],
)
async def test_the_services_own_login_rewrites_nothing(owner_url: str, statement: str) -> None:
    connection = await asyncpg.connect(alerts_url(owner_url))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_times_follow_the_clock_of_the_installation(office: Office, owner_url: str) -> None:
    offset = timedelta(days=40)
    change = "UPDATE access.clock SET offset_s = {}"
    case_id = await office.case()
    path = f"/v1/cases/{case_id}"
    officer = await office.caller()
    await asyncio.to_thread(run_sql, owner_url, change.format(int(offset.total_seconds())))
    try:
        assert ok(await officer.get(path))["is_overdue"] is True
        later = ok(await officer.post(f"{path}/acknowledge", {}))
        assert later["changed_at"][:10] == rfc3339(await office.now())[:10]
    finally:
        await asyncio.to_thread(run_sql, owner_url, change.format(0))
    assert isinstance(case_id, UUID)

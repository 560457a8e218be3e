"""Cases as pages: who may open them, what they say, in which order, and what comes next."""

import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape

import pytest

from alerts.domain.outcome import Severity
from shared.ids import new_id
from shared.time import rfc3339
from tests.integration.alerts.browsers import count, opened, words, words_of
from tests.integration.alerts.offices import Office, office_on
from tests.support.client import Caller, Json, ok
from tests.support.postgres import run_sql

NOWHERE = "00000000-0000-7000-8000-000000000000"
READERS = {"supervisor", "auditor", "operator"}
SCOPES: dict[str, dict[str, str]] = {
    "institution": {"institution_id": "91320602MA1ABCDE16"},
    "bank": {"bank_id": "bank-a"},
    "guardian": {"district_code": "320600"},
    "supervisor": {},
    "auditor": {},
    "service": {},
    "operator": {},
}
PAGES = (
    "/supervise",
    "/supervise/cases",
    f"/supervise/cases/{NOWHERE}",
    "/supervise/campaigns",
    f"/supervise/campaigns/{NOWHERE}",
)


@pytest.fixture
async def office(owner_url: str) -> AsyncIterator[Office]:
    async with office_on(owner_url) as found:
        yield found


def calls_of(page: str) -> dict[str, tuple[str, Json]]:
    """Return the calls that a page offers, by the title of the deed: path and body."""
    found = re.findall(
        r"<h3>([^<]+)</h3>(?:(?!</li>).)*?<code>POST (\S+)\n(.*?)</code>", page, re.DOTALL
    )
    return {title: (path, json.loads(unescape(body))) for title, path, body in found}


@pytest.mark.parametrize("role", [None, *SCOPES])
@pytest.mark.parametrize("path", PAGES)
async def test_every_page_is_for_three_roles(office: Office, path: str, role: str | None) -> None:
    who = await office.caller(role, **SCOPES[role]) if role else None
    answer = await opened(office, path, who)
    found = 404 if NOWHERE in path else 200
    assert answer.status_code == (401 if role is None else found if role in READERS else 403)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "script" not in policy + answer.text


async def test_without_a_key_one_is_asked_for_it_and_told_what_to_do(office: Office) -> None:
    answer = await opened(office, f"/supervise/cases/{await office.case()}", None)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Basic realm="alerts", charset="UTF-8"'
    assert "密码填您的API密钥" in answer.text


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        (f"/supervise/cases/{NOWHERE}", 404, "没有这一页"),
        ("/supervise/hostile", 404, "没有这一页"),
        ("/supervise/cases/hostile", 422, "没有看懂网址"),
        ("/supervise/cases?state=hostile", 422, "没有看懂网址"),
        ("/supervise/cases?after=hostile", 422, "没有看懂网址"),
        ("/supervise/cases?hostile=1", 422, "没有看懂网址"),
        ("/supervise/reports/daily?date=hostile", 422, "没有看懂网址"),
        (
            "/supervise/reports/daily?date=2001-01-01&district_code=320602",
            404,
            "还没有这一天的日报告",
        ),
        ("/supervise/institutions/hostile/dossier", 422, "没有看懂网址"),
    ],
)
async def test_a_refusal_is_a_page_that_repeats_nothing(
    office: Office, path: str, status: int, said: str
) -> None:
    answer = await opened(office, path, await office.caller())
    assert answer.status_code == status
    assert said in answer.text
    assert "hostile" not in answer.text
    assert 'href="/supervise"' in answer.text
    assert answer.headers["cache-control"] == "no-store"


async def test_a_program_is_told_a_problem_and_no_page(office: Office) -> None:
    caller = await office.caller()
    for path in ("/v1/cases/hostile", "/supervise/cases/hostile"):
        answer = await caller.get(path)
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_case_outside_the_district_is_not_there(office: Office) -> None:
    case_id = await office.case()
    path = f"/supervise/cases/{case_id}"
    stranger = await office.caller(district_code="310100")
    assert (await opened(office, path, stranger)).status_code == 404
    assert str(case_id) not in (await opened(office, "/supervise/cases", stranger)).text
    assert "没有在办的案件" in await words(office, "/supervise", stranger)
    for area in ("320602", "320600"):
        own = await office.caller(district_code=area)
        assert (await opened(office, path, own)).status_code == 200


async def test_a_page_of_a_case_says_what_it_is_what_it_rests_on_and_what_was_done(
    office: Office,
) -> None:
    case_id = await office.case(Severity.critical)
    officer = await office.caller(district_code="320600")
    path = f"/v1/cases/{case_id}"
    ok(await officer.post(f"{path}/acknowledge", {"reason": "值班受理"}))
    at = rfc3339(await office.now() - timedelta(minutes=5))
    meeting = {"at": at, "place": "示例会议室", "departments": ["教育局", "市场监管局"]}
    ok(await officer.post(f"{path}/interviews", {**meeting, "kind": "scheduled"}))
    record = {
        **meeting,
        "kind": "held",
        "representative": "示例负责人",
        "questions": ["<b>资金去向？</b>"],
        "commitments": ["三日内说明"],
        "signed_on": at[:10],
    }
    ok(await officer.post(f"{path}/interviews", record))
    page = (await opened(office, f"/supervise/cases/{case_id}", officer)).text
    shown = ok(await officer.get(path))
    assert f'href="/supervise/institutions/{shown["institution_id"]}/dossier"' in page
    assert "<b>资金" not in page
    text = words_of(page)
    for said in (
        "前 24 小时流出 1,234.00 元",
        "示例青竹培训中心",
        "状态 已约谈",
        "待办 研判，期限",
        "共 2 条",
        "支出 1.00 E-2",
        "联合约谈",
        "<b>资金去向？</b>",
        "三日内说明",
        "理由：值班受理",
        "4. 约谈 → 已约谈",
        f"主管部门 {shown['owner']}",
        "历史完整：4 步，逐步校验无误",
    ):
        assert said in text, said


@pytest.mark.parametrize(
    "change",
    [
        "reason = 'x'",
        "step = 'forged', state_after = 'forged'",
        "step = 'interviewed', payload = '{}'",
        """payload = '{"finding": "forged", "severity": "forged", "amount_fen": "forged"}'""",
        """step = 'interviewed', payload = '{"at": "forged"}'""",
    ],
)
async def test_a_history_that_was_changed_is_told_with_its_step(
    office: Office, owner_url: str, change: str
) -> None:
    case_id = await office.case()
    officer = await office.caller()
    ok(await officer.post(f"/v1/cases/{case_id}/acknowledge", {}))
    run_sql(
        owner_url,
        f"UPDATE alerts.case_event SET {change} WHERE case_id = '{case_id}' AND step_no = 2",
    )
    text = await words(office, f"/supervise/cases/{case_id}", officer)
    assert "历史从第 2 步起与写入时不符" in text
    assert "历史完整" not in text


async def test_what_may_come_next_is_a_call_that_the_api_takes(office: Office) -> None:
    case_id = await office.case(Severity.critical)
    officer = await office.caller()

    async def offered() -> dict[str, tuple[str, Json]]:
        page = await opened(office, f"/supervise/cases/{case_id}", officer)
        return calls_of(page.text)

    taken = ("受理", "约定约谈", "登记约谈记录", "研判", "办结", "重新打开", "受理")
    path, body = "", Json()
    for title in taken:
        calls = await offered()
        assert title in calls, title
        path, body = calls[title]
        ok(await officer.post(path, body))
    assert (await officer.post(path, body)).status_code == 409, "the version was that of before"


async def test_what_the_domain_bars_is_named_with_what_comes_first(office: Office) -> None:
    case_id = await office.case(Severity.critical)
    officer = await office.caller()
    page = f"/supervise/cases/{case_id}"
    ok(await officer.post(f"/v1/cases/{case_id}/acknowledge", {}))
    answer = await opened(office, page, officer)
    assert "研判" not in calls_of(answer.text)
    assert "红色案件先约谈、登记约谈记录，再研判" in answer.text
    reader = await office.caller("auditor")
    assert "您的密钥只能查看" in await words(office, page, reader)
    assert "您的密钥只能查看" not in answer.text


async def test_a_second_officer_is_asked_for_where_the_first_proposed(office: Office) -> None:
    case_id = await office.case(Severity.critical)
    first, second = await office.caller(), await office.caller()
    for title in ("受理", "约定约谈", "登记约谈记录", "研判", "办结"):
        page = (await opened(office, f"/supervise/cases/{case_id}", first)).text
        path, body = calls_of(page)[title]
        chosen = {"class": "normal_business"} if title == "研判" else {}
        ok(await first.post(path, {**body, **chosen}), 202 if title == "办结" else 200)
    page = (await opened(office, f"/supervise/cases/{case_id}", first)).text
    assert "要由另一名经办人用自己的密钥办结" in page
    assert "办结" not in calls_of(page)
    page = (await opened(office, f"/supervise/cases/{case_id}", second)).text
    path, body = calls_of(page)["办结"]
    assert ok(await second.post(path, body))["state"] == "closed"


async def test_a_tip_is_not_read_by_operators(office: Office) -> None:
    place = await office.place("330105")
    officer = await office.caller(district_code="330100")
    told = {"institution_id": place, "topic": "runaway", "text": "示例：门口贴了停业通知"}
    at = rfc3339(await office.now())
    made = ok(await officer.post("/v1/tips", {"id": str(new_id()), "told_at": at, **told}), 201)
    path = f"/supervise/cases/{made['case_id']}"
    assert "门口贴了停业通知" in await words(office, path, officer)
    operator = await office.caller("operator")
    assert "门口贴了停业通知" not in await words(office, path, operator)


async def in_order(office: Office, query: str, who: Caller) -> list[str]:
    """Return the cases that a list shows, page by page, as they stand there."""
    found, path = [], f"/supervise/cases{query}"
    while path:
        page = (await opened(office, path, who)).text
        found += re.findall(r'<h3><a href="/supervise/cases/([0-9a-f-]+)"', page)
        onward = re.search(r'rel="next" href="([^"]+)"', page)
        path = unescape(onward[1]) if onward else ""
    return found


async def test_red_cases_come_first_then_by_deadline_and_late_ones_say_so(office: Office) -> None:
    now = await office.now()
    late = await office.case(Severity.warning, district_code="650102")
    hint = await office.case(Severity.info, district_code="650102")
    red = await office.case(Severity.critical, district_code="650102")
    early = await office.case(Severity.warning, district_code="650102")
    for case_id, due in ((late, timedelta(hours=2)), (early, timedelta(hours=-3))):
        await office.run(
            'UPDATE alerts."case" SET due_at = :due WHERE case_id = :me', me=case_id, due=now + due
        )
    reader = await office.caller("auditor", district_code="650100")
    assert await in_order(office, "", reader) == [str(one) for one in (red, early, late, hint)]
    text = await words(office, "/supervise/cases", reader)
    assert "1 红 2 黄 1 提示 1 已逾期" in text
    assert "已逾期 3 小时" in text
    assert await in_order(office, "?overdue=true", reader) == [str(early)]
    assert await in_order(office, "?severity=warning&state=", reader) == [str(early), str(late)]
    assert await in_order(office, "?state=closed", reader) == []
    assert await in_order(office, "?rule=unusual_spend", reader) == []
    shown = await words(office, "/supervise", reader)
    assert "1 件已逾期" in shown
    assert "4 件还没有人受理" in shown


async def test_a_long_list_is_paged_and_misses_none(office: Office) -> None:
    place = await office.place("640104")
    made = {
        str(await office.case(institution_id=place, district_code="640104", scope=f"s{number}"))
        for number in range(53)
    }
    reader = await office.caller(district_code="640100")
    found = await in_order(office, f"?institution_id={place}&severity=warning", reader)
    assert len(found) == 53
    assert set(found) == made


async def test_a_list_of_the_api_tells_late_cases_from_others(office: Office) -> None:
    late = await office.case(district_code="620102")
    fine = await office.case(district_code="620102")
    await office.run(
        "UPDATE alerts.\"case\" SET due_at = now() - interval '1 day' WHERE case_id = :me", me=late
    )
    reader = await office.caller(district_code="620100")
    for overdue, expected in (("true", [late]), ("false", [fine])):
        answer = ok(await reader.get("/v1/cases", overdue=overdue))
        assert [one["id"] for one in answer["items"]] == [str(one) for one in expected]
    assert (await reader.get("/v1/cases", overdue="perhaps")).status_code == 422


async def test_a_campaign_is_a_page_with_the_days_that_are_left(office: Office) -> None:
    officer = await office.caller(district_code="610102")
    today = (await office.now()).date()
    plan = {
        "name": "示例寒假清零",
        "district_code": "610102",
        "clear_by": str(today + timedelta(days=90)),
        "refund_by": str(today + timedelta(days=60)),
    }
    made = ok(await officer.post("/v1/campaigns", plan), 201)
    place = await office.place("610102")
    assert "示例寒假清零" in await words(office, "/supervise/campaigns", officer)
    text = await words(office, f"/supervise/campaigns/{made['id']}", officer)
    assert "1 家 （1 家还没有计算）" in text
    assert "没有这样的机构，或还没有计算" in text
    await count(office, made["id"], place)
    text = await words(office, f"/supervise/campaigns/{made['id']}", officer)
    assert "1 预计无法清零" in text
    assert "示例青竹培训中心 预计无法清零 9,000.00" in text
    text = await words(office, f"/supervise/campaigns/{made['id']}?state=clear", officer)
    assert "没有这样的机构，或还没有计算" in text
    stranger = await office.caller(district_code="310100")
    answer = await opened(office, f"/supervise/campaigns/{made['id']}", stranger)
    assert answer.status_code == 404

"""What Alertmanager's ring becomes: who is told, in which words, once, and when."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from shared.ids import new_id
from tests.integration.alerts.ringing import (
    CASE_URL,
    DUE,
    SENTENCE,
    Json,
    Office,
    alert,
    bureau,
    counted,
    dingtalk,
    mail,
    opened,
    payload,
    place_case,
    wecom,
)
from tests.support.robots import Robots, listening


@pytest.fixture(scope="module")
def robots() -> Iterator[Robots]:
    with listening() as found:
        yield found


@pytest.fixture
async def office(owner_url: str, robots: Robots) -> AsyncIterator[Office]:
    async with opened(owner_url, robots) as found:
        yield found


async def test_a_message_says_institution_rule_amount_threshold_due_and_link(
    office: Office,
) -> None:
    office.open(wecom(office.robots), dingtalk(office.robots), bureau(office.robots))
    case_id = await place_case(office)
    answer = await office.ring(payload(alert(case_id)))
    assert answer.json() == {"written": 3, "known": 0, "unknown_cases": 0}
    before = counted("wecom", "delivered")
    assert await office.dispatcher.once() == 3
    for place in ("wecom", "dingtalk", "bureau"):
        (said,) = office.robots.texts(place)
        for word in ("示例艺术培训中心", "24 小时大额流出", "1,234,567.00 元", "阈值 30%"):
            assert word in said
        assert f"受理期限：{DUE}，已逾期" in said
        assert f"{CASE_URL}{case_id}" in said
        assert "【红】" in said
        assert "words of who rings" not in said
    assert await office.states() == ["delivered"] * 3
    assert {one["receipt"] for one in await office.deliveries()} == {
        "errcode 0 ok",
        "HTTP 204",
    }
    assert counted("wecom", "delivered") == before + 1
    assert await office.dispatcher.once() == 0


async def test_a_letter_says_the_same_and_carries_the_notices_id(office: Office) -> None:
    office.open(mail(office.robots))
    case_id = await place_case(office)
    await office.ring(payload(alert(case_id)))
    assert await office.dispatcher.once() == 1
    (letter,) = office.robots.received
    (notice,) = await office.notices()
    assert letter.title == "一课监管提醒：红 1"
    assert SENTENCE in letter.text
    assert f"{CASE_URL}{case_id}" in letter.text
    assert letter.id == f"<{notice['notice_id']}@yike.example>"
    assert notice["state"] == "delivered"


async def test_the_same_ring_again_writes_nothing_and_a_late_one_reminds(office: Office) -> None:
    office.open(wecom(office.robots))
    rung = payload(alert(await place_case(office)), alert(await place_case(office)))
    assert (await office.ring(rung)).json()["written"] == 1
    again = {**rung, "alerts": rung["alerts"][::-1]}
    assert (await office.ring(again)).json() == {"written": 0, "known": 1, "unknown_cases": 0}
    await office.wait(3_601)
    assert (await office.ring(rung)).json()["written"] == 0, "the first still waits"
    await office.dispatcher.once()
    await office.wait(3_601)
    assert (await office.ring(rung)).json()["written"] == 1


async def test_rings_at_the_same_time_write_one_notice(office: Office) -> None:
    office.open(wecom(office.robots))
    rung = payload(alert(await place_case(office)))
    answers = await asyncio.gather(*(office.ring(rung) for _ in range(6)))
    assert [one.status_code for one in answers] == [200] * 6
    assert sum(one.json()["written"] for one in answers) == 1


async def test_what_ended_and_fires_anew_is_news(office: Office) -> None:
    office.open(wecom(office.robots))
    first = alert(await place_case(office))
    rung = payload(first)
    await office.ring(rung)
    later = {**rung, "alerts": [{**first, "startsAt": "2026-11-20T05:00:00Z"}]}
    assert (await office.ring(later)).json()["written"] == 1


async def test_an_end_is_told_with_what_the_database_says_of_the_case(office: Office) -> None:
    office.open(wecom(office.robots))
    closed, still = (
        await place_case(office, state="closed"),
        await place_case(office, state="rectifying"),
    )
    rung = payload(alert(closed, "resolved"), alert(still, "resolved"), status="resolved")
    await office.ring(rung)
    await office.dispatcher.once()
    (said,) = office.robots.texts("wecom")
    assert "解除 2" in said
    assert "案件已办结" in said
    assert "案件尚未办结，状态：整改中" in said


async def test_a_closed_case_that_still_fires_is_told_to_nobody(office: Office) -> None:
    office.open(wecom(office.robots))
    await office.ring(payload(alert(await place_case(office, state="closed"))))
    assert await office.notices() == []


async def test_a_channel_hears_of_its_own_districts_severities_and_alerts(office: Office) -> None:
    office.open(
        wecom(office.robots, name="county"),
        wecom(office.robots, name="city", district_code="320600"),
        wecom(office.robots, name="elsewhere", district_code="310104"),
        wecom(office.robots, name="graver", severities=["critical"]),
        wecom(office.robots, name="overdue", alerts=["TuitionCaseMilestoneOverdue"]),
        wecom(office.robots, name="operators", audience="operator", district_code=None),
    )
    await office.ring(payload(alert(await place_case(office, severity="warning"))))
    assert sorted(one["channel"] for one in await office.notices()) == ["city", "county"]


async def test_operators_hear_faults_in_the_words_of_their_annotations(office: Office) -> None:
    office.open(wecom(office.robots), wecom(office.robots, name="ops", audience="operator"))
    fault = alert(alertname="TuitionBankFeedStale", audience="operator")
    fault["annotations"] = {
        "summary": "银行 [bank-a](http://evil.example) 流水中断 账号 6222020000000000011",
        "runbook_url": "https://runbooks.example/TuitionBankFeedStale",
    }
    await office.ring(payload(fault))
    await office.dispatcher.once()
    (said,) = office.robots.texts("wecom")
    assert "TuitionBankFeedStale" in said
    assert "https://runbooks.example/TuitionBankFeedStale" in said
    assert "](http://evil.example)" not in said
    assert "6222020000000000011" not in said
    assert [one["channel"] for one in await office.notices()] == ["ops"]


async def test_a_case_that_nobody_knows_is_told_to_operators(office: Office) -> None:
    office.open(wecom(office.robots), wecom(office.robots, name="ops", audience="operator"))
    answer = await office.ring(payload(alert(str(new_id()))))
    assert answer.json() == {"written": 1, "known": 0, "unknown_cases": 1}
    await office.dispatcher.once()
    (said,) = office.robots.texts("wecom")
    assert "不在库中" in said


async def test_what_was_cut_off_is_said(office: Office) -> None:
    office.open(wecom(office.robots))
    await office.ring(payload(alert(await place_case(office)), truncatedAlerts=1_230))
    await office.dispatcher.once()
    (said,) = office.robots.texts("wecom")
    assert "另有 1230 件未逐条列出" in said
    assert "红 1231" in said


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"version": "3"}, 422),
        ({"status": "maybe"}, 422),
        ({"alerts": [{}] * 1_001}, 413),
        ({"groupKey": ""}, 422),
        ({"alerts": [{**alert(), "fingerprint": "not hex"}]}, 422),
        ({"added_later": 1}, 200),
    ],
)
async def test_a_payload_is_bounded_and_unknown_fields_are_passed_over(
    office: Office, changes: Json, status: int
) -> None:
    assert (await office.ring(payload(**changes))).status_code == status


async def test_only_services_and_operators_may_ring(office: Office) -> None:
    statuses = [(await office.ring(payload(), role)).status_code for role in office.keys]
    assert dict(zip(office.keys, statuses, strict=True)) == {
        "service": 200,
        "operator": 200,
        "supervisor": 403,
    }
    assert (await office.ring(payload(), None)).status_code == 401


async def test_yellow_waits_for_office_hours_and_red_does_not(office: Office) -> None:
    office.open(wecom(office.robots, quiet=True))
    today = "(SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date)"
    await office.owner.execute(
        "INSERT INTO alerts.workday (day, is_workday)"
        f" SELECT {today} + n, n = 3 FROM generate_series(-1, 8) AS n",
    )
    await office.ring(payload(alert(await place_case(office, severity="warning"))))
    assert await office.dispatcher.once() == 0
    await office.ring(payload(alert(await place_case(office))))
    assert await office.dispatcher.once() == 1
    (held,) = await office.rows(
        "SELECT due_at = next_try_at AS is_held, due_at AT TIME ZONE 'Asia/Shanghai' ="
        f" {today} + 3 + time '09:00' AS is_next_opening FROM alerts.notice"
        " WHERE state = 'waiting'"
    )
    assert held == {"is_held": True, "is_next_opening": True}

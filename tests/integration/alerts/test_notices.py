"""From Alertmanager's ring to the message in a group: over HTTP, with a real database between."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

import asyncpg
import httpx
import pytest
from sqlalchemy import text

from alerts.domain.notices import utf8_size
from alerts.notices import api, metrics, outbox
from alerts.notices.channels import Channel
from alerts.notices.dispatch import Dispatcher, clients
from alerts.notices.doorbell import Doorbell
from alerts.notices.wire import Heard, Message, open_http
from escrow.access.service import create_key
from sandbox.robots.bureau import BUREAU_SECRET
from sandbox.robots.groups import DINGTALK_SECRET, DINGTALK_TOKEN, WECOM_KEY
from shared.ids import new_id
from shared.pg.database import Database
from shared.web.app import create_app
from shared.web.keys import KeyDirectory
from tests.support.postgres import alerts_url, service_url
from tests.support.robots import Robots, listening

Json = dict[str, Any]

DISTRICT = "320602"
CASE_URL = "http://alerts.test/cases/"
SENTENCE = "2026-11-20 09:12 前 24 小时流出 1,234,567.00 元（5 笔），占期初余额 62.1%，阈值 30%"
DUE = "2026-11-20 18:00"
TITLES = {"large_outflow_24h": "24 小时大额流出"}


@pytest.fixture(scope="module")
def robots() -> Iterator[Robots]:
    with listening() as found:
        yield found


@dataclass
class Office:
    """The doorbell, the outbox and a dispatcher, before robots that start anew for each test."""

    database: Database
    owner: asyncpg.Connection
    http: httpx.AsyncClient
    robots: Robots
    keys: dict[str, str]
    doorbell: Doorbell
    dispatcher: Dispatcher
    seconds: list[float] = field(default_factory=lambda: [0.0])

    def open(self, *channels: Channel) -> None:
        """Begin with these channels."""
        self.doorbell.channels = channels  # type: ignore[misc]
        self.dispatcher.channels = channels

    async def ring(self, payload: Json, role: str | None = "service") -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.keys[role]}"} if role else {}
        return await self.http.post("/v1/notices/alertmanager", json=payload, headers=headers)

    async def rows(self, query: str, **bound: object) -> list[Json]:
        async with self.database.connect() as connection:
            return [dict(one) for one in (await connection.execute(text(query), bound)).mappings()]

    async def notices(self) -> list[Json]:
        return await self.rows("SELECT * FROM alerts.notice ORDER BY made_at, notice_id")

    async def states(self) -> list[str]:
        return sorted(one["state"] for one in await self.notices())

    async def deliveries(self) -> list[Json]:
        return await self.rows("SELECT * FROM alerts.delivery ORDER BY at, notice_id, try_no")

    async def wait(self, seconds: int) -> None:
        """Let so much time pass for channels, notices and robots, without waiting for it."""
        back = f"interval '{seconds} seconds'"
        await self.owner.execute(
            f"UPDATE alerts.channel SET rests_until = rests_until - {back}, leased_until ="
            f" leased_until - {back}, sent = (SELECT coalesce(array_agg(at - {back}), '{{}}')"
            " FROM unnest(sent) AS at)",
        )
        await self.owner.execute(
            f"UPDATE alerts.notice SET next_try_at = next_try_at - {back},"
            f" failing_since = failing_since - {back}, made_at = made_at - {back}",
        )
        clock = self.robots.desk.clock
        self.robots.desk.clock = lambda: clock() + seconds


def wecom(robots: Robots, **changes: object) -> Channel:
    return Channel.model_validate(
        {
            "name": "county",
            "kind": "wecom",
            "district_code": DISTRICT,
            "url": robots.url("/cgi-bin/webhook/send"),
            "token_env": "KEY",
            "token": WECOM_KEY,
            "quiet": False,
            **changes,
        }
    )


def dingtalk(robots: Robots, **changes: object) -> Channel:
    said = {
        "name": "group",
        "kind": "dingtalk",
        "url": robots.url("/robot/send"),
        "token": DINGTALK_TOKEN,
        "secret_env": "SIGN",
        "secret": DINGTALK_SECRET,
    }
    return wecom(robots, **{**said, **changes})


def bureau(robots: Robots, **changes: object) -> Channel:
    said = {
        "name": "system",
        "kind": "webhook",
        "url": robots.url("/bureau/notices"),
        "secret_env": "SIGN",
        "secret": BUREAU_SECRET,
    }
    return wecom(robots, **{**said, **changes})


def mail(robots: Robots, **changes: object) -> Channel:
    mailing = {
        "host": "127.0.0.1",
        "port": robots.smtp_port,
        "security": "none",
        "sender": "alerts@yike.example",
        "recipients": ["duty@bureau.example"],
    }
    said = {"name": "letters", "kind": "mail", "url": None, "token_env": None, "mail": mailing}
    return wecom(robots, **{**said, **changes})


KINDS: dict[str, Callable[..., Channel]] = {
    "wecom": wecom,
    "dingtalk": dingtalk,
    "bureau": bureau,
    "mail": mail,
}


def alert(case_id: str | None = None, status: str = "firing", **labels: str) -> Json:
    named = {"case_id": case_id} if case_id else {}
    return {
        "status": status,
        "labels": {"alertname": "TuitionCaseOpen", "severity": "critical", **named, **labels},
        "annotations": {"summary": "words of who rings", "description": ""},
        "startsAt": "2026-11-20T01:20:00.000Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.test/graph",
        "fingerprint": new_id().hex[-16:],
    }


def payload(*alerts: Json, **changes: object) -> Json:
    return {
        "version": "4",
        "groupKey": f'{{}}:{{alertname="{new_id()}"}}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "bridge",
        "groupLabels": {},
        "commonLabels": {"severity": "critical"},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.test",
        "alerts": list(alerts),
        **changes,
    }


@pytest.fixture
async def office(owner_url: str, robots: Robots) -> AsyncIterator[Office]:
    database = await Database(alerts_url(owner_url), application="tests").open()
    keys = {}
    access = await Database(service_url(owner_url), application="tests").open()
    for role in ("service", "operator", "supervisor"):
        _, keys[role] = await create_key(access, role=role, created_by="tests")
    await access.close()
    owner = await asyncpg.connect(owner_url)
    for table in ("notice", "delivery", "channel", "workday"):
        await owner.execute(f"DELETE FROM alerts.{table}")
    robots.desk.forget()
    robots.turn()
    app = create_app(
        title="Notices",
        description="For tests.",
        version="1",
        service="alerts",
        routers=[api.router],
        lifespan=None,
        access=KeyDirectory(database),
        ready=_ready,
    )
    doorbell = _Doorbell(database, (), TITLES, CASE_URL)
    app.state.doorbell = doorbell
    seconds = [0.0]
    async with (
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://alerts.test"
        ) as http,
        open_http() as wire,
    ):
        dispatcher = Dispatcher(
            database, (), clients(wire), CASE_URL, Random(7), lambda: seconds[0]
        )
        yield Office(database, owner, http, robots, keys, doorbell, dispatcher, seconds)
    await owner.close()
    await database.close()


class _Doorbell(Doorbell):
    """A doorbell whose channels a test may change."""

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)


async def _ready() -> None:
    await asyncio.sleep(0)


async def place_case(office: Office, **changes: object) -> str:
    """Write a case as the casebook would; return its id."""
    case_id = str(new_id())
    institution_id = f"91320602MA{case_id[-8:].upper()}"
    case = {
        "rule": "large_outflow_24h",
        "district_code": DISTRICT,
        "severity": "critical",
        "state": "new",
        "name": "示例艺术培训中心",
        "sentence": SENTENCE,
        **changes,
    }
    await office.owner.execute(
        "INSERT INTO alerts.institution (institution_id, name, district_code) VALUES"
        f" ('{institution_id}', '{case['name']}', '{case['district_code']}')",
    )
    await office.owner.execute(
        'INSERT INTO alerts."case" (institution_id, case_id, rule, scope, district_code, severity,'
        " state, version, opened_at, changed_at, milestone, due_at, sentence, amount_fen,"
        " newest_fact, last_hash) VALUES"
        f" ('{institution_id}', '{case_id}', '{case['rule']}', 'open', '{case['district_code']}',"
        f" '{case['severity']}', '{case['state']}', 1, now(), now(), 'acknowledge',"
        f" '{DUE}+08', '{case['sentence']}', 123456700, 1, '')",
    )
    return case_id


def counted(kind: str, result: str) -> float:
    return metrics.DELIVERIES.labels(kind, result)._value.get()


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


async def test_a_long_notice_comes_in_numbered_parts_that_fit(office: Office) -> None:
    office.open(wecom(office.robots))
    cases = [await place_case(office, name=f"示例中心{n:02d}") for n in range(30)]
    await office.ring(payload(*(alert(one) for one in cases)))
    sent = await office.dispatcher.once()
    texts = office.robots.texts("wecom")
    assert 1 < sent == len(texts) <= 5
    for number, said in enumerate(texts, start=1):
        assert utf8_size(said) <= 4_096
        assert f"（{number}/{sent}）" in said
    whole = "".join(texts)
    assert all(f"示例中心{n:02d}" in whole for n in range(30))
    assert office.robots.desk.rejected == {}


async def test_what_is_too_much_for_five_parts_is_counted(office: Office) -> None:
    office.open(wecom(office.robots), dingtalk(office.robots))
    cases = [await place_case(office, name=f"示例中心{n:03d}") for n in range(150)]
    await office.ring(payload(*(alert(one) for one in cases)))
    await office.dispatcher.once()
    texts = office.robots.texts("wecom")
    assert len(texts) == 5
    told = "".join(texts).count("查看](")
    assert f"另有 {150 - told} 件未逐条列出" in texts[-1]
    assert all(one.bytes <= 20_000 for one in office.robots.received)
    assert office.robots.desk.rejected == {}
    assert await office.states() == ["delivered", "delivered"]


async def test_over_the_rate_a_digest_replaces_the_rest_and_nothing_is_lost(
    office: Office,
) -> None:
    office.open(wecom(office.robots))
    for number in range(30):
        await office.ring(payload(alert(await place_case(office, name=f"示例中心{number:02d}"))))
    assert await office.dispatcher.once() == 20
    assert await office.states() == ["delivered"] * 20 + ["digested"] * 11
    assert await office.dispatcher.once() == 0
    digest = office.robots.texts("wecom")[-1]
    assert "红 11" in digest
    assert CASE_URL in digest
    (stands,) = await office.rows(
        "SELECT count(*) AS number FROM alerts.notice AS n JOIN alerts.notice AS d"
        " ON d.notice_id = n.digest_id WHERE n.state = 'digested' AND d.state = 'delivered'"
    )
    assert stands == {"number": 11}
    assert office.robots.desk.rejected == {}


async def test_the_rate_holds_over_turns_and_other_workers(office: Office) -> None:
    office.open(wecom(office.robots))
    for _ in range(20):
        await office.ring(payload(alert(await place_case(office))))
        await office.dispatcher.once()
    assert len(office.robots.received) == 20
    other = Dispatcher(
        office.database, office.dispatcher.channels, office.dispatcher.clients, CASE_URL
    )
    await office.ring(payload(alert(await place_case(office))))
    assert await other.once() == 0
    assert office.robots.desk.rejected == {}
    await office.wait(62)
    assert await other.once() == 1


async def test_two_workers_send_nothing_twice(office: Office) -> None:
    office.open(wecom(office.robots), dingtalk(office.robots))
    other = Dispatcher(
        office.database, office.dispatcher.channels, office.dispatcher.clients, CASE_URL
    )
    for _ in range(8):
        await office.ring(payload(alert(await place_case(office))))
    await asyncio.gather(*(one.once() for one in [office.dispatcher, other] * 3))
    assert await office.states() == ["delivered"] * 16
    assert len(office.robots.received) == 16


@pytest.mark.parametrize(
    ("place", "fault", "result", "receipt"),
    [
        ("wecom", "refused", "refused", "errcode 93000"),
        ("wecom", "too_long", "refused", "errcode 40058"),
        ("wecom", "rate_limited", "refused", "errcode 45009"),
        ("wecom", "server_error", "failed", "HTTP 500"),
        ("wecom", "lost_answer", "failed", "no answer"),
        ("dingtalk", "refused", "refused", "errcode 300001"),
        ("dingtalk", "too_long", "refused", "errcode 460101"),
        ("dingtalk", "rate_limited", "refused", "errcode 130101"),
        ("bureau", "refused", "refused", "HTTP 403"),
        ("bureau", "rate_limited", "refused", "HTTP 429"),
        ("bureau", "lost_answer", "failed", "no answer"),
        ("mail", "refused", "refused", "SMTP 550 for 1 of 1 recipients"),
        ("mail", "too_long", "refused", "SMTP 552"),
        ("mail", "rate_limited", "failed", "SMTP 451"),
        ("mail", "lost_answer", "failed", "no answer"),
    ],
)
async def test_a_fault_is_recorded_and_the_notice_arrives_once_it_is_over(
    office: Office,
    place: str,
    fault: str,
    result: str,
    receipt: str,
) -> None:
    channel = KINDS[place](office.robots)
    office.open(channel)
    await office.ring(payload(alert(await place_case(office))))
    office.robots.turn(**{fault: 1})
    before = counted(channel.kind, result)
    assert await office.dispatcher.once() == 0
    (tried,) = await office.deliveries()
    assert tried["result"] == result
    assert tried["receipt"].startswith(receipt)
    assert counted(channel.kind, result) == before + 1
    assert await office.states() == ["waiting"]
    office.robots.turn()
    assert await office.dispatcher.once() == 0, "it is tried again after a pause"
    await office.wait(901)
    assert await office.dispatcher.once() == 1
    assert await office.states() == ["delivered"]
    (notice,) = await office.notices()
    assert notice["maybe_repeated"] == (fault in {"lost_answer", "server_error"})
    if fault == "lost_answer" and place in {"bureau", "mail"}:
        assert len(office.robots.texts(place)) == 1, "known by its id"
        assert office.robots.desk.repeated == 1
    if fault == "lost_answer" and place == "wecom":
        first, second = office.robots.texts(place)
        assert "可能重复" in second
        assert "可能重复" not in first
        assert notice["notice_id"].hex[-12:] in first


async def test_a_silent_robot_is_a_failure_without_an_answer(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.open(wecom(office.robots))
    office.dispatcher.clients["wecom"].http.timeout = httpx.Timeout(0.3)  # type: ignore[attr-defined]
    await office.ring(payload(alert(await place_case(office))))
    office.robots.turn(silent=1)
    await office.dispatcher.once()
    (tried,) = await office.deliveries()
    assert tried["receipt"] == "no answer: ReadTimeout"
    (notice,) = await office.notices()
    assert notice["maybe_repeated"]


async def test_nobody_listening_is_no_repeat(office: Office) -> None:
    office.open(wecom(office.robots, url="http://127.0.0.1:9/send"))
    await office.ring(payload(alert(await place_case(office))))
    await office.dispatcher.once()
    (tried,) = await office.deliveries()
    assert tried["receipt"] == "not sent: ConnectError"
    (notice,) = await office.notices()
    assert not notice["maybe_repeated"]


async def test_what_is_refused_as_too_long_is_told_in_brief(office: Office) -> None:
    office.open(wecom(office.robots))
    await office.ring(payload(alert(await place_case(office))))
    office.robots.turn(too_long=1)
    await office.dispatcher.once()
    office.robots.turn()
    await office.wait(901)
    await office.dispatcher.once()
    (said,) = office.robots.texts("wecom")
    assert "另有 1 件未逐条列出" in said
    assert SENTENCE not in said


async def test_a_failed_part_is_tried_again_and_those_that_arrived_are_not(
    office: Office,
) -> None:
    office.open(wecom(office.robots))
    cases = [await place_case(office, name=f"示例中心{n:02d}") for n in range(30)]
    await office.ring(payload(*(alert(one) for one in cases)))
    sends = office.dispatcher.clients["wecom"]
    count = 0

    class Breaking:
        async def send(self, channel: Channel, message: Message) -> Heard:
            nonlocal count
            count += 1
            office.robots.turn(server_error=int(count == 3))
            return await sends.send(channel, message)

    office.dispatcher.clients = {"wecom": Breaking()}
    assert await office.dispatcher.once() == 2
    await office.wait(901)
    await office.dispatcher.once()
    texts = office.robots.texts("wecom")
    places = [f"（{number}/{len(texts)}）" for number in range(1, len(texts) + 1)]
    assert all(place in said for place, said in zip(places, texts, strict=True))
    assert ["可能重复" in said for said in texts].index(True) == 2


async def test_a_refused_notice_keeps_no_other_waiting_and_a_dead_robot_is_left_alone(
    office: Office,
) -> None:
    office.open(wecom(office.robots))
    for _ in range(3):
        await office.ring(payload(alert(await place_case(office))))
    office.robots.turn(refused=1)
    await office.dispatcher.once()
    assert len(await office.deliveries()) == 3
    await office.wait(901)
    office.robots.turn(server_error=1)
    await office.dispatcher.once()
    await office.dispatcher.once()
    assert len(await office.deliveries()) == 4, "one failure, then rest"


async def test_after_a_day_of_failing_it_is_given_up_and_operators_are_told(
    office: Office,
) -> None:
    office.open(wecom(office.robots), dingtalk(office.robots, name="ops", audience="operator"))
    await office.ring(payload(alert(await place_case(office))))
    office.robots.turn(refused=1, only="wecom")
    before = counted("wecom", "given_up")
    await office.dispatcher.once()
    await office.wait(23 * 3_600)
    await office.dispatcher.once()
    assert await office.states() == ["waiting"]
    await office.wait(3_601)
    await office.dispatcher.once()
    assert await office.states() == ["given_up", "waiting"]
    assert counted("wecom", "given_up") == before + 1
    await office.dispatcher.once()
    (said,) = office.robots.texts("dingtalk")
    assert "未能送达" in said
    assert "county" in said


async def test_an_alarm_that_cannot_be_delivered_raises_no_further_one(office: Office) -> None:
    office.open(
        wecom(office.robots, name="one", audience="operator"),
        dingtalk(office.robots, name="two", audience="operator"),
    )
    await office.ring(payload(alert(alertname="TuitionRuleErrors", audience="operator")))
    office.robots.turn(refused=1)
    for _ in range(4):
        await office.dispatcher.once()
        await office.wait(86_401)
    assert await office.states() == ["given_up"] * 4
    assert await office.dispatcher.once() == 0


async def test_what_a_dead_worker_had_taken_is_sent_again_as_maybe_repeated(
    office: Office,
) -> None:
    channel = wecom(office.robots)
    office.open(channel)
    await office.ring(payload(alert(await place_case(office))))
    taken = await outbox.take(office.database, channel)
    assert taken is not None
    await outbox.begin(office.database, taken, [one.notice_id for one in taken.queue])
    assert await office.dispatcher.once() == 0, "the lease holds"
    await office.wait(181)
    assert await office.dispatcher.once() == 1
    (said,) = office.robots.texts("wecom")
    assert "可能重复" in said


async def test_a_turn_that_ended_frees_what_it_did_not_send(office: Office) -> None:
    office.open(wecom(office.robots))
    for _ in range(3):
        await office.ring(payload(alert(await place_case(office))))
    sends = office.dispatcher.clients["wecom"]

    class Slow:
        async def send(self, channel: Channel, message: Message) -> Heard:
            office.seconds[0] += 11
            return await sends.send(channel, message)

    office.dispatcher.clients = {"wecom": Slow()}
    assert [await office.dispatcher.once() for _ in range(4)] == [1, 1, 1, 0]
    assert all("可能重复" not in said for said in office.robots.texts("wecom"))


async def test_a_bureaus_system_refuses_what_another_secret_signed(office: Office) -> None:
    office.open(bureau(office.robots, secret="whsec_b3RoZXItc2VjcmV0LW90aGVy"))
    await office.ring(payload(alert(await place_case(office))))
    await office.dispatcher.once()
    (tried,) = await office.deliveries()
    assert tried["receipt"] == "HTTP 401"
    assert office.robots.desk.rejected == {"signature": 1}


async def test_dingtalk_refuses_a_message_signed_with_another_secret(office: Office) -> None:
    office.open(dingtalk(office.robots, secret="SECother"))
    await office.ring(payload(alert(await place_case(office))))
    await office.dispatcher.once()
    (tried,) = await office.deliveries()
    assert tried["receipt"].startswith("errcode 310000")


async def test_a_server_without_starttls_gets_no_letter(office: Office) -> None:
    channel = mail(office.robots)
    assert channel.mail is not None
    safe = channel.mail.model_copy(update={"security": "starttls"})
    office.open(channel.model_copy(update={"mail": safe}))
    await office.ring(payload(alert(await place_case(office))))
    await office.dispatcher.once()
    (tried,) = await office.deliveries()
    assert tried["receipt"] == "no answer: SMTPNotSupportedError"
    assert office.robots.received == []


async def test_a_fault_of_ours_at_one_channel_keeps_no_other_waiting(office: Office) -> None:
    office.open(wecom(office.robots), dingtalk(office.robots))
    await office.ring(payload(alert(await place_case(office))))

    class Broken:
        async def send(self, *_: object) -> Heard:
            raise ZeroDivisionError

    office.dispatcher.clients = {**office.dispatcher.clients, "wecom": Broken()}
    with pytest.raises(ExceptionGroup):
        await office.dispatcher.once()
    assert len(office.robots.texts("dingtalk")) == 1


async def test_no_key_of_a_robot_is_logged(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.open(wecom(office.robots))
    await office.ring(payload(alert(await place_case(office))))
    with caplog.at_level("INFO"):
        await office.dispatcher.once()
    assert WECOM_KEY not in caplog.text


async def test_the_services_login_cannot_rewrite_deliveries(office: Office) -> None:
    with pytest.raises(Exception, match="permission denied"):
        async with office.database.begin() as connection:
            await connection.execute(text("DELETE FROM alerts.delivery"))

"""An office that is rung at: doorbell, outbox and dispatcher, before robots on real ports."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import asyncpg
import httpx
from sqlalchemy import text

from alerts.notices import api, metrics
from alerts.notices.channels import Channel
from alerts.notices.dispatch import Dispatcher, clients
from alerts.notices.doorbell import Doorbell
from alerts.notices.wire import open_http
from escrow.access.service import create_key
from sandbox.robots.bureau import BUREAU_SECRET
from sandbox.robots.groups import DINGTALK_SECRET, DINGTALK_TOKEN, WECOM_KEY
from shared.ids import new_id
from shared.pg.database import Database
from shared.web.app import create_app
from shared.web.keys import KeyDirectory
from tests.support.postgres import alerts_url, service_url
from tests.support.robots import Robots

Json = dict[str, Any]

DISTRICT = "320602"
CASE_URL = "http://alerts.test/cases/"
SENTENCE = "2026-11-20 09:12 前 24 小时流出 1,234,567.00 元（5 笔），占期初余额 62.1%，阈值 30%"
DUE = "2026-11-20 18:00"
TITLES = {"large_outflow_24h": "24 小时大额流出"}


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


@contextlib.asynccontextmanager
async def opened(owner_url: str, robots: Robots) -> AsyncIterator[Office]:
    """Open an office on a database, with nothing in its outbox and robots that forgot."""
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

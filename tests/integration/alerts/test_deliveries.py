"""How notices arrive: split, within the rate, over faults, given up, never lost."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from alerts.domain.notices import utf8_size
from alerts.notices import outbox
from alerts.notices.channels import Channel
from alerts.notices.dispatch import Dispatcher
from alerts.notices.wire import Heard, Message
from sandbox.robots.groups import WECOM_KEY
from tests.integration.alerts.ringing import (
    CASE_URL,
    KINDS,
    SENTENCE,
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
    robot: Any = office.dispatcher.clients["wecom"]
    robot.http.timeout = httpx.Timeout(0.3)
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
    ours = [one for one in caplog.records if not one.name.startswith("uvicorn")]  # the robot's own
    assert len(office.robots.texts("wecom")) == 1
    assert not [one for one in ours if WECOM_KEY in one.getMessage()]


async def test_the_services_login_cannot_rewrite_deliveries(office: Office) -> None:
    with pytest.raises(Exception, match="permission denied"):
        async with office.database.begin() as connection:
            await connection.execute(text("DELETE FROM alerts.delivery"))

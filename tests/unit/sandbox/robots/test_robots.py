"""The sandbox's robots keep the rules of the real ones, and their switches are seeded."""

from collections.abc import AsyncIterator

import httpx
import pytest

from sandbox.robots import Faults, RobotsOptions, create_robots
from sandbox.robots.desk import Desk, Received
from sandbox.robots.faults import Dice, Fault
from sandbox.robots.groups import DINGTALK_TOKEN, WECOM_KEY, is_signed


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_robots(RobotsOptions()))
    async with httpx.AsyncClient(transport=transport, base_url="http://robots") as client:
        yield client


async def wecom(http: httpx.AsyncClient, content: str, form: str = "markdown") -> int:
    answer = await http.post(
        "/cgi-bin/webhook/send",
        params={"key": WECOM_KEY},
        json={"msgtype": form, form: {"content": content}},
    )
    assert answer.status_code == 200
    return int(answer.json()["errcode"])


@pytest.mark.parametrize(
    ("form", "content", "code"),
    [
        ("markdown", "a" * 4_096, 0),
        ("markdown", "课" * 1_366, 40058),
        ("text", "a" * 2_048, 0),
        ("text", "a" * 2_049, 40058),
    ],
)
async def test_lengths_are_counted_in_bytes(
    http: httpx.AsyncClient, form: str, content: str, code: int
) -> None:
    assert await wecom(http, content, form) == code


async def test_the_twenty_first_message_within_a_minute_is_refused(
    http: httpx.AsyncClient,
) -> None:
    codes = [await wecom(http, "x") for _ in range(21)]
    assert codes == [0] * 20 + [45009]
    counts = (await http.get("/desk/report")).json()
    assert counts["received"] == {"wecom": 20}
    assert counts["rejected"] == {"45009": 1}


def test_a_minute_later_there_is_room_again(desk: Desk) -> None:
    now = [0.0]
    desk.clock = lambda: now[0]
    assert [desk.is_over_rate("a") for _ in range(21)] == [False] * 20 + [True]
    assert not desk.is_over_rate("b")
    now[0] = 60.0
    assert not desk.is_over_rate("a")


async def test_a_wrong_key_is_refused_within_http_200(http: httpx.AsyncClient) -> None:
    answer = await http.post("/cgi-bin/webhook/send", params={"key": "other"}, json={})
    assert (answer.status_code, answer.json()["errcode"]) == (200, 93000)


async def test_dingtalk_believes_no_unsigned_message(http: httpx.AsyncClient) -> None:
    answer = await http.post("/robot/send", params={"access_token": DINGTALK_TOKEN}, json={})
    assert answer.json()["errcode"] == 310000


def test_a_signature_is_of_its_time() -> None:
    assert not is_signed("1790000000000", "bm90IGl0", 1_790_000_000_000)
    assert not is_signed("yesterday", "", 1_790_000_000_000)


async def test_a_bureau_believes_no_unsigned_event(http: httpx.AsyncClient) -> None:
    answer = await http.post("/bureau/notices", json={})
    assert answer.status_code == 401


def test_one_id_is_kept_once(desk: Desk) -> None:
    message = Received(place="bureau", form="event", text="x", bytes=1, id="a")
    desk.keep(message)
    desk.keep(message)
    assert (len(desk.received), desk.repeated) == (1, 1)


async def test_switches_strike_where_they_are_aimed(http: httpx.AsyncClient) -> None:
    await http.put("/desk/faults", json={"refused": 1, "only": "bureau"})
    assert await wecom(http, "x") == 0
    await http.put("/desk/faults", json={"refused": 1, "only": "wecom"})
    assert await wecom(http, "x") == 93000
    await http.delete("/desk/received")
    assert (await http.get("/desk/received")).json() == {"items": []}


def test_the_same_seed_draws_the_same() -> None:
    def draws() -> list[bool]:
        dice = Dice(Faults(seed=3, silent=0.5, refused=0.5))
        return [dice.strikes(Fault.SILENT, "wecom") for _ in range(50)]

    assert draws() == draws()
    assert 0 < sum(draws()) < 50

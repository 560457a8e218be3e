"""The public pages as answers: what they let in, what they let be kept, what they refuse."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.integration.registry.sayings import Hall, auditors_key, hall_on
from tests.support.client import an_institution_id

READER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PAGE_MAX = 30_000


@pytest.fixture
async def hall(owner_url: str) -> AsyncIterator[Hall]:
    async with hall_on(owner_url, complaint_line="0513-12345") as found:
        yield found


@pytest.fixture
async def busy(owner_url: str) -> AsyncIterator[Hall]:
    """Return a mirror that answers each caller once a second."""
    async with hall_on(owner_url, public_rate=1) as found:
        yield found


async def read(hall: Hall, path: str, **query: str) -> httpx.Response:
    return await hall.http.get(path, params=query, headers=READER)


async def test_a_page_is_small_kept_for_a_minute_and_lets_nothing_in(hall: Hall) -> None:
    me = await hall.place(name="示例青竹音乐培训中心")
    hall.succeed()
    for answer in (
        await read(hall, "/"),
        await read(hall, "/", q="青竹"),
        await read(hall, f"/institutions/{me}"),
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert len(answer.content) < PAGE_MAX
        assert answer.headers.get_list("cache-control") == ["public, max-age=60"]
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "unsafe" not in policy
        assert "script" not in policy + answer.text
        assert not re.search(r"(?:src|href)=.?https?:", answer.text)


async def test_what_is_said_comes_out_as_text(hall: Hall) -> None:
    me = await hall.place(name="示例<script>alert(1)</script>\"'&amp;", address="<b>七号</b>")
    page = (await read(hall, f"/institutions/{me}")).text
    assert "<script" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;" in page
    found = (await read(hall, "/", q='"><script>x')).text
    assert "<script" not in found


async def test_a_page_says_how_an_institution_stands(hall: Hall) -> None:
    me = await hall.place(name="示例桂花培训学校", status="revoked", white_listed="no")
    hall.succeed()
    page = (await read(hall, f"/institutions/{me}")).text
    for words in ("示例桂花培训学校", me, "许可证已吊销", "不在白名单上", "有证有照", "暂无法查询",
                  "江苏省南通市崇川区", "至2030年8月31日", 'href="tel:0513-12345"',
                  "名单日期 2026年3月1日 08:00"):  # fmt: skip
        assert words in page
    assert "名单未更新" not in page


async def test_a_late_list_is_said_to_be_late(hall: Hall) -> None:
    me = await hall.place(name="示例迟到培训学校")
    hall.succeed(hours_ago=50)
    assert "名单未更新" in (await read(hall, f"/institutions/{me}")).text
    assert "名单未更新" in (await read(hall, "/", q="迟到")).text


async def test_a_search_goes_on_to_the_next_page(hall: Hall) -> None:
    names = {f"示例水墨第{number}书法培训中心" for number in range(25)}
    for name in names:
        await hall.place(name=name)
    first = (await read(hall, "/", q="水墨")).text
    [link] = re.findall(r'rel="next" href="([^"]+)"', first)
    second = (await hall.http.get(link.replace("&amp;", "&"), headers=READER)).text
    shown = [set(re.findall("示例水墨第[0-9]+书法培训中心", page)) for page in (first, second)]
    assert (len(shown[0]), len(shown[1])) == (20, 5)
    assert shown[0] | shown[1] == names
    assert 'rel="next"' not in second


async def test_what_a_messenger_adds_to_an_address_does_no_harm(hall: Hall) -> None:
    me = await hall.place(name="示例")
    path = f"/institutions/{me}"
    assert (await read(hall, path, **{"from": "singlemessage", "utm": "x"})).status_code == 200


async def test_a_refusal_is_a_page_that_goes_on(hall: Hall) -> None:
    for path, status, words in (
        (f"/institutions/{an_institution_id()}", 404, "名单里没有这家机构"),
        ("/institutions/91320602", 422, "信用代码不对"),
        ("/nowhere", 404, "没有这个页面"),
        ("/?q=音", 422, "请至少写两个字"),
        ("/?q=音乐&after=nonsense", 422, "没有看懂"),
        (f"/?q={'长' * 101}", 422, "没有看懂"),
        ("/?q=a&q=b", 422, "没有看懂"),
    ):
        answer = await hall.http.get(path, headers=READER)
        assert (answer.status_code, words in answer.text) == (status, True), path
        assert 'name="q"' in answer.text
        assert answer.headers["cache-control"] == "no-store"
        assert "content-security-policy" in answer.headers


async def test_a_program_is_refused_as_everywhere(hall: Hall) -> None:
    for path in (f"/v1/institutions/{an_institution_id()}", "/v1/nowhere"):
        answer = await hall.http.get(path, headers=READER)
        assert answer.headers["content-type"] == "application/problem+json"
    answer = await hall.http.get("/institutions/91320602", headers={"Accept": "*/*"})
    assert answer.json()["code"] == "invalid_request"


async def test_too_many_look_ups_are_told_when_to_come_back(busy: Hall) -> None:
    me = an_institution_id()
    answers = [await busy.ask(f"/v1/institutions/{me}") for _ in range(6)]
    statuses = [one.status_code for one in answers]
    assert statuses[:4] == [404] * 4
    assert statuses[-1] == 429
    assert answers[-1].json()["code"] == "too_many_requests"
    assert answers[-1].headers["retry-after"] == "1"
    page = await read(busy, "/")
    assert (page.status_code, page.headers["retry-after"]) == (429, "1")
    assert "查询太频繁" in page.text


async def test_too_many_searches_are_told_when_to_come_back(busy: Hall) -> None:
    answers = [await busy.ask("/v1/institutions", q="示例") for _ in range(6)]
    assert [one.status_code for one in answers[:4]] == [200] * 4
    assert answers[-1].status_code == 429


@pytest.mark.parametrize("path", ["/", "/?q=示例", "/institutions/{}"])
async def test_too_many_pages_are_told_when_to_come_back(busy: Hall, path: str) -> None:
    me = await busy.place(name="示例")
    answers = [await read(busy, path.format(me)) for _ in range(6)]
    assert [one.status_code for one in answers[:4]] == [200] * 4
    assert answers[-1].status_code == 429


async def test_who_has_a_key_is_not_limited(busy: Hall) -> None:
    key = await auditors_key(busy.owner_url)
    for _ in range(10):
        assert (await busy.ask("/v1/institutions", key)).status_code == 200


async def test_who_names_another_address_is_still_who_connects(busy: Hall) -> None:
    statuses = set()
    for number in range(8):
        headers = {"X-Forwarded-For": f"198.51.100.{number}", "Forwarded": f"for=10.0.0.{number}"}
        answer = await busy.http.get(f"/v1/institutions/{an_institution_id()}", headers=headers)
        statuses.add(answer.status_code)
    assert statuses == {404, 429}


async def test_health_is_never_limited(busy: Hall) -> None:
    for _ in range(10):
        assert (await busy.http.get("/healthz")).status_code == 200

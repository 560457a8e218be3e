"""The pages of those who supervise: who may read them, what they say, and that all is text."""

import base64
import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest

from tests.integration.registry.mirrors import empty
from tests.integration.registry.overseeing import LIST, Office, held, office_on, words_of
from tests.support.client import ok
from tests.support.postgres import run_sql
from tests.unit.registry_sync.source.books import a_row
from tests.unit.registry_sync.source.codes import a_code

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
PAGES = ("/supervise", f"/supervise/fetches/{NOWHERE}", f"/supervise/holds/{NOWHERE}")


@pytest.fixture
async def office(owner_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    empty(owner_url)
    async with office_on(owner_url, tmp_path / "sources.yaml") as found:
        yield found


@pytest.mark.parametrize("role", [None, *SCOPES])
@pytest.mark.parametrize("path", PAGES)
async def test_every_page_is_for_three_roles(office: Office, path: str, role: str | None) -> None:
    key = await office.key(role, **SCOPES[role]) if role else None
    answer = await office.open(path, key)
    found = 200 if path == "/supervise" else 404
    assert answer.status_code == (401 if role is None else found if role in READERS else 403)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "script" not in policy + answer.text


async def test_without_a_key_one_is_asked_for_it_and_told_what_to_do(office: Office) -> None:
    key = await office.key()
    for wrong in (None, "nonsense", f"{key[:-1]}{'A' if key[-1] != 'A' else 'B'}"):
        answer = await office.open("/supervise", wrong)
        assert answer.status_code == 401
        expected = 'Basic realm="registry-sync", charset="UTF-8"'
        assert answer.headers.get_list("www-authenticate") == [expected]
        assert "密码填您的API密钥" in answer.text
        assert not wrong or wrong not in answer.text


async def test_a_key_that_was_revoked_opens_nothing(office: Office) -> None:
    key = await office.key()
    run_sql(
        office.mirror.owner_url,
        "UPDATE access.api_key SET revoked_at = now(), revoked_by = 'tests'",
    )
    assert (await office.open("/supervise", key)).status_code == 401


async def test_a_key_of_another_role_is_told_so(office: Office) -> None:
    answer = await office.open("/supervise", await office.key("bank", bank_id="bank-a"))
    assert answer.status_code == 403
    assert "这把密钥不能看监督页" in answer.text
    assert "www-authenticate" not in answer.headers


async def test_a_password_opens_pages_alone(office: Office) -> None:
    hold_id = await held(office)
    key = await office.key()
    for path in ("/v1/holds", "/v1/fetches", "/v1/sources"):
        assert (await office.open(path, key)).status_code == 401
    given = base64.b64encode(f"x:{key}".encode()).decode()
    voted = await office.http.post(
        f"/v1/holds/{hold_id}/approve",
        json={"reason": "x"},
        headers={"Authorization": f"Basic {given}"},
    )
    assert voted.status_code == 401
    assert "还没有人同意" in await office.read(f"/supervise/holds/{hold_id}")


async def test_the_public_page_does_not_mind_a_password(office: Office) -> None:
    assert (await office.open("/", "nonsense")).status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        (f"/supervise/fetches/{NOWHERE}", 404, "没有这一页"),
        (f"/supervise/holds/{NOWHERE}", 404, "没有这一页"),
        ("/supervise/nowhere", 404, "没有这一页"),
        ("/supervise/holds/hostile", 422, "没有看懂网址"),
        ("/supervise?after=hostile", 422, "没有看懂网址"),
        ("/supervise?hostile=1", 422, "没有看懂网址"),
    ],
)
async def test_a_refusal_is_a_page_that_repeats_nothing(
    office: Office, path: str, status: int, words: str
) -> None:
    answer = await office.open(path, await office.key())
    assert answer.status_code == status
    assert words in answer.text
    assert "hostile" not in answer.text
    assert 'href="/supervise"' in answer.text
    assert answer.headers["cache-control"] == "no-store"


async def test_a_program_is_refused_as_everywhere(office: Office) -> None:
    answer = await office.http.get("/supervise")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "unauthenticated"


async def test_the_overview_says_how_each_source_stands(office: Office) -> None:
    page = await office.read("/supervise")
    for words in ("国家平台按时更新", "平台，自动获取；第1级", "最近结果 已生效",
                  "南通白名单名单未更新", "还没有获取过", "1个来源名单未更新",
                  "以主管部门的密钥查看", "北京时间"):  # fmt: skip
        assert words in page


async def test_a_late_source_is_said_to_be_late(office: Office) -> None:
    assert "国家平台按时更新" in await office.read("/supervise")
    await office.mirror.pass_time(days=3)
    page = await office.read("/supervise")
    assert "国家平台名单未更新" in page
    assert "2个来源名单未更新" in page
    assert "3天前" in page
    assert "不会按它冻结任何机构" in page


async def test_a_batch_that_was_refused_says_why_and_what_still_counts(office: Office) -> None:
    await office.mirror.platform.turn(wrong_hash=1)
    assert (await office.mirror.sync(everything=True)).result == "hash_wrong"
    page = await office.read("/supervise")
    assert "最近结果 拒收：文件校验不符" in page
    assert "整批没有采用，原来的名单照旧有效。" in page
    [row] = await office.mirror.rows(
        "SELECT fetch_id FROM registry.fetch WHERE result='hash_wrong'"
    )
    page = await office.read(f"/supervise/fetches/{row['fetch_id']}")
    for words in ("拒收：文件校验不符", "SHA-256", "整份名单", "国家平台", "整批没有读"):
        assert words in page


async def test_rows_set_aside_say_where_they_stood_and_what_to_correct(office: Office) -> None:
    shown = await office.bring(
        a_row(1), a_row(2, code=133010570000123456), a_row(3, until="明年"), a_row(4, name=None)
    )
    page = await office.read(f"/supervise/fetches/{shown['fetch_id']}")
    assert "共3行没有采用" in page, "one reads it before one accepts"
    assert "工作表“白名单”，单元格B3（第3行）" in page
    ok(await office.ask("POST", f"/v1/imports/{shown['id']}/accept", await office.key()))
    [row] = await office.mirror.rows(
        "SELECT fetch_id FROM registry.fetch WHERE source = :source AND result = 'applied'",
        source=LIST,
    )
    page = await office.read(f"/supervise/fetches/{row['fetch_id']}")
    for words in ("工作表“白名单”，单元格B3（第3行）", "号码存成了数字", "设为“文本”格式",
                  "栏目：统一社会信用代码", "单元格E4", "日期看不懂", "栏目：许可有效期",
                  a_code(3), "共3行没有采用", "名单里还没有"):  # fmt: skip
        assert words in page
    listed = await office.read("/supervise")
    assert "3行没有采用" in listed


async def test_an_institution_that_is_known_is_linked_to_its_page(office: Office) -> None:
    await office.mirror.platform.turn(broken_line=2, duplicate_rows=2)
    await office.mirror.sync(everything=True)
    [row] = await office.mirror.rows(
        "SELECT fetch_id, institution_id FROM registry.set_aside"
        " WHERE institution_id IS NOT NULL LIMIT 1"
    )
    answer = await office.open(f"/supervise/fetches/{row['fetch_id']}", await office.key())
    assert f'href="/institutions/{row["institution_id"]}"' in answer.text
    assert (await office.open(f"/institutions/{row['institution_id']}", None)).status_code == 200


async def test_a_thousand_rows_are_listed_and_the_rest_is_said_to_be_more(office: Office) -> None:
    [row] = await office.mirror.rows("SELECT fetch_id FROM registry.fetch LIMIT 1")
    run_sql(
        office.mirror.owner_url,
        "INSERT INTO registry.set_aside (fetch_id, row_no, source, place, reason, set_aside_at)"
        f" SELECT '{row['fetch_id']}', n, 'national', 'line ' || n, 'shape_wrong', now()"
        " FROM generate_series(1, 1234) AS n",
    )
    page = await office.read(f"/supervise/fetches/{row['fetch_id']}")
    assert "共1,234行没有采用" in page
    assert "只列出前1,000行" in page
    assert "第1,000行" in page
    assert "第1,001行" not in page


async def test_a_hold_says_what_was_withheld_why_and_what_to_do(office: Office) -> None:
    hold_id = await held(office)
    one, other = await office.key(), await office.key()
    overview = await office.read("/supervise", one)
    for words in ("1项等待复核", "一下子吊销了太多许可证", "扣下10项变化", "江苏省", "还剩23小时",
                  "还没有人同意，需要2人", f"POST /v1/holds/{hold_id}/approve"):  # fmt: skip
        assert words in overview
    page = await office.read(f"/supervise/holds/{hold_id}", one)
    sample = await office.mirror.rows("SELECT institution_id FROM registry.held_site")
    for row in sample:
        assert row["institution_id"] in page
    assert f'curl -X POST "$REGISTRY/v1/holds/{hold_id}/approve"' in page
    assert "还要2人用各自的密钥同意" in page
    reason = {"reason": "已核对处罚决定书"}
    ok(await office.ask("POST", f"/v1/holds/{hold_id}/approve", one, json=reason))
    page = await office.read(f"/supervise/holds/{hold_id}", one)
    assert "您已经同意；还要另外1人" in page
    assert "已核对处罚决定书" in page
    ok(await office.ask("POST", f"/v1/holds/{hold_id}/approve", other, json=reason))
    assert "已同意，等待生效" in await office.read(f"/supervise/holds/{hold_id}", one)
    await office.mirror.look()
    page = await office.read(f"/supervise/holds/{hold_id}", one)
    assert "已生效" in page
    assert "curl" not in page
    assert "最近结束的复核" in await office.read("/supervise")


async def test_a_hold_that_ran_out_is_not_offered(office: Office) -> None:
    hold_id = await held(office)
    await office.mirror.pass_time(hours=25)
    page = await office.read(f"/supervise/holds/{hold_id}")
    assert "已过期" in page
    assert "curl" not in page


async def test_a_district_sees_what_it_may_not_decide_and_is_told_so(office: Office) -> None:
    hold_id = await held(office)
    [first, *_] = await office.mirror.rows("SELECT DISTINCT district_code FROM registry.held_site")
    county = await office.key(district_code=first["district_code"])
    province = await office.key(district_code="320000")
    for path in ("/supervise", f"/supervise/holds/{hold_id}"):
        page = await office.read(path, county)
        assert "有您辖区以外的机构" in page
        assert "/approve" not in page
        page = await office.read(path, province)
        assert "还要2人用各自的密钥同意" in page
        assert f"/v1/holds/{hold_id}/approve" in page
    refused = await office.ask("POST", f"/v1/holds/{hold_id}/approve", county, json={"reason": "x"})
    assert refused.status_code == 403
    listed = ok(await office.ask("GET", "/v1/holds", county))["items"]
    assert [one["id"] for one in listed] == [hold_id], "the JSON shows it as well"


async def test_what_concerns_a_batch_is_the_countrys_to_decide(office: Office) -> None:
    await office.mirror.platform.turn(schema_drift=True)
    await office.mirror.sync()
    hold_id = await office.mirror.hold_id("schema_drift")
    province = await office.key(district_code="320000")
    page = await office.read(f"/supervise/holds/{hold_id}", province)
    assert "关系到整批名单" in page
    assert "多出了不认识的栏目" in page
    assert "curl" in await office.read(f"/supervise/holds/{hold_id}")


async def test_who_only_reads_is_told_who_decides(office: Office) -> None:
    hold_id = await held(office)
    page = await office.read(f"/supervise/holds/{hold_id}", await office.key("auditor"))
    assert "您的密钥只能查看" in page


async def test_a_sheet_that_waits_is_shown_until_it_is_accepted(office: Office) -> None:
    shown = await office.bring(a_row(1), a_row(2), file_name="南通九月.xlsx")
    page = await office.read("/supervise")
    for words in (
        "1份表格等待接受",
        "南通九月.xlsx",
        "2新增",
        f"POST /v1/imports/{shown['id']}/accept",
    ):
        assert words in page
    ok(await office.ask("POST", f"/v1/imports/{shown['id']}/accept", await office.key()))
    assert "等待接受" not in await office.read("/supervise")


async def test_fetches_go_on_to_the_next_page(office: Office) -> None:
    run_sql(
        office.mirror.owner_url,
        "INSERT INTO registry.fetch (fetch_id, source, kind, version, started_at, result)"
        " SELECT ('0000000' || 1 + n / 10 || '-0000-7000-8000-00000000000' || n % 10)::uuid,"
        " 'national', 'delta', 1000 + n, now(), 'applied' FROM generate_series(0, 29) AS n",
    )
    key = await office.key()
    first = (await office.open("/supervise", key)).text
    [link] = re.findall(r'rel="next" href="([^"]+)"', first)
    second = (await office.open(unescape(link), key)).text
    shown = [re.findall(r'href="(/supervise/fetches/[^"]+)"', page) for page in (first, second)]
    assert (len(shown[0]), len(shown[1])) == (20, 11)
    assert not set(shown[0]) & set(shown[1])
    assert "版本1,029" in words_of(first + second)
    assert 'rel="next"' not in second
    assert "名单来源" not in words_of(second)


HOSTILE = "<script>alert(1)</script>\"'><b>&amp;"


async def test_what_is_said_comes_out_as_text(office: Office) -> None:
    hold_id = await held(office)
    await office.bring(a_row(1), file_name=f"{HOSTILE}.xlsx")
    ok(
        await office.ask(
            "POST", f"/v1/holds/{hold_id}/approve", await office.key(), json={"reason": HOSTILE}
        )
    )
    [row] = await office.mirror.rows("SELECT fetch_id FROM registry.hold")
    quoted = HOSTILE.replace("'", "''")
    for statement in (
        f"UPDATE registry.hold SET detail = '{quoted}'",
        f"UPDATE registry.fetch SET detail = '{quoted}', result = '{quoted}'",
        f"UPDATE registry.source SET last_result = '{quoted}'",
        f"UPDATE registry.institution SET name = '{quoted}'",
        (
            "INSERT INTO registry.set_aside (fetch_id, row_no, source, place, reason, field,"
            f" institution_id, set_aside_at) VALUES ('{row['fetch_id']}', 9000, 'national',"
            f" '{quoted}!C9', '{quoted}', '{quoted}', '{quoted}', now())"
        ),
    ):
        run_sql(office.mirror.owner_url, statement)
    fetch = f"/supervise/fetches/{row['fetch_id']}"
    for path in ("/supervise", fetch, f"/supervise/holds/{hold_id}"):
        answer = await office.open(path, await office.key())
        assert answer.status_code == 200
        assert "<script" not in answer.text
        assert "<b>" not in answer.text
        assert "&lt;script&gt;" in answer.text

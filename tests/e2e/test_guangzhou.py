"""S7, Guangzhou: 三早（早发现、早应对、早处置）、两必谈、供查询监督、通报、约谈、挂牌督办、回头看.

Citizens look an institution up before they pay, and see what stands behind it. In the bureau
every step of a case has its day, whom to interview is listed, and what was closed is looked at
again.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest

from shared.time import business_day, rfc3339
from tests.e2e.alerting import Bureau, enrol
from tests.e2e.launching import Sandbox
from tests.e2e.licensing import Licensing
from tests.e2e.parties import Json, Parties, Place, ok, post

pytestmark = pytest.mark.timeout(600)  # the first test waits for the start

PLACE = Place("91320602MA1ABCDL1C", "6222020000000000411", name="示例花城音乐培训中心")
STRANGER = "91320602MA1ABCDL2F"
ADDRESS = "南通市示例路7号"


@pytest.fixture(scope="module")
def licensing(sandbox: Sandbox) -> Iterator[Licensing]:
    """List an institution whose account is supervised, and one that has none."""
    licensing = Licensing(sandbox)
    site = {"uscc": PLACE.id, "orgName": PLACE.name, "regionCode": "320602", "address": ADDRESS}
    stranger = {"uscc": STRANGER, "orgName": "示例花城棋艺培训中心"}
    parties = Parties(sandbox, PLACE)
    parties.close()
    licensing.wait_mirrored(licensing.list(site, stranger))
    yield licensing
    licensing.close()


def test_more_institutions_than_guangzhou_s_can_be_looked_up(licensing: Licensing) -> None:
    assert ok(licensing.desk.get("/desk/report"))["listed"] > 986


def test_a_part_of_the_name_finds_it(licensing: Licensing) -> None:
    found = ok(licensing.read("/v1/institutions", q="花城音乐"))["items"]
    assert [(one["institution_id"], one["name"]) for one in found] == [(PLACE.id, PLACE.name)]


def test_a_page_leads_from_the_search_to_the_institution(licensing: Licensing) -> None:
    found = licensing.read("/", q="花城")
    assert found.headers["content-type"].startswith("text/html")
    assert f"/institutions/{PLACE.id}" in found.text
    assert f"/institutions/{STRANGER}" in found.text


def test_it_is_said_how_it_stands_and_whether_it_may_charge(licensing: Licensing) -> None:
    found = licensing.look_up(PLACE.id)
    assert (found["status"], found["white_listed"], found["black_listed"]) == (
        "normal",
        True,
        False,
    )
    assert found["address"] == ADDRESS
    assert found["stale"] is False
    assert found["as_of"]
    assert found["account"] == {"supervised": True, "may_charge": True, "reasons": []}
    assert found["complaint_line"] == "12345"


def test_one_without_a_supervised_account_is_told_apart(licensing: Licensing) -> None:
    account = licensing.look_up(STRANGER)["account"]
    assert (account["supervised"], account["may_charge"]) == (False, False)


def test_the_page_says_the_same_to_people(licensing: Licensing) -> None:
    page = licensing.read(f"/institutions/{PLACE.id}").text
    for words in (PLACE.name, "正常", "在白名单上", "未列入黑名单", "12345"):
        assert words in page


def test_nothing_personal_is_said(licensing: Licensing) -> None:
    said = licensing.read(f"/v1/institutions/{PLACE.id}").text
    page = licensing.read(f"/institutions/{PLACE.id}").text
    for private in (PLACE.account, PLACE.settlement):
        assert private not in said + page
    for field in ("phone", "contact", "person", "evidence", "statements"):
        assert field not in said


def test_nobody_looks_everybody_up_without_a_key(sandbox: Sandbox) -> None:
    with sandbox.registry() as citizen:
        answers = [citizen.get(f"/v1/institutions/{STRANGER}") for _ in range(60)]
    refused = [one for one in answers if one.status_code == 429]
    assert refused, "sixty at once are more than one caller has"
    assert "Retry-After" in refused[0].headers


@pytest.fixture(scope="module")
def bureau(sandbox: Sandbox) -> Iterator[Bureau]:
    """Return the bureau of one of Guangzhou's districts."""
    bureau = Bureau(sandbox, "440104")
    yield bureau
    bureau.close()


@pytest.fixture(scope="module")
def large(bureau: Bureau) -> Parties:
    """Found the district's largest institution."""
    school = bureau.found(1, "示例越秀大型培训中心")
    enrol(school, 12, bureau.now() - timedelta(days=8))
    return school


@pytest.fixture(scope="module")
def struggling(bureau: Bureau) -> Parties:
    """Found one where nobody pays any more, and five families want their money back."""
    school = bureau.found(2, "示例越秀困难培训中心")
    enrol(school, 6, bureau.now() - timedelta(days=40))
    for number in range(5):
        asked = {"contract_id": f"C-{number:03d}", "cause": "institution"}
        body = {"institution_id": school.place.id, **asked}
        ok(post(school.billing, "/v1/refunds", body, f"refund-{number}"), 201)
    return school


def inspect(bureau: Bureau, school: Parties, number: int) -> Json:
    """Let an inspector find something grave; return the case."""
    note = {
        "institution_id": school.place.id,
        "text": "现场发现收费未进入监管账户。",
        "told_at": rfc3339(bureau.now()),
        "severity": "critical",
        "document_no": f"示例检〔2026〕{number}号",
    }
    return bureau.read(ok(bureau.officer.post("/v1/inspections", json=note), 201)["case_id"])


@pytest.fixture(scope="module")
def worked(bureau: Bureau, large: Parties) -> list[Json]:
    """Take a red case from its opening to its closing; return how it stood after each step."""
    case = inspect(bureau, large, 1)
    until = str(business_day(bureau.now()) + timedelta(days=20))
    supervision: Json = {
        "authority": "示例市教育局",
        "document_no": "示例督〔2026〕3号",
        "until": until,
    }
    stands = [case, bureau.do(case["id"], "acknowledge"), bureau.interview(case["id"])]
    stands.append(bureau.classify(case["id"], "supervised", "账外收费属实"))
    stands.append(bureau.do(case["id"], "supervision", **supervision))
    stands.append(bureau.do(case["id"], "close", reason="资金已补缴入专户"))
    return stands


def test_every_step_of_a_case_has_its_day(worked: list[Json]) -> None:
    milestones = [one["milestone"] for one in worked]
    assert milestones == ["acknowledge", "interview", "classify", "close", "close", "recheck"]
    days = [one["due_at"] for one in worked]
    assert days == sorted(days), "earlier steps are due earlier"
    assert not any(one["is_overdue"] for one in worked)


def test_a_higher_authority_looks_on(bureau: Bureau, worked: list[Json]) -> None:
    assert worked[-2]["state"] == "supervised"
    (measure,) = bureau.read(worked[0]["id"])["measures"]
    assert measure["kind"] == "supervised"
    assert measure["authority"] == "示例市教育局"
    assert measure["document_no"] == "示例督〔2026〕3号"


def test_the_largest_and_the_struggling_are_to_be_interviewed(
    bureau: Bureau, large: Parties, struggling: Parties, worked: list[Json]
) -> None:
    case = bureau.wait_case(struggling.place, "distress")
    assert "近 28 天流入 0.00 元" in case["sentence"]
    told = ok(bureau.officer.get("/v1/reports/interviews", params={"top": 1}))
    whom = {one["institution_id"]: one for one in told["items"]}
    assert whom[large.place.id]["why"] == "规模第 1 位"
    assert whom[large.place.id]["is_interviewed"], "the case's interview counts"
    assert whom[struggling.place.id]["why"] == "经营困难"
    assert not whom[struggling.place.id]["is_interviewed"]


def test_what_was_closed_is_looked_at_again_in_its_time(
    bureau: Bureau, worked: list[Json], move_clock: Callable[[datetime], None]
) -> None:
    closed = worked[-1]
    early = {"outcome": "begun"}
    refused = bureau.officer.post(f"/v1/cases/{closed['id']}/recheck", json=early)
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_transition")
    move_clock(datetime.fromisoformat(closed["due_at"]) + timedelta(minutes=1))
    assert bureau.read(closed["id"])["is_overdue"]
    assert bureau.do(closed["id"], "recheck", outcome="begun")["state"] == "recheck"
    found = bureau.do(closed["id"], "recheck", outcome="relapsed", reason="再次账外收费")
    assert (found["state"], found["milestone"]) == ("reopened", "acknowledge")
    assert datetime.fromisoformat(found["due_at"]) > datetime.fromisoformat(closed["due_at"])


def test_a_recheck_that_finds_things_in_order_ends_the_file(
    bureau: Bureau, large: Parties, worked: list[Json], move_clock: Callable[[datetime], None]
) -> None:
    again = worked[0]["id"]
    bureau.do(again, "acknowledge")
    bureau.interview(again, "示例区教育局", "示例区市场监管局")
    bureau.classify(again, "explained", "系同一笔补缴")
    closed = bureau.do(again, "close", reason="凭证已核对")
    move_clock(datetime.fromisoformat(closed["due_at"]) + timedelta(minutes=1))
    bureau.do(again, "recheck", outcome="begun")
    ended = bureau.do(again, "recheck", outcome="in_order", reason="连续两月收费全部入专户")
    assert (ended["state"], ended["due_at"]) == ("archived", None)
    told = bureau.read(again)
    assert told["chain"]["is_intact"]
    rechecks = {"recheck_begun", "relapsed", "archived"}
    done = [one["step"] for one in told["history"] if one["step"] in rechecks]
    assert done == ["recheck_begun", "relapsed", "recheck_begun", "archived"]
    ledger = ok(bureau.officer.get("/v1/reports/ledger", params={"limit": 100}))["items"]
    (row,) = [one for one in ledger if one["case_id"] == again]
    assert (row["state_text"], row["rechecked_at"] is not None) == ("已归档", True)

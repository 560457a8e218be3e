"""S2, Zhengzhou: 建立学费专户、严控账户最低余额和大额资金流动.

规模前十逐一约谈；12月31日学费无法清零的，10月25日前必须退还；一机构一张表、一清单、一研判。

It is October: a large sum leaves an account, which then holds less than its floor; the ten largest
are to be interviewed; each institution is one page; and two dates stand against what is held.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

import pytest

from shared.time import SHANGHAI, business_day, rfc3339
from tests.e2e.alerting import FEE_FEN, SOON_S, Bureau, drain, enrol
from tests.e2e.launching import Sandbox, wait_until
from tests.e2e.parties import Json, Parties, ok, post

pytestmark = pytest.mark.timeout(600)  # the first test waits for the start

PUPILS = 30
FLOOR_FEN = 10_000_000
TAKEN_FEN = 10_000_000
OTHERS = 10
BEGINS, REFUND_BY, CLEAR_BY = (10, 12), (10, 25), (12, 31)


@pytest.fixture(scope="module")
def autumn(sandbox: Sandbox, move_clock: Callable[[datetime], None]) -> int:
    """Let it be the twelfth of October, at ten; return the year."""
    now = sandbox.now().astimezone(SHANGHAI)
    year = now.year + (now >= datetime(now.year, *BEGINS, 10, tzinfo=SHANGHAI))
    move_clock(datetime(year, *BEGINS, 10, tzinfo=SHANGHAI))
    return year


@pytest.fixture(scope="module")
def bureau(sandbox: Sandbox, autumn: int) -> Iterator[Bureau]:
    """Return the bureau of one of Zhengzhou's districts."""
    bureau = Bureau(sandbox, "410105")
    yield bureau
    bureau.close()


@pytest.fixture(scope="module")
def school(bureau: Bureau) -> Parties:
    """Found the largest institution, with a minimum balance."""
    school = bureau.found(1, "示例金水综合培训中心")
    floor = {
        "rules": [{"kind": "fixed", "amount_fen": FLOOR_FEN}],
        "effective_from": str(business_day(bureau.now())),
        "document_no": "示例监管〔2026〕8号",
    }
    path = f"/v1/institutions/{school.place.id}/floor"
    ok(school.supervisor.put(path, json=floor))
    enrol(school, PUPILS, bureau.now() - timedelta(days=8))
    return school


@pytest.fixture(scope="module")
def others(bureau: Bureau, school: Parties) -> list[str]:
    """Found ten smaller ones, the first with two pupils; return their ids."""
    places = [
        bureau.place(number + 2, f"示例金水第{number + 1}培训中心") for number in range(OTHERS)
    ]
    for number, place in enumerate(places):
        other = Parties(bureau.sandbox, place)
        bureau.schools.append(other)
        enrol(other, 2 if number == 0 else 1, bureau.now() - timedelta(days=8))
    for place in places:
        bureau.wait_known(place)
    return [place.id for place in places]


@pytest.fixture(scope="module")
def drained(bureau: Bureau, school: Parties) -> Json:
    """Let a large sum leave; return the case."""
    drain(school, TAKEN_FEN, bureau.now())
    return bureau.wait_case(school.place, "large_outflow_24h")


@pytest.fixture(scope="module")
def campaign(bureau: Bureau, autumn: int, drained: Json) -> Json:
    """Begin the clearance with its two dates."""
    body = {
        "name": f"{autumn} 年学费清零行动",
        "district_code": bureau.district_code,
        "clear_by": str(date(autumn, *CLEAR_BY)),
        "refund_by": str(date(autumn, *REFUND_BY)),
    }
    return ok(bureau.officer.post("/v1/campaigns", json=body), 201)


def test_a_large_outflow_is_a_red_case(drained: Json) -> None:
    assert drained["severity"] == "critical"
    assert drained["amount_fen"] == TAKEN_FEN
    for words in ("流出 100,000.00 元（1 笔）", "占期初余额 69.4%", "阈值 50%"):
        assert words in drained["sentence"]


def test_the_minimum_balance_is_yellow_until_the_bank_confirms_it(
    bureau: Bureau, school: Parties, drained: Json
) -> None:
    doubted = bureau.wait_case(school.place, "min_balance_breach")
    assert doubted["severity"] == "warning"
    assert "待下一份对账单证实" in doubted["sentence"]
    now = bureau.now()
    statement = {
        "id": "ST-1",
        "account_number": school.place.account,
        "from": rfc3339(now - timedelta(days=1)),
        "to": rfc3339(now),
        "opening_balance_fen": PUPILS * FEE_FEN,
        "closing_balance_fen": PUPILS * FEE_FEN - TAKEN_FEN,
        "entries": [],
    }
    ok(post(school.bank, "/v1/bank/statements", statement, f"{school.place.id}-ST-1"), 201)
    confirmed = bureau.wait_case(school.place, "min_balance_breach", "critical")
    assert confirmed["id"] == doubted["id"], "one case that became graver"


def test_the_ten_largest_are_to_be_interviewed(
    bureau: Bureau, school: Parties, others: list[str]
) -> None:
    def listed() -> list[Json]:
        told = ok(bureau.officer.get("/v1/reports/interviews", params={"top": 10}))
        return [one for one in told["items"] if "规模" in one["why"]]

    wait_until(lambda: sum(one["held_fen"] > 0 for one in listed()) == 10, SOON_S)
    wait_until(lambda: listed()[1]["held_fen"] == 2 * FEE_FEN, SOON_S)
    rows = listed()
    assert [one["institution_id"] for one in rows[:2]] == [school.place.id, others[0]]
    assert [one["why"] for one in rows] == [f"规模第 {place} 位" for place in range(1, 11)]
    assert len({school.place.id, *others} - {one["institution_id"] for one in rows}) == 1


def test_one_institution_is_one_page(bureau: Bureau, school: Parties, drained: Json) -> None:
    path = f"/v1/institutions/{school.place.id}"
    opinion = {"risk": "critical", "text": "大额资金去向不明，已约谈负责人。"}
    assert ok(bureau.officer.post(f"{path}/assessments", json=opinion), 201)["version"] == 1
    told = ok(bureau.officer.get(f"{path}/dossier"))
    assert told["floor_fen"] == FLOOR_FEN
    assert drained["id"] in {one["ref"] for one in told["open_items"]}
    assert told["assessment"]["risk"] == "critical"
    assert told["assessment"]["officer"]["text"] == opinion["text"]
    page = bureau.officer.get(f"{path}/dossier", headers={"Accept": "text/html"}).text
    for words in (school.place.name, drained["sentence"], opinion["text"], "一清单", "一研判"):
        assert words in page


def test_what_will_not_be_cleared_is_a_case_two_weeks_before_the_refunds(
    bureau: Bureau, school: Parties, campaign: Json
) -> None:
    case = bureau.wait_case(school.place, "clearance_projection")
    assert (case["scope"], case["severity"]) == (campaign["id"], "critical")
    assert case["amount_fen"] == PUPILS * FEE_FEN
    assert f"退费期限 {campaign['refund_by']} 不足 14 天" in case["sentence"]


def test_the_campaign_counts_every_institution(
    bureau: Bureau, school: Parties, others: list[str], campaign: Json
) -> None:
    path = f"/v1/campaigns/{campaign['id']}"
    wait_until(lambda: ok(bureau.officer.get(path))["totals"]["pending"] == 0, SOON_S)
    told = ok(bureau.officer.get(path))
    assert told["days_to_refund_by"] == 13
    assert told["totals"]["institutions"] == OTHERS + 1
    assert told["totals"]["held_fen"] == (PUPILS + OTHERS + 1) * FEE_FEN
    assert told["totals"]["held_fen"] == sum(one["held_fen"] for one in told["items"])
    first = told["items"][0]
    assert (first["institution_id"], first["state"]) == (school.place.id, "at_risk")


def test_what_was_not_given_back_in_time_is_overdue(
    bureau: Bureau,
    school: Parties,
    autumn: int,
    campaign: Json,
    move_clock: Callable[[datetime], None],
) -> None:
    passed = date(autumn, *REFUND_BY) + timedelta(days=1)
    move_clock(datetime(passed.year, passed.month, passed.day, 9, tzinfo=SHANGHAI))
    case = bureau.wait_case(school.place, "clearance_overdue")
    assert (case["scope"], case["severity"]) == (campaign["id"], "critical")
    assert f"退费期限 {campaign['refund_by']} 已过" in case["sentence"]
    bureau.do(case["id"], "acknowledge")
    bureau.interview(case["id"])
    bureau.classify(case["id"], "rectifying", "逾期未退费")
    stands = bureau.read(case["id"])
    assert stands["milestone"] == "close"
    due = datetime.fromisoformat(stands["due_at"]).astimezone(SHANGHAI).date()
    assert due == date(autumn, *CLEAR_BY), "a campaign's case is to be closed by its plan"

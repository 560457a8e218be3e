"""S5, Shenyang: 风险排查预警日报告.

Every working day at half past eight each bureau has its report, also when nothing happened; what
is signed is the report that was read, once. The prepaid ledger (预收费信息台账) is told elsewhere.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta

import pytest

from shared.time import SHANGHAI, business_day, rfc3339
from tests.e2e.alerting import Bureau, at_last
from tests.e2e.launching import Sandbox
from tests.e2e.parties import Json, ok

pytestmark = pytest.mark.timeout(600)  # the first test waits for the start

DAILY = "/v1/reports/daily"


@pytest.fixture(scope="module")
def bureau(sandbox: Sandbox) -> Iterator[Bureau]:
    """Return the bureau of one of Shenyang's districts; nothing happens there."""
    bureau = Bureau(sandbox, "210102")
    bureau.found(1, "示例和平舞蹈培训中心")
    yield bureau
    bureau.close()


@pytest.fixture(scope="module")
def neighbour(sandbox: Sandbox) -> Iterator[Bureau]:
    """Return the bureau of the next district."""
    neighbour = Bureau(sandbox, "210103")
    yield neighbour
    neighbour.close()


@pytest.fixture(scope="module")
def case(neighbour: Bureau) -> Json:
    """Let a family of the next district complain."""
    school = neighbour.found(1, "示例沈河声乐培训中心")
    tip = {
        "institution_id": school.place.id,
        "text": "门店已停课三天，电话无人接听。",
        "told_at": rfc3339(neighbour.now()),
        "topic": "closed_door",
    }
    return neighbour.read(ok(neighbour.officer.post("/v1/tips", json=tip), 201)["case_id"])


@pytest.fixture(scope="module")
def day(bureau: Bureau, case: Json, move_clock: Callable[[datetime], None]) -> date:
    """Let it be 08:31 on the next working day; return the day that the reports tell of."""
    day = business_day(bureau.now())
    move_clock(datetime.combine(bureau.working_day(day), time(8, 31), SHANGHAI))
    return day


@pytest.fixture(scope="module")
def quiet(bureau: Bureau, day: date) -> Json:
    """Return the report of the district in which nothing happened."""
    return report(bureau, day)


@pytest.fixture(scope="module")
def busy(neighbour: Bureau, day: date) -> Json:
    """Return the next district's."""
    return report(neighbour, day)


@pytest.fixture(scope="module")
def signed(bureau: Bureau, quiet: Json) -> Json:
    """Sign the quiet district's report."""
    return ok(bureau.officer.post(f"{DAILY}/sign", json=named(quiet)))


def report(bureau: Bureau, day: date) -> Json:
    """Wait for a bureau's report of a day."""
    params = {"date": str(day), "district_code": bureau.district_code}
    return at_last(lambda: bureau.officer.get(DAILY, params=params))


def named(report: Json) -> Json:
    """Name a report as one who read it: by its number and hash."""
    return {
        "date": report["last_day"],
        "district_code": report["district_code"],
        "report_no": report["report_no"],
        "hash": report["hash"],
    }


def test_a_day_without_anything_has_its_report(quiet: Json) -> None:
    assert quiet["is_zero"]
    assert [quiet[part]["number"] for part in ("opened", "overdue", "critical")] == [0, 0, 0]
    assert quiet["standing"]["institutions"] == 1
    assert quiet["standing"]["not_judged"] == 0
    assert (quiet["report_no"], quiet["signed_by"]) == (1, None)


def test_silence_is_told_with_how_fresh_it_is(quiet: Json) -> None:
    heard = {one["feed"]: one["read_at"] for one in quiet["feeds"]}
    assert set(heard) == {"escrow", "registry"}
    assert all(heard.values())


def test_it_reads_as_a_page(bureau: Bureau, quiet: Json) -> None:
    params = {"date": quiet["last_day"], "district_code": bureau.district_code}
    page = bureau.officer.get(DAILY, params=params, headers={"Accept": "text/html"})
    assert "零报告" in page.text
    assert quiet["hash"][:12] in page.text


def test_it_is_signed_once(bureau: Bureau, quiet: Json, signed: Json) -> None:
    assert signed["signed_by"].startswith("supervisor:")
    assert signed["is_intact"]
    assert signed["hash"] == quiet["hash"]
    again = bureau.second.post(f"{DAILY}/sign", json=named(quiet))
    assert again.status_code == 409


def test_what_was_not_read_is_not_signed(neighbour: Bureau, busy: Json) -> None:
    other = {**named(busy), "hash": "0" * 64}
    assert neighbour.officer.post(f"{DAILY}/sign", json=other).status_code == 409


def test_it_covers_every_day_up_to_the_morning_it_is_made(quiet: Json, day: date) -> None:
    assert date.fromisoformat(quiet["first_day"]) <= day <= date.fromisoformat(quiet["last_day"])
    made = datetime.fromisoformat(quiet["as_of"]).astimezone(SHANGHAI)
    assert made.date() == date.fromisoformat(quiet["last_day"]) + timedelta(days=1)
    assert made.time() >= time(8, 30)


def test_what_happened_stands_in_it(busy: Json, case: Json) -> None:
    assert not busy["is_zero"]
    told = {one["case_id"]: one for one in busy["opened"]["items"]}
    assert told[case["id"]]["sentence"] == case["sentence"]
    assert "停课闭店" in told[case["id"]]["sentence"]


def test_the_city_has_its_own(sandbox: Sandbox, day: date, case: Json) -> None:
    city = Bureau(sandbox, "210100")
    told = report(city, day)
    city.close()
    assert case["id"] in {one["case_id"] for one in told["opened"]["items"]}

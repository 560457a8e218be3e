"""S1, Nantong: 将培训预收费纳入资金监管平台；对机构证照、学员、教师信息预警，24小时监管.

Licences, lessons and money are watched at once: what goes wrong with any of them is a case on
the bureau's desk within the day, with the facts it rests on. That every lesson taught releases
exactly its own fee (一课一划账) is told by `test_main_job.py`.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from shared.time import SHANGHAI, business_day, rfc3339
from tests.e2e.alerting import FEE_FEN, SOON_S, Bureau, drain, enrol
from tests.e2e.launching import Sandbox, wait_until
from tests.e2e.licensing import Licensing
from tests.e2e.parties import Json, Parties, ok, post

pytestmark = pytest.mark.timeout(600)  # the first test waits for the start

DAY = timedelta(hours=24)


@pytest.fixture(scope="module")
def bureau(sandbox: Sandbox) -> Iterator[Bureau]:
    """Return the bureau of one of Nantong's districts."""
    bureau = Bureau(sandbox, "320612")
    yield bureau
    bureau.close()


@pytest.fixture(scope="module")
def arts(bureau: Bureau) -> Parties:
    """Found an arts school; thirteen families paid a week ago."""
    school = bureau.found(1, "示例通州美术培训中心")
    enrol(school, 13, bureau.now() - timedelta(days=7))
    return school


@pytest.fixture(scope="module")
def maths(bureau: Bureau) -> Parties:
    """Found a school of a subject; a family paid a month ago."""
    school = bureau.found(2, "示例通州数学培训中心", "subject")
    enrol(school, 1, bureau.now() - timedelta(days=30))
    return school


def teach(school: Parties, contract: str, starts: datetime, teacher: str) -> Json:
    """Claim the first lesson of a contract, an hour long; return what came of it."""
    lesson: Json = {
        "id": f"L-{contract}",
        "contract_id": contract,
        "lesson_no": 1,
        "taught_at": rfc3339(starts),
        "ended_at": rfc3339(starts + timedelta(hours=1)),
        "teacher_ref": teacher,
    }
    body = {"institution_id": school.place.id, "items": [lesson]}
    outcome: Json = ok(post(school.billing, "/v1/releases", body, lesson["id"]))["items"][0]
    assert outcome["outcome"] == "released", outcome
    return outcome


def is_within_a_day(case: Json, happened: datetime) -> bool:
    """Tell whether a case was opened within 24 hours of what it is about."""
    return timedelta(0) <= datetime.fromisoformat(case["opened_at"]) - happened < DAY


def test_a_licence_that_runs_out_is_told_before_it_does(bureau: Bureau, arts: Parties) -> None:
    ends = business_day(bureau.now()) + timedelta(days=20)
    licensing = Licensing(bureau.sandbox)
    site = {"uscc": arts.place.id, "orgName": arts.place.name, "licenceValidTo": str(ends)}
    heard = bureau.now()
    licensing.list({**site, "regionCode": bureau.district_code})
    licensing.close()
    case = bureau.wait_case(arts.place, "registry_adverse")
    assert (case["severity"], case["scope"]) == ("warning", str(ends))
    assert f"有效期至 {ends}，还有 20 天" in case["sentence"]
    assert [one["kind"] for one in case["evidence"]] == ["registry"]
    assert is_within_a_day(case, heard)


def test_a_teacher_in_two_rooms_at_once_is_a_case_the_same_day(
    bureau: Bureau, arts: Parties
) -> None:
    yesterday = bureau.now().astimezone(SHANGHAI) - timedelta(days=1)
    nine = yesterday.replace(hour=9, minute=0, second=0, microsecond=0)
    claimed = bureau.now()
    teach(arts, "C-000", nine, "T-1")
    teach(arts, "C-001", nine + timedelta(minutes=30), "T-1")
    case = bureau.wait_case(arts.place, "release_prohibited_time")
    assert "教师或学员同一时间在两处 2 课时" in case["sentence"]
    assert case["scope"] == str(nine.date())
    assert is_within_a_day(case, claimed)


def test_a_subject_taught_after_half_past_eight_is_a_case(bureau: Bureau, maths: Parties) -> None:
    yesterday = bureau.now().astimezone(SHANGHAI) - timedelta(days=1)
    eight = yesterday.replace(hour=20, minute=0, second=0, microsecond=0)
    claimed = bureau.now()
    teach(maths, "C-000", eight, "T-2")
    case = bureau.wait_case(maths.place, "release_prohibited_time")
    assert "超过规定结束时间 1 课时" in case["sentence"]
    assert case["scope"] == str(eight.date())
    assert is_within_a_day(case, claimed)


def test_money_that_leaves_without_a_lesson_is_a_case_in_minutes(
    bureau: Bureau, arts: Parties
) -> None:
    booked = bureau.now()
    drain(arts, 10 * FEE_FEN + 200_000, booked)
    case = bureau.wait_case(arts.place, "large_outflow_single")
    assert case["amount_fen"] == 10 * FEE_FEN + 200_000
    assert "50,000.00 元" in case["sentence"]
    (fact,) = case["evidence"]
    assert (fact["kind"], fact["ref"], fact["tag"]) == ("debit", "OUT-1", "unbacked")
    assert datetime.fromisoformat(case["opened_at"]) - booked < timedelta(seconds=SOON_S)


def test_all_of_it_stands_in_one_file(bureau: Bureau, arts: Parties) -> None:
    wanted = {"registry_adverse", "release_prohibited_time", "large_outflow_single"}

    def told() -> set[str]:
        path = f"/v1/institutions/{arts.place.id}/dossier"
        return {one["rule"] for one in ok(bureau.officer.get(path))["assessment"]["found"]}

    wait_until(lambda: wanted <= told(), SOON_S)
    assert {one["rule"] for one in bureau.cases(arts.place)} >= wanted
    assert all(one["milestone"] == "acknowledge" for one in bureau.cases(arts.place))

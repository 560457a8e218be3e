"""Clearance campaigns over HTTP: Zhengzhou's two dates, told again with invented institutions."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from alerts.campaigns.keeping import ProgressKeeper
from shared.time import SHANGHAI
from tests.integration.alerts.books import YUAN, Books, books_of, desk_on, judge, put_clock, sums
from tests.integration.alerts.offices import Office
from tests.support.client import Json, ok

START = datetime(2027, 9, 1, 9, tzinfo=SHANGHAI)
ZHENGZHOU = {
    "name": "示例市学科类预收费清零行动",
    "district_code": "410100",
    "category": None,
    "clear_by": "2027-12-31",
    "refund_by": "2027-10-25",
}
FIGURES = ("start_fen", "came_fen", "taught_fen", "refunded_fen", "held_fen", "remainder_fen")


@pytest.fixture
async def office(owner_url: str) -> AsyncIterator[Office]:
    put_clock(owner_url, START)
    async with desk_on(owner_url) as found:
        yield found


async def begin(office: Office, **changes: str | None) -> Json:
    caller = await office.caller()
    return ok(await caller.post("/v1/campaigns", {**ZHENGZHOU, **changes}), 201)


async def keep(office: Office, *books: Books) -> None:
    """Judge institutions and count campaigns until nothing is left to count."""
    await judge(office, *books)
    keeper = ProgressKeeper(office.database)
    while await keeper.once():
        pass


async def read(office: Office, campaign: Json, **query: str | int) -> Json:
    caller = await office.caller()
    return ok(await caller.get(f"/v1/campaigns/{campaign['id']}", **query))


async def test_a_city_clears_by_the_last_day_of_the_year_or_gives_back_before(
    office: Office, owner_url: str
) -> None:
    taught, slow, refunded = [await books_of(office, district_code="410105") for _ in range(3)]
    for books in (taught, slow, refunded):
        await books.fund(START - timedelta(days=40), 1_000 * YUAN)
    campaign = await begin(office)
    put_clock(owner_url, START + timedelta(days=1))
    await taught.teach(START + timedelta(hours=5), 1_000 * YUAN)
    await slow.teach(START + timedelta(hours=5), 50 * YUAN)
    await refunded.tell(
        "refund", START + timedelta(hours=6), 1_000 * YUAN, ref="RF-1", tag="instructed"
    )
    await keep(office, taught, slow, refunded)

    seen = await read(office, campaign)
    rows = {row["institution_id"]: row for row in seen["items"]}
    assert rows[taught.institution_id]["state"] == "clear"
    assert rows[refunded.institution_id]["state"] == "clear"
    assert rows[refunded.institution_id]["refunded_fen"] == 1_000 * YUAN
    behind = rows[slow.institution_id]
    assert (behind["state"], behind["held_fen"]) == ("at_risk", 950 * YUAN)
    assert behind["start_fen"] == 1_000 * YUAN
    assert behind["taught_fen"] == 50 * YUAN
    assert 0 < behind["remainder_fen"] < 950 * YUAN
    assert "清零行动" in behind["sentence"]
    assert seen["items"][0]["institution_id"] == slow.institution_id

    put_clock(owner_url, datetime(2027, 10, 26, 9, tzinfo=SHANGHAI))
    await keep(office, slow)
    late = await read(office, campaign, state="overdue")
    assert [row["institution_id"] for row in late["items"]] == [slow.institution_id]
    assert late["days_to_refund_by"] == -1
    assert late["totals"]["states"] == {"clear": 2, "on_track": 0, "at_risk": 0, "overdue": 1}


async def test_totals_are_the_sums_of_the_rows_and_each_row_adds_up(
    office: Office, owner_url: str
) -> None:
    books = [await books_of(office, district_code="360102") for _ in range(5)]
    for number, one in enumerate(books, start=1):
        await one.fund(START - timedelta(days=3), number * 700 * YUAN)
    campaign = await begin(office, district_code="360100")
    put_clock(owner_url, START + timedelta(days=2))
    for number, one in enumerate(books, start=1):
        await one.fund(START + timedelta(days=1), 10 * YUAN)
        await one.teach(START + timedelta(days=1), number * 100 * YUAN)
    before = await read(office, campaign)
    assert before["totals"]["pending"] == before["totals"]["institutions"] == 5
    assert before["totals"]["held_fen"] == 0
    await keep(office, *books)

    rows, after = [], None
    while True:
        page = await read(office, campaign, limit=2, **({"after": after} if after else {}))
        rows += page["items"]
        after = page["next"]
        if after is None:
            break
    assert len({row["institution_id"] for row in rows}) == len(rows) == 5
    totals = page["totals"]
    assert [totals[name] for name in FIGURES] == sums(rows, *FIGURES)
    assert totals["held_fen"] == 15 * 700 * YUAN + 50 * YUAN - 15 * 100 * YUAN
    for row in rows:
        left = row["start_fen"] + row["came_fen"] - row["taught_fen"] - row["refunded_fen"]
        assert left == row["held_fen"]
    remainders = [row["remainder_fen"] for row in rows]
    assert remainders == sorted(remainders, reverse=True)


@pytest.mark.parametrize(
    ("dates", "code"),
    [
        ({"clear_by": "2027-10-24"}, "dates_cross"),
        ({"refund_by": "2027-09-01"}, "not_in_future"),
        ({"refund_by": "2027-08-01", "clear_by": "2027-08-31"}, "not_in_future"),
        ({"clear_by": "2029-12-31"}, "too_far"),
    ],
)
async def test_dates_that_cannot_be_kept_are_refused(
    office: Office, dates: Json, code: str
) -> None:
    caller = await office.caller()
    answer = await caller.post("/v1/campaigns", {**ZHENGZHOU, **dates})
    problem = ok(answer, 422)
    assert problem["code"] == "dates_unusable"
    assert code in {fault["code"] for fault in problem["errors"]}


async def test_a_district_has_at_most_five_open_campaigns(office: Office, owner_url: str) -> None:
    for _ in range(5):
        await begin(office, district_code="110100")
    caller = await office.caller()
    refused = await caller.post("/v1/campaigns", {**ZHENGZHOU, "district_code": "110100"})
    assert ok(refused, 409)["code"] == "too_many_campaigns"
    await begin(office, district_code="120100")
    put_clock(owner_url, datetime(2028, 1, 1, 9, tzinfo=SHANGHAI))
    later = {"district_code": "110100", "clear_by": "2028-12-30", "refund_by": "2028-10-25"}
    await begin(office, **later)


async def test_a_county_sees_its_own_institutions_of_the_citys_campaign(office: Office) -> None:
    near = await books_of(office, district_code="430102")
    far = await books_of(office, district_code="430103")
    campaign = await begin(office, district_code="430100")
    await keep(office, near, far)
    county = await office.caller(district_code="430102")
    seen = ok(await county.get(f"/v1/campaigns/{campaign['id']}"))
    assert [row["institution_id"] for row in seen["items"]] == [near.institution_id]
    assert seen["totals"]["institutions"] == 1
    listed = ok(await county.get("/v1/campaigns"))
    assert [one["id"] for one in listed["items"]] == [campaign["id"]]
    elsewhere = await office.caller(district_code="440100")
    ok(await elsewhere.get(f"/v1/campaigns/{campaign['id']}"), 404)
    assert ok(await elsewhere.get("/v1/campaigns"))["items"] == []


async def test_only_supervisors_of_the_district_begin_a_campaign(office: Office) -> None:
    for role, scope, status in (
        ("supervisor", {"district_code": "410105"}, 403),
        ("auditor", {}, 403),
        ("operator", {}, 403),
        ("supervisor", {"district_code": "410000"}, 201),
    ):
        caller = await office.caller(role, **scope)
        ok(await caller.post("/v1/campaigns", {**ZHENGZHOU, "district_code": "410100"}), status)


async def test_a_campaign_for_one_category_leaves_the_other_alone(office: Office) -> None:
    subject = await books_of(office, district_code="450102", category="subject")
    other = await books_of(office, district_code="450102")
    campaign = await begin(office, district_code="450102", category="subject")
    await keep(office, subject, other)
    seen = await read(office, campaign)
    assert [row["institution_id"] for row in seen["items"]] == [subject.institution_id]

"""Looking up: everybody is told what everybody may know, a key is told all, of any time."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.integration.registry.sayings import BEGAN, Hall, auditors_key, hall_on
from tests.support.client import an_institution_id
from tests.support.tables import cases

Json = dict[str, Any]


@pytest.fixture
async def hall(owner_url: str) -> AsyncIterator[Hall]:
    async with hall_on(owner_url) as found:
        yield found


@pytest.fixture
async def key(owner_url: str) -> str:
    """Return an auditor's key."""
    return await auditors_key(owner_url)


def path(institution_id: str) -> str:
    return f"/v1/institutions/{institution_id}"


async def test_everybody_is_told_how_an_institution_stands(hall: Hall) -> None:
    me = await hall.place(name="示例晴空艺术培训中心")
    hall.succeed()
    answer = await hall.ask(path(me))
    assert answer.status_code == 200
    found = answer.json()
    assert (found["institution_id"], found["name"]) == (me, "示例晴空艺术培训中心")
    assert (found["status"], found["licence_class"]) == ("normal", "both")
    assert (found["white_listed"], found["black_listed"]) == (True, False)
    assert (found["source"], found["stale"]) == ("national", False)
    assert found["as_of"] == "2026-03-01T08:00:00+08:00"
    assert found["complaint_line"] == "12345"
    assert found["account"] is None
    assert [one["licence_no"] for one in found["sites"]] == ["L1"]


async def test_evidence_is_for_those_with_a_key(hall: Hall, key: str) -> None:
    me = await hall.place(name="示例小鹿体育培训学校")
    public = (await hall.ask(path(me))).json()
    found = (await hall.ask(path(me), key)).json()
    assert public.items() <= {**found, "sites": public["sites"], **_moments(public)}.items()
    assert {"sources", "statements", "conflicts", "rank", "changed_at"} == set(found) - set(public)
    [site] = found["sites"]
    assert (site["source"], site["rank"], site["licensed"]) == ("national", 1, True)
    [stated] = found["statements"]
    assert (stated["place"], stated["statement_no"]) == ("line 17", 1)
    assert stated["evidence"] == site["evidence"] != ""
    assert [one["source"] for one in found["sources"]] == ["national"]


@pytest.mark.parametrize("asked", ["as_of_recorded", "as_of_valid"])
async def test_evidence_of_another_time_is_for_those_with_a_key(
    hall: Hall, key: str, asked: str
) -> None:
    me = await hall.place(name="示例小鹿体育培训学校")
    public = (await hall.ask(path(me), **{asked: "2026-03-02"})).json()
    found = (await hall.ask(path(me), key, **{asked: "2026-03-02"})).json()
    assert {"sources", "statements", "conflicts", "rank", "changed_at"} == set(found) - set(public)
    assert "evidence" not in public["sites"][0]


def _moments(found: Json) -> Json:
    return {name: found[name] for name in ("as_of_valid", "as_of_recorded")}


async def test_a_wrong_key_is_not_the_same_as_none(hall: Hall) -> None:
    me = await hall.place(name="示例")
    wrong = f"yk_{'a' * 8}_{'b' * 43}"
    assert (await hall.ask(path(me), wrong)).status_code == 401
    assert (await hall.ask("/v1/institutions", wrong)).status_code == 401


async def test_what_nobody_named_is_not_known(hall: Hall, key: str) -> None:
    nobody = an_institution_id()
    for given in (None, key):
        assert (await hall.ask(path(nobody), given)).status_code == 404
        assert (await hall.ask(path(nobody), given, as_of_valid="2026-03-01")).status_code == 404


async def test_a_code_that_fails_its_check_is_refused(hall: Hall) -> None:
    me = an_institution_id()
    wrong = me[:-1] + ("0" if me[-1] != "0" else "1")
    assert (await hall.ask(path(wrong))).status_code == 422


async def test_a_late_source_makes_every_answer_stale(hall: Hall) -> None:
    me = await hall.place(name="示例晚点书法培训中心")
    hall.succeed(hours_ago=3)
    assert (await hall.ask(path(me))).json()["stale"] is True
    found = (await hall.ask("/v1/institutions", q="晚点")).json()
    assert [one["stale"] for one in found["items"]] == [True]


async def test_a_source_that_never_answered_is_late(hall: Hall) -> None:
    me = an_institution_id()
    await hall.say(me, "city", name="示例")
    found = (await hall.ask(path(me))).json()
    assert (found["stale"], found["last_success_at"]) == (True, None)


# A life: listed on 1 March, suspended from 10 April (known on 12 April), corrected on 20 April:
# it had been from 5 April; revoked from 1 June, known the same day.
LIFE = (
    (datetime(2026, 3, 1, 1, tzinfo=UTC), date(2026, 3, 1), "normal"),
    (datetime(2026, 4, 12, 1, tzinfo=UTC), date(2026, 4, 10), "suspended"),
    (datetime(2026, 4, 20, 1, tzinfo=UTC), date(2026, 4, 5), "suspended"),
    (datetime(2026, 6, 1, 1, tzinfo=UTC), date(2026, 6, 1), "revoked"),
)

# valid        recorded                    status
AS_OF = """
  -            2026-03-01                  normal
  2026-02-28   -                           404
  -            2026-02-28                  404
  2026-03-01   -                           normal
  2026-04-06   2026-04-15                  normal
  2026-04-06   2026-04-25                  suspended
  2026-04-11   2026-04-11                  normal
  2026-04-11   2026-04-12T08:59:59+08:00   normal
  2026-04-11   2026-04-12T09:00:00+08:00   suspended
  -            2026-04-12                  suspended
  2026-05-31   -                           suspended
  2026-06-01   -                           revoked
  2026-06-02   2026-05-31                  suspended
  -            2026-05-31                  suspended
  -            2026-06-01                  revoked
"""


@cases(AS_OF)
async def test_it_is_told_what_was_true_when_and_known_when(hall: Hall, row: list[str]) -> None:
    valid, recorded, status = row
    me = an_institution_id()
    for at, since, word in LIFE:
        await hall.say(me, at=at, since=since, name="示例", status=word)
    answer = await hall.ask(path(me), as_of_valid=valid or None, as_of_recorded=recorded or None)
    assert str(answer.json()["status"]) == status


async def test_the_moment_asked_for_is_named_in_the_answer(hall: Hall, key: str) -> None:
    me = await hall.place(name="示例")
    asked = {"as_of_valid": "2026-03-05", "as_of_recorded": "2026-03-06T10:00:00+08:00"}
    for given in (None, key):
        found = (await hall.ask(path(me), given, **asked)).json()
        assert _moments(found) == asked


async def test_a_licence_that_has_run_out_by_a_day_had_not_before(hall: Hall) -> None:
    me = await hall.place(name="示例", valid_until="2026-06-30")
    on = [
        (await hall.ask(path(me), as_of_valid=day)).json()["status"]
        for day in ("2026-06-30", "2026-07-01")
    ]
    assert on == ["normal", "expired"]


async def test_of_another_time_the_better_source_is_believed_too(hall: Hall, key: str) -> None:
    me = await hall.place(name="示例")
    later = BEGAN + timedelta(days=1)
    await hall.say(me, "city", at=later, name="示例", status="revoked")
    found = (await hall.ask(path(me), key, as_of_recorded="2026-03-10")).json()
    assert (found["status"], found["source"], found["conflicts"]) == ("normal", "national", [])
    assert {one["source"] for one in found["statements"]} == {"national", "city"}
    earlier = (await hall.ask(path(me), key, as_of_recorded="2026-03-01")).json()
    assert {one["source"] for one in earlier["statements"]} == {"national"}


async def test_sources_of_one_rank_that_differ_are_named_and_not_believed(
    hall: Hall, key: str
) -> None:
    me = an_institution_id()
    await hall.say(me, "city", name="示例", address="一号")
    await hall.say(me, "province", name="示例", address="二号")
    found = (await hall.ask(path(me), key, as_of_valid="2026-03-10")).json()
    assert (found["conflicts"], found["address"]) == (["address"], None)


async def test_an_institution_is_found_by_a_part_of_its_name(hall: Hall) -> None:
    me = await hall.place(name="示例蒲公英舞蹈培训中心")
    await hall.place(name="示例公蒲英合唱培训中心")
    for line in ("蒲公", "蒲公英", "蒲 公英", "示例蒲公英舞蹈培训中心", me, me.lower()):
        found = (await hall.ask("/v1/institutions", q=line)).json()
        assert [one["institution_id"] for one in found["items"]] == [me], line


async def test_full_width_and_case_do_not_matter(hall: Hall) -> None:
    me = await hall.place(name="示例ＡＢＣ编程（崇川）培训中心")
    for line in ("abc编程", "ABC", "(崇川)"):
        found = (await hall.ask("/v1/institutions", q=line)).json()
        assert [one["institution_id"] for one in found["items"]] == [me], line


async def test_pairs_of_a_name_are_not_yet_the_word(hall: Hall) -> None:
    await hall.place(name="甲乙丙与乙丙丁")
    me = await hall.place(name="甲乙丙丁棋艺")
    found = (await hall.ask("/v1/institutions", q="甲乙丙丁")).json()
    assert [one["institution_id"] for one in found["items"]] == [me]


async def test_one_character_is_not_enough(hall: Hall) -> None:
    for line in ("音", " 音 ", "　音"):
        answer = await hall.ask("/v1/institutions", q=line)
        assert answer.status_code == 422
        [error] = answer.json()["errors"]
        assert (error["pointer"], error["code"]) == ("/query/q", "search_too_short")
        assert "two" in error["detail"] or "2 characters" in error["detail"]


# district  status   found
FILTERS = """
  330105    -        A
  330000    -        A B
  330100    -        A B
  33        -        422
  330106    -        B
  330105    revoked  -
  330106    revoked  B
  330000    normal   A
  990000    -        -
  -         merged   422
"""


@cases(FILTERS)
async def test_areas_and_statuses_narrow_a_search(hall: Hall, row: list[str]) -> None:
    district, status, expected = row
    tag = an_institution_id()[10:17]
    names = {
        await hall.place(name=f"示例{tag}", district_code="330105"): "A",
        await hall.place(name=f"示例{tag}", district_code="330106", status="revoked"): "B",
    }
    answer = await hall.ask(
        "/v1/institutions", q=tag, district_code=district or None, status=status or None
    )
    if expected == "422":
        assert answer.status_code == 422
    else:
        found = [names[one["institution_id"]] for one in answer.json()["items"]]
        assert found == expected.split()


async def test_a_long_list_comes_in_pages(hall: Hall) -> None:
    mine = sorted([await hall.place(name="示例分页培训中心") for _ in range(5)])
    found: list[str] = []
    after, pages = None, 0
    while pages == 0 or after:
        page = (await hall.ask("/v1/institutions", q="分页", limit=2, after=after)).json()
        found += [one["institution_id"] for one in page["items"]]
        after, pages = page["next"], pages + 1
    assert (found, pages) == (mine, 3)


async def test_pages_go_on_past_names_that_only_look_alike(hall: Hall) -> None:
    for _ in range(4):
        await hall.place(name="子丑寅与丑寅卯")
    mine = {await hall.place(name="子丑寅卯") for _ in range(2)}
    found: set[str] = set()
    after, pages = None, 0
    while pages == 0 or after:
        page = (await hall.ask("/v1/institutions", q="子丑寅卯", limit=1, after=after)).json()
        found |= {one["institution_id"] for one in page["items"]}
        after, pages = page["next"], pages + 1
        assert pages < 9
    assert found == mine


async def test_a_misspelt_parameter_does_not_answer_with_everything(hall: Hall) -> None:
    assert (await hall.ask("/v1/institutions", district="330105")).status_code == 422
    assert (await hall.ask("/v1/institutions", after="nonsense")).status_code == 422

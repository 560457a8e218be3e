"""Suppressions over HTTP: made with reason and end, seen in the district, ended by name."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from shared.ids import new_id
from shared.time import rfc3339
from tests.integration.alerts.offices import Office, office_on
from tests.support.client import Caller, Json, ok

PATH = "/v1/suppressions"
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


@pytest.fixture
async def office(owner_url: str) -> AsyncIterator[Office]:
    async with office_on(owner_url) as found:
        yield found


async def a_suppression(office: Office, place: str, days: int = 7, **changes: object) -> Json:
    ends_at = rfc3339(await office.now() + timedelta(days=days))
    body = {"institution_id": place, "rule": "unusual_spend", "reason": "已报备搬迁"}
    return {**body, "ends_at": ends_at, **changes}


@pytest.mark.parametrize("role", [None, *SCOPES])
async def test_who_may_read_make_and_end_one(office: Office, role: str | None) -> None:
    place = await office.place()
    maker = await office.caller()
    made = ok(await maker.post(PATH, await a_suppression(office, place)), 201)
    who = await office.caller(role, **SCOPES[role]) if role else Caller(office.http, None)
    refused = 403 if role else 401
    assert (await who.get(PATH)).status_code == (200 if role in READERS else refused)
    answer = await who.post(PATH, await a_suppression(office, place))
    assert answer.status_code == (201 if role == "supervisor" else refused)
    ended = await who.delete(f"{PATH}/{made['id']}")
    assert ended.status_code == (204 if role == "supervisor" else refused)


async def test_one_is_made_shown_and_ended_and_stays_on_record(office: Office) -> None:
    place = await office.place()
    officer = await office.caller(district_code="320600")
    made = ok(await officer.post(PATH, await a_suppression(office, place)), 201)
    assert (made["rule"], made["holds"], made["ended_at"]) == ("unusual_spend", True, None)
    assert made["made_by"].startswith("supervisor:")
    (listed,) = ok(await officer.get(PATH, institution_id=place))["items"]
    assert listed == made
    other = await office.caller(district_code="320602")
    for who in (other, officer):
        assert (await who.delete(f"{PATH}/{made['id']}")).status_code == 204
    (ended,) = ok(await officer.get(PATH, institution_id=place))["items"]
    assert ended["holds"] is False
    assert ended["ended_by"] not in {None, made["made_by"]}


@pytest.mark.parametrize(("days", "status"), [(-1, 422), (0, 422), (1, 201), (29, 201), (31, 422)])
async def test_one_ends_within_thirty_days(office: Office, days: int, status: int) -> None:
    officer = await office.caller()
    body = await a_suppression(office, await office.place(), days)
    answer = await officer.post(PATH, body)
    assert answer.status_code == status
    if status == 422:
        assert answer.json()["errors"][0]["pointer"] == "/ends_at"


@pytest.mark.parametrize("changes", [{"reason": " "}, {"rule": "Not A Rule"}, {"for_ever": True}])
async def test_one_needs_a_reason_and_a_rule(office: Office, changes: Json) -> None:
    officer = await office.caller()
    body = await a_suppression(office, await office.place(), **changes)
    assert (await officer.post(PATH, body)).status_code == 422


@pytest.mark.parametrize("key", ["no_such_rule", "tip", "inspection", "bank_warning"])
async def test_what_is_no_rule_is_not_silenced(office: Office, key: str) -> None:
    officer = await office.caller()
    body = await a_suppression(office, await office.place(), rule=key)
    problem = ok(await officer.post(PATH, body), 422)
    (fault,) = problem["errors"]
    assert (fault["pointer"], fault["code"]) == ("/rule", "rule_unknown")
    assert "GET /v1/rules" in fault["detail"]


async def test_another_districts_are_not_there(office: Office) -> None:
    place = await office.place("440305")
    officer = await office.caller(district_code="440300")
    made = ok(await officer.post(PATH, await a_suppression(office, place)), 201)
    stranger = await office.caller(district_code="320600")
    assert (await stranger.post(PATH, await a_suppression(office, place))).status_code == 404
    assert (await stranger.delete(f"{PATH}/{made['id']}")).status_code == 404
    assert made["id"] not in (await stranger.get(PATH)).text
    assert (await officer.delete(f"{PATH}/{new_id()}")).status_code == 404
    unknown = await a_suppression(office, "91320602MA1ABCDE16")
    assert (await officer.post(PATH, unknown)).status_code == 404
    (kept,) = ok(await officer.get(PATH))["items"]
    assert kept["holds"] is True


async def test_a_list_is_paged_newest_first(office: Office) -> None:
    place = await office.place("510104")
    officer = await office.caller(district_code="510100")
    made = [
        ok(await officer.post(PATH, await a_suppression(office, place)), 201)["id"]
        for _ in range(3)
    ]
    first = ok(await officer.get(PATH, limit=2))
    rest = ok(await officer.get(PATH, limit=2, after=first["next"]))
    assert [one["id"] for one in first["items"] + rest["items"]] == made[::-1]
    assert rest["next"] is None

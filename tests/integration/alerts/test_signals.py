"""Tips, inspections and banks' warnings: each a fact, and a case opened or joined."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from shared.time import rfc3339
from tests.integration.alerts.offices import Office, office_on
from tests.support.client import Caller, Json, ok

WHEN = "2026-01-05T09:30:00+08:00"
TEXT = "门口贴了停课通知，电话无人接听"
BODIES: dict[str, Json] = {
    "tips": {"topic": "closed_door"},
    "inspections": {"severity": "critical", "document_no": "示检〔2026〕1号"},
    "bank-warnings": {"kind": "large_outflow", "amount_fen": 12_345_600},
}
TELLERS = {
    "tips": {"supervisor", "guardian"},
    "inspections": {"supervisor"},
    "bank-warnings": {"bank"},
}
SCOPES: dict[str, dict[str, str]] = {
    "institution": {"institution_id": "91320602MA1ABCDE16"},
    "bank": {"bank_id": "bank-a"},
    "guardian": {"district_code": "320600"},
    "supervisor": {"district_code": "320600"},
    "auditor": {},
    "service": {},
    "operator": {},
}


@pytest.fixture
async def office(owner_url: str) -> AsyncIterator[Office]:
    async with office_on(owner_url) as found:
        yield found


def a_signal(kind: str, institution_id: str, **changes: object) -> Json:
    body = {"institution_id": institution_id, "text": TEXT, "told_at": WHEN}
    return {**body, **BODIES[kind], **changes}


async def teller_of(office: Office, kind: str) -> Caller:
    role = max(TELLERS[kind])
    return await office.caller(role, **SCOPES[role])


@pytest.mark.parametrize("role", [None, *SCOPES])
@pytest.mark.parametrize("kind", BODIES)
async def test_who_may_signal_what(office: Office, kind: str, role: str | None) -> None:
    place = await office.place()
    who = await office.caller(role, **SCOPES[role]) if role else Caller(office.http, None)
    answer = await who.post(f"/v1/{kind}", a_signal(kind, place))
    expected = 201 if role in TELLERS[kind] else (403 if role else 401)
    assert answer.status_code == expected


@pytest.mark.parametrize(
    ("kind", "rule", "severity", "sentence"),
    [
        ("tips", "tip", "warning", "2026-01-05 09:30 收到投诉线索：停课闭店"),
        ("inspections", "inspection", "critical", "2026-01-05 09:30 现场检查发现问题（红色）"),
        (
            "bank-warnings",
            "bank_warning",
            "warning",
            "2026-01-05 09:30 托管银行预警：大额资金流出（123,456.00 元）",
        ),
    ],
)
async def test_a_signal_is_a_fact_and_opens_a_case(
    office: Office, kind: str, rule: str, severity: str, sentence: str
) -> None:
    place = await office.place()
    answer = await (await teller_of(office, kind)).post(f"/v1/{kind}", a_signal(kind, place))
    made = ok(answer, 201)
    assert TEXT not in answer.text
    seen = ok(await (await office.caller()).get(f"/v1/cases/{made['case_id']}"))
    assert (seen["rule"], seen["severity"], seen["scope"]) == (rule, severity, "open")
    assert (seen["institution_id"], seen["sentence"]) == (place, sentence)
    (fact,) = seen["evidence"]
    assert (fact["fact_id"], fact["kind"], fact["text"]) == (made["fact_id"], rule, TEXT)
    assert fact["amount_fen"] == (12_345_600 if kind == "bank-warnings" else 0)
    assert TEXT not in str(seen["history"])
    (row,) = await office.run(
        "SELECT touched_at IS NOT NULL AS is_touched FROM alerts.institution"
        " WHERE institution_id = :me",
        me=place,
    )
    assert row["is_touched"] is True


async def test_what_people_wrote_is_not_for_those_who_run_the_machines(office: Office) -> None:
    place = await office.place()
    teller = await teller_of(office, "tips")
    case_id = ok(await teller.post("/v1/tips", a_signal("tips", place)), 201)["case_id"]
    for role, is_shown in (("auditor", True), ("operator", False)):
        seen = await (await office.caller(role)).get(f"/v1/cases/{case_id}")
        assert (TEXT in seen.text) is is_shown


async def test_a_second_tip_joins_the_first_ones_case_and_raises_it(office: Office) -> None:
    place = await office.place()
    teller = await teller_of(office, "tips")
    first = ok(await teller.post("/v1/tips", a_signal("tips", place, topic="other")), 201)
    second = ok(await teller.post("/v1/tips", a_signal("tips", place, topic="runaway")), 201)
    assert first["case_id"] == second["case_id"]
    assert first["fact_id"] < second["fact_id"]
    steps = [one["step"] for one in await office.events(first["case_id"])]
    assert steps == ["opened", "severity_raised"]


async def test_the_same_under_the_tellers_own_id_is_taken_in_once(office: Office) -> None:
    place = await office.place()
    teller = await teller_of(office, "tips")
    body = a_signal("tips", place, id="12345-0001")
    answers = await asyncio.gather(*(teller.post("/v1/tips", body) for _ in range(4)))
    assert sorted(one.status_code for one in answers) == [200, 200, 200, 201]
    assert len({(one.json()["fact_id"], one.json()["case_id"]) for one in answers}) == 1
    other = await teller.post("/v1/tips", {**body, "text": "另一件事"})
    assert (other.status_code, other.json()["code"]) == (409, "id_reused")
    stranger = await teller_of(office, "tips")
    assert ok(await stranger.post("/v1/tips", body), 201)["fact_id"] != answers[0].json()["fact_id"]


async def test_without_an_id_every_call_is_a_signal_of_its_own(office: Office) -> None:
    place = await office.place()
    bank = await teller_of(office, "bank-warnings")
    made = [
        ok(await bank.post("/v1/bank-warnings", a_signal("bank-warnings", place)), 201)
        for _ in range(2)
    ]
    assert made[0]["fact_id"] != made[1]["fact_id"]
    assert made[0]["case_id"] == made[1]["case_id"]


async def test_many_who_signal_at_once_open_one_case(office: Office) -> None:
    place = await office.place()
    teller = await teller_of(office, "tips")
    body = a_signal("tips", place)
    answers = await asyncio.gather(*(teller.post("/v1/tips", body) for _ in range(6)))
    assert {one.status_code for one in answers} == {201}
    (case_id,) = {one.json()["case_id"] for one in answers}
    seen = ok(await (await office.caller()).get(f"/v1/cases/{case_id}"))
    assert (seen["evidence_count"], seen["chain"]["is_intact"]) == (6, True)


@pytest.mark.parametrize("kind", BODIES)
async def test_an_institution_that_nobody_knows_is_404(office: Office, kind: str) -> None:
    answer = await (await teller_of(office, kind)).post(
        f"/v1/{kind}", a_signal(kind, "91320602MA1ABCDE16")
    )
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_an_institution_outside_the_district_is_not_there(office: Office) -> None:
    place = await office.place("310104")
    for role, scope in (
        ("supervisor", {"district_code": "320600"}),
        ("guardian", {"district_code": "320600"}),
        ("guardian", {"institution_id": await office.place("310104"), "guardian_ref": "G-1"}),
    ):
        who = await office.caller(role, **scope)
        assert (await who.post("/v1/tips", a_signal("tips", place))).status_code == 404
    own = await office.caller("guardian", institution_id=place, guardian_ref="G-1")
    ok(await own.post("/v1/tips", a_signal("tips", place)), 201)
    query = "SELECT count(*) AS n FROM alerts.fact WHERE institution_id = :me"
    assert (await office.run(query, me=place))[0]["n"] == 1


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("tips", {"text": "长" * 2_001}),
        ("tips", {"text": "  "}),
        ("tips", {"topic": "weather"}),
        ("tips", {"told_at": "2026-01-05 09:30"}),
        ("tips", {"id": "有空格 的"}),
        ("tips", {"teller_name": "示例家长"}),
        ("inspections", {"severity": "purple"}),
        ("bank-warnings", {"amount_fen": -1}),
        ("bank-warnings", {"amount_fen": 1.5}),
    ],
)
async def test_what_does_not_fit_is_refused_without_an_echo(
    office: Office, kind: str, changes: Json
) -> None:
    place = await office.place()
    answer = await (await teller_of(office, kind)).post(
        f"/v1/{kind}", a_signal(kind, place, **changes)
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert not any(str(value) in answer.text for value in changes.values() if len(str(value)) > 3)
    query = "SELECT count(*) AS n FROM alerts.fact WHERE institution_id = :me"
    assert (await office.run(query, me=place))[0]["n"] == 0


async def test_nothing_is_told_of_the_future(office: Office) -> None:
    place = await office.place()
    teller = await teller_of(office, "tips")
    now = await office.now()
    late = a_signal("tips", place, told_at=rfc3339(now + timedelta(hours=1)))
    answer = await teller.post("/v1/tips", late)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/told_at")
    soon = a_signal("tips", place, told_at=rfc3339(now + timedelta(minutes=2)))
    ok(await teller.post("/v1/tips", soon), 201)
    longest = a_signal("tips", place, text="长" * 2_000)
    ok(await teller.post("/v1/tips", longest), 201)

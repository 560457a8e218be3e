"""Hits become cases, for many institutions at once: one open case per key, each fact once."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from alerts import casebook
from alerts.casebook import Withdrawal
from alerts.domain.cases import Entry
from alerts.domain.outcome import Severity
from alerts.domain.workdays import Calendar
from tests.integration.alerts.offices import Office, a_hit, office_on


@pytest.fixture
async def office(owner_url: str) -> AsyncIterator[Office]:
    async with office_on(owner_url) as found:
        yield found


async def test_hits_of_many_institutions_open_a_case_each_and_then_join_it(office: Office) -> None:
    places = [await office.place() for _ in range(5)]
    first = [a_hit(one, *await office.facts(one, 2)) for one in places]
    opened = await office.enter(*first)
    assert [one.entry for one in opened] == [Entry.opened] * 5
    assert [one.entry for one in await office.enter(*first)] == [Entry.known] * 5
    more = [replace(one, fact_ids=(*one.fact_ids, one.fact_ids[-1] + 100_000)) for one in first]
    joined = await office.enter(*more)
    assert [one.entry for one in joined] == [Entry.joined] * 5
    for before, after in zip(opened, joined, strict=True):
        assert before.case is not None
        assert after.case is not None
        assert before.case.case_id == after.case.case_id
        assert [one["step"] for one in await office.events(before.case.case_id)] == [
            "opened",
            "evidence_added",
        ]


async def test_hits_of_one_key_in_one_call_open_one_case(office: Office) -> None:
    place = await office.place()
    first, second = await office.facts(place, 2)
    grave = replace(a_hit(place, second), severity=Severity.critical)
    one, two = await office.enter(a_hit(place, first), grave)
    assert one.case is not None
    assert one.case == two.case
    assert one.case.severity is Severity.critical
    assert one.fact_ids == (first, second)
    rows = await office.run(
        "SELECT fact_id FROM alerts.case_evidence WHERE case_id = :me ORDER BY 1",
        me=one.case.case_id,
    )
    assert [row["fact_id"] for row in rows] == [first, second]


async def test_severity_rises_without_a_new_fact_and_never_falls(office: Office) -> None:
    place = await office.place()
    hit = a_hit(place, *await office.facts(place, 1))
    await office.enter(hit)
    (raised,) = await office.enter(replace(hit, severity=Severity.critical))
    assert raised.entry is Entry.raised
    (known,) = await office.enter(hit)
    assert known.entry is Entry.known
    assert known.case is not None
    assert known.case.severity is Severity.critical


async def test_after_a_closed_case_only_a_newer_fact_opens_another(office: Office) -> None:
    place = await office.place()
    old, *_ = await office.facts(place, 1)
    (first,) = await office.enter(a_hit(place, old))
    assert first.case is not None
    await office.run(
        "UPDATE alerts.\"case\" SET state = 'closed', closed_at = now() WHERE case_id = :me",
        me=first.case.case_id,
    )
    (again,) = await office.enter(a_hit(place, old, severity=Severity.critical))
    assert (again.entry, again.case) == (Entry.known, None)
    newer, *_ = await office.facts(place, 1)
    (second,) = await office.enter(a_hit(place, old, newer))
    assert second.entry is Entry.opened


async def test_a_vanished_hit_proposes_and_closes_nothing(office: Office) -> None:
    place = await office.place()
    hit = a_hit(place, *await office.facts(place, 2))
    (opened,) = await office.enter(hit)
    assert opened.case is not None
    gone = Withdrawal(place, hit.rule, hit.scope, hit.fact_ids, "银行更正了流水")
    now = await office.now()
    for noted in (1, 0):
        async with office.database.ledger() as tx:
            assert await casebook.propose_data_error(tx, [gone], now, Calendar()) == noted
    *_, last = await office.events(opened.case.case_id)
    assert (last["step"], last["state_after"]) == ("evidence_withdrawn", "new")
    assert last["payload"]["proposed"] == "data_error"
    assert last["payload"]["fact_ids"] == list(hit.fact_ids)


async def test_who_had_a_confirmed_case_is_known_for_two_years(office: Office) -> None:
    places = [await office.place() for _ in range(3)]
    hits = [a_hit(one, *await office.facts(one, 1)) for one in places]
    await office.enter(*hits)
    query = (
        "UPDATE alerts.\"case\" SET state = 'closed', closed_at = now(), class = :finding"
        " WHERE institution_id = :me"
    )
    await office.run(query, me=places[0], finding="rectifying")
    await office.run(query, me=places[1], finding="data_error")
    now = await office.now()
    later = now + casebook.CONFIRMED_WITHIN + timedelta(days=1)
    async with office.database.ledger() as tx:
        assert await casebook.prior_confirmed(tx, places, now) == {places[0]}
        assert await casebook.prior_confirmed(tx, places, later) == frozenset()

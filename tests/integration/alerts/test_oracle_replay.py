"""Exactly what brute force finds, whatever order things came in and whoever was killed meanwhile.

Both feeds tell five weeks of twelve institutions, in pages that overlap, repeat and come in another
order; two workers read and judge at once and are killed at any statement. What is stored at the
end is what the oracle finds as of every instant that was judged: nothing more, nothing less,
found when it should have been, resting on the same facts, and judged again it says the same.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any, TypeAlias

import pytest

from alerts.campaigns import store as campaigns
from alerts.domain.events import REGISTRY, Told, facts_of
from alerts.domain.facts import Fact
from alerts.domain.rules.catalogue import RULES
from alerts.domain.saying import Unclear
from alerts.intake import store
from alerts.intake.store import Arrival
from alerts.judging import views
from alerts.judging.replay import replay
from shared.time import business_day
from tests.integration.alerts.histories import (
    DAY,
    DISTRICT,
    LIVE_DAYS,
    START,
    TURNED,
    Tale,
    history,
)
from tests.integration.alerts.mortals import PLACES, Office, office_on
from tests.integration.alerts.verdicts import Identity, Record, Rest, expected, stored
from tests.unit.alerts.test_events import ESCROW

SEEDS = (1, 2, 3)

Heard: TypeAlias = tuple[object, ...]
"""Whose, of which event which part, and what a fact says."""


async def _live(office: Office, tales: list[Tale]) -> None:
    """Let five weeks pass: pages come, workers work and die, campaigns begin, the clock goes on."""
    dice, at = office.dice, START
    plans = [(3 * DAY, None, 8), (6 * DAY, "subject", 20)]
    for page in _pages(tales, dice):
        heard_at = max(one.heard_at for one in page)
        while (at := at + DAY * dice.choice([0.3, 0.7])) < heard_at:
            await office.set_clock(at)
            await office.some_work()
        at = max(at - DAY, heard_at) + timedelta(minutes=dice.choice([1, 7, 200]))
        await office.set_clock(at)
        await _say(office, page)
        for _ in range(dice.choice([1, 2, 3])):
            await office.some_work()
        if dice.random() < 0.6:
            await office.all_work()
        if plans and at > START + plans[0][0]:
            _, category, days = plans.pop(0)
            await _begin_campaign(office, at, category, days)
    await office.set_clock(START + LIVE_DAYS * DAY)
    await office.all_work()


def _pages(tales: list[Tale], dice: Random) -> Iterator[list[Tale]]:
    """Part what is told into pages: out of order, overlapping, some of them twice."""
    late = {id(one): one.heard_at + dice.choice([0, 0, 0, 0.2, 2]) * DAY for one in tales}
    order = sorted(tales, key=lambda one: late[id(one)])
    place = 0
    while place < len(order):
        size = dice.randrange(2, 7)
        page = order[place : place + size]
        page += dice.sample(order[:place], min(place, dice.choice([0, 0, 2, 5])))
        dice.shuffle(page)
        yield page
        if dice.random() < 0.1:
            yield page[::-1]
        place += size


async def _say(office: Office, page: list[Tale]) -> None:
    """Put a page's events at the end of their feeds; what people tell us is taken in at once."""
    for name, said in office.feeds.items():
        events = [one.event for one in page if one.feed == name and one.event is not None]
        if events:
            said.say(*events)
    for one in page:
        if one.told is not None and one.name is not None:
            async with office.database.ledger() as tx:
                now = await store.lock(tx, [one.institution_id])
                await store.add(tx, [Arrival(one.institution_id, one.name, 1, one.told)], now)


async def _begin_campaign(office: Office, at: datetime, category: str | None, days: int) -> None:
    clear_by = business_day(at) + days * DAY
    plan = campaigns.Plan("清零", DISTRICT, category, clear_by, clear_by - 5 * DAY, "officer")
    await campaigns.begin(office.database, plan)


def _told(tales: Iterable[Tale]) -> tuple[Counter[Heard], set[str]]:
    """Return every fact that was told, once each, and the events that nobody understands."""
    told: Counter[Heard] = Counter()
    aside = set()
    for one in tales:
        if one.told is not None:
            told[_heard(one.institution_id, one.name, 1, one.told)] += 1
        for part, fact in enumerate(_facts_of(one) or ()):
            told[_heard(one.institution_id, one.event and one.event.id, part, fact)] += 1
        if one.event is not None and _facts_of(one) is None:
            aside.add(str(one.event.id))
    return told, aside


def _facts_of(tale: Tale) -> Iterable[Told] | None:
    if tale.event is None or tale.feed is None:
        return None
    try:
        return facts_of(tale.feed, tale.event.type, tale.event.time, tale.event.data)
    except Unclear:
        return None


def _heard(institution_id: str, event_id: object, part: int, one: Told | Fact) -> Heard:
    said = (one.kind, one.at, one.amount_fen, one.ref, one.tag, one.number, repr(sorted(one.body)))
    return (institution_id, event_id, part, *said)


async def _facts(office: Office) -> dict[str, list[Fact]]:
    """Return every fact, by institution."""
    rows = await office.owner.fetch(
        "SELECT institution_id, fact_id, kind, at, seen_at, amount_fen, ref, tag, number,"
        " body::text FROM alerts.fact ORDER BY fact_id"
    )
    return views.facts_by_institution(rows)


async def _records(office: Office) -> list[Record]:
    """Return what was known and judged of each institution."""
    rows = await office.owner.fetch("SELECT institution_id, as_of FROM public.judged ORDER BY 2")
    judged: dict[str, list[datetime]] = {}
    for row in rows:
        judged.setdefault(row["institution_id"], []).append(row["as_of"])
    return [Record(name, facts, judged[name]) for name, facts in (await _facts(office)).items()]


async def _assert_all_was_taken_in(office: Office, tales: list[Tale]) -> None:
    told, aside = _told(tales)
    facts = {one.fact_id: one for known in (await _facts(office)).values() for one in known}
    rows = await office.owner.fetch(
        "SELECT institution_id, event_id, part, fact_id FROM alerts.fact WHERE kind <> 'rank'"
    )
    kept = Counter(_heard(name, event_id, part, facts[n]) for name, event_id, part, n in rows)
    assert kept == told
    left = await office.owner.fetch("SELECT event_id FROM alerts.set_aside")
    assert {row["event_id"] for row in left} == aside
    waiting = "SELECT count(*) FROM alerts.institution WHERE touched_at IS NOT NULL"
    assert await office.owner.fetchval(waiting) == 0


async def _assert_cases_rest_on(office: Office, rows: Iterable[Mapping[str, Any]]) -> None:
    """See that each key that was hit has one case, with the facts of all its hits."""
    wanted: dict[tuple[str, str, str], set[int]] = {}
    for row in rows:
        if row["outcome"] == "hit":
            key = (row["institution_id"], row["rule"], row["scope"])
            wanted.setdefault(key, set()).update(row["fact_ids"])
    cases = await office.owner.fetch(
        "SELECT c.institution_id, c.rule, c.scope, array_agg(e.fact_id) AS facts"
        ' FROM alerts."case" AS c JOIN alerts.case_evidence AS e USING (institution_id, case_id)'
        " GROUP BY c.institution_id, c.case_id"
    )
    found = {(one["institution_id"], one["rule"], one["scope"]): set(one["facts"]) for one in cases}
    assert found == wanted
    assert len(cases) == len(wanted)


@pytest.mark.parametrize("seed", SEEDS)
async def test_what_is_stored_is_what_the_oracle_finds(
    fresh_database: Callable[[], str], seed: int
) -> None:
    tales = history(seed)
    async with office_on(fresh_database(), seed) as office:
        await office.turn_days(TURNED)
        await _live(office, tales)
        assert set(office.deaths) == {"statement", *PLACES}
        await _assert_all_was_taken_in(office, tales)
        async with office.database.ledger() as tx:
            around = await views.read_surroundings(tx)
        wanted: dict[Identity, Rest] = {}
        for record in await _records(office):
            wanted |= expected(record, around.calendar, around.campaigns)
        rows = await office.owner.fetch("SELECT * FROM alerts.evaluation")
        assert stored(rows) == wanted
        assert len(rows) == len(wanted)
        assert {row["rule"] for row in rows if row["outcome"] == "hit"} == {*RULES}
        await _assert_cases_rest_on(office, rows)
        for row in rows:
            again = await replay(office.database, row["institution_id"], row["evaluation_id"])
            assert again is not None
            assert again.agrees, (row["rule"], again)


def test_the_histories_tell_every_type_of_event() -> None:
    said = [one.event for seed in SEEDS for one in history(seed) if one.event is not None]
    types = {(one.source.rsplit(":", 1)[1], one.type) for one in said}
    assert types >= {("escrow", one) for one in ESCROW} | {("registry", one) for one in REGISTRY}


async def test_a_campaign_is_known_to_the_very_next_judging(
    fresh_database: Callable[[], str],
) -> None:
    async with office_on(fresh_database(), 1) as office:
        await office.set_clock(START)
        tales = [one for one in history(1) if one.heard_at <= START]
        await _say(office, tales)
        await office.all_work()
        await _begin_campaign(office, START, None, 8)
        name = tales[0].institution_id
        for worker in office.workers:
            came = await worker.judge.judge([name])
            hits = [one for one in came.found if one.edition.rule.key == "clearance_projection"]
            assert len(hits) == 1

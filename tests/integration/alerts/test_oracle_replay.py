"""Exactly what brute force finds, whatever order things came in and whoever was killed meanwhile.

Both feeds tell five weeks of twelve institutions, in pages that overlap, repeat and come in another
order; three workers read and judge at once and are killed at any statement. What is stored at the
end is what the oracle finds as of every instant that was judged: nothing more, nothing less,
found when it should have been, resting on the same facts, and judged again it says the same.
"""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from random import Random

import pytest

from alerts.campaigns import store as campaigns
from alerts.domain.events import REGISTRY
from alerts.domain.rules.catalogue import RULES
from alerts.intake import store
from alerts.intake.store import Arrival
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
from tests.integration.alerts.verdicts import assert_exact
from tests.unit.alerts.test_events import ESCROW

SEEDS = (1, 2, 3)


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


@pytest.mark.parametrize("seed", SEEDS)
async def test_what_is_stored_is_what_the_oracle_finds(
    fresh_database: Callable[[], str], seed: int
) -> None:
    tales = history(seed)
    async with office_on(fresh_database(), seed) as office:
        await office.turn_days(TURNED)
        await _live(office, tales)
        assert set(office.deaths) == {"statement", *PLACES}
        hits = await assert_exact(office.owner, office.database, tales)
        assert hits == {*RULES}


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


async def test_what_is_judged_is_as_of_after_the_wait_for_the_institution(
    fresh_database: Callable[[], str],
) -> None:
    """Who held it may have written facts that were seen meanwhile: they are older than `as_of`."""
    async with office_on(fresh_database(), 1) as office:
        tales = history(1)[:1]
        await _say(office, tales)
        await office.all_work()
        name, owner = tales[0].institution_id, office.owner
        async with owner.transaction():
            lock = "SELECT FROM alerts.institution WHERE institution_id = $1 FOR NO KEY UPDATE"
            await owner.execute(lock, name)
            judging = asyncio.create_task(office.workers[0].judge.judge([name]))
            while not await owner.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                assert not judging.done(), "it must wait for the institution"
                await asyncio.sleep(0.005)
            clock = "SELECT clock_timestamp() + make_interval(secs => offset_s) FROM access.clock"
            waited_until = await owner.fetchval(clock)
        await judging
        assert await owner.fetchval("SELECT max(as_of) FROM public.judged") > waited_until

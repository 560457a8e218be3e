"""The feed of real postings: in sequence, nothing skipped, whatever order they commit in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from random import Random

import pytest
from prometheus_client import REGISTRY

from escrow.domain import commands as ask
from escrow.ledger.feed import FEED
from escrow.ledger.gauges import refresh
from shared.feed import outbox
from shared.feed.outbox import Event
from shared.pg.database import Database
from tests.integration.escrow.books import Books
from tests.integration.escrow.locks import SEEN_S, holding, session
from tests.integration.escrow.offices import Offices, findings, offices, poster_of

SEEDS = (20261121, 5)


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Offices]:
    async with offices(database_url, 4) as found:
        yield found


def described(my: Books, name: str) -> ask.RegisterInstitution:
    """Return a change of an institution that tells exactly one event."""
    return ask.RegisterInstitution(
        my.institution_id, name, "320600", "non_subject", "both", "national"
    )


async def end_of(database: Database) -> str | None:
    """Return where the feed ends now, once nothing is held back."""
    async with asyncio.timeout(SEEN_S):
        while await held(database):  # noqa: ASYNC110 - the state is in the server
            await asyncio.sleep(0.01)
    cursor = None
    while (page := await read(database, cursor)).next is not None:
        cursor = page.next
    return cursor


async def read(database: Database, after: str | None, limit: int = 500) -> outbox.Page:
    async with database.connect() as connection:
        return await outbox.page(connection, FEED, after, limit)


async def read_all(database: Database, after: str | None, number: int) -> list[Event]:
    """Return what follows a cursor, once there is so much; one event a page."""
    found: list[Event] = []
    async with asyncio.timeout(SEEN_S):
        while len(found) < number:
            page = await read(database, after, 1)
            found += page.items
            after = page.next or after
            if not page.items:
                await asyncio.sleep(0.01)
    return found


async def held(database: Database) -> int:
    async with database.connect() as connection:
        return (await outbox.lag(connection, FEED)).held_events


async def test_an_older_posting_that_writes_later_keeps_the_sequence(
    town: Offices, owner_url: str
) -> None:
    """A locks institution 1 and waits for institution 2, which the younger B holds.

    Institution 2 gets its first event of the two from the younger transaction.
    The institutions between and behind are held by hand, so that each step is certain.
    """
    places = sorted([await town.institution() for _ in range(4)], key=lambda my: my.institution_id)
    one, between, two, behind = places
    start = await end_of(town.database)
    a, b = town.posters[:2]
    async with holding(owner_url, behind.institution_id) as hand_of_b:
        async with holding(owner_url, between.institution_id) as hand_of_a:
            first = [described(one, "A"), described(between, "A"), described(two, "A")]
            posting_a = asyncio.create_task(a.ask(first))
            await hand_of_a.see_waiting(1)
            second = [described(two, "B"), described(behind, "B")]
            posting_b = asyncio.create_task(b.ask(second))
            await hand_of_a.see_waiting(2)
        # A has institution 1 and the smaller id; it comes to institution 2, which B holds.
        await hand_of_b.see_waiting(2)
        assert not posting_a.done()
    await asyncio.gather(posting_a, posting_b)
    found = await read_all(town.database, start, 5)
    assert (await read(town.database, start)).items == found
    told = [
        (event.sequence, event.body)
        for event in found
        if event.institution_id == two.institution_id
    ]
    assert [sequence for sequence, _ in told] == [3, 4]
    assert ['"B"' in body for _, body in told] == [True, False]
    names = [event.institution_id for event in found]
    assert sorted(names) == sorted(my.institution_id for my in (one, between, two, two, behind))


async def test_a_transaction_held_open_holds_the_feed_back_visibly_and_loses_nothing(
    town: Offices, owner_url: str
) -> None:
    my = await town.institution()
    start = await end_of(town.database)
    async with session(owner_url) as long, long.transaction():
        await long.fetchval("SELECT pg_current_xact_id()")
        for name in ("1", "2", "3"):
            await my.post(described(my, name))
        assert (await read(town.database, start)).items == []
        assert await held(town.database) == 3
        await refresh(town.database)
        assert REGISTRY.get_sample_value("tuition_escrow_feed_held_events") == 3
        oldest_s = REGISTRY.get_sample_value("tuition_escrow_feed_oldest_transaction_age_seconds")
        assert oldest_s is not None
        assert oldest_s > 0
    found = await read_all(town.database, start, 3)
    assert [event.sequence for event in found] == [3, 4, 5]
    assert await held(town.database) == 0


async def test_a_reader_held_open_holds_nothing_back(town: Offices, owner_url: str) -> None:
    """A transaction that writes nothing has no id, and nobody waits for it."""
    my = await town.institution()
    start = await end_of(town.database)
    async with (
        session(owner_url) as reader,
        reader.transaction(isolation="repeatable_read", readonly=True),
    ):
        await reader.fetchval("SELECT count(*) FROM escrow.event")
        await my.post(described(my, "1"))
        assert [event.sequence for event in await read_all(town.database, start, 1)] == [3]


async def test_a_posting_that_fails_leaves_no_gap_and_reuses_no_sequence(
    town: Offices, owner_url: str
) -> None:
    my = await town.institution()
    start = await end_of(town.database)
    await my.post(described(my, "1"))
    async with holding(owner_url, my.institution_id) as hand:
        given_up = asyncio.create_task(town.posters[1]._once([]))
        failing = asyncio.create_task(town.posters[2].ask([described(my, "lost")]))
        await hand.see_waiting(1)
        await hand.end_those_waiting()
    await given_up
    with suppress(Exception):
        await failing
    await my.post(described(my, "2"))
    found = await read_all(town.database, start, 2)
    assert [event.sequence for event in found] == [3, 4]
    assert len({event.event_id for event in found}) == 2


@pytest.mark.parametrize("seed", SEEDS)
async def test_readers_beside_random_writers_miss_nothing_and_agree_on_the_order(
    town: Offices, seed: int
) -> None:
    dice = Random(seed)
    places = [await town.institution() for _ in range(4)]
    start = await end_of(town.database)

    async def write(number: int) -> None:
        for step in range(25):
            some = dice.sample(places, dice.randint(1, 4))
            posting = asyncio.create_task(
                poster_of(town, number).ask([described(my, f"{number}.{step}") for my in some])
            )
            if dice.random() < 0.1:
                posting.cancel()
            with suppress(asyncio.CancelledError):
                await posting

    async with asyncio.TaskGroup() as group:
        writers = [group.create_task(write(number)) for number in range(4)]
        readers = [
            group.create_task(
                _followed(town.databases[number], start, writers, Random(seed + number))
            )
            for number in range(3)
        ]
    seen = [reader.result() for reader in readers]
    assert seen[0], seed
    assert seen[0] == seen[1] == seen[2], seed
    for my in places:
        own = [event.sequence for event in seen[0] if event.institution_id == my.institution_id]
        assert own == list(range(3, len(own) + 3)), seed
    assert await findings(town.database) == []


async def _followed(
    database: Database, cursor: str | None, writers: list[asyncio.Task[None]], dice: Random
) -> list[Event]:
    """Page through the feed with pages of any length until the writers are done and all is told."""
    seen: list[Event] = []
    while True:
        is_over = all(writer.done() for writer in writers)
        is_held = await held(database) > 0
        page = await read(database, cursor, dice.randint(1, 9))
        seen += page.items
        cursor = page.next or cursor
        if is_over and not is_held and not page.items:
            return seen
        await asyncio.sleep(0)

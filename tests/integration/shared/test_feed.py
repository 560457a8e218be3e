"""The feed on a real server: whatever order transactions commit in, nothing is skipped."""

import asyncio
import base64
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Column, MetaData, Table, Text, insert, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.errors import Malformed, StartupRefused
from shared.feed import outbox
from shared.feed.tables import FIRST_EPOCH, Xid8, epoch_table, event_table
from shared.pg.database import POOL_MAX, Database

_metadata = MetaData(schema="tried")
_events = event_table(_metadata)
_epochs = epoch_table(_metadata)
_institutions = Table(
    "institution",
    _metadata,
    Column("institution_id", Text, primary_key=True),
    Column("order_xid", Xid8, server_default="0", nullable=False),
)

_WRITE = """
WITH ordered AS (
  UPDATE tried.institution SET order_xid = greatest(pg_current_xact_id(), order_xid)
  WHERE institution_id = :institution_id RETURNING institution_id, order_xid)
INSERT INTO tried.event (institution_id, sequence, event_id, type, time, epoch, order_xid, body)
SELECT institution_id,
  (SELECT coalesce(max(sequence), 0) + 1 FROM tried.event AS e
   WHERE e.institution_id = ordered.institution_id),
  :event_id, 'tried', clock_timestamp(), (SELECT max(epoch) FROM tried.feed_epoch), order_xid, '{}'
FROM ordered
"""


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed of three institutions, in a database of its own."""

    database: Database

    async def write(self, connection: AsyncConnection, institution: str) -> UUID:
        """Write an event as a posting does: under the institution's lock."""
        await lock(connection, institution)
        event_id = uuid4()
        values = {"institution_id": institution, "event_id": event_id}
        await connection.execute(text(_WRITE), values)
        return event_id

    async def write_alone(self, institution: str) -> UUID:
        """Write an event in a transaction of its own."""
        async with self.database.begin() as connection:
            return await self.write(connection, institution)

    async def page(self, after: str | None = None, limit: int = 100) -> outbox.Page:
        """Read a page."""
        async with self.database.connect() as connection:
            return await outbox.page(connection, _events, after, limit)

    async def all(self, count: int, limit: int = 100) -> list[outbox.Event]:
        """Read every page, once as many events as this can be seen.

        A transaction in any database of the server holds the feed back for a moment.
        """
        async with asyncio.timeout(20):
            while len((await self.page(None)).items) < count:  # noqa: ASYNC110 - in the server
                await asyncio.sleep(0.01)
        found: list[outbox.Event] = []
        page = await self.page(None, limit)
        while page.next is not None:
            found += page.items
            page = await self.page(page.next, limit)
        return found


async def lock(connection: AsyncConnection, institution: str) -> None:
    statement = text("SELECT FROM tried.institution WHERE institution_id = :id FOR NO KEY UPDATE")
    await connection.execute(statement, {"id": institution})


@pytest.fixture
async def feed(owner_url: str) -> AsyncIterator[Feed]:
    database = Database(owner_url, application="tried")
    async with database.begin() as connection:
        await connection.execute(text("DROP SCHEMA IF EXISTS tried CASCADE"))
        await connection.execute(text("CREATE SCHEMA tried"))
        await connection.run_sync(_metadata.create_all)
        await connection.execute(insert(_epochs).values(epoch=FIRST_EPOCH))
        await connection.execute(
            insert(_institutions), [{"institution_id": name} for name in ("I1", "I2", "I3")]
        )
    yield Feed(database)
    await database.close()


async def test_pages_follow_one_another(feed: Feed) -> None:
    written = [await feed.write_alone(name) for name in ("I1", "I2", "I1", "I3", "I1")]
    for limit in (1, 2, 5, 100):
        assert [event.event_id for event in await feed.all(5, limit)] == written
    numbered = [(event.institution_id, event.sequence) for event in await feed.all(5)]
    assert numbered == [("I1", 1), ("I2", 1), ("I1", 2), ("I3", 1), ("I1", 3)]


async def test_an_empty_feed_has_no_next(feed: Feed) -> None:
    assert await feed.page() == outbox.Page([], None)


async def test_the_end_of_a_feed_can_be_asked_again(feed: Feed) -> None:
    await feed.write_alone("I1")
    await feed.all(1)
    cursor = (await feed.page()).next
    assert await feed.page(cursor) == outbox.Page([], None)
    late = await feed.write_alone("I2")
    await feed.all(2)
    assert [event.event_id for event in (await feed.page(cursor)).items] == [late]


async def test_an_event_that_commits_late_is_not_skipped(feed: Feed) -> None:
    async with AsyncExitStack() as slow:
        connection = await slow.enter_async_context(feed.database.begin())
        first = await feed.write(connection, "I1")
        second = await feed.write_alone("I2")
        assert (await feed.page()).items == []
        assert await held(feed) == 1
    assert [event.event_id for event in await feed.all(2)] == [first, second]
    assert await held(feed) == 0


async def held(feed: Feed) -> int:
    async with feed.database.connect() as connection:
        lag = await outbox.lag(connection, _events)
    assert lag.oldest_transaction_s >= 0
    return lag.held_events


async def test_an_older_transaction_that_writes_later_keeps_the_sequence(feed: Feed) -> None:
    """A has the smaller id, and waits for an institution that B holds."""
    async with AsyncExitStack() as held_by_b:
        a = await held_by_b.enter_async_context(feed.database.begin())
        await lock(a, "I1")
        age_of_a = await a.scalar(text("SELECT pg_current_xact_id()::text::bigint"))
        async with feed.database.begin() as b:
            age_of_b = await b.scalar(text("SELECT pg_current_xact_id()::text::bigint"))
            first = await feed.write(b, "I2")
            waiting = asyncio.create_task(feed.write(a, "I2"))
            await asyncio.sleep(0.1)
            assert not waiting.done()
        second = await waiting
        assert (await feed.page()).items == []
    assert age_of_a < age_of_b
    found = await feed.all(2, limit=1)
    assert [(event.event_id, event.sequence) for event in found] == [(first, 1), (second, 2)]


async def test_a_transaction_that_fails_leaves_no_gap(feed: Feed) -> None:
    first = await feed.write_alone("I1")
    with suppress(ZeroDivisionError):
        async with feed.database.begin() as connection:
            await feed.write(connection, "I1")
            raise ZeroDivisionError
    second = await feed.write_alone("I1")
    found = await feed.all(2)
    assert [(event.event_id, event.sequence) for event in found] == [(first, 1), (second, 2)]


async def test_many_writers_and_a_reader(feed: Feed) -> None:
    """Whoever follows the feed while it is written sees each event once, in its order."""
    random_order = random.Random(20261121)
    written: list[UUID] = []

    async def write_some() -> None:
        for _ in range(20):
            names = sorted(random_order.sample(["I1", "I2", "I3"], random_order.randint(1, 3)))
            pause_s = random_order.uniform(0, 0.01)
            async with feed.database.begin() as connection:
                made = [await feed.write(connection, name) for name in names]
                await asyncio.sleep(pause_s)
            written.extend(made)

    async def hold_back() -> None:
        """Be a stranger's transaction, which ends at any moment, the reader's worst one too."""
        for _ in range(40):
            async with feed.database.begin() as connection:
                await connection.execute(text("SELECT pg_current_xact_id()"))
                await asyncio.sleep(random_order.uniform(0, 0.02))

    async with asyncio.TaskGroup() as group:
        writers = [group.create_task(write_some()) for _ in range(4)]
        group.create_task(hold_back())
        seen = await followed(feed, lambda: all(writer.done() for writer in writers))
    assert sorted(event.event_id for event in seen) == sorted(written)
    for name in ("I1", "I2", "I3"):
        sequences = [event.sequence for event in seen if event.institution_id == name]
        assert sequences == list(range(1, len(sequences) + 1))


async def followed(feed: Feed, is_over: Callable[[], bool]) -> list[outbox.Event]:
    seen: list[outbox.Event] = []
    cursor: str | None = None
    while True:
        # Asked before the page is: what is held while a page is read may be free right after it.
        was_over = is_over() and await held(feed) == 0
        page = await feed.page(cursor, limit=7)
        seen += page.items
        cursor = page.next or cursor
        if was_over and not page.items:
            return seen
        await asyncio.sleep(0.002)


async def test_one_who_waits_hears_of_an_event_soon(feed: Feed) -> None:
    waiting = asyncio.create_task(
        outbox.wait(feed.database, _events, after=None, limit=10, wait_s=20)
    )
    await asyncio.sleep(0.1)
    written = await feed.write_alone("I1")
    async with asyncio.timeout(5):
        page = await waiting
    assert [event.event_id for event in page.items] == [written]


async def test_one_who_waits_in_vain_gets_an_empty_page(feed: Feed) -> None:
    for wait_s in (0, 0.3):
        async with asyncio.timeout(5):
            page = await outbox.wait(feed.database, _events, after=None, limit=10, wait_s=wait_s)
        assert page == outbox.Page([], None)


async def test_one_who_waits_holds_no_connection(feed: Feed) -> None:
    """However many wait, another is answered at once."""
    waiting = asyncio.gather(
        *(
            outbox.wait(feed.database, _events, after=None, limit=10, wait_s=20)
            for _ in range(4 * POOL_MAX)
        )
    )
    await asyncio.sleep(2 * outbox.POLL_S)
    async with asyncio.timeout(3):
        assert (await feed.page()).items == []
    await feed.write_alone("I1")
    async with asyncio.timeout(10):
        assert all(len(page.items) == 1 for page in await waiting)


async def restore_elsewhere(feed: Feed) -> None:
    """Make the stored ids look as after a restore on a younger server."""
    async with feed.database.begin() as connection:
        await connection.execute(text("UPDATE tried.event SET order_xid = '9000000000000'"))


async def test_ids_ahead_of_the_server_refuse_the_start(feed: Feed) -> None:
    await feed.write_alone("I1")
    async with feed.database.connect() as connection:
        await outbox.check_epoch(connection, _events, "tried open-epoch")
    await restore_elsewhere(feed)
    async with feed.database.connect() as connection:
        with pytest.raises(StartupRefused, match="`tried open-epoch`"):
            await outbox.check_epoch(connection, _events, "tried open-epoch")


async def test_a_new_epoch_goes_on_after_the_old_one(feed: Feed) -> None:
    old = [await feed.write_alone(name) for name in ("I1", "I2")]
    await restore_elsewhere(feed)
    assert (await feed.page()).items == []
    async with feed.database.begin() as connection:
        assert await outbox.open_epoch(connection, _events) == FIRST_EPOCH + 1
        await outbox.check_epoch(connection, _events, "tried open-epoch")
    cursor = (await feed.page()).next
    late = await feed.write_alone("I3")
    assert [event.event_id for event in await feed.all(3, limit=1)] == [*old, late]
    assert [event.event_id for event in (await feed.page(cursor)).items] == [late]


async def test_ids_are_ordered_as_numbers(feed: Feed) -> None:
    """As text, 99 would come after 100."""
    for name, order_xid in (("I1", 100), ("I2", 99), ("I3", 9)):
        await feed.write_alone(name)
        async with feed.database.begin() as connection:
            await connection.execute(
                update(_events).where(_events.c.institution_id == name).values(order_xid=order_xid)
            )
    for limit in (1, 2, 3):
        assert [event.institution_id for event in await feed.all(3, limit)] == ["I3", "I2", "I1"]


async def test_a_forged_cursor_is_refused(feed: Feed) -> None:
    with pytest.raises(Malformed):
        await feed.page("nonsense")


async def test_the_largest_cursor_is_read(feed: Feed) -> None:
    await feed.write_alone("I1")
    await feed.all(1)
    place = json.dumps([2**31 - 1, 2**63 - 1, "I" * 18, 2**63 - 1]).encode()
    cursor = base64.urlsafe_b64encode(place).decode().rstrip("=")
    assert (await feed.page(cursor)).items == []


async def test_a_page_is_an_index_scan_away(feed: Feed) -> None:
    statement = outbox._PAGE_SQL.format(event="tried.event", epochs="tried.feed_epoch")
    async with feed.database.begin() as connection:
        await connection.execute(text("SET LOCAL enable_seqscan = off"))
        await connection.execute(text("SET LOCAL enable_sort = off"))
        values = {"epoch": 1, "order_xid": "5", "institution_id": "I", "sequence": 1, "limit": 9}
        plan = "\n".join((await connection.execute(text("EXPLAIN " + statement), values)).scalars())
    assert "Index Scan using event_order_idx" in plan
    assert "Sort" not in plan

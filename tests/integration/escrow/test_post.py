"""One posting through PostgreSQL: its locks, its time, its faults, and what gathers before it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import pytest
from sqlalchemy import text

from escrow.domain.outcomes import Outcome
from escrow.ledger import gather
from escrow.ledger.post import Posted, Submission, post
from escrow.ledger.requests import Answer, RequestKey
from escrow.ledger.store import reading
from shared.errors import TooMany
from shared.pg.faults import Contended, DoubtfulCommit
from tests.integration.escrow.books import Books
from tests.integration.escrow.locks import SEEN_S, Hand, holding, session
from tests.integration.escrow.offices import Offices, findings, offices, released_rows, words
from tests.support.postgres import MakeDatabase, run_sql, service_url


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Offices]:
    async with offices(database_url, 2) as found:
        yield found


@pytest.fixture
async def my(town: Offices) -> Books:
    found = await town.institution()
    await town.contract(found, "C1", 10, 10)
    return found


def a_key(name: str, body: bytes = b"") -> RequestKey:
    return RequestKey.of("institution:I", "POST", "/v1/releases", name.encode(), body)


def rendered(outcomes: Sequence[Outcome]) -> Answer:
    return Answer(200, repr(words(outcomes)).encode())


def asking(my: Books, lesson: int, key: RequestKey) -> Submission:
    return Submission((my.lesson("C1", lesson),), key, rendered)


async def posted_at(town: Offices, my: Books) -> datetime:
    query = text("SELECT posted_at FROM escrow.balance WHERE institution_id = :me")
    async with town.database.connect() as connection:
        found: datetime = (await connection.execute(query, {"me": my.institution_id})).scalar_one()
    return found


async def together(town: Offices, *submissions: Submission) -> list[Posted]:
    """Post several submissions in one transaction."""
    async with town.database.ledger() as tx:
        return await post(tx, submissions, town.posters[0].policies)


# -- requests within one posting -----------------------------------------------------------


async def test_a_request_twice_in_one_posting_is_done_once(town: Offices, my: Books) -> None:
    key = a_key(f"{my.institution_id} twice")
    first, second = await together(town, asking(my, 1, key), asking(my, 1, key))
    assert words(first.outcomes) == {"released": 1}
    assert (second.is_running, second.answer) == (True, None)
    (again,) = await together(town, asking(my, 1, key))
    assert again.answer is not None
    assert (again.answer.body, again.answer.is_replayed) == (rendered(first.outcomes).body, True)


async def test_a_posting_answers_each_submission_for_itself(town: Offices, my: Books) -> None:
    """One is fresh, one was answered before, one has no request at all."""
    before = a_key(f"{my.institution_id} before")
    await together(town, asking(my, 1, before))
    plain = Submission((my.lesson("C1", 3), my.lesson("C1", 99)))
    fresh = asking(my, 2, a_key(f"{my.institution_id} fresh"))
    done = await together(town, fresh, asking(my, 1, before), plain)
    assert words(done[0].outcomes) == {"released": 1}
    assert done[1].answer is not None
    assert done[1].answer.is_replayed
    assert words(done[2].outcomes) == {"released": 1, "lesson_out_of_range": 1}


async def test_a_posting_of_nothing_still_stores_its_answer(town: Offices, my: Books) -> None:
    key = a_key(f"{my.institution_id} nothing")
    for is_replayed in (False, True):
        answer = await town.posters[0].answer(Submission((), key, rendered))
        assert answer.is_replayed is is_replayed


# -- time ----------------------------------------------------------------------------------


async def test_the_ledgers_time_is_read_after_the_wait(
    town: Offices, my: Books, owner_url: str
) -> None:
    """A posting that queued is booked when it was its turn, not when it began."""
    async with holding(owner_url, my.institution_id) as hand:
        waiting = asyncio.create_task(my.post(my.lesson("C1", 1)))
        await hand.see_waiting(1)
        let_go_at = await hand.connection.fetchval("SELECT clock_timestamp()")
    await waiting
    assert await posted_at(town, my) >= let_go_at


async def test_the_ledgers_time_never_goes_back(town: Offices, my: Books, owner_url: str) -> None:
    async with session(owner_url) as owner:
        ahead = await owner.fetchval(
            "UPDATE escrow.balance SET posted_at = clock_timestamp() + interval '1 hour'"
            " WHERE institution_id = $1 RETURNING posted_at",
            my.institution_id,
        )
    await my.post(my.lesson("C1", 1))
    assert await posted_at(town, my) == ahead


# -- what is not all read --------------------------------------------------------------------


async def test_a_lesson_retained_far_back_in_the_queue_can_be_put_back(
    town: Offices, my: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a long queue only the oldest are read, and those that are named."""
    placed = await my.freeze("payout")
    await my.post(*(my.lesson("C1", number) for number in range(1, 6)))
    monkeypatch.setattr(reading, "QUEUE_MAX", 2)
    await my.reverse("C1", 5, "v-5")
    monkeypatch.undo()
    await my.lift(placed)
    query = text("SELECT lesson_no FROM escrow.instruction_line WHERE institution_id = :me")
    async with town.database.connect() as connection:
        paid = await connection.scalars(query, {"me": my.institution_id})
    assert sorted(paid) == [1, 2, 3, 4], "it is not paid, and none is withheld for it"
    assert await findings(town.database) == []


# -- faults --------------------------------------------------------------------------------


async def test_a_posting_that_could_not_get_the_lock_is_tried_again(
    town: Offices, my: Books, owner_url: str
) -> None:
    """The first try gives up after two seconds; the row is free for the next."""
    async with holding(owner_url, my.institution_id) as hand:
        waiting = asyncio.create_task(my.post(my.lesson("C1", 1)))
        await hand.see_waiting(1)
        await hand.see_nobody_waiting()
    assert words(await waiting) == {"released": 1}


async def test_a_lock_that_is_never_free_is_contention_and_writes_nothing(
    town: Offices, my: Books, owner_url: str
) -> None:
    async with holding(owner_url, my.institution_id):
        with pytest.raises(Contended):
            await my.post(my.lesson("C1", 1))
    assert await released_rows(town.database, my.institution_id) == []


async def test_a_commit_whose_end_nobody_saw_is_doubtful(fresh_database: MakeDatabase) -> None:
    """The server is lost while it commits: the answer is unknown, the same key settles it."""
    owner_url = fresh_database()
    async with offices(service_url(owner_url), 1) as office:
        my = await office.institution()
        await office.contract(my, "C1", 10, 10)
        run_sql(owner_url, _SLOW_COMMIT_SQL)
        run_sql(owner_url, _SLOW_COMMIT_TRIGGER_SQL)
        key = a_key("doubtful")
        async with session(owner_url) as owner:
            await owner.execute("SELECT pg_advisory_lock(4711)")
            asked = asyncio.create_task(office.posters[0].answer(asking(my, 1, key)))
            hand = Hand(owner)
            await hand.see_waiting(1)
            await hand.end_those_waiting()
            with pytest.raises(DoubtfulCommit) as doubt:
                await asked
        assert doubt.value.outcome == "unknown"
        answer = await office.posters[0].answer(asking(my, 1, key))
        assert b"released" in answer.body
        assert await released_rows(office.database, my.institution_id) == [("C1", 1)]


# The commit waits for the owner's advisory lock, so that the server can be lost in its midst.
_SLOW_COMMIT_SQL = """
CREATE FUNCTION escrow.wait_for_owner() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NULL; END $$
"""
_SLOW_COMMIT_TRIGGER_SQL = """
CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON escrow.movement DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION escrow.wait_for_owner()
"""


async def test_nothing_is_asked_of_the_server_after_the_commit(
    town: Offices, my: Books, owner_url: str
) -> None:
    """A server lost at such a question would make a committed posting look undone."""
    async with town.database.ledger() as tx:
        pid = await tx.fetchval("SELECT pg_backend_pid()")
        await post(tx, [Submission((my.lesson("C1", 1),))], town.posters[0].policies)
    async with session(owner_url) as owner:
        last = await owner.fetchval("SELECT query FROM pg_stat_activity WHERE pid = $1", pid)
    assert last == "COMMIT;"


async def test_a_server_whose_default_is_another_isolation_changes_nothing(
    fresh_database: MakeDatabase,
) -> None:
    """Under repeatable read the wait for the lock would keep the picture from before it."""
    owner_url = fresh_database()
    name = owner_url.rpartition("/")[2]
    run_sql(owner_url, f"ALTER DATABASE {name} SET default_transaction_isolation='repeatable read'")
    async with offices(service_url(owner_url), 2) as town:
        my = await town.institution()
        await town.contract(my, "C1", 10, 10)
        async with town.database.ledger() as tx:
            assert await tx.fetchval("SHOW transaction_isolation") == "read committed"
        async with holding(owner_url, my.institution_id) as hand:
            racing = [
                asyncio.create_task(one.ask([my.lesson("C1", 1, f"r-{number}")]))
                for number, one in enumerate(town.posters)
            ]
            await hand.see_waiting(2)
        outcomes = [one for batch in await asyncio.gather(*racing) for one in batch]
        assert words(outcomes) == {"released": 1, "already_released": 1}


# -- gathering -----------------------------------------------------------------------------


async def test_a_caller_who_hangs_up_does_not_undo_what_was_asked(
    town: Offices, my: Books, owner_url: str
) -> None:
    async with holding(owner_url, my.institution_id) as hand:
        gone = asyncio.create_task(my.post(my.lesson("C1", 1)))
        await hand.see_waiting(1)
        gone.cancel()
    async with asyncio.timeout(SEEN_S):
        while not await released_rows(town.database, my.institution_id):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert await findings(town.database) == []


async def test_more_than_may_wait_is_refused_at_once(
    town: Offices, my: Books, owner_url: str
) -> None:
    async with holding(owner_url, my.institution_id) as hand:
        first = asyncio.create_task(my.post(my.lesson("C1", 1)))
        await hand.see_waiting(1)
        many = [my.lesson("C1", 2)] * gather.WAITING_MAX
        waiting = asyncio.create_task(my.poster.ask(many))
        await asyncio.sleep(0)
        with pytest.raises(TooMany) as refused:
            await my.poster.ask([my.lesson("C1", 3)])
        waiting.cancel()
    assert refused.value.headers["Retry-After"] == "1"
    await first


async def test_a_held_institution_does_not_hold_up_another_for_long(
    town: Offices, my: Books, owner_url: str
) -> None:
    """A lane waits for the row; the other goes on."""
    other = await town.institution()
    await town.contract(other, "C1", 10, 10)
    async with holding(owner_url, my.institution_id) as hand:
        held = asyncio.create_task(my.post(my.lesson("C1", 1)))
        await hand.see_waiting(1)
        for number in range(1, 6):
            await other.post(other.lesson("C1", number))
        assert not held.done()
    assert words(await held) == {"released": 1}

"""Posting through PostgreSQL is deciding in memory: the same outcomes, the same rows.

The same batches go through the four steps on a real database and through `decide` over a book
in memory that holds everything; ids come from the same source, time from the database.
What the statements read too little of, or write otherwise than decided, shows here.
"""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from sqlalchemy import text

from escrow.domain.commands import Command, OpenAccount, RegisterContract, RegisterInstitution
from escrow.domain.draft import Book
from escrow.domain.outcomes import Outcome, Refused
from escrow.domain.policy import Policies
from escrow.domain.records import Standing
from escrow.ledger.post import Submission, post
from shared.money import Fen
from shared.pg.database import Database
from tests.support import asking
from tests.support.builders import BANK, INSTITUTION, NOW, TODAY, national
from tests.support.histories import ACCOUNTS, OTHER, Ask, commands, histories
from tests.support.memory import Memory, numbered_ids
from tests.support.mirror import MIRRORED, records_of, rows_of

HOURS_BETWEEN = 5
A_HISTORY = settings(
    # One on a real database costs as much as a hundred in memory; to explain one, many more.
    max_examples=max(10, settings().max_examples // 20),
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

pytestmark = pytest.mark.timeout(600)


class World:
    """One database and one book in memory, brought to the same state and kept there."""

    def __init__(self, runner: asyncio.Runner, owner_url: str, database_url: str) -> None:
        """Open the owner's and the service's way to the same database."""
        self.runner = runner
        self.owner = Database(owner_url, application="tests")
        self.service = Database(database_url, application="tests")
        self.policies = Policies((national(),))
        self.memory = Memory(_nothing(self.policies))
        self.ids = numbered_ids()

    async def open(self) -> None:
        """Let the clock of this database stand at any time: its owner may."""
        await self.service.open()
        async with self.owner.begin() as connection:
            await connection.execute(
                text("ALTER TABLE access.clock DROP CONSTRAINT clock_offset_s_check")
            )
            await connection.execute(
                text(
                    "INSERT INTO escrow.bank (bank_id, name, delivery, finality_s, changed_by)"
                    f" VALUES ('{BANK}', 'Bank A', 'pull', 60, 'test')"
                )
            )

    async def close(self) -> None:
        """Hang up."""
        await self.service.close()
        await self.owner.close()

    async def begin(self) -> None:
        """Empty both worlds and found the same town in both."""
        names = ", ".join(f"escrow.{table.name}" for table in MIRRORED)
        async with self.owner.begin() as connection:
            await connection.execute(text(f"TRUNCATE {names}"))
            seconds = round((NOW - datetime.now(UTC)).total_seconds())
            await connection.execute(text(f"UPDATE access.clock SET offset_s = {seconds}"))
        self.memory = Memory(_nothing(self.policies))
        self.ids = numbered_ids()
        founded = await self.both(founding())
        assert not [one for one in founded if isinstance(one, Refused)], founded

    async def pass_hours(self) -> None:
        """Let time go on in both worlds."""
        async with self.owner.begin() as connection:
            step = HOURS_BETWEEN * 3_600
            await connection.execute(text(f"UPDATE access.clock SET offset_s = offset_s + {step}"))

    async def both(self, asked: Sequence[Command]) -> list[Outcome]:
        """Post the same commands to both, compare what became of them, return it."""
        async with self.service.ledger() as tx:
            (posted,) = await post(tx, [Submission(tuple(asked))], self.policies, self.ids)
        self.memory.book.now = await self.now()
        outcomes = self.memory.post(asked)
        assert list(posted.outcomes) == outcomes
        return outcomes

    async def now(self) -> datetime:
        """Return the time of the last posting, else of the database's clock.

        What a posting writes has its time; nothing else depends on it to the second, because
        all that a decision compares with lies hours away.
        """
        query = text(
            "SELECT greatest((SELECT max(posted_at) FROM escrow.balance),"
            " (SELECT max(served_at) FROM escrow.instruction)) AS written_at,"
            " now() + make_interval(secs => offset_s) AS at FROM access.clock"
        )
        async with self.owner.connect() as connection:
            row = (await connection.execute(query)).one()
        is_ours = row.written_at is not None and row.at - row.written_at < timedelta(hours=1)
        found: datetime = row.written_at if is_ours else row.at
        return found

    async def compare(self) -> None:
        """Compare every row of every table."""
        async with self.owner.connect() as connection:
            for table in MIRRORED:
                assert await rows_of(connection, table) == records_of(self.memory, table), table


def _nothing(policies: Policies) -> Book:
    """Return a book of two institutions whose rows are there and of whom nothing is known."""
    book = Book(NOW, policies, banks={BANK})
    for name in (INSTITUTION, OTHER):
        book.standings[name] = Standing(name)
    return book


def founding() -> list[Command]:
    """Return what makes the town: two institutions, contracts in part unpaid, one not yet there."""
    asked: list[Command] = []
    for name in (INSTITUTION, OTHER):
        asked.append(
            RegisterInstitution(name, "Sunny", "320602", "non_subject", "offline", "national")
        )
        asked.append(
            OpenAccount(name, BANK, ACCOUNTS[name], "custody", TODAY, "settle-1", "settlement")
        )
    asked += [
        _contract("C1", 3, 301),
        _contract("C2", 4, 400, student_ref="S2"),
        _contract("C3", 2, 200, student_ref="S3"),
        _contract("C1", 2, 200, institution_id=OTHER),
        asking.credit(301, "C1", entry_id="first"),
        asking.credit(250, "C2", entry_id="second"),
        asking.credit(
            200, "C1", entry_id="first", institution_id=OTHER, account_number=ACCOUNTS[OTHER]
        ),
    ]
    return asked


def _contract(name: str, lessons: int, paid_fen: int, **changes: object) -> RegisterContract:
    return asking.register(name, lessons=lessons, paid_fen=Fen(paid_fen), **changes)


@pytest.fixture(scope="module")
def world(owner_url: str, database_url: str) -> Iterator[World]:
    with asyncio.Runner() as runner:
        found = World(runner, owner_url, database_url)
        runner.run(found.open())
        yield found
        runner.run(found.close())


async def _live(world: World, history: list[list[Ask]]) -> None:
    await world.begin()
    await world.compare()
    for batch in history:
        await world.both(commands(world.memory.book, batch))
        await world.compare()
        await world.pass_hours()


@A_HISTORY
@given(history=histories)
def test_posting_through_postgresql_equals_deciding_in_memory(
    world: World, history: list[list[Ask]]
) -> None:
    world.runner.run(_live(world, history))

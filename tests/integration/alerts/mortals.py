"""Workers that may be killed at any statement, several at a time, and a log of their judgings.

A worker is killed in the middle of a transaction, before its commit, or after it and before it
knows of it; another begins in its place, with nothing in memory. What was judged as of which
instant is logged by a trigger: it tells of exactly what was committed.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from random import Random
from typing import Any, Final

import asyncpg

from alerts.intake.pull import Listener
from alerts.judging.judge import Judge
from alerts.judging.ranking import rank
from shared.pg.database import Database, LedgerConnection
from tests.integration.alerts.feeds import Said
from tests.integration.alerts.histories import Feed
from tests.support.postgres import alerts_url

_LOG: Final = """
CREATE TABLE public.judged (institution_id text, as_of timestamptz);
CREATE FUNCTION public.note_judged() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  INSERT INTO public.judged VALUES (new.institution_id, new.judged_at);
  RETURN new;
END $$;
CREATE TRIGGER note_judged AFTER UPDATE OF judged_at ON alerts.institution
  FOR EACH ROW EXECUTE FUNCTION public.note_judged();
"""
_SET_CLOCK: Final = (
    "UPDATE access.clock SET offset_s = ceil(extract(epoch FROM $1::timestamptz - now()))"
    " WHERE offset_s < ceil(extract(epoch FROM $1::timestamptz - now()))"
)
STATEMENTS_MAX: Final = 14
"""Statements within which a worker dies: a page takes six, a judging about twelve."""


WORKERS: Final = 3

PLACES: Final = ("probe", "before_commit", "after_commit")


class Killed(BaseException):
    """The worker is no more."""


@dataclass
class Fate:
    """After how many statements a worker dies, or at which place; nothing for one that lives."""

    left: int | None = None
    place: str | None = None
    where: Counter[str] = field(default_factory=Counter)
    lag: Random = field(default_factory=lambda: Random(0))

    def spend(self, place: str) -> None:
        """Count a statement, and die where it was the last."""
        if self.left is not None:
            self.left -= 1
        if self.left == 0 or self.place == place:
            self.spare()
            self.where[place] += 1
            raise Killed

    def held_up_s(self) -> float:
        """Draw how long a statement is held up, so that others overtake it."""
        return 0.003 if self.lag.random() < 0.15 else 0

    def spare(self) -> None:
        """Let it live."""
        self.left = self.place = None

    def draw(self, dice: Random) -> None:
        """Draw how it dies, or that it does not."""
        kind = dice.choice([None, None, None, "count", "count", *PLACES])
        self.spare()
        if kind == "count":
            self.left = dice.randrange(1, STATEMENTS_MAX)
        else:
            self.place = kind


class Dying:
    """A driver's connection that counts what it is asked."""

    def __init__(self, connection: LedgerConnection, fate: Fate) -> None:
        """Take a connection in a transaction."""
        self._connection = connection
        self._fate = fate

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the driver has
        """Return what the connection has; its questions count."""
        found = getattr(self._connection, name)
        if name not in {"execute", "fetch", "fetchrow", "fetchval", "executemany"}:
            return found

        async def ask(*values: object) -> object:
            self._fate.spend("statement")
            await asyncio.sleep(self._fate.held_up_s())
            return await found(*values)

        return ask


class Mortal(Database):
    """A worker's database, on which the worker may die."""

    def __init__(self, url: str) -> None:
        """Take the service's own address."""
        super().__init__(url, application="mortal")
        self.fate = Fate()

    @contextlib.asynccontextmanager
    async def ledger(self) -> AsyncIterator[LedgerConnection]:
        """Give a connection in a transaction, which may die at each statement and at its end."""
        async with super().ledger() as tx:
            yield Dying(tx, self.fate)
            self.fate.spend("before_commit")
        self.fate.spend("after_commit")

    async def probe(self, query: str, *values: object) -> list[asyncpg.Record]:
        """Return what one statement finds, or die before it is asked."""
        self.fate.spend("probe")
        return await super().probe(query, *values)


@dataclass
class Worker:
    """One process's worth of listeners and a judge."""

    database: Mortal
    feeds: dict[Feed, Said]

    def __post_init__(self) -> None:
        """Begin to live."""
        self.begin()

    def begin(self) -> None:
        """Begin anew, with nothing in memory."""
        self.listeners = {
            name: Listener(self.database, name, said)  # type: ignore[arg-type]
            for name, said in self.feeds.items()
        }
        self.judge = Judge(self.database)

    async def act(self, name: str) -> int:
        """Do one thing, to its end or to the worker's; return how much there was of it."""
        try:
            return await self._actions()[name]()
        except Killed:
            self.begin()
            return 1

    def _actions(self) -> dict[str, Callable[[], Awaitable[int]]]:
        heard = {str(name): one.once for name, one in self.listeners.items()}
        return {
            **heard,
            "judge": self.judge.judge_touched,
            "sweep": self.judge.sweep,
            "rank": partial(rank, self.database),
        }


@dataclass
class Office:
    """Two workers on one database, their feeds, and its clock."""

    owner: asyncpg.Connection
    workers: list[Worker]
    feeds: dict[Feed, Said]
    dice: Random

    @property
    def deaths(self) -> Counter[str]:
        """Return how often workers died, and where."""
        return sum((one.database.fate.where for one in self.workers), Counter())

    @property
    def database(self) -> Database:
        """Return the database of one of them."""
        return self.workers[0].database

    async def set_clock(self, at: datetime) -> None:
        """Raise the clock to an instant; it never goes back."""
        await self.owner.execute(_SET_CLOCK, at)

    async def turn_days(self, days: Mapping[date, bool]) -> None:
        """Announce which days are worked, or are not."""
        statement = (
            "INSERT INTO alerts.workday (day, is_workday) VALUES ($1, $2)"
            " ON CONFLICT (day) DO UPDATE SET is_workday = excluded.is_workday"
        )
        await self.owner.executemany(statement, list(days.items()))

    async def some_work(self) -> None:
        """Let each worker do something at once, and perhaps one of them die."""
        names = ["escrow", "escrow", "registry", "judge", "judge", "sweep", "rank"]
        for worker in self.workers:
            worker.database.fate.draw(self.dice)
        chosen = [(worker, self.dice.choice(names)) for worker in self.workers]
        await asyncio.gather(*(worker.act(name) for worker, name in chosen))
        for worker in self.workers:
            worker.database.fate.spare()

    async def all_work(self) -> None:
        """Let one of them live until nothing is left to do."""
        worker = self.dice.choice(self.workers)
        for name in ("escrow", "registry", "judge", "rank", "judge", "sweep"):
            while await worker.act(name):
                continue


@contextlib.asynccontextmanager
async def office_on(owner_url: str, seed: int) -> AsyncIterator[Office]:
    """Give some workers on a database of the test's own, whose judgings are logged."""
    owner = await asyncpg.connect(owner_url)
    await owner.execute(_LOG)
    feeds: dict[Feed, Said] = {"escrow": Said(), "registry": Said()}
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(owner.close)
        workers = []
        for _ in range(WORKERS):
            database = Mortal(alerts_url(owner_url))
            stack.push_async_callback(database.close)
            await database.open()
            workers.append(Worker(database, feeds))
        yield Office(owner, workers, feeds, Random(seed))

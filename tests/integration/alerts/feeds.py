"""A feed that says what a test wants, page by page, and the books of facts that hear it."""

import contextlib
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text

from alerts.intake.pull import Listener
from alerts.judging.judge import Judge
from shared.feed.reader import FeedEvent, FeedPage, Unreadable
from shared.ids import new_id
from shared.pg.database import Database
from shared.time import rfc3339
from tests.support.client import an_institution_id
from tests.support.postgres import alerts_url


@dataclass
class Said:
    """A producer's feed in memory: cursors are places in a list of pages."""

    pages: list[FeedPage] = field(default_factory=list)
    asked: list[str | None] = field(default_factory=list)

    async def page(self, after: str | None, **_: object) -> FeedPage:
        """Return the page that follows a cursor."""
        self.asked.append(after)
        place = int(after or 0)
        if place >= len(self.pages):
            return FeedPage(items=[], next=None)
        return self.pages[place].model_copy(update={"next": str(place + 1)})

    def say(self, *events: FeedEvent, unreadable: Sequence[str] = ()) -> None:
        """Add one page."""
        names = [Unreadable(name=name) for name in unreadable]
        self.pages.append(FeedPage(items=list(events), next=None, unreadable=names))


@dataclass
class Books:
    """alerts' database, a feed of escrow's, and the judge."""

    database: Database
    said: Said
    listener: Listener
    judge: Judge

    async def rows(self, query: str, **bound: object) -> list[dict[str, Any]]:
        """Return what a query finds."""
        async with self.database.connect() as connection:
            found = await connection.execute(text(query), bound)
            return [dict(row) for row in found.mappings()]

    async def now(self) -> datetime:
        """Return the time of the database, as raised."""
        query = "SELECT now() + make_interval(secs => offset_s) AS now FROM access.clock"
        (row,) = await self.rows(query)
        at: datetime = row["now"]
        return at

    async def hear(self) -> int:
        """Read the feed to its end; return how many events there were."""
        total = 0
        while heard := await self.listener.once():
            total += heard
        return total

    async def judge_all(self) -> int:
        """Judge whatever was touched."""
        return await self.judge.judge_touched()


@contextlib.asynccontextmanager
async def books_on(owner_url: str) -> AsyncIterator[Books]:
    """Give the books of facts on a database of the test's own."""
    database = await Database(alerts_url(owner_url), application="tests").open()
    said = Said()
    try:
        listener = Listener(database, "escrow", said)  # type: ignore[arg-type]
        yield Books(database, said, listener, Judge(database))
    finally:
        await database.close()


def event(
    event_type: str, time: datetime, body: dict[str, Any], institution_id: str, sequence: int = 1
) -> FeedEvent:
    """Return one event of escrow's feed."""
    return FeedEvent(
        id=new_id(),
        source="urn:yike:escrow",
        type=event_type,
        subject=institution_id,
        time=time,
        sequence=sequence,
        data=body,
    )


@dataclass
class School:
    """One institution as its events tell of it."""

    institution_id: str = field(default_factory=an_institution_id)
    district_code: str = "320602"
    numbers: int = 0

    def _next(self, stem: str) -> str:
        self.numbers += 1
        return f"{stem}{self.numbers}"

    def named(self, time: datetime) -> FeedEvent:
        """Tell how it is described."""
        body = {
            "name": "示例青竹培训中心",
            "district_code": self.district_code,
            "category": "non_subject",
            "delivery": "offline",
        }
        return event("institution.changed", time, body, self.institution_id)

    def paid_in(self, time: datetime, amount_fen: int, contract: str = "C1") -> FeedEvent:
        """Tell of a deposit that found its contract."""
        body = {
            "entry_id": self._next("E"),
            "contract_id": contract,
            "amount_fen": amount_fen,
            "entry_fen": amount_fen,
            "funded_fen": amount_fen,
            "booked_at": rfc3339(time),
        }
        return event("receipt.matched", time, body, self.institution_id)

    def took_out(self, time: datetime, amount_fen: int, **more: object) -> FeedEvent:
        """Tell of a debit that nobody instructed."""
        body = {
            "entry_id": self._next("E"),
            "amount_fen": amount_fen,
            "booked_at": rfc3339(time),
            "value_on": "2026-11-20",
            "purpose": "装修",
            "counterparty_ref": "0123456789abcdef",
            **more,
        }
        return event("debit.unbacked", time, body, self.institution_id)


def shuffled(events: Sequence[FeedEvent], seed: int) -> list[FeedEvent]:
    """Return events in another order, some of them twice."""
    chance = random.Random(seed)
    again = [*events, *chance.sample(list(events), len(events) // 3)]
    chance.shuffle(again)
    return again

"""An office with facts of institutions in its books, told as the feeds tell them."""

import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from alerts import app as app_of
from alerts.campaigns import api as campaigns
from alerts.judging.judge import Judge
from alerts.reports import api as reports
from alerts.reports import pages
from shared.time import SHANGHAI, business_day
from tests.integration.alerts.offices import Office, office_on
from tests.support.postgres import run_sql

YUAN = 100
MINE = (campaigns.router, reports.router, pages.router)
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Books:
    """What is told of one institution."""

    office: Office
    institution_id: str

    async def tell(  # noqa: PLR0913 - what a fact has
        self,
        kind: str,
        at: datetime,
        amount_fen: int = 0,
        *,
        ref: str | None = None,
        tag: str = "",
        number: int = 0,
        seen_at: datetime | None = None,
        **body: Any,  # noqa: ANN401 - what an event says
    ) -> None:
        """Let one fact be known, when it happened unless `seen_at` says later."""
        await self.office.run(
            "INSERT INTO alerts.fact (institution_id, event_id, part, kind, at, seen_at,"
            " amount_fen, ref, tag, number, body) VALUES (:me, gen_random_uuid(), 1, :kind, :at,"
            " :seen_at, CAST(:fen AS bigint), :ref, :tag, :number, CAST(:body AS jsonb))",
            me=self.institution_id,
            kind=kind,
            at=at,
            seen_at=seen_at or at,
            fen=amount_fen,
            ref=ref if ref is not None else f"R-{next(_numbers)}",
            tag=tag,
            number=number,
            body=json.dumps(body, ensure_ascii=False),
        )

    async def fund(self, at: datetime, amount_fen: int) -> None:
        """Let a fee arrive: booked, and matched to a contract."""
        entry = f"E-{next(_numbers)}"
        await self.tell("credit", at, amount_fen, ref=entry)
        await self.tell("funded", at, amount_fen, ref=f"C-{entry}", tag=entry)

    async def teach(self, at: datetime, amount_fen: int) -> None:
        """Let a lesson be taught and its fee be paid out."""
        await self.tell("released", at, amount_fen, number=1)
        await self.tell("debit", at, amount_fen, tag="payout")


@contextlib.asynccontextmanager
async def desk_on(owner_url: str) -> AsyncIterator[Office]:
    """Start the service with the routes of campaigns and reports."""
    missing = [one for one in MINE if one not in app_of._ROUTERS]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app_of, "_ROUTERS", (*app_of._ROUTERS, *missing))
        async with office_on(owner_url) as office:
            yield office


async def books_of(
    office: Office, *, district_code: str = "320602", category: str = "non_subject"
) -> Books:
    """Make an institution known, with who it is."""
    name = await office.place(district_code)
    await office.run(
        "UPDATE alerts.institution SET category = :category WHERE institution_id = :me",
        category=category,
        me=name,
    )
    books = Books(office, name)
    now = await office.now()
    await books.tell(
        "identity",
        now - timedelta(days=400),
        ref="",
        name="示例青竹培训中心",
        district_code=district_code,
        category=category,
        may_charge=True,
    )
    return books


async def judge(office: Office, *books: Books) -> None:
    """Let institutions be judged, as the worker does."""
    await Judge(office.database).judge([one.institution_id for one in books])


def put_clock(owner_url: str, at: datetime) -> None:
    """Let the books' clock show an instant from now on: it only goes forward."""
    statement = (
        "UPDATE access.clock SET offset_s ="
        f" extract(epoch FROM timestamptz '{at.isoformat()}' - now())::bigint"
    )
    run_sql(owner_url, statement)


def morning(at: datetime, hour: int = 10, days: int = 0) -> datetime:
    """Return an hour of the day of an instant in Shanghai, or of some days later."""
    day = business_day(at) + timedelta(days=days)
    return datetime(day.year, day.month, day.day, hour, tzinfo=SHANGHAI)


def sums(rows: Sequence[dict[str, Any]], *names: str) -> list[int]:
    """Return the sums of columns."""
    return [sum(row[name] for row in rows) for name in names]

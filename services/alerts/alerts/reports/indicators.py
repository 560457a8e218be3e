"""Reading what indicators are made from: one reading of a district over some days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.domain.indicators import Counted, Indicator, Tally, indicators_of
from alerts.domain.reports import bounds
from alerts.reports import daily
from alerts.reports.casework import read_part
from shared.pg.database import Database
from shared.pg.sql import statement

SPAN_DAYS_MAX: Final = 366
"""Days of one indicator report: a year, as a yearly supervision asks for."""

_SQL: Final = "alerts.reports.sql"
_WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Indicators:
    """The indicators of a district over some days."""

    as_of: datetime
    first_day: date
    last_day: date
    judged_since: datetime | None
    """When the institution that was judged longest ago was: how old the standing figures are."""
    rows: Sequence[Indicator]


async def read(database: Database, stem: str, first: date, last: date) -> Indicators:
    """Return the indicators of the districts that a stem begins."""
    from_at, until_at = bounds(first, last)
    async with database.connect() as connection:
        await connection.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        now = await daily.clock(connection)
        bound = {"stem": stem, "from_at": from_at, "until_at": until_at, "now": now}
        places = (await _rows(connection, "read_places", stem=stem, week_ago=now - _WEEK))[0]
        span = {"stem": stem, "from_at": from_at, "until_at": until_at}
        told = await _rows(connection, "read_told", **span)
        steps = await _rows(connection, "read_steps", **span)
        rules = await _rows(connection, "read_rules", **span)
        overdue = await read_part(connection, "overdue", bound, is_listed=False)
    counted = Counted(
        {key: value for key, value in places.items() if key != "judged_since"},
        {(row["kind"], row["tag"]): _tally(row) for row in told},
        {row["step"]: row["number"] for row in steps},
        {row["rule"]: row["number"] for row in rules},
        overdue.number,
    )
    return Indicators(now, first, last, places["judged_since"], indicators_of(counted))


def _tally(row: dict[str, Any]) -> Tally:
    return Tally(row["number"], row["amount_fen"], row["units"])


async def _rows(connection: AsyncConnection, name: str, **bound: object) -> list[dict[str, Any]]:
    found = await connection.execute(text(statement(_SQL, name)), bound)
    return [dict(row) for row in found.mappings()]

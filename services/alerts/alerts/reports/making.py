"""Making daily reports at 08:30 of each working day, for every bureau that has institutions.

A report that is due and missing is made, however late; its days reach back to the last one's.
"""

from typing import Final

from sqlalchemy import text

from alerts.domain.reports import bureaux, covered
from alerts.reports import daily
from alerts.reports.daily import Making, Span
from alerts.watching.shaping import last_report_due
from shared.pg.database import Database
from shared.time import business_day
from shared.web.principals import area_stem

MADE_MAX: Final = 20
"""Reports of one round: each is some reading statements; four hundred bureaux take seconds."""

MAKER: Final = "service:alerts"

_CODES: Final = (
    "SELECT DISTINCT district_code FROM alerts.institution WHERE district_code IS NOT NULL"
)
_LAST: Final = (
    "SELECT district_code, max(day) AS day FROM alerts.report WHERE kind = 'daily' GROUP BY 1"
)


class ReportMaker:
    """Makes the daily reports that are due."""

    def __init__(self, database: Database) -> None:
        """Take the books."""
        self._database = database

    async def once(self) -> int:
        """Make some of the reports that are due and missing; return how many."""
        due = await self._due()
        for span in due[:MADE_MAX]:
            await self._make(span)
        return len(due[:MADE_MAX])

    async def _due(self) -> list[Span]:
        async with self._database.connect() as connection:
            now = await daily.clock(connection)
            calendar = await daily.read_calendar(connection)
            codes = [row.district_code for row in await connection.execute(text(_CODES))]
            last = {row.district_code: row.day for row in await connection.execute(text(_LAST))}
        at = last_report_due(now, calendar)
        before = daily.workday_before(business_day(at), calendar)
        spans = {code: covered(at, last.get(code), before) for code in bureaux(codes)}
        return [Span(code, *days) for code, days in spans.items() if days]

    async def _make(self, span: Span) -> None:
        async with self._database.begin() as connection:
            await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            body = await daily.computed(connection, span, area_stem(span.district_code))
            await daily.write(connection, span, body, Making(1, MAKER))

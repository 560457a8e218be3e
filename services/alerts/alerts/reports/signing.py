"""Signing a daily report, and correcting one: by another number, never by an edit.

What is signed is named by its hash: the signature is under what the officer read. Only the newest
number of a day is signed, and each only once.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.reports import daily
from alerts.reports.daily import Making, Span
from shared.errors import Conflict, InvariantBroken, NotKnown
from shared.pg.database import Database
from shared.web.principals import area_stem

NUMBERS_MAX: Final = 20
"""Reports of one bureau and day: who corrects more often has to say so on paper."""

_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('report ' || :district_code, 0))"
_SIGN: Final = (
    "UPDATE alerts.report SET signed_by = :signed_by,"
    " signed_at = (SELECT now() + make_interval(secs => offset_s) FROM access.clock)"
    " WHERE kind = 'daily' AND district_code = :district_code AND day = :day"
    " AND report_no = :report_no AND signed_by IS NULL"
)


@dataclass(frozen=True, slots=True)
class Named:
    """A report as an officer names it."""

    district_code: str
    day: date
    report_no: int
    hash: str


async def sign(database: Database, named: Named, signed_by: str) -> RowMapping:
    """Sign a report; return it signed.

    Raises:
        NotKnown: there is none such.
        Conflict: `already_signed`, `report_corrected`, `hash_differs`.

    """
    async with database.begin() as connection:
        await connection.execute(text(_LOCK), {"district_code": named.district_code})
        newest = await daily.find(connection, named.district_code, named.day)
        asked = await daily.find(connection, named.district_code, named.day, named.report_no)
        if newest is None or asked is None:
            raise NotKnown
        if asked["hash"] != named.hash:
            message = "The report has another hash: read it again, then sign what you read."
            raise Conflict(message, code="hash_differs")
        if asked["signed_by"] is not None:
            message = "The report is signed already, and a signature stands."
            raise Conflict(message, code="already_signed")
        if asked["report_no"] != newest["report_no"]:
            message = "The report was corrected: sign the newest number of the day."
            raise Conflict(message, code="report_corrected")
        bound = {
            "signed_by": signed_by,
            "district_code": named.district_code,
            "day": asked["day"],
            "report_no": named.report_no,
        }
        await connection.execute(text(_SIGN), bound)
        return await _again(connection, named.district_code, asked["day"], named.report_no)


async def correct(
    database: Database, district_code: str, day: date, made_by: str, reason: str
) -> RowMapping:
    """Make the report of a day anew, under the next number; return it.

    Raises:
        NotKnown: there is none of the day yet: the worker makes the first.
        Conflict: `too_many_reports` of the day.

    """
    body, span = await _computed(database, district_code, day)
    async with database.begin() as connection:
        await connection.execute(text(_LOCK), {"district_code": district_code})
        newest = await daily.find(connection, district_code, span.last_day)
        assert newest is not None, "reports are never taken away"
        number = newest["report_no"] + 1
        if number > NUMBERS_MAX:
            message = f"The day has {NUMBERS_MAX} reports: no more are made."
            raise Conflict(message, code="too_many_reports")
        await daily.write(connection, span, body, Making(number, made_by, reason))
        return await _again(connection, district_code, span.last_day, number)


async def _computed(
    database: Database, district_code: str, day: date
) -> tuple[dict[str, Any], Span]:
    """Return what a report says now of the days that the one of a day covers, in one reading."""
    async with database.connect() as connection:
        await connection.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        found = await daily.find(connection, district_code, day)
        if found is None:
            raise NotKnown
        span = Span(district_code, found["first_day"], found["day"])
        return await daily.computed(connection, span, area_stem(district_code)), span


async def _again(
    connection: AsyncConnection, district_code: str, day: date, number: int
) -> RowMapping:
    found = await daily.find(connection, district_code, day, number)
    if found is None:
        message = "a report that was just written is gone"
        raise InvariantBroken(message)
    return found

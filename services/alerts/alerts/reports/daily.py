"""The daily report of a bureau (日报告): made once, hashed, signed once, corrected by another.

A report that says nothing happened is made too, with how fresh the feeds were when it said so.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.domain.reports import bounds, hash_of
from alerts.domain.workdays import LOOK_AHEAD, Calendar
from alerts.reports.casework import read_part
from shared.time import rfc3339

KIND: Final = "daily"

_PARTS: Final = ("opened", "overdue", "critical", "closed", "open")
_LISTED: Final = frozenset({"opened", "overdue", "critical"})
_CLOCK: Final = "SELECT now() + make_interval(secs => offset_s) FROM access.clock"
_CALENDAR: Final = "SELECT day, is_workday FROM alerts.workday"
_FEEDS: Final = "SELECT feed, read_at, heard_at FROM alerts.feed ORDER BY feed"
_STANDING: Final = (
    "SELECT count(*) AS institutions,"
    " count(*) FILTER (WHERE risk = 'ok') AS ok,"
    " count(*) FILTER (WHERE risk = 'warning') AS warning,"
    " count(*) FILTER (WHERE risk = 'critical') AS critical,"
    " count(*) FILTER (WHERE risk = 'indeterminate') AS indeterminate,"
    " count(*) FILTER (WHERE judged_at IS NULL) AS not_judged,"
    " min(judged_at) AS judged_since,"
    " coalesce(sum(custody_fen), 0)::bigint AS custody_fen,"
    " coalesce(sum(held_fen), 0)::bigint AS held_fen,"
    " coalesce(sum(greatest(required_fen - custody_fen, 0)), 0)::bigint AS gap_fen"
    " FROM alerts.institution WHERE starts_with(district_code, :stem)"
)
_DISTRICTS: Final = (
    "SELECT c.district_code,"
    " count(*) FILTER (WHERE c.opened_at >= :from_at AND c.opened_at < :until_at) AS opened,"
    " count(*) FILTER (WHERE c.state <> 'archived' AND c.due_at < :now) AS overdue,"
    " count(*) FILTER (WHERE c.severity = 'critical'"
    " AND c.state NOT IN ('closed', 'recheck', 'archived')) AS critical"
    ' FROM alerts."case" AS c WHERE starts_with(c.district_code, :stem)'
    " GROUP BY 1 ORDER BY 1 LIMIT 500"
)
_ADD: Final = (
    "INSERT INTO alerts.report (kind, district_code, day, report_no, first_day, made_at, made_by,"
    " reason, body, hash) VALUES ('daily', :district_code, :day, :report_no, :first_day, :made_at,"
    " :made_by, :reason, CAST(:body AS jsonb), :hash) ON CONFLICT DO NOTHING"
)
_FIND: Final = (
    "SELECT r.*, r.body::text AS said FROM alerts.report AS r WHERE r.kind = 'daily'"
    " AND r.district_code = :district_code AND r.day >= :day AND r.first_day <= :day"
    " AND (CAST(:report_no AS integer) IS NULL OR r.report_no = :report_no)"
    " ORDER BY r.day, r.report_no DESC LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Span:
    """Which bureau's report, and the days it covers."""

    district_code: str
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True)
class Making:
    """Under which number a report is made, by whom, and why again."""

    report_no: int
    made_by: str
    reason: str = ""


async def clock(connection: AsyncConnection) -> datetime:
    """Return the time: the database's, plus what the sandbox raised it by."""
    now: datetime = (await connection.execute(text(_CLOCK))).scalar_one()
    return now


async def read_calendar(connection: AsyncConnection) -> Calendar:
    """Return the calendar with the make-up workdays that are known."""
    rows = await connection.execute(text(_CALENDAR))
    return Calendar({row.day: row.is_workday for row in rows})


def workday_before(day: date, calendar: Calendar) -> date:
    """Return the last working day before a day."""
    earlier = (day - timedelta(days=back) for back in range(1, LOOK_AHEAD))
    return next((one for one in earlier if calendar.is_workday(one)), day)


async def computed(connection: AsyncConnection, span: Span, stem: str) -> dict[str, Any]:
    """Return what a report says, of one reading: the caller's transaction sees one instant."""
    now = await clock(connection)
    from_at, until_at = bounds(span.first_day, span.last_day)
    bound = {"stem": stem, "from_at": from_at, "until_at": until_at, "now": now}
    parts = {
        name: (await read_part(connection, name, bound, is_listed=name in _LISTED)).told()
        for name in _PARTS
    }
    standing = (await connection.execute(text(_STANDING), {"stem": stem})).mappings().one()
    feeds = (await connection.execute(text(_FEEDS))).mappings()
    districts = (await connection.execute(text(_DISTRICTS), bound)).mappings()
    return {
        "district_code": span.district_code,
        "first_day": span.first_day.isoformat(),
        "last_day": span.last_day.isoformat(),
        "as_of": rfc3339(now),
        "is_zero": not any(parts[name]["number"] for name in _LISTED),
        **parts,
        "standing": _plain(dict(standing)),
        "districts": [dict(row) for row in districts],
        "feeds": [_plain(dict(row)) for row in feeds],
    }


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: rfc3339(value) if isinstance(value, datetime) else value for key, value in row.items()
    }


async def write(
    connection: AsyncConnection, span: Span, body: dict[str, Any], making: Making
) -> bool:
    """Write a report as it was made; tell whether it was not there yet under its number."""
    full = {**body, "report_no": making.report_no, "reason": making.reason}
    bound = {
        "district_code": span.district_code,
        "day": span.last_day,
        "report_no": making.report_no,
        "first_day": span.first_day,
        "made_at": datetime.fromisoformat(body["as_of"]),
        "made_by": making.made_by,
        "reason": making.reason,
        "body": json.dumps(full, ensure_ascii=False),
        "hash": hash_of(full),
    }
    written = await connection.execute(text(_ADD), bound)
    return bool(written.rowcount)


async def find(
    connection: AsyncConnection, district_code: str, day: date, report_no: int | None = None
) -> RowMapping | None:
    """Return the report that covers a day, the newest number unless one is named."""
    bound = {"district_code": district_code, "day": day, "report_no": report_no}
    return (await connection.execute(text(_FIND), bound)).mappings().one_or_none()

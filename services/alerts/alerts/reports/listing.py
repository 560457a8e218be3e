"""Lists that officers work from: the ledger of cases (工作台账), and whom to interview (两必谈)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from alerts.domain.rules.interviews import quarter_of
from alerts.reports import daily
from alerts.reports.casework import IS_OPEN, told_of
from shared.pg.database import Database
from shared.time import business_day, rfc3339

EVER: Final = datetime(2000, 1, 1, tzinfo=UTC)
NEVER: Final = datetime(2200, 1, 1, tzinfo=UTC)
"""Where a ledger begins and ends that nobody bounds."""

DISTRESSED_MAX: Final = 500
"""Institutions in distress of one list: more is no list for interviews."""

_LEDGER: Final = (
    "SELECT c.case_id, c.institution_id, i.name, c.district_code,"  # noqa: S608 - words of ours
    " c.rule, c.severity, c.state,"
    " c.class AS finding, c.opened_at, c.due_at, c.milestone, c.closed_at, c.owner, c.sentence,"
    " c.amount_fen, e.acknowledged_at, e.interviewed_at, e.classified_at, e.rechecked_at, e.steps"
    ' FROM alerts."case" AS c LEFT JOIN alerts.institution AS i'
    " ON i.institution_id = c.institution_id"
    " LEFT JOIN LATERAL (SELECT count(*) AS steps,"
    " min(v.at) FILTER (WHERE v.state_after = 'acknowledged') AS acknowledged_at,"
    " max(v.at) FILTER (WHERE v.step = 'interviewed') AS interviewed_at,"
    " min(v.at) FILTER (WHERE v.step = 'classified') AS classified_at,"
    " max(v.at) FILTER (WHERE v.step IN ('archived', 'relapsed')) AS rechecked_at"
    " FROM alerts.case_event AS v"
    " WHERE v.institution_id = c.institution_id AND v.case_id = c.case_id) AS e ON true"
    " WHERE starts_with(c.district_code, :stem)"
    " AND c.opened_at >= :from_at AND c.opened_at < :until_at"
    " AND (CAST(:severity AS text) IS NULL OR c.severity = :severity)"
    f" AND (NOT :open_only OR {IS_OPEN})"
    " AND (CAST(:after AS uuid) IS NULL OR c.case_id < :after)"
    " ORDER BY c.case_id DESC LIMIT :limit"
)
_TALKED: Final = (
    " LEFT JOIN LATERAL (SELECT max(v.at) AS interviewed_at FROM alerts.case_event AS v"
    " WHERE v.institution_id = i.institution_id AND v.step = 'interviewed') AS e ON true"
)
_LARGEST: Final = (
    "SELECT i.institution_id, i.name, i.district_code, i.held_fen,"  # noqa: S608 - words of ours
    " i.custody_fen, i.risk,"
    f" e.interviewed_at FROM alerts.institution AS i{_TALKED}"
    " WHERE starts_with(i.district_code, :stem) AND i.held_fen > 0"
    " ORDER BY i.held_fen DESC, i.institution_id LIMIT :top"
)
_DISTRESSED: Final = (
    "SELECT DISTINCT ON (i.institution_id) i.institution_id, i.name,"  # noqa: S608 - words of ours
    " i.district_code,"
    " i.held_fen, i.custody_fen, i.risk, e.interviewed_at, c.sentence"
    ' FROM alerts."case" AS c JOIN alerts.institution AS i'
    f" ON i.institution_id = c.institution_id{_TALKED}"
    " WHERE starts_with(i.district_code, :stem) AND c.rule = 'distress'"
    f" AND {IS_OPEN} ORDER BY i.institution_id, c.opened_at DESC LIMIT :most"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases of a ledger."""

    stem: str
    from_at: datetime = EVER
    until_at: datetime = NEVER
    severity: str | None = None
    open_only: bool = False
    after: UUID | None = None


async def read_ledger(database: Database, wanted: Wanted, limit: int) -> list[dict[str, Any]]:
    """Return cases with the days of their steps, the newest first."""
    bound = {name: getattr(wanted, name) for name in Wanted.__dataclass_fields__}
    async with database.connect() as connection:
        found = await connection.execute(text(_LEDGER), {**bound, "limit": limit})
        return [told_of(dict(row)) for row in found.mappings()]


@dataclass(frozen=True, slots=True)
class Interviews:
    """Whom to interview in the running quarter."""

    as_of: datetime
    quarter: str
    since: date
    rows: list[dict[str, Any]]


async def read_interviews(database: Database, stem: str, top: int) -> Interviews:
    """Return the largest institutions by prepaid fees held, and those in distress."""
    async with database.connect() as connection:
        await connection.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        now = await daily.clock(connection)
        large = (await connection.execute(text(_LARGEST), {"stem": stem, "top": top})).mappings()
        poor = await connection.execute(text(_DISTRESSED), {"stem": stem, "most": DISTRESSED_MAX})
        today = business_day(now)
        since = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
        rows = [
            _row(dict(row), f"规模第 {place} 位", since) for place, row in enumerate(large, start=1)
        ]
        known = {row["institution_id"]: row for row in rows}
        for found in poor.mappings():
            row = known.get(found["institution_id"])
            if row is not None:
                row["why"] += "；经营困难"
                row["sentence"] = found["sentence"]
            else:
                rows.append(_row(dict(found), "经营困难", since))
    return Interviews(now, quarter_of(today), since, rows)


def _row(found: Mapping[str, Any], why: str, since: date) -> dict[str, Any]:
    talked = found["interviewed_at"]
    return {
        **found,
        "why": why,
        "sentence": found.get("sentence", ""),
        "interviewed_at": rfc3339(talked) if talked else None,
        "is_interviewed": talked is not None and business_day(talked) >= since,
    }

"""One consistent reading of every table that figures are taken from: one transaction, read only.

Each statement is bounded: by the closed sets it groups by, or by a limit. Instants are given on
the clock of the machine that scrapes: what a sandbox raised the books' clock by is taken off.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, TypeAlias

from sqlalchemy import Row, text

from alerts.watching.catalogue import MILESTONE_BUCKETS_S
from alerts.watching.words import CAMPAIGNS_MAX
from shared.pg.database import Database

Rows: TypeAlias = Mapping[str, Sequence[Row[Any]]]

_CLOCK: Final = text(
    "SELECT now() AS taken_at, offset_s,"
    " now() + make_interval(secs => offset_s) AS books_at FROM access.clock"
)

_STATEMENTS: Final = {
    "evaluated": "SELECT rule, mode, outcome, severity, reason, number FROM alerts.evaluated",
    "parameters": "SELECT DISTINCT rule FROM alerts.parameters WHERE state = 'shadow'",
    "suppressions": (
        "SELECT rule, count(*) AS number FROM alerts.suppression"
        " WHERE ended_at IS NULL AND ends_at > :now GROUP BY rule"
    ),
    "waiting": (
        "SELECT count(*) AS number, min(touched_at) AS oldest FROM alerts.institution"
        " WHERE touched_at IS NOT NULL"
    ),
    "feeds": "SELECT feed, heard_at FROM alerts.feed",
    "set_aside": "SELECT feed, count(*) AS number FROM alerts.set_aside GROUP BY feed",
    "cases": (
        "SELECT district_code, severity, coalesce(opened_severity, severity) AS opened, state,"
        ' count(*) AS number FROM alerts."case" GROUP BY 1, 2, 3, 4'
    ),
    "overdue": (
        'SELECT milestone, severity, count(*) AS number FROM alerts."case"'
        " WHERE state <> 'archived' AND due_at <= :now GROUP BY 1, 2"
    ),
    # Open cases, the gravest and oldest first, then closed ones whose re-check is late.
    "sparse": (
        "SELECT c.case_id::text AS case_id, c.institution_id, c.district_code, c.rule, c.severity,"
        " c.opened_at, c.milestone, c.due_at, i.name,"
        " c.state NOT IN ('closed', 'recheck', 'archived') AS is_open"
        ' FROM alerts."case" AS c LEFT JOIN alerts.institution AS i USING (institution_id)'
        " WHERE c.state NOT IN ('closed', 'recheck', 'archived')"
        " OR (c.state <> 'archived' AND c.due_at <= :now)"
        " ORDER BY is_open DESC,"
        " CASE c.severity WHEN 'critical' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END,"
        " c.opened_at, c.case_id LIMIT :cases_max"
    ),
    "closed": (
        "SELECT c.rule, coalesce(e.payload->>'class', c.class) AS finding, count(*) AS number"
        " FROM alerts.case_event AS e"
        ' JOIN alerts."case" AS c USING (institution_id, case_id)'
        " WHERE e.state_after = 'closed' AND e.state_before IS DISTINCT FROM 'closed'"
        " GROUP BY 1, 2"
    ),
    "reopened": (
        "SELECT count(*) AS number FROM alerts.case_event"
        " WHERE state_after = 'reopened' AND state_before IS DISTINCT FROM 'reopened'"
    ),
    # Each milestone of a case's first life: what was reached after a reopening is left out.
    "reached": (
        "SELECT state_after, severity, width_bucket(took_s, CAST(:buckets AS float8[])) AS bucket,"
        " count(*) AS number, sum(took_s) AS total_s FROM ("
        "SELECT e.state_after, coalesce(c.opened_severity, c.severity) AS severity,"
        " extract(epoch FROM e.at - c.opened_at)::float8 AS took_s"
        ' FROM alerts.case_event AS e JOIN alerts."case" AS c USING (institution_id, case_id)'
        " WHERE e.state_after IN ('acknowledged', 'interviewed', 'classified', 'closed')"
        " AND e.state_before IS DISTINCT FROM e.state_after"
        " AND NOT EXISTS (SELECT FROM alerts.case_event AS r"
        " WHERE r.institution_id = e.institution_id AND r.case_id = e.case_id"
        " AND r.state_after = 'reopened' AND r.step_no < e.step_no)) AS t"
        " GROUP BY 1, 2, 3"
    ),
    "institutions": (
        "SELECT district_code, risk, count(*) AS number, sum(custody_fen)::bigint AS custody_fen,"
        " sum(held_fen)::bigint AS held_fen, sum(outflow_fen)::bigint AS outflow_fen,"
        " sum(refunded_fen)::bigint AS refunded_fen,"
        " sum(greatest(required_fen - custody_fen, 0))::bigint AS gap_fen"
        " FROM alerts.institution GROUP BY 1, 2"
    ),
    "campaigns": (
        "WITH held AS MATERIALIZED (SELECT district_code, category, sum(held_fen) AS held_fen"
        " FROM alerts.institution GROUP BY 1, 2)"
        " SELECT c.campaign_id::text AS campaign, c.name, c.refund_by, c.clear_by,"
        " h.district_code, coalesce(sum(h.held_fen), 0)::bigint AS held_fen"
        " FROM (SELECT * FROM alerts.campaign WHERE clear_by >= :first_day"
        " ORDER BY clear_by, campaign_id LIMIT :campaigns_max) AS c"
        " LEFT JOIN held AS h ON starts_with(h.district_code,"
        " regexp_replace(c.district_code, '(00)+$', ''))"
        " AND (c.category IS NULL OR h.category = c.category)"
        " GROUP BY 1, 2, 3, 4, 5"
    ),
    "reports": (
        "SELECT district_code, max(made_at) AS made_at FROM alerts.report"
        " WHERE kind = 'daily' GROUP BY district_code"
    ),
    "undelivered": (
        "SELECT kind, min(due_at) AS oldest FROM alerts.notice"
        " WHERE state = 'waiting' AND due_at <= :now GROUP BY kind"
    ),
    "workdays": (
        "SELECT day, is_workday FROM alerts.workday WHERE day BETWEEN :first_day AND :today"
    ),
}

_PAST_DAYS: Final = 30
"""How long a campaign is shown after its last day, and how far back working days are sought."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read, as of one instant."""

    taken_at: datetime
    """By the machine's clock."""
    books_at: datetime
    """By the books' clock, which a sandbox raises."""
    offset_s: int
    rows: Rows


async def read(database: Database, cases_max: int) -> Reading:
    """Read everything as of one instant."""
    async with database.connect() as connection:
        await connection.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        clock = (await connection.execute(_CLOCK)).one()
        bound = _bound(clock.books_at, cases_max)
        rows = {}
        for name, statement in _STATEMENTS.items():
            query = text(statement)
            asked = {word: bound[word] for word in query.compile().params}
            rows[name] = (await connection.execute(query, asked)).all()
    return Reading(clock.taken_at, clock.books_at, clock.offset_s, rows)


def _bound(now: datetime, cases_max: int) -> dict[str, object]:
    today: date = now.date()
    first_day = today - timedelta(days=_PAST_DAYS)
    return {
        "now": now,
        "today": today,
        "first_day": first_day,
        "cases_max": cases_max,
        "campaigns_max": CAMPAIGNS_MAX,
        "buckets": list(MILESTONE_BUCKETS_S),
    }

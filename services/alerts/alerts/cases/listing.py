"""Cases as an officer works through them: the gravest first, then by deadline; and counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from alerts.casebook.reading import Shown
from alerts.casebook.writing import case_of
from shared.pg.database import Database

PAGE_MAX: Final = 50
"""Cases of one page: what one scrolls through on a phone."""

_NOW: Final = "now() + make_interval(secs => k.offset_s)"
_RANK: Final = "CASE c.severity WHEN 'critical' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END"
_DUE: Final = "coalesce((extract(epoch FROM c.due_at) * 1000000)::bigint, 9223372036854775807)"
_ID: Final = 'c.case_id::text COLLATE "C"'
_IS_OPEN: Final = "c.state NOT IN ('closed', 'recheck', 'archived')"
_FROM: Final = (
    ' FROM alerts."case" AS c CROSS JOIN access.clock AS k'
    " LEFT JOIN alerts.institution AS i ON i.institution_id = c.institution_id"
)
_LIST: Final = f"SELECT c.*, i.name, {_NOW} AS now, {_RANK} AS rank, {_DUE} AS due{_FROM}"
_COUNT: Final = (
    "SELECT count(*) AS number,"  # noqa: S608 - words of ours
    " count(*) FILTER (WHERE c.severity = 'critical') AS critical,"
    " count(*) FILTER (WHERE c.severity = 'warning') AS warning,"
    " count(*) FILTER (WHERE c.severity = 'info') AS hints,"
    " count(*) FILTER (WHERE c.state IN ('new', 'reopened')) AS untaken,"
    " (SELECT now() + make_interval(secs => offset_s) FROM access.clock) AS now"
    f"{_FROM}"
)
_PLACE: Final = (
    f"({_RANK}, {_DUE}, {_ID})"
    " > (CAST(:last_rank AS bigint), CAST(:last_due AS bigint), CAST(:last_id AS text))"
)


@dataclass(frozen=True, slots=True)
class Sought:
    """Which cases; what is None does not matter."""

    stem: str
    """What the codes of the reader's districts begin with."""
    state: str | None = None
    """None: open ones; of those that are overdue, also closed ones whose re-check is late."""
    severity: str | None = None
    rule: str | None = None
    institution_id: str | None = None
    is_overdue: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: after a case of such a rank, deadline and id."""

    last_rank: int
    last_due: int
    last_id: str


@dataclass(frozen=True, slots=True)
class Tally:
    """How many there are, listed or not."""

    number: int
    critical: int
    warning: int
    hints: int
    untaken: int
    now: datetime
    """When they were counted."""


async def list_urgent(
    database: Database, sought: Sought, place: Place | None = None, *, limit: int = PAGE_MAX
) -> tuple[Sequence[Shown], Place | None]:
    """Return cases, the most urgent first, and where the next page begins; None at the end."""
    where, bound = _where(sought)
    if place is not None:
        where += f" AND {_PLACE}"
        bound |= {"last_rank": place.last_rank, "last_due": place.last_due}
        bound["last_id"] = place.last_id
    query = text(f"{_LIST}{where} ORDER BY {_RANK}, {_DUE}, {_ID} LIMIT :limit")
    async with database.connect() as connection:
        found = await connection.execute(query, {**bound, "limit": limit + 1})
        rows = found.mappings().all()
    shown = [Shown(case_of(row), row["name"], row["now"]) for row in rows[:limit]]
    if len(rows) <= limit:
        return shown, None
    last = rows[limit - 1]
    return shown, Place(last["rank"], last["due"], str(last["case_id"]))


async def count_urgent(database: Database, sought: Sought) -> Tally:
    """Return how many cases there are, by severity."""
    where, bound = _where(sought)
    async with database.connect() as connection:
        found = await connection.execute(text(_COUNT + where), bound)
        return Tally(**found.mappings().one())


def _where(sought: Sought) -> tuple[str, dict[str, Any]]:
    clauses = ["starts_with(c.district_code, :stem)"]
    bound: dict[str, Any] = {"stem": sought.stem}
    for name in ("state", "severity", "rule", "institution_id"):
        wanted = getattr(sought, name)
        if wanted is not None:
            clauses.append(f"c.{name} = :{name}")
            bound[name] = wanted
    if sought.is_overdue:
        clauses += [f"c.due_at < {_NOW}", "c.state <> 'archived'"]
    elif sought.state is None:
        clauses.append(_IS_OPEN)
    return f" WHERE {' AND '.join(clauses)}", bound

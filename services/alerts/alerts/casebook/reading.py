"""Cases as they are shown: pages of them, and one with its evidence and its whole history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import RowMapping, text

from alerts.casebook.writing import case_of, parsed
from alerts.domain.cases import Case
from alerts.domain.chain import Event, verify_chain
from shared.pg.database import Database

EVIDENCE_MAX: Final = 500
"""Facts shown of one case, the newest: what an officer reads; all are counted."""

HISTORY_MAX: Final = 500
"""Steps shown of one case, the last ones; all are verified."""

_BEYOND: Final = "999999999999"
"""Sorts after whatever a code goes on with: codes have at most twelve digits."""

_CASE: Final = (
    "SELECT c.*, i.name, now() + make_interval(secs => k.offset_s) AS now"
    ' FROM alerts."case" AS c CROSS JOIN access.clock AS k'
    " LEFT JOIN alerts.institution AS i ON i.institution_id = c.institution_id"
)
_EVIDENCE: Final = (
    "SELECT e.fact_id, e.evaluation_id, e.added_at, f.kind, f.at, f.amount_fen, f.ref, f.tag,"
    " CASE WHEN f.kind IN ('tip', 'inspection', 'bank_warning') THEN f.body ->> 'text' END AS text"
    " FROM alerts.case_evidence AS e LEFT JOIN alerts.fact AS f"
    " ON f.institution_id = e.institution_id AND f.fact_id = e.fact_id"
    " WHERE e.institution_id = :institution_id AND e.case_id = :case_id"
    " ORDER BY e.fact_id DESC LIMIT :most"
)
_COUNT: Final = (
    "SELECT count(*) FROM alerts.case_evidence AS e"
    " WHERE e.institution_id = :institution_id AND e.case_id = :case_id"
)
_HISTORY: Final = (
    "SELECT e.* FROM alerts.case_event AS e"
    " WHERE e.institution_id = :institution_id AND e.case_id = :case_id ORDER BY e.step_no"
)
_CONDITIONS: Final = {
    "state": "c.state = :state",
    "severity": "c.severity = :severity",
    "low": "c.district_code BETWEEN :low AND :high",
    "own_low": "c.district_code BETWEEN :own_low AND :own_high",
    "institution_id": "c.institution_id = :institution_id",
    "case_id": "c.case_id = :case_id",
    "after": "c.case_id < :after",
    "is_overdue": (
        "coalesce(c.due_at < now() + make_interval(secs => k.offset_s), false) = :is_overdue"
    ),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases; what is None does not matter."""

    state: str | None = None
    severity: str | None = None
    stem: str | None = None
    """What the district's code begins with."""
    own_stem: str = ""
    """What the codes of the reader's own districts begin with: nothing else is there."""
    institution_id: str | None = None
    is_overdue: bool | None = None
    """Whether its next milestone should have been reached by now."""
    case_id: UUID | None = None
    after: UUID | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """One case with the name of its institution and the time it is shown."""

    case: Case
    name: str | None
    now: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """One case with everything that is known of it."""

    shown: Shown
    evidence: Sequence[Mapping[str, Any]]
    evidence_count: int
    history: Sequence[Event]
    steps: int
    broken_at: int | None
    """The first step that is not as it was written; None where the chain is whole."""


async def list_cases(database: Database, wanted: Wanted, *, limit: int) -> list[Shown]:
    """Return cases, the newest first."""
    bound = _bound(wanted)
    clauses = [clause for name, clause in _CONDITIONS.items() if name in bound]
    where = f" WHERE {' AND '.join(clauses)}" if clauses else ""
    query = text(f"{_CASE}{where} ORDER BY c.case_id DESC LIMIT :limit")
    async with database.connect() as connection:
        found = await connection.execute(query, {**bound, "limit": limit})
        return [Shown(case_of(row), row["name"], row["now"]) for row in found.mappings()]


async def find_case(database: Database, case_id: UUID, own_stem: str) -> Told | None:
    """Return one case with its evidence and history; None where the reader has none such."""
    found = await list_cases(database, Wanted(case_id=case_id, own_stem=own_stem), limit=1)
    if not found:
        return None
    case = found[0].case
    key = {"institution_id": case.institution_id, "case_id": case.case_id}
    async with database.connect() as connection:
        rows = await connection.execute(text(_EVIDENCE), {**key, "most": EVIDENCE_MAX})
        evidence = [dict(row) for row in rows.mappings()]
        number = int(await connection.scalar(text(_COUNT), key) or 0)
        events = [_event(row) for row in (await connection.execute(text(_HISTORY), key)).mappings()]
    written = [one for one in events if one.step_no <= case.version]
    return Told(
        shown=found[0],
        evidence=evidence,
        evidence_count=number,
        history=written[-HISTORY_MAX:],
        steps=len(written),
        broken_at=verify_chain(written, case.last_hash),
    )


def _bound(wanted: Wanted) -> dict[str, Any]:
    bound: dict[str, Any] = {
        "state": wanted.state,
        "severity": wanted.severity,
        "institution_id": wanted.institution_id,
        "is_overdue": wanted.is_overdue,
        "case_id": wanted.case_id,
        "after": wanted.after,
    }
    if wanted.stem:
        bound |= {"low": wanted.stem, "high": wanted.stem + _BEYOND}
    if wanted.own_stem:
        bound |= {"own_low": wanted.own_stem, "own_high": wanted.own_stem + _BEYOND}
    return {name: value for name, value in bound.items() if value is not None}


def _event(row: RowMapping) -> Event:
    named = {name: row[name] for name in Event.__dataclass_fields__}
    return Event(**{**named, "payload": parsed(row["payload"])})

"""Cases between the database and the domain: read by key, written with what history says.

Everything goes in the caller's transaction, by arrays: so many statements, whatever the number.
Whoever changes cases holds the rows of their institutions (`lock`): the judge has them anyway.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from alerts.domain.cases import Case, Hit, Known, Stepped
from alerts.domain.casewords import Finding, Milestone, State
from alerts.domain.outcome import Severity
from alerts.domain.workdays import Calendar
from shared.errors import InvariantBroken
from shared.pg.database import LedgerConnection
from shared.pg.sql import statement

SQL: Final = "alerts.casebook.sql"

_LOCK: Final = (
    "SELECT institution_id FROM alerts.institution WHERE institution_id = ANY ($1::text[])"
    " ORDER BY institution_id FOR NO KEY UPDATE"
)
_CLOCK: Final = (
    "SELECT clock_timestamp() + make_interval(secs => c.offset_s) AS now FROM access.clock AS c"
)
_WORKDAYS: Final = "SELECT day, is_workday FROM alerts.workday ORDER BY day"


async def lock(tx: LedgerConnection, institution_ids: Sequence[str]) -> frozenset[str]:
    """Hold institutions until the transaction ends, always in one order; return those known."""
    rows = await tx.fetch(_LOCK, list(institution_ids))
    return frozenset(row["institution_id"] for row in rows)


async def clock(tx: LedgerConnection) -> datetime:
    """Return the time, taken after whatever was waited for: the database's, plus its offset."""
    now: datetime = await tx.fetchval(_CLOCK)
    return now


async def read_calendar(tx: LedgerConnection) -> Calendar:
    """Return the calendar with the make-up workdays that are known."""
    rows = await tx.fetch(_WORKDAYS)
    return Calendar({row["day"]: row["is_workday"] for row in rows})


async def read_keys(tx: LedgerConnection, hits: Sequence[Hit]) -> list[Known]:
    """Return what is known of each hit's key, in the order of the hits."""
    rows = await tx.fetch(
        statement(SQL, "read_keys"),
        [one.institution_id for one in hits],
        [one.rule for one in hits],
        [one.scope for one in hits],
        ["{" + ",".join(map(str, one.fact_ids)) + "}" for one in hits],
    )
    return [
        Known(
            case=case_of(row) if row["case_id"] is not None else None,
            fact_ids=frozenset(row["known"] or ()),
            newest_fact=row["rests_on"] or 0,
            has_past=row["past"] > 0,
        )
        for row in rows
    ]


def case_of(row: Any) -> Case:  # noqa: ANN401 - a row of the driver's
    """Return the case that a row holds."""
    return Case(
        institution_id=row["institution_id"],
        case_id=row["case_id"],
        rule=row["rule"],
        scope=row["scope"],
        district_code=row["district_code"],
        severity=Severity(row["severity"]),
        state=State(row["state"]),
        finding=Finding(row["class"]) if row["class"] else None,
        version=row["version"],
        opened_at=row["opened_at"],
        changed_at=row["changed_at"],
        closed_at=row["closed_at"],
        milestone=Milestone(row["milestone"]) if row["milestone"] else None,
        due_at=row["due_at"],
        owner=row["owner"],
        sentence=row["sentence"],
        amount_fen=row["amount_fen"],
        newest_fact=row["newest_fact"],
        last_hash=row["last_hash"],
        opened_severity=Severity(row["opened_severity"]) if row["opened_severity"] else None,
        body=parsed(row["body"]),
    )


def parsed(said: Any) -> Any:  # noqa: ANN401 - JSON, read by the driver or not
    """Return a JSON column's content."""
    return json.loads(said) if isinstance(said, str) else said


async def write(tx: LedgerConnection, steps: Sequence[Stepped]) -> None:
    """Write cases after their steps, and the steps into their histories.

    Raises:
        InvariantBroken: when a case moved on although its institution was held.

    """
    rows = [_columns(one.case) for one in steps]
    arrays = [list(column) for column in zip(*rows, strict=True)]
    written = await tx.fetch(statement(SQL, "write_cases"), *arrays)
    if len(written) != len(steps):
        message = "a case changed while its institution was held"
        raise InvariantBroken(message)
    lines = [_line(one) for one in steps]
    arrays = [list(column) for column in zip(*lines, strict=True)]
    await tx.execute(statement(SQL, "write_events"), *arrays)


async def write_evidence(
    tx: LedgerConnection, rows: Sequence[tuple[str, UUID, int, UUID | None]], now: datetime
) -> None:
    """Put facts, each with its case and evaluation, into evidence."""
    arrays = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]
    await tx.execute(statement(SQL, "write_evidence"), *arrays, now)


def _columns(case: Case) -> tuple[object, ...]:
    return (
        case.institution_id,
        case.case_id,
        case.rule,
        case.scope,
        case.district_code,
        case.severity.value,
        case.state.value,
        case.finding.value if case.finding else None,
        case.version,
        case.opened_at,
        case.changed_at,
        case.closed_at,
        case.milestone.value if case.milestone else None,
        case.due_at,
        case.owner,
        case.sentence,
        case.amount_fen,
        case.newest_fact,
        case.last_hash,
        case.opened_severity.value if case.opened_severity else None,
        json.dumps(case.body, ensure_ascii=False),
    )


def _line(step: Stepped) -> tuple[object, ...]:
    event = step.event
    return (
        event.institution_id,
        event.case_id,
        event.step_no,
        event.at,
        event.actor,
        event.role,
        event.step,
        event.state_before,
        event.state_after,
        event.reason,
        json.dumps(event.payload, ensure_ascii=False),
        event.prev_hash,
        event.hash,
    )

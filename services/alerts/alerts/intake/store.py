"""Facts into the database: under the locks of their institutions, once each."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from alerts.domain.events import Told
from alerts.domain.facts import Kind
from shared.pg.database import LedgerConnection
from shared.pg.sql import statement

_SQL: Final = "alerts.intake.sql"
_CLOCK: Final = (
    "SELECT clock_timestamp() + make_interval(secs => c.offset_s) AS now FROM access.clock AS c"
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One fact on its way in: whose, and which part of which event told it."""

    institution_id: str
    event_id: UUID
    part: int
    told: Told
    told_at: datetime | None = None
    """When the producer told it; None for what was told to us first."""


async def lock(tx: LedgerConnection, institution_ids: Sequence[str]) -> datetime:
    """Hold institutions, made where they are new; return the time, taken after the wait.

    What is written under these locks is seen after everything judged under them before: a
    judging that is played again sees what it saw.
    """
    names = sorted(set(institution_ids))
    await tx.execute(statement(_SQL, "add_institution"), names)
    await tx.fetch(statement(_SQL, "lock"), names)
    now: datetime = await tx.fetchval(_CLOCK)
    return now


async def add(tx: LedgerConnection, arrivals: Sequence[Arrival], now: datetime) -> int:
    """Write facts under locks that the caller holds; return how many were new."""
    if not arrivals:
        return 0
    told = [one.told for one in arrivals]
    added = await tx.fetch(
        statement(_SQL, "add_fact"),
        [one.institution_id for one in arrivals],
        [one.event_id for one in arrivals],
        [one.part for one in arrivals],
        [one.kind.value for one in told],
        [one.at for one in told],
        [one.amount_fen for one in told],
        [one.ref for one in told],
        [one.tag for one in told],
        [one.number for one in told],
        [json.dumps(dict(one.body), ensure_ascii=False) if one.body else None for one in told],
        now,
        [one.told_at for one in arrivals],
    )
    await _touch(tx, arrivals, {row["institution_id"] for row in added}, now)
    return len(added)


async def _touch(
    tx: LedgerConnection, arrivals: Sequence[Arrival], touched: set[str], now: datetime
) -> None:
    if not touched:
        return
    described: dict[str, Mapping[str, Any]] = {}
    for one in arrivals:
        if one.told.kind is Kind.identity:
            described[one.institution_id] = one.told.body
    names = sorted(touched)
    columns = [
        [_word(described.get(name, {}).get(field)) for name in names]
        for field in ("name", "district_code", "category")
    ]
    await tx.execute(statement(_SQL, "touch"), names, *columns, now)


def _word(value: object) -> str | None:
    return value if isinstance(value, str) and value else None

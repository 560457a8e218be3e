"""Reading the mirror: how an institution stands, how it stood, what was known of that and when.

There are two times. `valid` is the authority's: the day on which something holds. `recorded`
is ours: the moment at which we knew it. Of every source and licence the last statement counts
that was recorded by then and holds by then; what the statements come to is worked out by the
same function that writes the current view. A field on which sources of one rank differ is
empty then and named as in conflict.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from registry_sync.domain.standing import Said, View, resolve, view_of
from registry_sync.mirror.sources import State
from shared.pg.database import Database
from shared.pg.sql import statement
from shared.time import business_day

_SQL: Final = "registry_sync.mirror.sql"
_STATE: Final = ("rank", "version", "as_of", "valid_until", "cadence_s", "last_success_at")


@dataclass(frozen=True, slots=True)
class Seen:
    """How an institution stands, and as of when that is said."""

    view: View
    source: State
    """Where the source stands now that is believed on its status."""

    now: datetime
    valid: date
    recorded: datetime
    changed_at: datetime | None = None
    """When the mirror last changed it; None of a past moment."""

    @property
    def is_stale(self) -> bool:
        """Tell whether the source is late, so that the view may be out of date."""
        return self.source.is_stale(self.now)


@dataclass(frozen=True, slots=True)
class Stated:
    """What one source said of one licence, where it stood and in which fetch."""

    source: str
    licence_no: str
    statement_no: int
    values: tuple[str | None, ...]
    valid_from: date
    recorded_at: datetime
    fetch_id: UUID
    evidence: str
    """The hash of what was fetched."""
    place: str


@dataclass(frozen=True, slots=True)
class Told:
    """All that was said of an institution by a moment, and where those sources stand now."""

    statements: Sequence[Stated]
    sources: Mapping[str, State]
    now: datetime


async def read_current(database: Database, institution_id: str) -> Seen | None:
    """Return how an institution is believed to stand now; None where no source ever named it."""
    rows = await database.probe(statement(_SQL, "read_current"), institution_id)
    return seen_of(rows[0]) if rows else None


async def read_told(
    database: Database,
    institution_id: str,
    *,
    valid: date | None = None,
    recorded: datetime | None = None,
) -> Told | None:
    """Return what was said of an institution; None where nothing was."""
    rows = await database.probe(statement(_SQL, "read_statements"), institution_id, recorded, valid)
    if not rows:
        return None
    sources = {row["source"]: _state(row) for row in rows}
    return Told([_stated(row) for row in rows], sources, rows[0]["now"])


async def read_as_of(
    database: Database, institution_id: str, *, valid: date | None, recorded: datetime | None
) -> tuple[Seen, Told] | None:
    """Return how an institution stood on a day, as far as it was known at a moment.

    Left out, the moment is now, and the day that of the moment.
    """
    if valid is None and recorded is not None:
        valid = business_day(recorded)
    told = await read_told(database, institution_id, valid=valid, recorded=recorded)
    if told is None:
        return None
    return _as_of(institution_id, told, valid or business_day(told.now), recorded), told


def _as_of(institution_id: str, told: Told, valid: date, recorded: datetime | None) -> Seen:
    view = resolve(institution_id, _said(institution_id, told), valid)
    return Seen(view, told.sources[view.source], told.now, valid, recorded or told.now)


def _said(institution_id: str, told: Told) -> Iterable[Said]:
    for one in told.statements:
        yield Said(
            one.source,
            told.sources[one.source].rank,
            (institution_id, one.licence_no),
            one.values,
            one.valid_from,
            one.evidence,
        )


def seen_of(row: Mapping[str, Any]) -> Seen:
    """Return what a row of the current views says."""
    view = view_of(json.loads(row["body"]))
    now = row["now"]
    source = _state(row) if row["source"] is not None else State(view.source, view.rank)
    return Seen(view, source, now, business_day(now), now, row["changed_at"])


def _state(row: Mapping[str, Any]) -> State:
    return State(row["source"], **{name: row[name] for name in _STATE})


def _stated(row: Mapping[str, Any]) -> Stated:
    return Stated(
        row["source"],
        row["licence_no"],
        row["statement_no"],
        tuple(row["said"]),
        row["valid_from"],
        row["recorded_at"],
        row["fetch_id"],
        row["evidence"] or "",
        row["place"],
    )

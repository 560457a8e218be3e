"""Holds as they are shown: what was withheld, from whom, why, and who said what of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from shared.pg.database import Database

_HOLD: Final = (
    "SELECT h.hold_id, h.source, h.reason, h.fetch_id, h.version, h.changes, h.detail,"
    " h.state, h.made_at, h.expires_at, h.ended_at,"
    " (SELECT json_agg(json_build_object('voter', v.voter, 'verdict', v.verdict,"
    " 'reason', v.reason, 'at', v.voted_at) ORDER BY v.voted_at)"
    " FROM registry.hold_vote AS v WHERE v.hold_id = h.hold_id) AS votes,"
    " (SELECT json_agg(json_build_array(s.institution_id, s.licence_no, s.district_code))"
    " FROM (SELECT * FROM registry.held_site AS q WHERE q.hold_id = h.hold_id"
    " ORDER BY q.institution_id LIMIT 20) AS s) AS sample,"
    " (SELECT json_object_agg(d.code, d.number) FROM (SELECT coalesce(left("
    "q.district_code, 6), '') AS code, count(*) AS number FROM registry.held_site AS q"
    " WHERE q.hold_id = h.hold_id GROUP BY 1) AS d) AS districts"
    " FROM registry.hold AS h"
)


@dataclass(frozen=True, slots=True)
class Kept:
    """One hold as it is shown: what was withheld, why, and who said what of it."""

    hold_id: UUID
    source: str
    reason: str
    fetch_id: UUID
    version: int | None
    changes: int
    detail: str
    state: str
    made_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    votes: Sequence[Mapping[str, Any]]
    sample: Sequence[tuple[str, str, str | None]]
    """Some of the sites: institution, licence, district."""
    districts: Mapping[str, int]
    """Withheld sites by district."""


async def list_holds(
    database: Database,
    *,
    after: UUID | None,
    limit: int,
    state: str | None = None,
    fetch_id: UUID | None = None,
) -> list[Kept]:
    """Return holds, the newest first: all, those in one state, or those of one fetch."""
    query = text(
        f"{_HOLD} WHERE (CAST(:after AS uuid) IS NULL OR h.hold_id < CAST(:after AS uuid))"
        " AND (CAST(:state AS text) IS NULL OR h.state = CAST(:state AS text))"
        " AND (CAST(:fetch_id AS uuid) IS NULL OR h.fetch_id = CAST(:fetch_id AS uuid))"
        " ORDER BY h.hold_id DESC LIMIT :limit"
    )
    bound = {"after": after, "state": state, "fetch_id": fetch_id, "limit": limit}
    async with database.connect() as connection:
        return [_kept(row) for row in await connection.execute(query, bound)]


async def find_hold(database: Database, hold_id: UUID) -> Kept | None:
    """Return one hold; None where there is none of this id."""
    query = text(f"{_HOLD} WHERE h.hold_id = :id")
    async with database.connect() as connection:
        row = (await connection.execute(query, {"id": hold_id})).one_or_none()
    return None if row is None else _kept(row)


def _kept(row: Row[Any]) -> Kept:
    said = {**row._mapping}  # noqa: SLF001 - the columns are the fields
    said["votes"] = _parsed(row.votes) or []
    said["sample"] = [tuple(one) for one in _parsed(row.sample) or []]
    said["districts"] = _parsed(row.districts) or {}
    return Kept(**said)


def _parsed(value: Any) -> Any:  # noqa: ANN401 - JSON, read by the driver or not
    return json.loads(value) if isinstance(value, str) else value

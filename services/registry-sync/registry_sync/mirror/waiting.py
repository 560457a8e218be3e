"""What of a source waits for people, and what they let through since: what a look depends on."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from registry_sync.domain.holds import EXPIRES_AFTER
from registry_sync.domain.safeguards import WHOLE
from shared.pg.database import Database


@dataclass(frozen=True, slots=True)
class Waiting:
    """What of a source waits for two persons, or was refused by one."""

    is_any: bool
    """Whether anything that only a full batch brings again waits."""
    is_over: bool
    """Whether something ran out undecided: it is to be made anew."""
    is_approved: bool
    """Whether something that two persons let through has not acted yet."""
    version: int | None
    """The newest version of which nothing may be believed until people let it through."""
    is_ahead: bool
    """Whether that is for its clock, which may be set right without another version."""


async def look(database: Database, source: str, now: datetime) -> Waiting:
    """Return what of a source waits; a conflict is held already, and waits for no batch."""
    query = text(
        "SELECT coalesce(bool_or(state <> 'rejected' AND reason <> 'conflict'), false) AS is_any,"
        " coalesce(bool_or(state <> 'rejected' AND expires_at <= :now), false) AS is_over,"
        " coalesce(bool_or(state = 'approved' AND expires_at > :now), false) AS is_approved,"
        " max(version) FILTER (WHERE reason = ANY (:whole) AND state <> 'approved') AS version,"
        " coalesce(bool_or(reason = 'clock'), false) AS is_ahead FROM registry.hold"
        " WHERE source = :source AND (state IN ('open', 'approved')"
        " OR state = 'rejected' AND ended_at > :now - CAST(:lasting AS interval))"
    )
    bound = {
        "source": source,
        "now": now,
        "whole": [reason.value for reason in WHOLE],
        "lasting": EXPIRES_AFTER,
    }
    async with database.connect() as connection:
        row = (await connection.execute(query, bound)).one()
    return Waiting(*row)


async def released(database: Database) -> set[str]:
    """Return the sources of which people let something through since they were last looked at."""
    query = text(
        "SELECT DISTINCT h.source FROM registry.hold AS h"
        " JOIN registry.hold_vote AS v ON v.hold_id = h.hold_id"
        " JOIN registry.source AS s ON s.source = h.source"
        " WHERE h.state = 'approved'"
        " AND (s.last_tried_at IS NULL OR v.voted_at >= s.last_tried_at)"
    )
    async with database.connect() as connection:
        return set(await connection.scalars(query))


async def note_overdue(database: Database, source: str, valid_until: datetime) -> None:
    """Note until when the source itself says that it counts: every answer is stale from then on."""
    query = text("UPDATE registry.source SET valid_until = :valid_until WHERE source = :source")
    async with database.begin() as connection:
        await connection.execute(query, {"source": source, "valid_until": valid_until})

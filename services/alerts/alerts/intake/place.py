"""Where each feed was read to, and what of it was set aside.

The place moves in the transaction that stores what was read: an event is taken in once, however
often its page is read, and whichever of several workers reads it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from shared.pg.database import Database, LedgerConnection

BODY_MAX: Final = 20_000
"""Characters kept of an event that was set aside: whoever looks needs its shape, not its bulk."""


async def read(database: Database, feed: str) -> str | None:
    """Return the cursor to read on from; None at the beginning."""
    found = await database.probe(_READ, feed)
    cursor: str | None = found[0]["cursor"] if found else None
    return cursor


async def hold(tx: LedgerConnection, feed: str, cursor: str | None) -> bool:
    """Hold the place until the transaction ends; tell whether it is still where it was."""
    await tx.execute(_BEGIN, feed)
    found = await tx.fetchrow(_HOLD, feed)
    assert found is not None, "the row was made a moment ago, and is never dropped"
    return bool(found["cursor"] == cursor)


async def move(tx: LedgerConnection, feed: str, cursor: str, now: datetime) -> None:
    """Move the place, with what was read there."""
    await tx.execute(_MOVE, feed, cursor, now)


async def note_read(database: Database, feed: str) -> None:
    """Note that a feed answered, whether it had something to say or not."""
    async with database.ledger() as tx:
        await tx.execute(_BEGIN, feed)
        await tx.execute(_NOTE, feed)


@dataclass(frozen=True, slots=True)
class Aside:
    """An event that told no fact: which, why not, and what it was."""

    event_id: str
    fault: str
    institution_id: str | None = None
    type: str | None = None
    body: Mapping[str, Any] | None = None


async def set_aside(tx: LedgerConnection, feed: str, aside: Aside, now: datetime) -> None:
    """Keep an event that told no fact, for a person to look at."""
    kept = None if aside.body is None else json.dumps(dict(aside.body), ensure_ascii=False)
    if kept is not None and (len(kept) > BODY_MAX or "\\u0000" in kept):
        kept = None
    named = (aside.event_id, aside.institution_id, aside.type, aside.fault)
    await tx.execute(_SET_ASIDE, feed, *named, kept, now)


_READ: Final = "SELECT f.cursor FROM alerts.feed AS f WHERE f.feed = $1"
_BEGIN: Final = "INSERT INTO alerts.feed (feed) VALUES ($1) ON CONFLICT DO NOTHING"
_HOLD: Final = "SELECT f.cursor FROM alerts.feed AS f WHERE f.feed = $1 FOR UPDATE"
_MOVE: Final = "UPDATE alerts.feed SET cursor = $2, read_at = $3, heard_at = $3 WHERE feed = $1"
_NOTE: Final = (
    "UPDATE alerts.feed SET read_at = now() + make_interval(secs => c.offset_s)"
    " FROM access.clock AS c WHERE feed = $1"
)
_SET_ASIDE: Final = """
INSERT INTO alerts.set_aside
  (feed, event_id, institution_id, type, fault, body, set_aside_at)
VALUES ($1, $2, $3, $4, $5, $6::text::jsonb, $7)
ON CONFLICT DO NOTHING
"""

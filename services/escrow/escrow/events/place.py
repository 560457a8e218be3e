"""Where another service's feed was read to, and what of it was set aside.

The place is moved in the transaction that posts what was read: an event takes effect once,
however often its page is read, and whichever of several workers reads it.
"""

from typing import Final

from sqlalchemy import select

from escrow.tables import feed_cursor
from shared.pg.database import Database, LedgerConnection


async def read(database: Database, feed: str) -> str | None:
    """Return the cursor to read on from; None at the beginning."""
    query = select(feed_cursor.c.cursor).where(feed_cursor.c.feed == feed)
    async with database.connect() as connection:
        cursor: str | None = await connection.scalar(query)
    return cursor


async def hold(tx: LedgerConnection, feed: str, cursor: str | None) -> bool:
    """Hold the place until the transaction ends; tell whether it is still where it was."""
    await tx.execute(_BEGIN, feed)
    found = await tx.fetchrow(_HOLD, feed)
    assert found is not None, "the row was made a moment ago, and is never dropped"
    return bool(found["cursor"] == cursor)


async def move(tx: LedgerConnection, feed: str, cursor: str) -> None:
    """Move the place, with what was read there."""
    await tx.execute(_MOVE, feed, cursor)


async def set_aside(
    tx: LedgerConnection,
    feed: str,
    event_id: str,
    institution_id: str | None,
    event_type: str | None,
    fault: str,
) -> None:
    """Remember an event that had no effect, for a person to look at."""
    await tx.execute(_SET_ASIDE, feed, event_id, institution_id, event_type, fault)


_BEGIN: Final = "INSERT INTO escrow.feed_cursor (feed) VALUES ($1) ON CONFLICT DO NOTHING"
_HOLD: Final = "SELECT c.cursor FROM escrow.feed_cursor AS c WHERE c.feed = $1 FOR UPDATE"
_MOVE: Final = "UPDATE escrow.feed_cursor SET cursor = $2, read_at = now() WHERE feed = $1"
_SET_ASIDE: Final = """
INSERT INTO escrow.feed_set_aside (feed, event_id, institution_id, type, fault)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING
"""

"""Somebody else's hand on a row, and a way to see who waits for it: races without luck."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

SEEN_S = 20.0
"""How long a test looks for what must come about on a busy machine."""

_WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


class Hand:
    """A session of the owner's that holds what a test wants held."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        """Take a session in a transaction."""
        self.connection = connection

    async def see_waiting(self, number: int) -> None:
        """Return once so many sessions of this database wait for a lock."""
        async with asyncio.timeout(SEEN_S):
            while await self.waiting() < number:  # noqa: ASYNC110 - the state is in the server
                await asyncio.sleep(0.01)

    async def see_nobody_waiting(self) -> None:
        """Return once no session of this database waits for a lock."""
        async with asyncio.timeout(SEEN_S):
            while await self.waiting():  # noqa: ASYNC110 - the state is in the server
                await asyncio.sleep(0.01)

    async def waiting(self) -> int:
        """Count who waits now: a transaction sees one picture until it asks for another."""
        await self.connection.execute("SELECT pg_stat_clear_snapshot()")
        return int(await self.connection.fetchval(_WAITING))

    async def end_those_waiting(self) -> None:
        """End the sessions that wait, as a crash of the server would."""
        await self.connection.execute("SELECT pg_stat_clear_snapshot()")
        await self.connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )


@asynccontextmanager
async def session(owner_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Give a connection of the owner's, and hang up whatever happens."""
    connection = await asyncpg.connect(owner_url)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def holding(owner_url: str, *institution_ids: str) -> AsyncIterator[Hand]:
    """Hold the rows that institutions are locked by until the block ends."""
    async with session(owner_url) as connection, connection.transaction():
        await connection.execute(
            "SELECT FROM escrow.balance WHERE institution_id = ANY ($1::text[])"
            " ORDER BY institution_id FOR UPDATE",
            list(institution_ids),
        )
        yield Hand(connection)

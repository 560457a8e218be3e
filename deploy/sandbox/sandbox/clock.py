"""The books' clock: the database's time plus an offset that only ever grows.

Only the sandbox and the tests raise it, by the owner's connection.
"""

from datetime import datetime

import asyncpg

_RAISE = """
    UPDATE access.clock
       SET offset_s = greatest(
             offset_s, ceil(extract(epoch FROM $1::timestamptz - statement_timestamp()))::bigint)
 RETURNING offset_s
"""
_READ = """
    SELECT offset_s, statement_timestamp() + make_interval(secs => offset_s) AS books_now
      FROM access.clock
"""


async def read_clock(owner_url: str) -> tuple[int, datetime]:
    """Return the offset in seconds, and the time of the books."""
    connection = await asyncpg.connect(owner_url)
    try:
        row = await connection.fetchrow(_READ)
    finally:
        await connection.close()
    return int(row["offset_s"]), row["books_now"]


async def raise_clock(owner_url: str, instant: datetime) -> int:
    """Move the books' clock forward to an instant; it never goes back."""
    connection = await asyncpg.connect(owner_url)
    try:
        return int(await connection.fetchval(_RAISE, instant))
    finally:
        await connection.close()


async def make_database(server_url: str, name: str) -> str:
    """Make a database on an embedded server if it is missing, and return its URL."""
    connection = await asyncpg.connect(server_url)
    try:
        known = await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name)
        if not known:
            await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()
    return server_url.rpartition("/")[0] + f"/{name}"

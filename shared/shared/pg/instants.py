"""Instants between Python and PostgreSQL, made once for each and not once for each row.

The driver compares, converts and subtracts anew for every value: eight thousand instructions
for each, where a lesson's three rows carry four and a batch has a handful of different ones.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

import asyncpg

_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

REMEMBERED_MAX: Final = 4_096
"""Instants remembered: the bells of some days, in half a megabyte."""


@lru_cache(REMEMBERED_MAX)
def encoded(instant: datetime) -> tuple[int]:
    """Return an aware instant as PostgreSQL keeps it: microseconds since 2000."""
    return ((instant - _EPOCH) // _MICROSECOND,)


@lru_cache(REMEMBERED_MAX)
def decoded(kept: tuple[int]) -> datetime:
    """Return what PostgreSQL kept as an instant in UTC."""
    return _EPOCH + kept[0] * _MICROSECOND


async def speak_instants(connection: asyncpg.Connection) -> None:
    """Let a connection carry `timestamptz` this way."""
    await connection.set_type_codec(
        "timestamptz", schema="pg_catalog", encoder=encoded, decoder=decoded, format="tuple"
    )

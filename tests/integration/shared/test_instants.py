"""The ledger's connections carry instants exactly, in rows and in arrays."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.pg.database import Database

INSTANTS = [
    datetime(1900, 1, 1, tzinfo=UTC),
    datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2026, 12, 5, 9, 0, 0, 1, tzinfo=timezone(timedelta(hours=8))),
    datetime(2200, 12, 31, 23, 59, 59, tzinfo=UTC),
]


@pytest.mark.parametrize("instant", INSTANTS)
async def test_an_instant_travels_exactly(database_url: str, instant: datetime) -> None:
    database = await Database(database_url, application="test").open()
    try:
        async with database.ledger() as tx:
            found, shown, listed = await tx.fetchrow(
                "SELECT $1::timestamptz, ($1::timestamptz AT TIME ZONE 'UTC')::text,"
                " ($2::timestamptz[])[2]",
                instant,
                [None, instant],
            )
    finally:
        await database.close()
    assert found == listed == instant
    assert shown == str(instant.astimezone(UTC).replace(tzinfo=None))

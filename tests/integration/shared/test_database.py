"""What every session is told when it begins, whichever way it is used."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from shared.errors import Unavailable
from shared.pg.database import _PINNED_PLANS, Database

LIMITS = {
    "lock_timeout": "2s",
    "statement_timeout": "5s",
    "idle_in_transaction_session_timeout": "10s",
    "default_transaction_isolation": "read committed",
    "TimeZone": "UTC",
}


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    found = await Database(database_url, application="tried").open()
    yield found
    await found.close()


async def test_every_session_has_its_limits(database: Database) -> None:
    async with database.connect() as connection:
        found = {name: await connection.scalar(text(f"SHOW {name}")) for name in LIMITS}
    assert found == LIMITS
    async with database.ledger() as tx:
        found = {name: await tx.fetchval(f"SHOW {name}") for name in LIMITS}
    assert found == LIMITS


async def test_the_hot_statements_keep_their_plans(database: Database) -> None:
    """And only those: a report that joins large tables needs the other ways to do it."""
    async with database.ledger() as tx:
        found = {name: await tx.fetchval(f"SHOW {name}") for name in _PINNED_PLANS}
    assert found == _PINNED_PLANS
    async with database.connect() as connection:
        found = {name: await connection.scalar(text(f"SHOW {name}")) for name in _PINNED_PLANS}
    assert not set(found.values()) & set(_PINNED_PLANS.values())


async def test_a_probe_reads_by_a_pinned_plan_and_leaves_nothing_open(database: Database) -> None:
    [row] = await database.probe(
        "SELECT current_setting('enable_seqscan') AS scan, $1::int AS n", 7
    )
    assert (row["scan"], row["n"]) == ("off", 7)
    query = text("SELECT state FROM pg_stat_activity WHERE query = :me")
    await database.probe("SELECT 1 AS probed")
    async with database.connect() as connection:
        found = set(await connection.scalars(query, {"me": "SELECT 1 AS probed"}))
    assert found == {"idle"}


async def test_a_probe_that_the_server_ends_is_a_fault_with_a_name(database: Database) -> None:
    with pytest.raises(Unavailable):
        await database.probe("SELECT pg_sleep(30)")

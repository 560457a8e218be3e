"""What the mirror's login may do, as the database sees it: append, and rewrite nothing said."""

import asyncio

import pytest

from registry_sync.migrations import ROLE
from registry_sync.migrations.ddl_0001 import APPEND_ONLY, CHANGEABLE
from tests.support.postgres import run_sql

RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
MAY = {
    **dict.fromkeys((f"registry.{one}" for one in APPEND_ONLY), RIGHTS[:2]),
    **dict.fromkeys((f"registry.{one}" for one in CHANGEABLE), RIGHTS[:3]),
    **dict.fromkeys(("registry.alembic_version", "registry.feed_epoch"), RIGHTS[:1]),
    **dict.fromkeys(("access.api_key", "access.clock"), RIGHTS[:1]),
}
"""Every other table is nothing to it."""

_TABLES = (
    "SELECT schemaname || '.' || tablename AS name FROM pg_tables"
    " WHERE schemaname IN ('registry', 'access', 'escrow')"
)


async def test_the_mirrors_login_may_do_this_much_and_no_more(owner_url: str) -> None:
    tables = [one["name"] for one in await asyncio.to_thread(run_sql, owner_url, _TABLES)]
    assert set(tables) >= MAY.keys()
    assert any(one.startswith("escrow.") for one in tables)
    asked = ", ".join(
        f"has_table_privilege('{ROLE}', '{table}', '{right}') AS \"{table} {right}\""
        for table in tables
        for right in RIGHTS
    )
    (found,) = await asyncio.to_thread(run_sql, owner_url, f"SELECT {asked}")
    may = {table: tuple(o for o in RIGHTS if found[f"{table} {o}"]) for table in tables}
    assert {table: rights for table, rights in may.items() if rights} == MAY


@pytest.mark.parametrize("schema", ["registry", "access", "escrow", "public"])
async def test_the_mirrors_login_makes_nothing(owner_url: str, schema: str) -> None:
    query = f"SELECT has_schema_privilege('{ROLE}', '{schema}', 'CREATE') AS may"
    (found,) = await asyncio.to_thread(run_sql, owner_url, query)
    assert not found["may"]

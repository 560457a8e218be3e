"""What the service's login may do, by trying it: append, and never rewrite; nobody else at all."""

import asyncio

import asyncpg
import pytest

from escrow.migrations import ROLE
from tests.support.postgres import run_sql

MAY = {
    **dict.fromkeys(
        (
            *("movement", "event", "contract", "deposit", "bank_statement", "verification"),
            *("freeze_confirmation", "feed_set_aside"),
        ),
        "SI",
    ),
    **dict.fromkeys(("payable", "request"), "SID"),
    **dict.fromkeys(
        (
            *("bank", "institution", "custody_account", "freeze", "floor", "balance", "tuition"),
            *("lesson", "instruction", "instruction_line", "bank_entry", "refund"),
            *("verified_balance", "registry_word", "feed_cursor"),
        ),
        "SIU",
    ),
    **dict.fromkeys(("feed_epoch", "alembic_version", "access.clock"), "S"),
    "access.api_key": "SIU",
}
"""What the service's login may do with each table: select, insert, update, delete; no more."""


def named(table: str) -> str:
    return table if "." in table else f"escrow.{table}"


async def denied(database_url: str, statement: str) -> bool:
    """Tell whether the service's login is denied a statement, which is undone."""
    connection = await asyncpg.connect(database_url)
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(statement)
    except asyncpg.InsufficientPrivilegeError:
        return True
    else:
        return False
    finally:
        await transaction.rollback()
        await connection.close()


@pytest.mark.parametrize("table", sorted(MAY))
async def test_the_services_login_may_do_this_much_and_no_more(
    database_url: str, owner_url: str, table: str
) -> None:
    column = await asyncio.to_thread(run_sql, owner_url, _first_column(table))
    name = column[0]["name"]
    asked = {
        "S": f"SELECT FROM {named(table)}",
        "I": f"INSERT INTO {named(table)} SELECT * FROM {named(table)} WHERE false",
        "U": f"UPDATE {named(table)} SET {name} = {name} WHERE false",
        "D": f"DELETE FROM {named(table)} WHERE false",
        "T": f"TRUNCATE {named(table)}",
    }
    may = [right for right, one in asked.items() if not await denied(database_url, one)]
    assert "".join(may) == MAY[table]


def _first_column(table: str) -> str:
    return (
        f"SELECT attname AS name FROM pg_attribute WHERE attrelid = '{named(table)}'::regclass"
        " AND attnum = 1"
    )


async def test_every_table_is_in_the_list_of_rights(owner_url: str) -> None:
    there = await asyncio.to_thread(
        run_sql,
        owner_url,
        "SELECT schemaname || '.' || tablename AS name FROM pg_tables"
        " WHERE schemaname IN ('escrow', 'access')",
    )
    assert {row["name"] for row in there} == {named(table) for table in MAY}


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE escrow.own (x int)",
        "CREATE TABLE access.own (x int)",
        "CREATE TABLE public.own (x int)",
        "CREATE SCHEMA own",
        "ALTER TABLE escrow.movement DROP CONSTRAINT movement_pkey",
        "DROP TABLE escrow.movement",
        "CREATE ROLE own",
        f"ALTER ROLE {ROLE} SUPERUSER",
    ],
)
async def test_the_services_login_can_make_and_change_nothing(
    database_url: str, statement: str
) -> None:
    assert await denied(database_url, statement)


async def test_another_services_login_has_no_access(owner_url: str) -> None:
    connection = await asyncpg.connect(owner_url)
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute("CREATE ROLE yike_test_stranger")
        may = await connection.fetch(_STRANGER_SQL)
    finally:
        await transaction.rollback()
        await connection.close()
    assert [tuple(one) for one in may] == []


_STRANGER_SQL = """
SELECT nspname, 'schema' FROM pg_namespace
WHERE nspname IN ('escrow', 'access')
  AND has_schema_privilege('yike_test_stranger', oid, 'USAGE, CREATE')
UNION ALL
SELECT relname, 'table' FROM pg_class
WHERE relnamespace IN ('escrow'::regnamespace, 'access'::regnamespace) AND relkind = 'r'
  AND has_table_privilege('yike_test_stranger', oid, 'SELECT, INSERT, UPDATE, DELETE')
UNION ALL
SELECT proname, 'function' FROM pg_proc
WHERE pronamespace IN ('escrow'::regnamespace, 'access'::regnamespace)
  AND has_function_privilege('yike_test_stranger', oid, 'EXECUTE')
"""


async def test_what_runs_as_the_owner_looks_names_up_in_the_catalog_alone(owner_url: str) -> None:
    """Else whoever calls it could put a table of its own in the way."""
    found = await asyncio.to_thread(run_sql, owner_url, _AS_OWNER_SQL)
    assert [tuple(one) for one in found] == [("oldest_transaction_ms", ["search_path=pg_catalog"])]


_AS_OWNER_SQL = """
SELECT proname, proconfig FROM pg_proc
WHERE prosecdef AND pronamespace IN ('escrow'::regnamespace, 'access'::regnamespace)
"""

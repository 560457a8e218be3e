"""The schema's history: from nothing, twice, by two at once, and never backwards.

What a test does to the server's logins, which all databases of a server share, it does on a
small cluster of its own.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from escrow.ledger import tables as ledger_tables
from escrow.migrations import ROLE, migrate, service_url
from sandbox import postgres
from shared.errors import StartupRefused
from shared.feed.tables import Xid8
from shared.pg.migrate import config_of, newest_revision
from shared.web.tables import metadata as access_metadata
from tests.support.postgres import MakeDatabase, run_sql

METADATA = ledger_tables.balance.metadata


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    """Yield the URL of a server that nobody else uses."""
    folder = tmp_path / "cluster"
    with postgres.start(folder, durable=False, settings={"shared_buffers": "16MB"}) as server:
        yield server.url
    postgres.remove(folder)


def migrated(owner_url: str) -> subprocess.Popen[str]:
    """Start `python -m escrow migrate` as a process."""
    return subprocess.Popen(
        [sys.executable, "-m", "escrow", "migrate"],
        env={**os.environ, "DATABASE_URL": owner_url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def dump(owner_url: str) -> list[str]:
    """Return every column, constraint, index and grant of our schemas, one line each."""
    return [row["line"] for row in run_sql(owner_url, _DUMP_SQL)]


def test_an_empty_database_is_brought_to_the_newest_revision(empty_database: MakeDatabase) -> None:
    url = empty_database()
    migrate(url)
    rows = run_sql(url, "SELECT version_num FROM escrow.alembic_version")
    assert [row["version_num"] for row in rows] == [newest_revision("escrow")]
    assert run_sql(service_url(url), "SELECT offset_s FROM access.clock")[0]["offset_s"] == 0


def test_migrating_twice_changes_nothing(empty_database: MakeDatabase) -> None:
    url = empty_database()
    migrate(url)
    first = dump(url)
    migrate(url)
    assert dump(url) == first
    assert len(run_sql(url, "SELECT FROM escrow.feed_epoch")) == 1


def test_two_processes_at_once_migrate_once(empty_database: MakeDatabase) -> None:
    url = empty_database()
    for process in [migrated(url), migrated(url)]:
        said, failed = process.communicate(timeout=100)
        assert (process.returncode, failed) == (0, "")
        assert f"is at revision {newest_revision('escrow')}" in said
    assert len(run_sql(url, "SELECT FROM escrow.alembic_version")) == 1


def test_what_the_first_revision_holds_is_there_after_the_second(
    empty_database: MakeDatabase,
) -> None:
    url = empty_database()
    asyncio.run(_upgraded(url, "0001"))
    for statement in _OLD_ROWS:
        run_sql(url, statement)
    before = [run_sql(url, f"SELECT * FROM escrow.{table}") for table in _OLD]
    migrate(url)
    assert [run_sql(url, f"SELECT * FROM escrow.{table}") for table in _OLD] == before
    assert run_sql(service_url(url), "SELECT FROM escrow.registry_word") == []


_OLD = ("institution", "freeze", "event")
_OLD_ROWS = (
    """INSERT INTO escrow.institution VALUES
    ('I1', 'Sunny', '320602', 'subject', 'offline', 'national', 'unlisted', NULL, now())""",
    """INSERT INTO escrow.freeze SELECT 'I1', gen_random_uuid(), 'payout', 'r', 'a', 'd', now(), 's'
    FROM generate_series(1, 3)""",
    """INSERT INTO escrow.event
    (institution_id, sequence, event_id, type, time, epoch, order_xid, body)
    VALUES ('I1', 1, gen_random_uuid(), 'freeze.placed', now(), 1, '1', '{}')""",
)


async def _upgraded(owner_url: str, revision: str) -> None:
    """Bring an empty database to a revision and no further."""
    config = config_of("escrow")

    def upgrade(connection: Connection) -> None:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    url = make_url(owner_url).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(upgrade)
    await engine.dispose()


@pytest.mark.parametrize(
    ("schema", "metadata"), [("escrow", METADATA), ("access", access_metadata)]
)
def test_the_tables_in_the_code_are_those_in_the_database(
    owner_url: str, schema: str, metadata: MetaData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ischema_names, "xid8", Xid8)  # else the library calls it unknown
    assert asyncio.run(_compared(owner_url, schema, metadata)) == []


def test_keys_compare_byte_by_byte_in_the_code_as_in_the_database(owner_url: str) -> None:
    declared = {
        (table.name, column.name)
        for table in METADATA.tables.values()
        for column in table.columns
        if getattr(column.type, "collation", None) == "C"
    }
    rows = run_sql(owner_url, _COLLATED_SQL)
    assert {(row["relname"], row["attname"]) for row in rows} == declared


async def _compared(owner_url: str, schema: str, metadata: MetaData) -> list[Any]:
    """Return what Alembic would change to make the database like the code."""

    def compare(connection: Connection) -> list[Any]:
        def is_ours(name: str | None, kind: str, _: object) -> bool:
            return kind != "schema" or name == schema

        options = {
            "include_schemas": True,
            "include_name": is_ours,
            "compare_type": True,
            "compare_server_default": True,
            "version_table_schema": schema,
        }
        context = MigrationContext.configure(connection, opts=options)
        return [one for one in compare_metadata(context, metadata) if not _is_comment(one)]

    url = make_url(owner_url).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(compare)
    finally:
        await engine.dispose()


def _is_comment(change: Any) -> bool:  # noqa: ANN401 - the library's own shape
    """Tell whether a change is of a table's comment, which is for whoever reads the code."""
    single = change[0] if isinstance(change, list) else change
    return str(single[0]) in {"add_table_comment", "modify_comment"}


def test_the_login_is_made_once_and_can_be_used(cluster: str) -> None:
    migrate(cluster)
    migrate(cluster)
    rows = run_sql(cluster, f"SELECT rolcanlogin FROM pg_roles WHERE rolname = '{ROLE}'")
    assert [row["rolcanlogin"] for row in rows] == [True]
    assert run_sql(service_url(cluster), "SELECT current_user AS me")[0]["me"] == ROLE


def test_a_login_whose_password_was_changed_is_mended(cluster: str) -> None:
    migrate(cluster)
    run_sql(cluster, f"ALTER ROLE {ROLE} PASSWORD 'another'")
    with pytest.raises(asyncpg.InvalidPasswordError):
        run_sql(service_url(cluster), "SELECT 1")
    migrate(cluster)
    assert run_sql(service_url(cluster), "SELECT current_user AS me")[0]["me"] == ROLE


def test_a_login_that_may_do_too_much_is_limited_again(cluster: str) -> None:
    migrate(cluster)
    run_sql(cluster, f"GRANT ALL ON ALL TABLES IN SCHEMA escrow, access TO {ROLE}")
    migrate(cluster)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        run_sql(service_url(cluster), "DELETE FROM escrow.movement")


def test_there_is_no_way_back() -> None:
    revisions = list(ScriptDirectory.from_config(config_of("escrow")).walk_revisions())
    assert revisions
    assert not [one.revision for one in revisions if hasattr(one.module, "downgrade")]


@pytest.mark.parametrize(
    "statement",
    ["LOCK TABLE escrow.alembic_version", "SELECT pg_advisory_xact_lock(7316801)"],
)
async def test_a_long_lock_makes_it_give_up_and_say_so(
    fresh_database: MakeDatabase, statement: str
) -> None:
    url = fresh_database()
    holder = await asyncpg.connect(url)
    try:
        async with holder.transaction():
            await holder.execute(statement)
            with pytest.raises(StartupRefused, match="Another session holds") as refused:
                async with asyncio.timeout(30):  # it gives up after five seconds
                    await asyncio.to_thread(migrate, url)
            assert "migrate" in refused.value.detail
    finally:
        await holder.close()
    await asyncio.to_thread(migrate, url)


_DUMP_SQL = """
SELECT format('%s.%s %s %s %s', table_schema, table_name, column_name, data_type, column_default)
  AS line
FROM information_schema.columns WHERE table_schema IN ('escrow', 'access')
UNION ALL
SELECT format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint WHERE connamespace IN ('escrow'::regnamespace, 'access'::regnamespace)
UNION ALL
SELECT indexdef FROM pg_indexes WHERE schemaname IN ('escrow', 'access')
UNION ALL
SELECT format('%s %s', oid::regclass, relacl) FROM pg_class
WHERE relnamespace IN ('escrow'::regnamespace, 'access'::regnamespace)
ORDER BY 1
"""

_COLLATED_SQL = """
SELECT c.relname, a.attname
FROM pg_attribute AS a
JOIN pg_class AS c ON c.oid = a.attrelid AND c.relkind = 'r'
WHERE c.relnamespace = 'escrow'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
  AND a.attcollation = '"C"'::regcollation AND c.relname <> 'alembic_version'
"""

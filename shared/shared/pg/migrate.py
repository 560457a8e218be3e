"""The migration runner: one schema per service, forward only, one runner at a time.

No `alembic.ini`: the configuration is built here, the revisions travel in the service's package.
"""

import asyncio
from typing import Final

from alembic import command, context
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from shared.errors import StartupRefused
from shared.pg.faults import Contended, translated

VERSION_MIN: Final = 15
"""The oldest PostgreSQL whose features the statements use."""

LOCK_TIMEOUT_S: Final = 5
"""A migration that waits for a table makes every posting behind it wait as well."""

_LOCK: Final = 7_316_801
"""Advisory lock of every migration: two runners queue instead of meeting."""


def config_of(package: str) -> Config:
    """Return Alembic's configuration for a service's package."""
    config = Config()
    config.set_main_option("script_location", f"{package}:migrations")
    return config


def upgrade(owner_url: str, *, package: str) -> None:
    """Bring a service's schema to its newest revision, as the database's owner."""
    asyncio.run(_upgrade(owner_url, package))


async def _upgrade(owner_url: str, package: str) -> None:
    config = config_of(package)

    def run_upgrade(connection: Connection) -> None:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

    url = make_url(owner_url).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        with translated():
            async with engine.begin() as connection:
                await refuse_old_server(connection)
                await connection.run_sync(run_upgrade)
    except Contended as error:
        message = (
            f"Another session holds what the migration needs, for {LOCK_TIMEOUT_S} s and more:"
            f" nothing was changed. Run `python -m {package} migrate` again when it is done."
        )
        raise StartupRefused(message) from error
    finally:
        await engine.dispose()


def run(metadata: MetaData, *, schema: str) -> None:
    """Run the revisions of one schema; a service's `env.py` calls this and nothing else."""
    connection: Connection = context.config.attributes["connection"]
    connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_S}s'"))
    connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {schema}"))
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table_schema=schema,
        include_schemas=True,
        include_name=lambda name, kind, _parents: kind != "schema" or name == schema,
    )
    with context.begin_transaction():
        context.run_migrations()


def newest_revision(package: str) -> str:
    """Return the revision that the code expects."""
    head = ScriptDirectory.from_config(config_of(package)).get_current_head()
    assert head is not None, "a service has at least one revision"
    return head


async def refuse_old_server(connection: AsyncConnection) -> int:
    """Return the server's major version, or refuse one that is too old."""
    number = int(await connection.scalar(text("SHOW server_version_num")) or 0)
    if number // 10_000 < VERSION_MIN:
        message = (
            f"PostgreSQL {number // 10_000} is too old: point DATABASE_URL at a server of"
            f" version {VERSION_MIN} or newer."
        )
        raise StartupRefused(message)
    return number // 10_000


async def refuse_unmigrated(connection: AsyncConnection, *, package: str, schema: str) -> str:
    """Return the schema's revision, or refuse one that is not the code's."""
    expected = newest_revision(package)
    there = await connection.scalar(
        text("SELECT to_regclass(:name) IS NOT NULL"), {"name": f"{schema}.alembic_version"}
    )
    found = None
    if there:
        query = f"SELECT version_num FROM {schema}.alembic_version"  # noqa: S608 - our own name
        found = await connection.scalar(text(query))
    if found != expected:
        message = (
            f"The schema {schema} is at revision {found or 'none'}, this code needs {expected}:"
            f" run `python -m {package} migrate` with DATABASE_URL set to the owner's URL."
        )
        raise StartupRefused(message)
    return expected

"""The commands of `python -m registry_sync`, apart from serving and working."""

import argparse
import asyncio
import json
import os
import sys

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from registry_sync.migrations import migrate, service_url
from registry_sync.settings import Settings
from registry_sync.tables import FEED
from shared.errors import StartupRefused
from shared.feed import outbox
from shared.pg.migrate import newest_revision


def owner_url() -> str:
    """Return the owner's URL from the environment, or refuse with what to set."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        message = "DATABASE_URL is not set: give the URL of the database's owner."
        raise StartupRefused(message)
    return url


def run_migrate(options: argparse.Namespace) -> int:
    """Bring the schema up to date and make the service's login."""
    url = owner_url()
    asyncio.run(_refuse_without_access(url))
    migrate(url)
    if options.json:
        show(json.dumps({"registry": service_url(url)}))
    else:
        named = make_url(url).database
        show(f"The schema registry of {named} is at revision {newest_revision('registry_sync')}.")
    return 0


async def _refuse_without_access(url: str) -> None:
    """Refuse where escrow, which makes the schema of keys and the clock, was not migrated yet."""
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"))
    try:
        async with engine.connect() as connection:
            there = await connection.scalar(text("SELECT to_regclass('access.clock') IS NOT NULL"))
    finally:
        await engine.dispose()
    if not there:
        message = "The schema access is missing: run `python -m escrow migrate` first."
        raise StartupRefused(message)


def run_settings(_: argparse.Namespace) -> int:
    """Show every setting with its value, secrets masked."""
    for name, value in Settings().masked().items():
        show(f"{name}={value}")
    return 0


def run_open_epoch(_: argparse.Namespace) -> int:
    """Open a new epoch of the feed after a restore; nothing may be syncing meanwhile."""
    number = asyncio.run(_open_epoch())
    show(f"Epoch {number} of the feed is open; start the service again.")
    return 0


async def _open_epoch() -> int:
    engine = create_async_engine(make_url(owner_url()).set(drivername="postgresql+asyncpg"))
    try:
        async with engine.begin() as connection:
            await connection.execute(text("LOCK TABLE registry.institution IN EXCLUSIVE MODE"))
            number = await outbox.open_epoch(connection, FEED)
            await connection.execute(text("UPDATE registry.institution SET order_xid = '0'"))
    finally:
        await engine.dispose()
    return number


def show(line: str) -> None:
    """Print one line of a command's result."""
    sys.stdout.write(f"{line}\n")

"""The commands of `python -m registry_sync`, apart from serving and working."""

import argparse
import asyncio

from sqlalchemy import text

from registry_sync.migrations import migrate, service_url
from registry_sync.settings import Settings
from registry_sync.startup import SERVICE
from registry_sync.tables import FEED
from shared.errors import StartupRefused
from shared.feed import outbox
from shared.service.commands import as_owner, owner_url, show, show_migrated, show_settings


def run_migrate(options: argparse.Namespace) -> int:
    """Bring the schema up to date and make the service's login."""
    url = owner_url()
    asyncio.run(_refuse_without_access(url))
    migrate(url)
    show_migrated(SERVICE, url, service_url(url), as_json=options.json)
    return 0


async def _refuse_without_access(url: str) -> None:
    """Refuse where escrow, which makes the schema of keys and the clock, was not migrated yet."""
    async with as_owner(url) as connection:
        there = await connection.scalar(text("SELECT to_regclass('access.clock') IS NOT NULL"))
    if not there:
        message = "The schema access is missing: run `python -m escrow migrate` first."
        raise StartupRefused(message)


def run_settings(_: argparse.Namespace) -> int:
    """Show every setting with its value, secrets masked."""
    show_settings(Settings())
    return 0


def run_open_epoch(_: argparse.Namespace) -> int:
    """Open a new epoch of the feed after a restore; nothing may be syncing meanwhile."""
    number = asyncio.run(_open_epoch())
    show(f"Epoch {number} of the feed is open; start the service again.")
    return 0


def run_reset_version(options: argparse.Namespace) -> int:
    """Forget which version of a source is held, so that an older one is believed again."""
    asyncio.run(_reset_version(options.source))
    show(f"Of {options.source} everything is fetched anew, whatever its version.")
    return 0


async def _reset_version(source: str) -> None:
    """Let the next look take everything; what is held and its history stay as they are."""
    query = text(
        "UPDATE registry.source SET version = NULL, schema_version = NULL, etag = NULL,"
        " last_full_at = NULL WHERE source = :source RETURNING source"
    )
    async with as_owner(owner_url()) as connection:
        if await connection.scalar(query, {"source": source}) is None:
            message = f"No source is named {source}."
            raise StartupRefused(message)


async def _open_epoch() -> int:
    async with as_owner(owner_url()) as connection:
        await connection.execute(text("LOCK TABLE registry.institution IN EXCLUSIVE MODE"))
        number = await outbox.open_epoch(connection, FEED)
        await connection.execute(text("UPDATE registry.institution SET order_xid = '0'"))
    return number

"""The commands of `python -m alerts`, apart from serving and working."""

import argparse
import asyncio
from dataclasses import asdict
from uuid import UUID

from sqlalchemy import text

from alerts.judging import backtesting
from alerts.migrations import migrate, service_url
from alerts.migrations.calendar import INSERT, Announced, read_file
from alerts.settings import Settings
from alerts.startup import SERVICE
from shared.errors import StartupRefused
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


def run_calendar(options: argparse.Namespace) -> int:
    """Take in the holidays and make-up workdays of a year, as the owner."""
    days = read_file(options.file)
    asyncio.run(_write_calendar(owner_url(), days))
    show(f"{len(days)} days are in the calendar.")
    return 0


async def _write_calendar(url: str, days: list[Announced]) -> None:
    async with as_owner(url) as connection:
        for one in days:
            await connection.execute(text(INSERT), asdict(one))


def run_backtest(options: argparse.Namespace) -> int:
    """Run one backtest to its end; the worker starts this."""
    asyncio.run(_backtest(UUID(options.backtest_id)))
    return 0


async def _backtest(backtest_id: UUID) -> None:
    settings = Settings()
    database = await SERVICE.database(settings).open()
    try:
        await backtesting.run(database, backtest_id)
    finally:
        await database.close()


def run_settings(_: argparse.Namespace) -> int:
    """Show every setting with its value, secrets masked."""
    show_settings(Settings())
    return 0

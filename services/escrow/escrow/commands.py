"""The commands of `python -m escrow`, apart from serving and working."""

import argparse
import asyncio
import json
from typing import TYPE_CHECKING, Literal

from escrow.access.service import create_key, list_keys, revoke_key
from escrow.ledger.feed import open_epoch
from escrow.migrations import migrate, service_url
from escrow.settings import Settings
from escrow.startup import SERVICE
from shared.service.commands import as_owner, owner_url, show, show_migrated, show_settings

if TYPE_CHECKING:
    from escrow.ledger.verify import Report


def run_migrate(options: argparse.Namespace) -> int:
    """Bring the schema up to date and make the service's login."""
    url = owner_url()
    migrate(url)
    show_migrated(SERVICE, url, service_url(url), as_json=options.json)
    return 0


def run_verify(options: argparse.Namespace) -> int:
    """Check the books; 0 where they verify, 1 where they do not."""
    report = asyncio.run(_verify("new" if options.new else "whole"))
    for finding in report.findings:
        show(
            f"{finding.table} {finding.key}: {finding.rule}:"
            f" expected {finding.expected}, found {finding.found}"
        )
    verdict = "The books verify" if report.is_clean else "The books do not verify"
    show(f"{verdict}: {report.institutions} institutions, {report.movements} movements.")
    return 0 if report.is_clean else 1


async def _verify(scope: Literal["new", "whole"]) -> "Report":
    from escrow.ledger.verify import verify  # noqa: PLC0415 - its gauges are the worker's alone

    database = await SERVICE.database(Settings()).open()
    try:
        return await verify(database, scope=scope)
    finally:
        await database.close()


def run_settings(_: argparse.Namespace) -> int:
    """Show every setting with its value, secrets masked."""
    show_settings(Settings())
    return 0


def run_keys(options: argparse.Namespace) -> int:
    """Create, list or revoke keys."""
    return asyncio.run(_keys(options))


async def _keys(options: argparse.Namespace) -> int:
    database = SERVICE.database(Settings())
    try:
        match options.action:
            case "create":
                record, key = await create_key(
                    database,
                    role=options.role,
                    created_by="cli",
                    label=options.label,
                    institution_id=options.institution_id,
                    bank_id=options.bank_id,
                    district_code=options.district_code,
                    guardian_ref=options.guardian_ref,
                )
                shown = {**record, "key": key}
                show(json.dumps(shown, default=str) if options.json else f"{key}")
            case "list":
                page = await list_keys(database)
                while page:
                    for row in page:
                        show(json.dumps(row, default=str))
                    page = await list_keys(database, after=page[-1]["id"])
            case _:
                if await revoke_key(database, options.id, revoked_by="cli") is None:
                    show(f"No key has the id {options.id}: see `python -m escrow keys list`.")
                    return 1
                show("The key is revoked.")
    finally:
        await database.close()
    return 0


def run_open_epoch(_: argparse.Namespace) -> int:
    """Open a new epoch of the feed after a restore; nothing may be posting meanwhile."""
    number = asyncio.run(_open_epoch())
    show(f"Epoch {number} of the feed is open; start the services again.")
    return 0


async def _open_epoch() -> int:
    async with as_owner(owner_url()) as connection:
        return await open_epoch(connection)

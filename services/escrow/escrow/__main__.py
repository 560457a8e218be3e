"""`python -m escrow serve | work | migrate | verify | settings | keys | open-epoch`."""

import argparse
import asyncio
import sys
from typing import Final
from uuid import UUID

from pydantic import ValidationError

from escrow import commands
from escrow.app import build
from escrow.settings import Settings
from escrow.startup import check
from shared import log
from shared.errors import YikeError
from shared.web.principals import Role
from shared.web.serve import serve

USAGE: Final = 2
"""The exit code of a start that was refused."""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(prog="python -m escrow", description=__doc__)
    actions = top.add_subparsers(dest="command", required=True)
    actions.add_parser("serve", help="answer HTTP").set_defaults(run=run_serve)
    actions.add_parser("work", help="send, pay, check").set_defaults(run=run_work)
    migrate = actions.add_parser("migrate", help="bring the schema up to date, as its owner")
    migrate.add_argument("--json", action="store_true", help="print the service's URL")
    migrate.set_defaults(run=commands.run_migrate)
    verify = actions.add_parser("verify", help="check the books")
    verify.add_argument("--new", action="store_true", help="only what is new since the last check")
    verify.set_defaults(run=commands.run_verify)
    actions.add_parser("settings", help="show them").set_defaults(run=commands.run_settings)
    actions.add_parser("open-epoch", help="after a restore").set_defaults(
        run=commands.run_open_epoch
    )
    _add_keys(actions.add_parser("keys", help="create, list, revoke"))
    return top


def _add_keys(keys: argparse.ArgumentParser) -> None:
    keys.set_defaults(run=commands.run_keys)
    actions = keys.add_subparsers(dest="action", required=True)
    create = actions.add_parser("create")
    create.add_argument("--role", required=True, choices=[str(role) for role in Role])
    for name in ("label", "institution-id", "bank-id", "district-code", "guardian-ref"):
        create.add_argument(f"--{name}")
    create.add_argument("--json", action="store_true", help="print the record with the key")
    actions.add_parser("list")
    revoke = actions.add_parser("revoke")
    revoke.add_argument("id", type=UUID)


def run_serve(_: argparse.Namespace) -> int:
    """Answer HTTP until a signal."""
    settings = Settings()
    log.configure("escrow", settings.log_level)
    asyncio.run(check(settings))
    serve(
        build(settings),
        settings.host,
        settings.port,
        settings.metrics_port,
        metrics_host=settings.metrics_host,
    )
    return 0


def run_work(_: argparse.Namespace) -> int:
    """Run the loops until a signal."""
    settings = Settings()
    log.configure("escrow", settings.log_level)
    asyncio.run(check(settings))
    from escrow.worker import work  # noqa: PLC0415 - its gauges are the worker's alone

    work(settings)
    return 0


def main() -> int:
    """Run one command; a refusal is a sentence and an exit code."""
    options = parser().parse_args()
    log.configure("escrow", "warning")  # serving and working say more, as they are set
    try:
        code: int = options.run(options)
    except YikeError as refused:
        sys.stderr.write(f"{refused.detail}\n")
        return USAGE
    except ValidationError as wrong:
        for one in wrong.errors(include_input=False, include_url=False):
            name = "_".join(str(part) for part in one["loc"])
            sys.stderr.write(f"ESCROW_{name.upper()}: {one['msg']}.\n")
        return USAGE
    return code


if __name__ == "__main__":
    sys.exit(main())

"""`python -m escrow serve | work | migrate | verify | settings | keys | open-epoch`."""

import argparse
import sys
from uuid import UUID

from escrow import commands
from escrow.app import build
from escrow.settings import Settings
from escrow.startup import SERVICE
from shared.service.commands import run
from shared.web.principals import Role


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
    SERVICE.prepare(settings)
    SERVICE.serve(settings, build(settings))
    return 0


def run_work(_: argparse.Namespace) -> int:
    """Run the loops until a signal."""
    settings = Settings()
    SERVICE.prepare(settings)
    from escrow.worker import work  # noqa: PLC0415 - its gauges are the worker's alone

    work(settings)
    return 0


if __name__ == "__main__":
    sys.exit(run(SERVICE, parser()))

"""`python -m registry_sync serve | work | migrate | settings | open-epoch | reset-version`."""

import argparse
import sys

from registry_sync import commands
from registry_sync.app import build
from registry_sync.settings import Settings
from registry_sync.startup import SERVICE
from registry_sync.worker import work
from shared.service.commands import run


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(prog="python -m registry_sync", description=__doc__)
    actions = top.add_subparsers(dest="command", required=True)
    actions.add_parser("serve", help="answer HTTP").set_defaults(run=run_serve)
    actions.add_parser("work", help="look at the sources").set_defaults(run=run_work)
    migrate = actions.add_parser("migrate", help="bring the schema up to date, as its owner")
    migrate.add_argument("--json", action="store_true", help="print the service's URL")
    migrate.set_defaults(run=commands.run_migrate)
    actions.add_parser("settings", help="show them").set_defaults(run=commands.run_settings)
    actions.add_parser("open-epoch", help="after a restore").set_defaults(
        run=commands.run_open_epoch
    )
    reset = actions.add_parser("reset-version", help="after a source went back, knowingly")
    reset.add_argument("source", help="its name in the sources file")
    reset.set_defaults(run=commands.run_reset_version)
    return top


def run_serve(_: argparse.Namespace) -> int:
    """Answer HTTP until a signal."""
    settings = Settings()
    SERVICE.prepare(settings)
    SERVICE.serve(settings, build(settings))
    return 0


def run_work(_: argparse.Namespace) -> int:
    """Look at the sources until a signal."""
    settings = Settings()
    SERVICE.prepare(settings)
    work(settings)
    return 0


if __name__ == "__main__":
    sys.exit(run(SERVICE, parser()))

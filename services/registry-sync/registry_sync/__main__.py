"""`python -m registry_sync serve | work | migrate | settings | open-epoch`."""

import argparse
import asyncio
import sys
from typing import Final

from pydantic import ValidationError

from registry_sync import commands
from registry_sync.app import build
from registry_sync.settings import Settings
from registry_sync.startup import check
from registry_sync.worker import work
from shared import log
from shared.errors import YikeError
from shared.web.serve import serve

USAGE: Final = 2
"""The exit code of a start that was refused."""


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
    return top


def run_serve(_: argparse.Namespace) -> int:
    """Answer HTTP until a signal."""
    settings = Settings()
    log.configure("registry", settings.log_level)
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
    """Look at the sources until a signal."""
    settings = Settings()
    log.configure("registry", settings.log_level)
    asyncio.run(check(settings))
    work(settings)
    return 0


def main() -> int:
    """Run one command; a refusal is a sentence and an exit code."""
    options = parser().parse_args()
    log.configure("registry", "warning")  # serving and working say more, as they are set
    try:
        code: int = options.run(options)
    except YikeError as refused:
        sys.stderr.write(f"{refused.detail}\n")
        return USAGE
    except ValidationError as wrong:
        for one in wrong.errors(include_input=False, include_url=False):
            name = "_".join(str(part) for part in one["loc"])
            sys.stderr.write(f"REGISTRY_{name.upper()}: {one['msg']}.\n")
        return USAGE
    return code


if __name__ == "__main__":
    sys.exit(main())

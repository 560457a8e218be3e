"""`python -m alerts serve | work | export | migrate | calendar | settings`."""

import argparse
import sys
from pathlib import Path

from alerts import commands
from alerts.app import build
from alerts.exporter import run_export
from alerts.settings import Settings
from alerts.startup import SERVICE
from alerts.worker import work
from shared.service.commands import run


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(prog="python -m alerts", description=__doc__)
    actions = top.add_subparsers(dest="command", required=True)
    actions.add_parser("serve", help="answer HTTP").set_defaults(run=run_serve)
    actions.add_parser("work", help="read the feeds, judge, open cases").set_defaults(run=run_work)
    actions.add_parser("export", help="show cases to Prometheus").set_defaults(run=run_exporter)
    migrate = actions.add_parser("migrate", help="bring the schema up to date, as its owner")
    migrate.add_argument("--json", action="store_true", help="print the service's URL")
    migrate.set_defaults(run=commands.run_migrate)
    backtest = actions.add_parser("backtest", help="run one backtest; the worker starts this")
    backtest.add_argument("backtest_id")
    backtest.set_defaults(run=commands.run_backtest)
    calendar = actions.add_parser(
        "calendar", help="add holidays and make-up workdays, as its owner"
    )
    calendar.add_argument("file", type=Path, help="CSV: day,work or rest,name")
    calendar.set_defaults(run=commands.run_calendar)
    actions.add_parser("settings", help="show them").set_defaults(run=commands.run_settings)
    return top


def run_serve(_: argparse.Namespace) -> int:
    """Answer HTTP until a signal."""
    settings = Settings()
    SERVICE.prepare(settings)
    SERVICE.serve(settings, build(settings))
    return 0


def run_work(_: argparse.Namespace) -> int:
    """Read the feeds and judge until a signal."""
    settings = Settings()
    SERVICE.prepare(settings)
    work(settings)
    return 0


def run_exporter(_: argparse.Namespace) -> int:
    """Show cases and aggregates to Prometheus until a signal."""
    settings = Settings()
    SERVICE.prepare(settings)
    run_export(settings)
    return 0


if __name__ == "__main__":
    sys.exit(run(SERVICE, parser()))

"""`python -m sandbox run|stop|reset`, behind `make`; bank, platform and robots alone."""

import argparse
import os
import shutil
import sys
from pathlib import Path

FOLDER = ".data"
"""Where everything is kept, under the folder one runs it in."""


def main() -> int:
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, words in (
        ("run", "start everything, play a Saturday, stay up (CITY=off plays nothing)"),
        ("stop", "stop what runs in the folder"),
        ("reset", "delete what run made, the embedded database included"),
    ):
        command = commands.add_parser(name, help=words)
        command.add_argument("--folder", type=Path, default=Path(FOLDER))
    bank = commands.add_parser("bank", help="the bank alone; its key in SANDBOX_BANK_KEY")
    bank.add_argument("--host", default="127.0.0.1")
    bank.add_argument("--port", type=int, default=8010)
    bank.add_argument("--bank-id", default="sandbox")
    bank.add_argument("--idle", action="store_true", help="neither take instructions nor report")
    bank.add_argument("--pushed", action="store_true", help="wait for instructions, do not pull")
    platform = commands.add_parser("platform", help="the national platform alone")
    platform.add_argument("--host", default="127.0.0.1")
    platform.add_argument("--port", type=int, default=8020)
    platform.add_argument("--institutions", type=int, default=5_000)
    platform.add_argument("--seed", type=int, default=7)
    platform.add_argument("--include", type=Path, help="JSON: institutions that must be listed")
    platform.add_argument("--journal", type=Path, help="where it remembers what it did")
    platform.add_argument("--clock-offset-s", type=int, default=0, help="its clock is ahead by")
    platform.add_argument("--after-version", type=int, default=0, help="a version known already")
    robots = commands.add_parser("robots", help="the robots, mail and system notices go to")
    robots.add_argument("--host", default="127.0.0.1")
    robots.add_argument("--port", type=int, default=8030)
    robots.add_argument("--smtp-port", type=int, default=8025)
    options = parser.parse_args()
    alone = {"bank": _bank, "platform": _platform, "robots": _robots}
    return alone.get(options.command, _launcher)(options)


def _launcher(options: argparse.Namespace) -> int:
    try:
        from sandbox import launcher  # noqa: PLC0415 - needs the extra `sandbox`
    except ModuleNotFoundError as missing:
        print(f"{missing.name} is missing: pip install -e '.[sandbox]'", file=sys.stderr)
        return 1
    folder: Path = options.folder.resolve()
    if options.command == "run":
        return launcher.run(folder, plays=os.environ.get("CITY", "on").lower() != "off")
    if options.command == "stop":
        return launcher.stop(folder)
    return _reset(folder)


def _reset(folder: Path) -> int:
    """Stop what runs, then delete the cluster and the folder."""
    from sandbox import launcher, postgres  # noqa: PLC0415 - needs the extra `sandbox`

    if os.environ.get("DATABASE_URL"):
        print("DATABASE_URL is set: nothing on a server of yours is deleted. Unset it first.")
        return 1
    if launcher.stop(folder) != 0:
        return 1
    if folder.exists():
        postgres.remove(folder / "postgres")
        shutil.rmtree(folder)
    print(f"Removed {folder} and the embedded database.")
    return 0


def _bank(options: argparse.Namespace) -> int:
    from sandbox.bank import BankOptions  # noqa: PLC0415 - the launcher does not need it
    from sandbox.bank.serve import Door, serve  # noqa: PLC0415

    journal = os.environ.get("SANDBOX_BANK_JOURNAL")
    serve(
        Door(
            host=options.host,
            port=options.port,
            escrow_url=os.environ.get("SANDBOX_ESCROW_URL", "http://127.0.0.1:8001"),
            escrow_key=os.environ["SANDBOX_BANK_KEY"],
        ),
        BankOptions(
            bank_id=options.bank_id,
            pulls=not options.pushed,
            is_idle=options.idle,
            journal=Path(journal) if journal else None,
        ),
    )
    return 0


def _platform(options: argparse.Namespace) -> int:
    from sandbox.platform import PlatformOptions  # noqa: PLC0415 - the launcher does not need it
    from sandbox.platform.serve import read_include, serve  # noqa: PLC0415

    serve(
        options.host,
        options.port,
        PlatformOptions(
            institutions=options.institutions,
            seed=options.seed,
            include=read_include(options.include),
            journal=options.journal,
            clock_offset_s=options.clock_offset_s,
            after_version=options.after_version,
        ),
    )
    return 0


def _robots(options: argparse.Namespace) -> int:
    from sandbox.robots import RobotsOptions  # noqa: PLC0415 - the launcher does not need it
    from sandbox.robots.serve import serve  # noqa: PLC0415

    serve(options.port, RobotsOptions(host=options.host, smtp_port=options.smtp_port))
    return 0


if __name__ == "__main__":
    sys.exit(main())

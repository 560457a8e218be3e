"""The command line that services have in common: refusals as sentences, the owner's commands."""

import argparse
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from pydantic import ValidationError
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from shared import log
from shared.errors import StartupRefused, YikeError
from shared.pg.migrate import newest_revision
from shared.service.startup import Service
from shared.settings import ServiceSettings

REFUSED: Final = 2
"""The exit code of a start that was refused."""


def run(service: Service, parser: argparse.ArgumentParser) -> int:
    """Run the command that was asked for; a refusal is a sentence and an exit code."""
    options = parser.parse_args()
    log.configure(service.name, "warning")  # serving and working say more, as they are set
    try:
        code: int = options.run(options)
    except YikeError as refused:
        sys.stderr.write(f"{refused.detail}\n")
        return REFUSED
    except ValidationError as wrong:
        for one in wrong.errors(include_input=False, include_url=False):
            name = "_".join(str(part) for part in one["loc"])
            sys.stderr.write(f"{service.name.upper()}_{name.upper()}: {one['msg']}.\n")
        return REFUSED
    return code


def owner_url() -> str:
    """Return the owner's URL from the environment, or refuse with what to set."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        message = "DATABASE_URL is not set: give the URL of the database's owner."
        raise StartupRefused(message)
    return url


@asynccontextmanager
async def as_owner(url: str) -> AsyncIterator[AsyncConnection]:
    """Give a transaction of the database's owner."""
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"))
    try:
        async with engine.begin() as connection:
            yield connection
    finally:
        await engine.dispose()


def show_migrated(service: Service, url: str, service_url: str, *, as_json: bool) -> None:
    """Say which revision the schema is at; as JSON, the URL that the service logs in with."""
    if as_json:
        show(json.dumps({service.name: service_url}))
        return
    revision = newest_revision(service.package)
    show(f"The schema {service.name} of {make_url(url).database} is at revision {revision}.")


def show_settings(settings: ServiceSettings) -> None:
    """Show every setting with its value, secrets masked."""
    for name, value in settings.masked().items():
        show(f"{name}={value}")


def show(line: str) -> None:
    """Write one line for the person, or the program, that called."""
    sys.stdout.write(f"{line}\n")

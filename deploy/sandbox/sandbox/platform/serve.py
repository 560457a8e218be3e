"""Run the platform as a process of its own."""

import json
from pathlib import Path

import uvicorn

from sandbox.platform.app import create_platform
from sandbox.platform.desk import PlatformOptions
from sandbox.platform.listings import Listing

LINGER_S = 5
"""How long open connections may keep a stopping platform, silent ones included."""


def read_include(path: Path | None) -> tuple[Listing, ...]:
    """Read the institutions that must be listed: a JSON array, in the platform's words."""
    if path is None:
        return ()
    return tuple(Listing.model_validate(given) for given in json.loads(path.read_text("utf-8")))


def serve(host: str, port: int, options: PlatformOptions) -> None:
    """Serve until told to stop."""
    uvicorn.run(
        create_platform(options),
        host=host,
        port=port,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=LINGER_S,
    )

"""Run the platform as a process of its own."""

import json
from pathlib import Path
from typing import Any

import uvicorn

from sandbox.platform.app import create_platform
from sandbox.platform.desk import PlatformOptions

LINGER_S = 5
"""How long open connections may keep a stopping platform, silent ones included."""


def read_include(path: Path | None) -> list[dict[str, Any]]:
    """Read the institutions that must be listed: a JSON array, in the platform's words."""
    if path is None:
        return []
    listed: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))
    return listed


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

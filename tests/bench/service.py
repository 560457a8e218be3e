"""The escrow service under load: `python -m escrow serve`, one process, as an operator runs it."""

import contextlib
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx

from escrow.migrations import service_url
from sandbox import children
from sandbox.children import Child
from sandbox.ports import HOST

LOG_LEVEL: Final = "warning"
"""The access log is off: it would be written to a file beside the database's."""

_READY_S: Final = 30.0


@contextlib.contextmanager
def serving(owner_url: str, log: Path) -> Iterator[tuple[Child, int]]:
    """Serve a database until the block ends; give the process and its port."""
    port = free_port()
    env = {
        **os.environ,
        "ESCROW_DATABASE_URL": service_url(owner_url),
        "ESCROW_PORT": str(port),
        "ESCROW_METRICS_PORT": "0",
        "ESCROW_ENVIRONMENT": "test",
        "ESCROW_LOG_LEVEL": LOG_LEVEL,
    }
    child = children.spawn("escrow serve", ["escrow", "serve"], env, log)
    try:
        wait_until_ready(child, port)
        yield child, port
        child.check()
    finally:
        child.stop()


def free_port() -> int:
    """Let the kernel choose: runs beside this one must not meet."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_ready(child: Child, port: int) -> None:
    """Wait until a service on this machine says that it is ready."""
    deadline = time.monotonic() + _READY_S
    while time.monotonic() < deadline:
        child.check()
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=2).is_success:
                return
        time.sleep(0.05)
    message = "The service did not become ready."
    raise TimeoutError(message)

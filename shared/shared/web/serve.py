"""Serving: one process, one event loop, one listener; metrics on a port of their own."""

import gc
from typing import Final

import uvicorn
from fastapi import FastAPI

from shared.metrics import exposed

BACKLOG_MAX: Final = 2_048
"""Connections the kernel keeps for us while the loop is busy; more is no longer patience."""

KEEP_ALIVE_S: Final = 65
"""Longer than the 60 s of common proxies, so that they and not we end idle connections."""

STOP_S: Final = 8
"""Time to finish at the end: longer than a statement may run (5 s), shorter than the 10 s
after which a container is killed. A long poll is cut; its reader asks again."""


GARBAGE_THRESHOLDS: Final = (20_000, 20, 100)
"""Objects made before the youngest are looked through, and how seldom older ones are.
A batch makes thousands and drops them at once, without a cycle to be found: with Python's
700 they were looked through thirty times a batch, which was a twelfth of all work."""


def serve(
    app: FastAPI,
    host: str,
    port: int,
    metrics_port: int,
    *,
    metrics_host: str = "127.0.0.1",
) -> None:
    """Serve until a signal to stop, then finish what runs; metrics port 0 means no metrics."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG_MAX,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_S,
    )
    _rest_collector()
    with exposed(metrics_port, host=metrics_host):
        uvicorn.Server(config).run()


def _rest_collector() -> None:
    """Leave what the process was built of out of the search for garbage; search less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)

"""Prometheus metrics: names, buckets, the build, and the port they are read from.

Names are `tuition_<what>` for what every service counts the same way, and
`tuition_<service>_<what>` for what only one of them has.
Label values come from closed sets (a route's template, never a path), so that no caller
can make a series.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from prometheus_client import Gauge, start_http_server

LATENCY_BUCKETS_S: Final = (
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 30.0,
)  # fmt: skip
"""From a cached read to a long poll; dense between 1 and 100 ms, where answers lie."""

_build = Gauge("tuition_build_info", "The running version; always 1.", ["service", "version"])


def build_info(service: str, version: str) -> None:  # tidy: allow banned-name - its metric
    """Say which version of which service this process runs."""
    _build.labels(service, version).set(1)


def metric_name(service: str, what: str) -> str:
    """Return the name of a metric that one service alone has."""
    return f"tuition_{service.replace('-', '_')}_{what}"


@contextmanager
def exposed(port: int, *, host: str = "127.0.0.1") -> Iterator[None]:
    """Serve `GET /metrics` on a port of its own while the block runs; port 0 means not at all.

    The listener is a thread, so it answers even while the event loop is busy.
    """
    if port == 0:
        yield
        return
    server, thread = start_http_server(port, addr=host)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

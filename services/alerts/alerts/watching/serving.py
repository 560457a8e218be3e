"""The exporter's port: what the process counts, then the page of the last reading.

The format is Prometheus' text; whoever asks for another gets it too.
"""

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Final

from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

PATH: Final = "/metrics"
QUICK: Final = 1
"""The level that packs 1.5 MB in 7 ms to a twentieth; the best takes six times as long."""

TIMEOUT_S: Final = 10
"""A caller that says nothing for so long is let go: Prometheus waits no longer either."""


@contextmanager
def shown(
    port: int, host: str, page: Callable[[], bytes], registry: CollectorRegistry = REGISTRY
) -> Iterator[int]:
    """Answer `GET /metrics` from threads of its own while the block runs; yield the port."""

    class Scrape(BaseHTTPRequestHandler):
        """One scrape."""

        timeout = TIMEOUT_S

        def do_GET(self) -> None:  # tidy: allow banned-name - the library has it so
            """Answer with everything, or that there is nothing here."""
            if self.path.partition("?")[0] != PATH:
                self.send_error(404)
                return
            body = generate_latest(registry) + page()
            is_packed = "gzip" in self.headers.get("Accept-Encoding", "")
            if is_packed:
                body = gzip.compress(body, QUICK)
            self.send_response(200)
            self.send_header("Content-Type", CONTENT_TYPE_PLAIN_0_0_4)
            self.send_header("Content-Length", str(len(body)))
            if is_packed:
                self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log no scrape."""

    server = ThreadingHTTPServer((host, port), Scrape)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

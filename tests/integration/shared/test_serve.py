"""A service as a process, spoken to byte by byte."""

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from shared.web.edge import BODY_MAX
from shared.web.serve import STOP_S
from tests.integration.shared.ports import free_port

SCRIPT = Path(__file__).with_name("served.py")


@dataclass(frozen=True, slots=True)
class Served:
    """A running process and where it listens."""

    process: subprocess.Popen[bytes]
    port: int
    metrics_port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def send(self, raw: bytes) -> bytes:
        """Send bytes as they are, and return the whole answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65_536), b""))

    def ask(self, target: bytes, method: bytes = b"GET") -> int:
        """Send a request for this target, and return the status."""
        answer = self.send(
            method + b" " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        return int(answer.split(b" ", 2)[1])


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    yield from started(tmp_path_factory.mktemp("served") / "log")


@pytest.fixture
def served_alone(tmp_path: Path) -> Iterator[Served]:
    yield from started(tmp_path / "log")


def started(log: Path) -> Iterator[Served]:
    port, metrics_port = free_port(), free_port()
    command = [sys.executable, str(SCRIPT), str(port), str(metrics_port)]
    with log.open("wb") as lines, subprocess.Popen(command, stderr=lines) as process:
        try:
            wait_for(port)
            yield Served(process, port, metrics_port)
        finally:
            process.kill()


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        else:
            return


STRANGE = [
    (b"/healthz", {200}),
    (b"/v1/notes/abc", {200}),
    (b"/v1/notes/%00", {404}),
    (b"/v1/notes/a?x=%00", {422}),
    (b"/v1/notes/%", {422}),
    (b"/v1/notes/%zz", {422}),
    (b"/v1/notes/%ff%fe", {422}),
    (b"/v1/notes/\xff\xfe", {400, 422}),
    (b"/v1/notes/\xe5\xbc\xa0", {400, 422}),
    (b"/v1/notes/a?%ff=%fe", {200}),
    (b"/v1/notes/a?\xff", {200, 400}),
    (b"/v1/notes/a#b", {200, 400}),
    (b"/v1/notes/..%2f..%2fetc", {404}),
    (b"//", {404}),
    (b"*", {400, 404}),
    (b"http://elsewhere/healthz", {200, 400, 404}),
    (b"/" + b"a" * 30_000, {404, 400, 414, 431}),
]


@pytest.mark.parametrize(("target", "statuses"), STRANGE)
def test_a_strange_target_is_no_fault_of_ours(
    served: Served, target: bytes, statuses: set[int]
) -> None:
    assert served.ask(target) in statuses


def test_head_and_options_answer(served: Served) -> None:
    assert served.ask(b"/healthz", b"HEAD") == 200
    assert served.ask(b"/healthz", b"OPTIONS") == 204
    assert served.ask(b"/healthz", b"DELETE") == 405


def test_head_has_no_body(served: Served) -> None:
    raw = served.send(b"HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert raw.endswith(b"\r\n\r\n")


def test_what_is_no_request_is_400(served: Served) -> None:
    for raw in (b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nX: \0\r\n\r\n"):
        assert served.send(raw).split(b" ", 2)[1] == b"400"


def test_an_announced_flood_is_refused(served: Served) -> None:
    head = f"POST /v1/notes HTTP/1.1\r\nHost: x\r\nContent-Length: {BODY_MAX + 1}\r\n"
    answer = served.send(head.encode() + b"Connection: close\r\n\r\n{")
    assert answer.split(b" ", 2)[1] == b"413"
    assert b'"too_large"' in answer


def test_a_chunked_flood_is_refused(served: Served) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(64):
            yield b" " * 65_536

    answer = httpx.post(f"{served.url}/v1/notes", content=endless())
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_body_is_read_whole(served: Served) -> None:
    assert httpx.post(f"{served.url}/v1/notes", json={"id": "a"}).text == "a"
    chunks = iter([b'{"id"', b': "b"}'])
    assert httpx.post(f"{served.url}/v1/notes", content=chunks).text == "b"


def test_the_server_does_not_say_what_it_is(served: Served) -> None:
    assert "server" not in httpx.get(f"{served.url}/healthz").headers


def test_metrics_have_a_port_of_their_own(served: Served) -> None:
    httpx.get(f"{served.url}/healthz")
    text = httpx.get(f"http://127.0.0.1:{served.metrics_port}/metrics").text
    assert 'tuition_build_info{service="served",version="1"} 1.0' in text
    assert 'tuition_http_requests_total{method="GET",route="/healthz"' in text
    assert httpx.get(f"{served.url}/metrics").status_code == 404


def test_a_stop_finishes_what_runs(served_alone: Served, tmp_path: Path) -> None:
    answers: list[int] = []
    asking = threading.Thread(
        target=lambda: answers.append(httpx.get(f"{served_alone.url}/v1/slow/1").status_code)
    )
    asking.start()
    time.sleep(0.3)
    served_alone.process.send_signal(signal.SIGTERM)
    asking.join(timeout=10)
    assert answers == [200]
    assert served_alone.process.wait(timeout=10) in {0, -signal.SIGTERM}
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert {line["service"] for line in lines} == {"served"}
    assert "/v1/slow/{seconds}" in [line.get("route") for line in lines]


@pytest.mark.slow
def test_a_stop_does_not_wait_for_a_long_poll(served_alone: Served) -> None:
    def ask() -> None:
        with suppress(httpx.TransportError):
            httpx.get(f"{served_alone.url}/v1/slow/30", timeout=40)

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(0.3)
    served_alone.process.send_signal(signal.SIGTERM)
    served_alone.process.wait(timeout=STOP_S + 4)
    asking.join(timeout=5)
    assert not asking.is_alive()

"""Load: prebuilt requests from a file, each sent once, every answer checked for what it did.

Closed loop is wrk's where it is installed: it costs a few percent of one processor.
Open loop, and both where wrk is missing, is this module run as a process of its own:

    python -m tests.bench.loadgen FILE --port 8001 --connections 32 --seconds 20 [--rate 400]

With a rate, requests leave at fixed times whether or not answers came back, and latency is
counted from the time that a request should have left at.
"""

import argparse
import asyncio
import json
import re
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, cast

import uvloop

_LUA: Final = Path(__file__).with_name("load.lua")
_WIDTH: Final = 8
_WAIT_S: Final = 10.0
_COUNTS: Final = re.compile(rb'"counts":{"released":(\d+)')
_LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Load:
    """How requests are to be sent."""

    port: int
    connections: int
    seconds: int
    rate: int = 0
    """Requests a second in open loop; 0: as fast as answers come back."""


@dataclass(slots=True)
class Tally:
    """What came back."""

    seconds: float = 0.0
    answered: int = 0
    """Answers 200 to a release call."""
    released: int = 0
    starved: int = 0
    """Times that no request was left to send: the figures are then worth nothing."""
    lost: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    p50_ms: float = 0.0
    p90_ms: float = 0.0
    p99_ms: float = 0.0
    max_ms: float = 0.0


def write_requests(path: Path, requests: Iterable[bytes]) -> None:
    """Write requests as both generators read them."""
    with path.open("wb") as file:
        for request in requests:
            file.write(b"%*d" % (_WIDTH, len(request)) + request)


def start(path: Path, load: Load) -> subprocess.Popen[bytes]:
    """Start the cheapest generator that can do it, as a process of its own."""
    wrk = shutil.which("wrk")
    if wrk is not None and not load.rate:
        command = [wrk, "-t1", f"-c{load.connections}", f"-d{load.seconds}s", "--timeout", "10s"]
        command += ["-s", str(_LUA), f"http://127.0.0.1:{load.port}", "--", str(path)]
    else:
        command = [sys.executable, "-m", __spec__.name, str(path), f"--port={load.port}"]
        command += [f"--connections={load.connections}", f"--seconds={load.seconds}"]
        command += [f"--rate={load.rate}"]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def tally_of(printed: bytes) -> Tally:
    """Read a generator's last line."""
    return Tally(**json.loads(printed.strip().splitlines()[-1]))


def _requests(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while length := file.read(_WIDTH):
            yield file.read(int(length))


class _Generator:
    """Connections that send and count; runs on one event loop."""

    def __init__(self, load: Load, requests: Iterator[bytes]) -> None:
        self.load = load
        self.tally = Tally()
        self.latencies: list[float] = []
        self.is_over = False
        self._requests = requests
        self._idle: list[_Connection] = []
        self._due: deque[tuple[float, bytes]] = deque()

    async def run(self) -> Tally:
        loop = asyncio.get_running_loop()
        address = ("127.0.0.1", self.load.port)
        for _ in range(self.load.connections):
            _, one = await loop.create_connection(lambda: _Connection(self), *address)
            self._idle.append(one)
        began = loop.time()
        await (self._send_at_rate(began) if self.load.rate else self._send_at_will(began))
        self.is_over = True
        if self.load.rate:
            await self._wait_for_rest()  # what came late counts, and so does the time it took
        self.tally.seconds = loop.time() - began
        self._sum_up()
        return self.tally

    async def _send_at_will(self, began: float) -> None:
        for one in self._take_idle():
            self.next(one)
        await asyncio.sleep(began + self.load.seconds - asyncio.get_running_loop().time())

    async def _send_at_rate(self, began: float) -> None:
        loop = asyncio.get_running_loop()
        for number in range(self.load.rate * self.load.seconds):
            due = began + number / self.load.rate
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            request = next(self._requests, None)
            if request is None:
                self.tally.starved += 1
                break
            self._due.append((due, request))
            if self._idle:
                self.next(self._idle.pop())

    async def _wait_for_rest(self) -> None:
        deadline = asyncio.get_running_loop().time() + _WAIT_S
        while len(self._idle) < self.load.connections:
            if asyncio.get_running_loop().time() > deadline:
                self.tally.lost += self.load.connections - len(self._idle) + len(self._due)
                return
            await asyncio.sleep(0.01)

    def _take_idle(self) -> list["_Connection"]:
        idle, self._idle = self._idle, []
        return idle

    def next(self, one: "_Connection") -> None:
        """Let a free connection send what is next, if anything is."""
        if self.load.rate:
            if not self._due:
                self._idle.append(one)
                return
            due, request = self._due.popleft()
        elif self.is_over:
            return
        else:
            found = next(self._requests, None)
            if found is None:
                self.tally.starved += 1
                return
            due, request = asyncio.get_running_loop().time(), found
        one.send(due, request)

    def take(self, latency_s: float, head: bytes, body: bytes) -> None:
        """Count one answer."""
        self.latencies.append(latency_s)
        found = _COUNTS.search(body, max(0, len(body) - 120))
        if head.startswith(b"HTTP/1.1 200") and found:
            self.tally.answered += 1
            self.tally.released += int(found[1])
        else:
            status = head[9:12].decode()
            self.tally.statuses[status] = self.tally.statuses.get(status, 0) + 1

    def _sum_up(self) -> None:
        ordered = sorted(self.latencies) or [0.0]

        def at(percent: int) -> float:
            return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] * 1e3

        self.tally.p50_ms, self.tally.p90_ms, self.tally.p99_ms = at(50), at(90), at(99)
        self.tally.max_ms = ordered[-1] * 1e3


class _Connection(asyncio.Protocol):
    """One connection with at most one request on its way."""

    def __init__(self, generator: _Generator) -> None:
        self._generator = generator
        self._got = b""
        self._due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way out."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's has no such base class

    def send(self, due: float, request: bytes) -> None:
        """Send one request."""
        self._due = due
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Gather an answer; once it is whole, count it and go on."""
        self._got += data
        head, found, body = self._got.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not found or length is None or len(body) < int(length[1]):
            return
        self._got = b""
        now = asyncio.get_running_loop().time()
        self._generator.take(now - self._due, head, body)
        self._generator.next(self)

    def connection_lost(self, _: Exception | None) -> None:
        """Count a connection that the server ended."""
        if not self._generator.is_over:
            self._generator.tally.lost += 1


def main() -> None:
    """Send and print the tally as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    for name in ("port", "connections", "seconds", "rate"):
        parser.add_argument(f"--{name}", type=int, default=0)
    asked = parser.parse_args()
    load = Load(asked.port, asked.connections, asked.seconds, asked.rate)
    tally = uvloop.run(_Generator(load, _requests(asked.path)).run())
    sys.stdout.write(json.dumps(asdict(tally)) + "\n")


if __name__ == "__main__":
    main()

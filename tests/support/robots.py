"""The sandbox's robots on real ports, in a thread of their own, for the tests of sending."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import uvicorn
from fastapi import FastAPI

from sandbox.robots import Faults, RobotsOptions, create_robots
from sandbox.robots.desk import Desk, Received

STARTS_S = 20.0


@dataclass
class Robots:
    """Robots that listen, and what they remember."""

    app: FastAPI
    port: int

    @property
    def desk(self) -> Desk:
        """Return what they remember."""
        desk: Desk = self.app.state.desk
        return desk

    @property
    def smtp_port(self) -> int:
        """Return where mail is taken."""
        return int(self.app.state.smtp_port)

    @property
    def received(self) -> list[Received]:
        """Return what came, in its order."""
        return list(self.desk.received)

    def texts(self, place: str) -> list[str]:
        """Return the texts that came to one of the four."""
        return [one.text for one in self.received if one.place == place]

    def turn(self, **faults: Any) -> None:  # noqa: ANN401 - the switches' own types
        """Turn the switches; what is not named is off."""
        self.desk.dice.set(Faults(**faults))

    def url(self, path: str) -> str:
        """Return an address at the robots."""
        return f"http://127.0.0.1:{self.port}{path}"


@contextlib.contextmanager
def listening(per_minute: int = 20) -> Iterator[Robots]:
    """Start the robots on free ports, and stop them at the end."""
    app = create_robots(RobotsOptions(smtp_port=0, per_minute=per_minute))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                log_config=None,  # the process's own loggers stay as they are
                timeout_graceful_shutdown=1,
                lifespan="on",
            )
        )
        thread = threading.Thread(
            target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True
        )
        thread.start()
        deadline = time.monotonic() + STARTS_S
        while not server.started:
            assert time.monotonic() < deadline, "the robots never listened"
            assert thread.is_alive(), "the robots ended at once"
            time.sleep(0.005)
        try:
            yield Robots(app, listener.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(STARTS_S)

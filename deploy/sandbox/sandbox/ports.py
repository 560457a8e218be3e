"""Ports: the one that was asked for, or the next free one, held until the launcher ends.

A child listens seconds after its port was chosen, longer on a busy machine.
Until then a second sandbox would find the same port free, and its worker would talk to the
first one's bank.
So a chosen port is also held by name, in a place that vanishes with the process (on Linux).
"""

import socket
import sys

from sandbox.failures import LaunchFailed

HOST = "127.0.0.1"
"""The sandbox listens on this machine alone."""

PORTS_TRIED = 100
"""How far to look before giving up."""


class Ports:
    """Ports chosen by one launcher."""

    def __init__(self) -> None:
        self._held: dict[int, socket.socket | None] = {}

    def choose(self, first: int) -> int:
        """Return the first free port from one on, and hold it.

        Raises:
            LaunchFailed: when a hundred ports in a row are taken.

        """
        for port in range(first, first + PORTS_TRIED):
            if port not in self._held and self._hold(port):
                return port
        message = f"No free port between {first} and {first + PORTS_TRIED}: stop what holds them."
        raise LaunchFailed(message)

    def close(self) -> None:
        """Let go of every port."""
        for name in self._held.values():
            if name is not None:
                name.close()
        self._held.clear()

    def _hold(self, port: int) -> bool:
        name = _named(port) if sys.platform == "linux" else None
        if (name is None and sys.platform == "linux") or not _is_free(port):
            if name is not None:
                name.close()
            return False
        self._held[port] = name
        return True


def _named(port: int) -> socket.socket | None:
    """Hold a port by an abstract name that one process at a time can have."""
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind(f"\0yike-sandbox-port-{port}")
    except OSError:
        name.close()
        return None
    return name


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True

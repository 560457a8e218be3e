"""Ports: the one that was asked for, or the next free one."""

import socket

from sandbox.failures import LaunchFailed

HOST = "127.0.0.1"
"""The sandbox listens on this machine alone."""

PORTS_TRIED = 100
"""How far to look before giving up."""


def free_port(first: int, taken: set[int]) -> int:
    """Return the first free port from one on, and count it as taken.

    Raises:
        LaunchFailed: when a hundred ports in a row are taken.

    """
    for port in range(first, first + PORTS_TRIED):
        if port not in taken and _is_free(port):
            taken.add(port)
            return port
    message = f"No free port between {first} and {first + PORTS_TRIED}: stop what holds them."
    raise LaunchFailed(message)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True

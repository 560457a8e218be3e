"""Ports: a taken one gives way to the next free one, and no two sandboxes choose the same."""

import contextlib
import socket
import sys

import pytest

from sandbox.failures import LaunchFailed
from sandbox.ports import HOST, PORTS_TRIED, Ports


def test_a_port_is_given_once() -> None:
    with contextlib.closing(Ports()) as ports:
        assert ports.choose(28_001) != ports.choose(28_001)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names that vanish")
def test_two_sandboxes_never_choose_the_same_port() -> None:
    with contextlib.closing(Ports()) as first, contextlib.closing(Ports()) as second:
        assert first.choose(28_010) != second.choose(28_010)


def test_a_port_that_was_let_go_is_free_again() -> None:
    with contextlib.closing(Ports()) as first:
        port = first.choose(28_020)
    with contextlib.closing(Ports()) as second:
        assert second.choose(28_020) == port


def test_a_port_somebody_listens_on_gives_way() -> None:
    with socket.create_server((HOST, 0)) as server, contextlib.closing(Ports()) as ports:
        taken = server.getsockname()[1]
        assert ports.choose(taken) > taken


def test_a_machine_without_free_ports_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.ports._is_free", lambda _: False)
    ports = Ports()
    with pytest.raises(LaunchFailed, match=f"between 28030 and {28_030 + PORTS_TRIED}"):
        ports.choose(28_030)


def test_the_sandbox_listens_on_this_machine_alone() -> None:
    assert HOST == "127.0.0.1"

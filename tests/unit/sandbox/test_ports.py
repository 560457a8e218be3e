"""Ports: a taken one gives way to the next free one."""

from sandbox import ports


def test_a_port_is_given_once() -> None:
    taken: set[int] = set()
    first = ports.free_port(28_001, taken)
    second = ports.free_port(28_001, taken)
    assert first != second
    assert taken == {first, second}


def test_the_sandbox_listens_on_this_machine_alone() -> None:
    assert ports.HOST == "127.0.0.1"

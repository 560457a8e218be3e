"""Loops: one round after another, through any fault, until told to stop."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

import pytest
import structlog
from prometheus_client import REGISTRY

from shared.errors import Unavailable
from shared.work import loop
from shared.work.loop import DOUBLINGS_MAX, PAUSE_MAX_S, Loop, every, run


def rounds(name: str, outcome: str) -> float:
    labels = {"loop": name, "outcome": outcome}
    return REGISTRY.get_sample_value("tuition_work_rounds_total", labels) or 0.0


def script(stop: asyncio.Event, *steps: int | Exception) -> Callable[[], Awaitable[int]]:
    """Return a round that plays these steps and then stops the loop."""
    left = list(steps)

    async def once() -> int:
        step = left.pop(0)
        if not left:
            stop.set()
        if isinstance(step, Exception):
            raise step
        return step

    return once


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the pauses that a loop takes, without taking them."""
    taken: list[float] = []

    async def rest(pause_s: float, _: asyncio.Event) -> None:
        taken.append(pause_s)
        await asyncio.sleep(0)

    monkeypatch.setattr(loop, "_rest", rest)
    return taken


async def test_work_is_followed_by_work_and_idleness_by_rest(pauses: list[float]) -> None:
    stop = asyncio.Event()
    await every(5.0, "tried-rest", script(stop, 3, 1, 0, 2), stop)
    assert pauses == [0.0, 0.0, 5.0, 0.0]
    assert (rounds("tried-rest", "worked"), rounds("tried-rest", "idle")) == (3, 1)


async def test_a_fault_ends_a_round_and_not_the_loop(pauses: list[float]) -> None:
    stop = asyncio.Event()
    with structlog.testing.capture_logs() as logged:
        await every(
            1.0, "tried-fault", script(stop, ValueError(), Unavailable(), AssertionError(), 1), stop
        )
    assert rounds("tried-fault", "failed") == 3
    assert rounds("tried-fault", "worked") == 1
    assert [line["log_level"] for line in logged] == ["error", "warning", "error"]
    assert pauses[0] <= 2.0 < pauses[2] <= 8.0
    assert pauses[3] == 0.0


async def test_the_pause_grows_and_is_bounded(pauses: list[float]) -> None:
    stop = asyncio.Event()
    faults = [ValueError() for _ in range(40)]
    with structlog.testing.capture_logs():
        await every(1.0, "tried-bound", script(stop, *faults), stop)
    assert pauses[0] < pauses[3] < pauses[5]
    assert max(pauses) <= PAUSE_MAX_S
    assert min(pauses[DOUBLINGS_MAX:]) >= PAUSE_MAX_S / 2


async def test_success_forgets_the_faults(pauses: list[float]) -> None:
    stop = asyncio.Event()
    steps: list[int | Exception] = [*(ValueError() for _ in range(3)), 0, ValueError(), 0]
    with structlog.testing.capture_logs():
        await every(1.0, "tried-forget", script(stop, *steps), stop)
    assert pauses[4] <= 2.0


async def test_a_stop_wakes_a_resting_loop() -> None:
    stop = asyncio.Event()

    async def once() -> int:
        asyncio.get_running_loop().call_later(0.01, stop.set)
        return 0

    async with asyncio.timeout(2):
        await every(60.0, "tried-wake", once, stop)


async def test_a_rest_ends_by_itself() -> None:
    stop = asyncio.Event()
    async with asyncio.timeout(2):
        await every(0.01, "tried-turns", script(stop, 0, 0, 0), stop)
    assert rounds("tried-turns", "idle") == 3


async def test_a_busy_loop_lets_others_have_a_turn() -> None:
    stop = asyncio.Event()

    async def once() -> int:
        return 1

    asyncio.get_running_loop().call_later(0.01, stop.set)
    async with asyncio.timeout(2):
        await every(1.0, "tried-turn", once, stop)


async def test_a_round_under_way_is_finished() -> None:
    stop = asyncio.Event()
    finished = []

    async def once() -> int:
        stop.set()
        await asyncio.sleep(0.01)
        finished.append(True)
        return 1

    await every(1.0, "tried-finish", once, stop)
    assert finished == [True]


async def test_loops_run_side_by_side() -> None:
    stop = asyncio.Event()
    met = asyncio.Barrier(2)

    async def once() -> int:
        await met.wait()
        stop.set()
        return 0

    async with asyncio.timeout(2):
        await run([Loop("tried-a", 1.0, once), Loop("tried-b", 1.0, once)], stop)


async def test_a_signal_stops_the_loops() -> None:
    async def once() -> int:
        os.kill(os.getpid(), signal.SIGTERM)
        return 0

    async with asyncio.timeout(2):
        await run([Loop("tried-signal", 60.0, once)])
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().remove_signal_handler(number)


async def test_cancellation_is_no_fault() -> None:
    async def once() -> int:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await every(1.0, "tried-cancel", once, asyncio.Event())
    assert rounds("tried-cancel", "failed") == 0

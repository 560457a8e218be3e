"""Loops of work beside the requests: one bounded round after another, until told to stop.

A loop calls `once`, which does a bounded amount and returns how much that was.
After a round that did something the next follows at once; after an empty one it rests.
A round that fails is counted, logged and tried again after a growing pause: this is the
edge at which any fault of a round ends, and the one place that catches them all.
"""

import asyncio
import random
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import structlog
from prometheus_client import Counter, Gauge, Histogram

from shared.errors import ServiceError
from shared.metrics import LATENCY_BUCKETS_S

PAUSE_MAX_S: Final = 60.0
"""A broken dependency is asked once a minute: often enough to notice that it is back."""

DOUBLINGS_MAX: Final = 10
"""Keeps the pause a small number before the bound above cuts it."""

_rounds = Counter(
    "tuition_work_rounds_total",
    "Rounds of a loop: worked, idle or failed.",
    ["loop", "outcome"],
)
_durations = Histogram(
    "tuition_work_round_duration_seconds",
    "How long a round took.",
    ["loop"],
    buckets=LATENCY_BUCKETS_S,
)
_succeeded = Gauge(
    "tuition_work_last_success_timestamp_seconds",
    "When a loop last ended a round without a fault.",
    ["loop"],
)
_log = structlog.get_logger("work")

Once = Callable[[], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Loop:
    """One kind of work: its name, how long it rests, and one bounded round of it."""

    name: str
    interval_s: float
    once: Once


async def run(loops: Sequence[Loop], stop: asyncio.Event | None = None) -> None:
    """Run loops side by side until `stop`, or a signal, and the end of the rounds under way."""
    stopping = stop or _stop_on_signals()
    async with asyncio.TaskGroup() as group:
        for loop in loops:
            group.create_task(every(loop.interval_s, loop.name, loop.once, stopping))


async def every(interval_s: float, name: str, once: Once, stop: asyncio.Event) -> None:
    """Call `once` again and again until `stop`; a round under way is finished first."""
    failures = 0
    while not stop.is_set():
        started = time.monotonic()
        try:
            done = await once()
        except Exception as error:  # noqa: BLE001 - the one edge that must outlive any fault
            failures += 1
            pause_s = _pause_s(interval_s, failures)
            _note_failure(name, error, pause_s)
        else:
            failures = 0
            pause_s = 0.0 if done > 0 else interval_s
            _rounds.labels(name, "worked" if done > 0 else "idle").inc()
            _succeeded.labels(name).set_to_current_time()
        _durations.labels(name).observe(time.monotonic() - started)
        await _rest(pause_s, stop)


def _pause_s(interval_s: float, failures: int) -> float:
    """Double the pause with each failure up to a bound; jitter keeps processes apart."""
    grown = max(interval_s, 0.1) * (1 << min(failures, DOUBLINGS_MAX))
    return min(grown, PAUSE_MAX_S) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter


def _note_failure(name: str, error: Exception, pause_s: float) -> None:
    """Count and log; a fault of the environment is a warning, one of ours an error."""
    _rounds.labels(name, "failed").inc()
    if isinstance(error, ServiceError):
        _log.warning("round_failed", loop=name, fault=error.code, pause_s=round(pause_s, 1))
    else:
        _log.error("round_failed", loop=name, pause_s=round(pause_s, 1), exc_info=error)


async def _rest(pause_s: float, stop: asyncio.Event) -> None:
    if pause_s <= 0:
        await asyncio.sleep(0)  # a loop with much to do still lets the others have a turn
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(pause_s):
            await stop.wait()


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop

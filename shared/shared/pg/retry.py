"""Bounded retry of a whole transaction that another one got in the way of."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from prometheus_client import Counter

from shared.pg.faults import Contended

T = TypeVar("T")

TRIES_MAX: Final = 3
"""Contention that outlives three tries is load, and the caller should hear of it."""

PAUSE_S: Final = 0.02
"""Long enough for the other transaction to finish, too short to be noticed."""

_retries = Counter("tuition_pg_retries_total", "Transactions tried again after contention.")


async def retry(once: Callable[[], Awaitable[T]]) -> T:
    """Run `once`, again after contention, at most three times in all."""
    for number in range(1, TRIES_MAX):
        try:
            return await once()
        except Contended:
            _retries.inc()
            await asyncio.sleep(PAUSE_S * number * random.uniform(0.5, 1.5))  # noqa: S311 - jitter
    return await once()

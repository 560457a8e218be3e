"""Everyone who acts in the city: offices, billing systems, the banks' counters, and the clock."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

from sandbox.city.counters import Counters
from sandbox.city.tally import Tally
from sandbox.city.wire import Wire

AT_ONCE = 4
"""Requests on their way at the same time: billing systems of one city, on two cores."""

Answer = TypeVar("Answer")


class Progress(Protocol):
    """Where the city says how far it has come."""

    def begin(self, words: str, steps: int) -> None:
        """Begin a part of the day that takes some steps."""

    def advance(self, steps: int) -> None:
        """Take steps."""


@dataclass(slots=True)
class Town:
    """The parties, each with a line of its own."""

    operator: Wire
    supervisor: Wire
    institutions: dict[str, Wire]
    banks: Counters
    raise_clock: Callable[[datetime], Awaitable[int]]
    """Moves the books' clock forward to an instant; returns the offset in seconds."""
    open_line: Callable[..., Awaitable[Wire]]
    """Makes a key of a role and scope, and a line that uses it."""
    progress: Progress
    misbehaves: str = ""
    """The failure to plant, as `runaway@2026-12-05`; none where it is empty."""
    tally: Tally = field(default_factory=Tally)
    began: float = field(default_factory=time.monotonic)

    def first_release(self) -> None:
        """Note how long it took until the first lesson was released."""
        if self.tally.first_release_s is None:
            self.tally.first_release_s = time.monotonic() - self.began

    async def move_clock(self, instant: datetime) -> None:
        """Move the books' clock and the banks' together."""
        offset_s = await self.raise_clock(instant)
        await self.banks.set_everywhere("/clock", {"offset_s": offset_s})


async def together(work: Callable[[Any], Awaitable[Answer]], rows: Iterable[Any]) -> list[Answer]:
    """Do the same for every row, a few at a time, and return the answers in order."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(row: Any) -> Answer:  # noqa: ANN401 - whatever the rows are
        async with gate:
            return await work(row)

    return await asyncio.gather(*(one(row) for row in rows))

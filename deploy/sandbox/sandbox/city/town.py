"""Everyone who acts in the city: offices, billing systems, the bank's counter, and the clock."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

import httpx

from sandbox.city.tally import Tally
from sandbox.city.wire import Wire

AT_ONCE = 4
"""Requests on their way at the same time: billing systems of one city, on two cores."""

BANK_WAIT_S = 60.0
"""Longest wait for the bank to finish what it was given; then the day goes on without."""

_POLL_S = 0.2

_QUIET_ROUNDS = 2
"""Rounds without news after which the bank is done: one may have begun before the question."""

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
    bank: httpx.AsyncClient
    raise_clock: Callable[[datetime], Awaitable[int]]
    """Moves the books' clock forward to an instant; returns the offset in seconds."""
    open_line: Callable[..., Awaitable[Wire]]
    """Makes a key of a role and scope, and a line that uses it."""
    progress: Progress
    tally: Tally = field(default_factory=Tally)
    began: float = field(default_factory=time.monotonic)

    def first_release(self) -> None:
        """Note how long it took until the first lesson was released."""
        if self.tally.first_release_s is None:
            self.tally.first_release_s = time.monotonic() - self.began

    async def move_clock(self, instant: datetime) -> None:
        """Move the books' clock and the bank's together."""
        offset_s = await self.raise_clock(instant)
        answer = await self.bank.put("/clock", json={"offset_s": offset_s})
        answer.raise_for_status()

    async def drain_bank(self) -> bool:
        """Wait until the bank has nothing left to do; say whether it got there."""
        deadline = time.monotonic() + BANK_WAIT_S
        seen, since = None, 0
        while time.monotonic() < deadline:
            report = (await self.bank.get("/report")).json()
            counts = report["counts"]
            now = (counts.get("instructions"), counts.get("entries"))
            if report["pending"] or now != seen:
                seen, since = now, report["rounds"]
            elif report["rounds"] >= since + _QUIET_ROUNDS:
                return True
            await asyncio.sleep(_POLL_S)
        return False


async def together(work: Callable[[Any], Awaitable[Answer]], rows: Iterable[Any]) -> list[Answer]:
    """Do the same for every row, a few at a time, and return the answers in order."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(row: Any) -> Answer:  # noqa: ANN401 - whatever the rows are
        async with gate:
            return await work(row)

    return await asyncio.gather(*(one(row) for row in rows))

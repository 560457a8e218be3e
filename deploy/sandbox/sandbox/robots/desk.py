"""What the robots remember: every message they received, and how many came of late."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from sandbox.robots.faults import Dice, Faults, Place

PER_MINUTE: Final = 20
"""Messages that a group robot takes in any sixty seconds."""

KEPT_MAX: Final = 10_000
"""Messages kept: the oldest are forgotten first."""

_MINUTE_S: Final = 60.0


class Received(BaseModel):
    """One message as it arrived."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    place: Place
    form: str
    """markdown, text, event or letter."""
    title: str = ""
    text: str
    bytes: int
    """What the place counts against its limit."""
    id: str = ""
    """`webhook-id` or `Message-ID`: the same twice is one message told twice."""
    body: dict[str, Any] = {}


@dataclass(slots=True)
class Desk:
    """The memory of the four, and their switches."""

    dice: Dice = field(default_factory=lambda: Dice(Faults()))
    per_minute: int = PER_MINUTE
    clock: Callable[[], float] = time.monotonic
    received: deque[Received] = field(default_factory=lambda: deque(maxlen=KEPT_MAX))
    repeated: int = 0
    """Messages under an id that was known: taken, and not kept twice."""
    rejected: dict[str, int] = field(default_factory=dict)
    """What was refused by the rules of the place, by code."""
    _came: dict[str, deque[float]] = field(default_factory=dict)
    _ids: set[str] = field(default_factory=set)

    def is_over_rate(self, robot: str) -> bool:
        """Count a message of a robot; tell whether it is one too many in sixty seconds."""
        now = self.clock()
        came = self._came.setdefault(robot, deque())
        while came and now - came[0] >= _MINUTE_S:
            came.popleft()
        if len(came) >= self.per_minute:
            return True
        came.append(now)
        return False

    def keep(self, message: Received) -> None:
        """Remember a message; one under a known id is counted alone."""
        if message.id and message.id in self._ids:
            self.repeated += 1
            return
        if message.id:
            self._ids.add(message.id)
        self.received.append(message)

    def reject(self, code: str | int) -> None:
        """Count what the rules of a place refused."""
        self.rejected[str(code)] = self.rejected.get(str(code), 0) + 1

    def forget(self) -> None:
        """Begin anew, switches apart."""
        self.received.clear()
        self.rejected.clear()
        self._came.clear()
        self._ids.clear()
        self.repeated = 0

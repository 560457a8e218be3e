"""The bank's fault switches: how often it is slow, silent, forgetful, doubled or out of order.

Every switch is a probability from 0 to 1 and draws from a seeded stream of its own,
so that turning one switch never changes what the others do.
"""

from enum import StrEnum
from random import Random
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field

Row = TypeVar("Row")

SLOW_MAX_S = 60.0
"""Longest delay that may be asked for: beyond it a bank is silent, not slow."""


class Fault(StrEnum):
    """What may go wrong at the bank."""

    SLOW = "slow"
    """The answer comes late."""
    SILENT = "silent"
    """The connection is accepted, nothing is done and no answer ever comes."""
    LOST_ANSWER = "lost_answer"
    """The work is done, then the connection drops before the answer arrives."""
    DUPLICATE = "duplicate"
    """Entries and results are sent twice, the second time as if they were fresh."""
    LATE_REJECTION = "late_rejection"
    """An instruction is accepted first and rejected afterwards; no money moves."""
    RETURNED = "returned"
    """A paid instruction comes back: the money is credited to the custody account again."""
    OUT_OF_ORDER = "out_of_order"
    """Entries are shuffled, and an instruction's results travel in the wrong order."""


class Faults(BaseModel):
    """The switches, all off by default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = 1
    """Where the streams of chance begin: the same seed gives the same sequence."""
    slow: float = Field(default=0.0, ge=0, le=1)
    slow_s: float = Field(default=0.2, ge=0, le=SLOW_MAX_S)
    """How late a slow answer is, in seconds."""
    silent: float = Field(default=0.0, ge=0, le=1)
    lost_answer: float = Field(default=0.0, ge=0, le=1)
    duplicate: float = Field(default=0.0, ge=0, le=1)
    late_rejection: float = Field(default=0.0, ge=0, le=1)
    returned: float = Field(default=0.0, ge=0, le=1)
    out_of_order: float = Field(default=0.0, ge=0, le=1)


class Dice:
    """Draws whether a fault strikes, and counts how often each did."""

    def __init__(self, faults: Faults) -> None:
        """Begin with these switches."""
        self.struck: dict[str, int] = {}
        self.set(faults)

    def set(self, faults: Faults) -> None:
        """Turn the switches; every stream begins anew from the seed."""
        self.faults = faults
        self._streams = {fault: Random(f"{faults.seed}:{fault}") for fault in Fault}

    def strikes(self, fault: Fault) -> bool:
        """Draw once whether this fault strikes now."""
        chance: float = getattr(self.faults, fault)
        if chance <= 0 or self._streams[fault].random() >= chance:
            return False
        self.struck[fault] = self.struck.get(fault, 0) + 1
        return True

    def shuffle(self, rows: list[Row]) -> list[Row]:
        """Return the rows in another order, by the stream of `out_of_order`."""
        return self._streams[Fault.OUT_OF_ORDER].sample(rows, len(rows))

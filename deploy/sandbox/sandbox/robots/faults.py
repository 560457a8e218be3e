"""The robots' fault switches: how often they refuse, fail, are silent or lose their answer.

Every switch is a probability from 0 to 1 and draws from a seeded stream of its own, so that
turning one switch never changes what the others do. `only` aims them at one of the four.
"""

from enum import StrEnum
from random import Random
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

Place = Literal["wecom", "dingtalk", "bureau", "mail"]
PLACES: Final[tuple[Place, ...]] = ("wecom", "dingtalk", "bureau", "mail")


class Fault(StrEnum):
    """What may go wrong at the other side."""

    TOO_LONG = "too_long"
    """The message is said to be too long: 40058, 460101, HTTP 413, SMTP 552."""
    RATE_LIMITED = "rate_limited"
    """Too many messages are said to have come: 45009, 130101, HTTP 429, SMTP 451."""
    REFUSED = "refused"
    """A clear no; of a robot, within HTTP 200: 93000, 300001, HTTP 403, SMTP 550."""
    SERVER_ERROR = "server_error"
    """HTTP 500 without a word; SMTP 421."""
    SILENT = "silent"
    """The connection is accepted, nothing is done and no answer ever comes."""
    LOST_ANSWER = "lost_answer"
    """The message is received, then the connection drops before the answer arrives."""


class Faults(BaseModel):
    """The switches, all off by default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = 1
    """Where the streams of chance begin: the same seed gives the same sequence."""
    only: Place | None = None
    too_long: float = Field(default=0.0, ge=0, le=1)
    rate_limited: float = Field(default=0.0, ge=0, le=1)
    refused: float = Field(default=0.0, ge=0, le=1)
    server_error: float = Field(default=0.0, ge=0, le=1)
    silent: float = Field(default=0.0, ge=0, le=1)
    lost_answer: float = Field(default=0.0, ge=0, le=1)


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

    def strikes(self, fault: Fault, place: Place) -> bool:
        """Draw once whether this fault strikes at this place now."""
        chance: float = getattr(self.faults, fault)
        if self.faults.only not in {None, place} or chance <= 0:
            return False
        if self._streams[fault].random() >= chance:
            return False
        self.struck[fault] = self.struck.get(fault, 0) + 1
        return True

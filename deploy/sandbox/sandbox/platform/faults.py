"""The platform's fault switches: everything a mirror must live through.

A switch is a number or on and off, and any of them may simply be `true`.
What spoils an answer is a probability and draws from a seeded stream of its own;
what spoils the list holds for every answer while it is on, and is published as a version.
"""

from enum import StrEnum
from random import Random
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

SLOW_MAX_S = 60.0
"""Longest pause between chunks: beyond it the platform is silent, not slow."""

ROWS_MAX = 100_000
VERSIONS_MAX = 1_000_000
SKEW_MAX_S = 10 * 365 * 86_400

WHEN_TRUE = {
    "slow_s": 0.2,
    "rollback": 1,
    "fast_forward": 5_000,
    "clock_skew_s": 3_600,
    "mass_revoke": 50,
    "fill_drop": 0.3,
    "unknown_status": 5,
    "duplicate_rows": 5,
    "bad_codes": 5,
    "numeric_ids": 5,
    "mismatched_licence": 5,
}
"""What `true` means for a switch that is a number; for the others it means 1."""


class Fault(StrEnum):
    """What is drawn anew for every answer."""

    SERVER_ERROR = "server_error"
    """The answer is 500."""
    SILENT = "silent"
    """The connection is accepted and no answer ever comes."""
    TRUNCATED = "truncated"
    """A part or a delta breaks off half-way."""
    GONE = "gone"
    """A delta that the manifest names is 410."""


class Faults(BaseModel):
    """The switches, all off by default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = 1
    """Where chance begins: the same seed draws the same answers and spoils the same rows."""

    # Answers: probabilities.
    server_error: float = Field(default=0.0, ge=0, le=1)
    silent: float = Field(default=0.0, ge=0, le=1)
    truncated: float = Field(default=0.0, ge=0, le=1)
    gone: float = Field(default=0.0, ge=0, le=1)
    slow_s: float = Field(default=0.0, ge=0, le=SLOW_MAX_S)
    """Seconds before each chunk of 4 KiB."""

    # The manifest.
    rollback: int = Field(default=0, ge=0, le=VERSIONS_MAX)
    """Shows the version published so many before."""
    fast_forward: int = Field(default=0, ge=0, le=VERSIONS_MAX)
    """Numbers the version so many too high."""
    delta_gap: bool = False
    """Leaves out the delta to the version shown."""
    wrong_hash: bool = False
    """Says hashes that fit nothing."""
    wrong_count: bool = False
    """Says one line too many of every file."""
    wrong_signature: bool = False
    """Signs with another key."""
    foreign_host: bool = False
    """Sends the reader to another host for the files."""
    clock_skew_s: int = Field(default=0, ge=0, le=SKEW_MAX_S)
    """Says a time so many seconds ahead."""
    stale: bool = False
    """Says a time long past, and publishes nothing."""
    bomb: bool = False
    """Serves files that unpack to a thousand times their size."""

    # The list: each is published as a version when it is turned on, and again when off.
    empty: bool = False
    """Nobody is listed."""
    half: bool = False
    """Only the first half is listed."""
    mass_revoke: int = Field(default=0, ge=0, le=ROWS_MAX)
    """So many licences are revoked at once."""
    fill_drop: float = Field(default=0.0, ge=0, le=1)
    """This share of the sites has no `licenceValidTo`."""
    flap: bool = False
    """One institution is closed in one version and open in the next."""
    schema_drift: bool = False
    """Every row has a column that nobody announced."""
    unknown_status: int = Field(default=0, ge=0, le=ROWS_MAX)
    """So many rows have a status nobody knows."""
    duplicate_rows: int = Field(default=0, ge=0, le=ROWS_MAX)
    """So many sites are listed twice, with two addresses."""
    bad_codes: int = Field(default=0, ge=0, le=ROWS_MAX)
    """So many rows have a wrong check digit."""
    numeric_ids: int = Field(default=0, ge=0, le=ROWS_MAX)
    """So many rows have numbers for ids."""
    mismatched_licence: int = Field(default=0, ge=0, le=ROWS_MAX)
    """So many licences are listed under another institution's credit code."""
    broken_line: int = Field(default=0, ge=0, le=ROWS_MAX)
    """So many lines break off and are no JSON."""

    @field_validator("*", mode="before")
    @classmethod
    def _turned_on(cls, given: Any, field: ValidationInfo) -> Any:  # noqa: ANN401 - any JSON
        """Let `true` mean the usual amount."""
        return WHEN_TRUE.get(field.field_name or "", True) if given is True else given


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

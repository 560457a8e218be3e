"""Silence that a person asked for: with a reason, for a while, and never over a red case.

A suppressed rule is evaluated all the same: what it would have said is written down as such.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from alerts.domain.outcome import Severity

LONGEST: Final = timedelta(days=30)
"""The design's limit: what is to be silent for longer is a matter of parameters, by two persons."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """One rule silenced for one institution."""

    institution_id: str
    rule: str
    made_at: datetime
    ends_at: datetime
    ended_at: datetime | None = None
    """When a person ended it before its time."""

    def holds(self, as_of: datetime) -> bool:
        """Tell whether it holds at an instant."""
        ends = self.ends_at if self.ended_at is None else min(self.ended_at, self.ends_at)
        return self.made_at <= as_of < ends


def suppresses(
    suppressions: Iterable[Suppression],
    institution_id: str,
    rule: str,
    severity: Severity,
    as_of: datetime,
) -> bool:
    """Tell whether a hit is to open no case: a red one always does."""
    if severity is Severity.critical:
        return False
    return any(
        one.institution_id == institution_id and one.rule == rule and one.holds(as_of)
        for one in suppressions
    )


def fault_of(made_at: datetime, ends_at: datetime) -> str | None:
    """Return what is wrong with the time a silence is to last; None where nothing is."""
    if ends_at <= made_at:
        return "Let it end in the future."
    if ends_at - made_at > LONGEST:
        return f"A suppression lasts at most {LONGEST.days} days: name an earlier end."
    return None

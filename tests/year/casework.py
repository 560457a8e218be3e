"""Hits become cases as in the service (`alerts.domain.cases`), and officers close them.

What an officer does is fixed: a case is worked and closed after ten working days, whatever it
was; a hit before that joins it. A hit that is only for information is no case to work.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from alerts.domain.cases import Case, Entry, Hit, Key, Known, entered, merged
from alerts.domain.outcome import Severity
from alerts.domain.workdays import Calendar

CLOSED_AFTER: Final = 10
"""Working days: what the design gives an officer for a red case."""


@dataclass(frozen=True, slots=True)
class Noted:
    """Something that an officer was told: a new case, or more in an open one."""

    at: datetime
    rule: str
    scope: str
    severity: Severity
    is_new: bool
    sentence: str


@dataclass(slots=True)
class Casework:
    """The cases of one institution."""

    calendar: Calendar
    noted: list[Noted] = field(default_factory=list)
    _open: dict[Key, tuple[Case, datetime]] = field(default_factory=dict)
    _evidence: dict[Key, set[int]] = field(default_factory=dict)
    _newest: dict[Key, int] = field(default_factory=dict)

    def open_scopes(self, rule: str) -> frozenset[tuple[str, str]]:
        """Return the keys and scopes of a rule's open cases."""
        return frozenset((key[1], key[2]) for key in self._open if key[1] == rule)

    def close_due(self, now: datetime) -> None:
        """Close what has been worked for long enough."""
        for key in [key for key, (_, due) in self._open.items() if now > due]:
            del self._open[key]
            self._evidence.pop(key, None)

    def take(self, hits: Iterable[Hit], now: datetime) -> None:
        """Let hits open cases, or join those that are open."""
        for key, hit in merged(hits).items():
            if hit.severity is not Severity.info:
                self._enter(key, hit, now)

    def _enter(self, key: Key, hit: Hit, now: datetime) -> None:
        standing = self._open.get(key)
        known = Known(
            standing[0] if standing else None,
            frozenset(self._evidence.get(key, ())),
            self._newest.get(key, 0),
            key in self._newest,
        )
        came = entered(hit, known, UUID(int=len(self.noted) + 1), now, self.calendar)
        if came.entry is Entry.known or came.case is None:
            return
        is_new = came.entry is Entry.opened
        due = (
            self.calendar.add_workdays(now, CLOSED_AFTER) if is_new or not standing else standing[1]
        )
        self._open[key] = (came.case, due)
        self._evidence.setdefault(key, set()).update(hit.fact_ids)
        self._newest[key] = max(self._newest.get(key, 0), *hit.fact_ids, 0)
        self.noted.append(Noted(now, hit.rule, hit.scope, hit.severity, is_new, hit.sentence))

"""What comes of judging one institution by one rule as of one instant."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

_EMPTY: Final[Mapping[str, int | str]] = MappingProxyType({})


class Verdict(StrEnum):
    """The five outcomes; what could not be judged is never taken for harmless."""

    hit = "hit"
    no_hit = "no_hit"
    suppressed = "suppressed"
    indeterminate = "indeterminate"
    error = "error"


class Severity(StrEnum):
    """How grave: 提示, 黄, 红. The alert's severity label is the same word."""

    info = "info"  # tidy: allow banned-name - the label that Alertmanager routes by
    warning = "warning"
    critical = "critical"

    @property
    def weight(self) -> int:
        """Return its place from harmless to grave: 0, 1, 2."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one rule says of one institution, with everything it rests on.

    `scope` keeps two cases of one rule and institution apart (a day, a counterparty, an event,
    a campaign); "open" where there is one at a time.
    """

    verdict: Verdict
    severity: Severity | None = None
    scope: str = "open"
    reason: str = ""
    """Of an indeterminate or failed one: a word from a closed list."""
    inputs: Mapping[str, int | str] = field(default_factory=lambda: _EMPTY)
    """Amounts in fen, shares in basis points, counts, thresholds: what the sentence says."""
    fact_ids: tuple[int, ...] = ()
    sentence: str = ""
    """One sentence in Chinese, for the officer."""


NO_HIT: Final = Outcome(Verdict.no_hit)


def indeterminate(reason: str, scope: str = "open", **inputs: int | str) -> Outcome:
    """Return that a rule could not judge, and why."""
    return Outcome(Verdict.indeterminate, scope=scope, reason=reason, inputs=inputs)

"""The closed sets that labels take their values from, so that nobody can make a series.

A word that is in none of them is counted as `other`: a sum stays exact, a series count bounded.
"""

from collections.abc import Collection
from typing import Final

from alerts.domain.casewords import Finding, Milestone, State
from alerts.domain.outcome import Severity, Verdict
from alerts.domain.rules import catalogue

OTHER: Final = "other"

RULES: Final = tuple(catalogue.RULES)
MODES: Final = ("live", "shadow")
OUTCOMES: Final = tuple(one.value for one in Verdict)
SEVERITIES: Final = tuple(one.value for one in Severity)
RISKS: Final = ("ok", "warning", "critical", "indeterminate")

STATES: Final = tuple(one.value for one in State)
CLASSES: Final = tuple(one.value for one in Finding)
MILESTONES: Final = tuple(one.value for one in Milestone)
REACHED: Final = {
    State.acknowledged: Milestone.acknowledge,
    State.interviewed: Milestone.interview,
    State.classified: Milestone.classify,
    State.closed: Milestone.close,
}
"""The state that a case has when a milestone is reached."""

CHANNELS: Final = ("wecom", "dingtalk", "mail", "webhook")
"""Kinds of channels, as the table `notice` allows them; there can be several of one kind."""

FEEDS: Final = ("escrow", "registry")

REASONS_MAX: Final = 8
"""Reasons with a series of their own, for each rule."""

DISTRICTS_MAX: Final = 200
"""Districts with series of their own: more than any province has counties."""

CAMPAIGNS_MAX: Final = 5
"""Clearance campaigns shown at once: those that end next."""

CASES_MAX: Final = 2_000
"""Open cases with series of their own; the rest are counted in `case_series_truncated`."""

UNKNOWN_DISTRICT: Final = "unknown"


def known(word: str | None, words: Collection[str]) -> str:
    """Return a word of a closed set, `other` for every word outside it."""
    return word if word in words and word is not None else OTHER

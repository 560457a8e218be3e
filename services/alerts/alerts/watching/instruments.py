"""What the worker counts while it judges, because no table holds it: two histograms.

Everything else is read from the tables by the exporter and outlives a restart.
"""

from datetime import datetime
from typing import Final

from prometheus_client import Histogram

from alerts.watching.words import RULES, SEVERITIES

DETECTION_BUCKETS_S: Final = (30, 60, 120, 300, 600, 1_800, 3_600, 14_400, 43_200, 86_400)
"""300 is the promise: of a hundred booked debits, 99 are judged within five minutes."""

RULE_BUCKETS_S: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.01, 0.05, 0.25)
"""A rule is a walk over one institution's facts: well under a millisecond, or it is wrong."""

DETECTION_DELAY: Final = Histogram(
    "tuition_alerts_detection_delay_seconds",
    "From hearing of a booked debit to its judging, by what came of it.",
    ["severity"],
    buckets=DETECTION_BUCKETS_S,
)
RULE_DURATION: Final = Histogram(
    "tuition_alerts_rule_duration_seconds",
    "How long one rule took for one institution.",
    ["rule"],
    buckets=RULE_BUCKETS_S,
)

NOTHING_FOUND: Final = "none"
"""The severity of a judging that found nothing."""


def begin() -> None:
    """Show zeros for what has not happened yet, so that silence is a number."""
    for severity in (NOTHING_FOUND, *SEVERITIES):
        DETECTION_DELAY.labels(severity)
    for rule in RULES:
        RULE_DURATION.labels(rule)


def judged(seen_at: datetime, judged_at: datetime, severity: str | None) -> None:
    """Note that a fact was judged, and how grave what was found is; None for nothing."""
    waited_s = max((judged_at - seen_at).total_seconds(), 0.0)
    DETECTION_DELAY.labels(severity or NOTHING_FOUND).observe(waited_s)

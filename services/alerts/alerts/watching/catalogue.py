"""Every figure that the exporter shows: its name, type, labels, and the most series it can have.

The page METRICS.md says the same, and a test compares them. Bounds follow from the closed sets
of `words`; those of a district count the first two hundred, `other` and `unknown`.
"""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from alerts.watching.words import (
    CAMPAIGNS_MAX,
    CASES_MAX,
    CHANNELS,
    CLASSES,
    DISTRICTS_MAX,
    FEEDS,
    MILESTONES,
    MODES,
    OUTCOMES,
    REACHED,
    REASONS_MAX,
    RISKS,
    RULES,
    SEVERITIES,
    STATES,
)

Type: TypeAlias = Literal["gauge", "counter", "histogram"]

MILESTONE_BUCKETS_S: Final = (
    3_600, 7_200, 28_800, 86_400, 259_200, 604_800, 1_209_600, 2_592_000,
)  # fmt: skip
"""An hour to thirty days, as officers' deadlines lie; by the clock on the wall."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure."""

    name: str
    kind: Type
    labels: tuple[str, ...]
    most: int
    """Series that it can have."""
    says: str


_D: Final = DISTRICTS_MAX + 2
_S: Final = len(SEVERITIES)
_R: Final = len(RULES)
_A: Final = "tuition_alerts_"
_CASE: Final = ("case_id", "institution_id", "district_code", "rule", "severity")

_JUDGING: Final = (
    Metric(
        f"{_A}rule_evaluations_total", "counter", ("rule", "mode", "outcome"),
        _R * len(MODES) * len(OUTCOMES), "judgings of one institution by one rule",
    ),
    Metric(
        f"{_A}rule_indeterminate_total", "counter", ("rule", "reason"),
        _R * (REASONS_MAX + 1), "judgings that could not tell, live, by reason",
    ),
    Metric(
        f"{_A}rule_hits_total", "counter", ("rule", "severity", "mode"),
        _R * _S * len(MODES), "judgings that found something",
    ),
    Metric(
        f"{_A}rule_enabled", "gauge", ("rule", "mode"),
        _R * len(MODES), "1 where a rule judges, live or in the shadow",
    ),
    Metric(f"{_A}suppressions", "gauge", ("rule",), _R, "suppressions that hold now"),
    Metric(f"{_A}waiting_institutions", "gauge", (), 1, "institutions with facts not judged yet"),
    Metric(
        f"{_A}waiting_oldest_timestamp_seconds", "gauge", (), 1,
        "since when the longest of them waits; 0 without any",
    ),
    Metric(
        f"{_A}feed_heard_timestamp_seconds", "gauge", ("feed",), len(FEEDS),
        "when something last came on a feed; 0 before the first time",
    ),
    Metric(
        f"{_A}set_aside_events", "gauge", ("feed",), len(FEEDS),
        "events that are no facts, kept for a person to look at",
    ),
)  # fmt: skip

_CASES: Final = (
    Metric(f"{_A}cases", "gauge", ("district_code", "severity"), _D * _S, "open cases"),
    Metric(
        f"{_A}cases_by_state", "gauge", ("state", "severity"),
        (len(STATES) + 1) * _S, "all cases ever, by where they stand",
    ),
    Metric(
        f"{_A}cases_overdue", "gauge", ("milestone", "severity"),
        (len(MILESTONES) + 1) * _S, "cases whose next milestone is past due",
    ),
    Metric(
        f"{_A}cases_opened_total", "counter", ("district_code", "severity"),
        _D * _S, "cases opened, by the severity they were opened with",
    ),
    Metric(
        f"{_A}cases_closed_total", "counter", ("rule", "class"),
        _R * (len(CLASSES) + 1), "closings, by what the case was found to be",
    ),
    Metric(f"{_A}cases_reopened_total", "counter", (), 1, "closed cases that were opened again"),
    Metric(
        f"{_A}milestone_duration_seconds", "histogram", ("milestone", "severity"),
        len(REACHED) * _S * (len(MILESTONE_BUCKETS_S) + 3),
        "from opening to the first time a milestone was reached",
    ),
    Metric(
        f"{_A}case_opened_timestamp_seconds", "gauge", _CASE,
        CASES_MAX, "when an open case was opened; gone when it is closed",
    ),
    Metric(
        f"{_A}case_due_timestamp_seconds", "gauge", (*_CASE, "milestone"),
        CASES_MAX, "until when a case's next milestone is to be reached",
    ),
    Metric(
        f"{_A}institution_info", "gauge", ("institution_id", "name", "district_code"),
        CASES_MAX, "always 1: the name of an institution with such a case",
    ),
    Metric(f"{_A}case_series_truncated", "gauge", (), 1, "open cases without a series of theirs"),
)  # fmt: skip

_MONEY: Final = (
    Metric(
        f"{_A}institutions", "gauge", ("district_code", "risk"),
        _D * len(RISKS), "institutions, by how they last stood",
    ),
    Metric(
        f"{_A}supervised_balance_yuan", "gauge", ("district_code",), _D,
        "what supervised accounts hold",
    ),
    Metric(
        f"{_A}unconsumed_prepaid_yuan", "gauge", ("district_code",), _D,
        "prepaid tuition neither taught nor given back (存量资金)",
    ),
    Metric(
        f"{_A}min_balance_gap_yuan", "gauge", ("district_code",), _D,
        "what institutions lack to their required minimum, added up",
    ),
    Metric(
        f"{_A}outflow_yuan_total", "counter", ("district_code",), _D,
        "debits that no instruction stands behind, gross; a reversal lowers nothing",
    ),
    Metric(
        f"{_A}refund_yuan_total", "counter", ("district_code",), _D,
        "debits that gave tuition back, gross",
    ),
    Metric(
        f"{_A}clearance_remaining_yuan", "gauge", ("campaign", "district_code"),
        CAMPAIGNS_MAX * _D, "prepaid tuition that a clearance campaign still has to clear",
    ),
    Metric(
        f"{_A}clearance_deadline_timestamp_seconds", "gauge", ("campaign", "name", "deadline"),
        CAMPAIGNS_MAX * 2, "end of a campaign's day: `refund_by`, `clear_by`",
    ),
)  # fmt: skip

_PEOPLE: Final = (
    Metric(
        f"{_A}daily_report_timestamp_seconds", "gauge", ("district_code",), _D,
        "when a district's last daily report was made; 0 before the first",
    ),
    Metric(
        f"{_A}daily_report_due_timestamp_seconds", "gauge", (), 1,
        "08:30 of the last working day: no report may be older",
    ),
    Metric(
        f"{_A}statement_due_timestamp_seconds", "gauge", (), 1,
        "09:00 two working days ago: no bank's last statement may be older",
    ),
    Metric(
        f"{_A}delivery_oldest_timestamp_seconds", "gauge", ("channel",), len(CHANNELS),
        "since when the oldest notice that is due waits; 0 without any",
    ),
)  # fmt: skip

_EXPORTER: Final = (
    Metric(
        "tuition_exporter_snapshot_timestamp_seconds", "gauge", (), 1,
        "when the figures were taken; 0 before the first time",
    ),
    Metric(
        "tuition_exporter_snapshot_duration_seconds", "gauge", (), 1, "how long taking them took"
    ),
    Metric(
        "tuition_exporter_snapshot_errors_total", "counter", (), 1,
        "times that they could not be taken; the last ones are shown meanwhile",
    ),
)  # fmt: skip

SECTIONS: Final = {
    "Judging": _JUDGING,
    "Cases": _CASES,
    "Money": _MONEY,
    "People and banks": _PEOPLE,
    "Exporter": _EXPORTER,
}
METRICS: Final = {one.name: one for part in SECTIONS.values() for one in part}

SERIES_MAX: Final = sum(one.most for one in METRICS.values())
"""What a scrape of the exporter can carry at most, besides the figures of the process."""

"""The figures of mirroring: by source and by closed sets of words, never per institution."""

from collections.abc import Mapping

from prometheus_client import Counter, Gauge, Histogram

from registry_sync.domain.words import HoldReason, RowFault, Status

CHANGES = Counter(
    "tuition_registry_changes_total",
    "Changes that sources announced, by what became of them.",
    ["source", "kind", "result"],
)
FETCHES = Counter(
    "tuition_registry_fetches_total",
    "Answers of sources, by status or fault.",
    ["source", "result"],
)
RECORDS = Gauge("tuition_registry_records", "Sites held, by status.", ["source", "status"])
HELD = Gauge(
    "tuition_registry_held_changes", "Changes that wait for two persons.", ["source", "reason"]
)
SET_ASIDE = Gauge(
    "tuition_registry_quarantined_records",
    "Rows of the last batch that were not believed.",
    ["source", "reason"],
)
LAST_SUCCESS = Gauge(
    "tuition_registry_last_success_timestamp_seconds",
    "When a source last answered well, with or without anything new.",
    ["source"],
)
LAST_CHANGE = Gauge(
    "tuition_registry_last_change_timestamp_seconds",
    "When something new last came from a source.",
    ["source"],
)
EXPECTED = Gauge(
    "tuition_registry_expected_interval_seconds", "How often a source should answer.", ["source"]
)
CURSOR = Gauge("tuition_registry_cursor", "The version of a source that is held.", ["source"])
PROPAGATION = Histogram(
    "tuition_registry_propagation_seconds",
    "From the fetch to the feed.",
    ["action"],
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900),
)

_FETCHED = frozenset({"200", "206", "304", "404", "410", "timeout", "down", "broken"})


def begin(sources: list[str]) -> None:
    """Show zeros for what has not happened yet, so that silence is a number."""
    for source in sources:
        for reason in HoldReason:
            HELD.labels(source, reason.value).set(0)
        for fault in RowFault:
            SET_ASIDE.labels(source, fault.value).set(0)
        for status in Status:
            RECORDS.labels(source, status.value).set(0)


def count_fetches(source: str, statuses: list[str]) -> None:
    """Count a source's answers; a status nobody expected counts by its hundred."""
    for status in statuses:
        known = status if status in _FETCHED else f"{status[:1]}xx"
        FETCHES.labels(source, known).inc()


def count_changes(source: str, result: str, kinds: Mapping[str, int]) -> None:
    """Count changes by kind."""
    for kind, number in kinds.items():
        if number:
            CHANGES.labels(source, kind, result).inc(number)

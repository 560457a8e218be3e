"""The figures as Prometheus asks for them: from memory, and as of the last reading that went well.

A scrape waits neither for the database nor for the making of text: turning ten thousand figures
into words takes a third of a second, so it is done once for each reading.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from alerts.watching.catalogue import METRICS, MILESTONE_BUCKETS_S, Metric
from alerts.watching.figures import Distribution, Figures, Labels
from alerts.watching.reading import read
from alerts.watching.shaping import shape
from alerts.watching.words import CASES_MAX
from shared.pg.database import Database

SNAPSHOT_S: Final = 30.0
"""Between two readings: as often as Prometheus asks."""

_log = structlog.get_logger("export")


class Cases(Collector):
    """What the last reading amounts to, shown again and again until the next.

    `page` is that reading as text; to a registry this shows how fresh it is.
    """

    def __init__(self, database: Database, cases_max: int = CASES_MAX) -> None:
        self._database = database
        self._cases_max = cases_max
        self.page = b""
        self._errors = 0
        self._taken_at = 0.0
        self._took_s = 0.0

    async def refresh(self) -> int:
        """Read everything anew; what was shown before stays when that fails.

        Raises:
            Exception: whatever went wrong, counted.

        """
        began = time.monotonic()
        try:
            reading = await read(self._database, self._cases_max)
        except Exception:
            self._errors += 1
            raise
        self.page = await asyncio.to_thread(page_of, families_of(shape(reading)))
        self._taken_at = reading.taken_at.timestamp()
        self._took_s = time.monotonic() - began
        _log.debug("snapshot", seconds=round(self._took_s, 3))
        return 0

    def collect(self) -> Iterable[Family]:
        """Return how fresh the page is, which is true only at the moment of asking."""
        own = Figures()
        own.put("tuition_exporter_snapshot_timestamp_seconds", (), self._taken_at)
        own.put("tuition_exporter_snapshot_duration_seconds", (), self._took_s)
        own.put("tuition_exporter_snapshot_errors_total", (), self._errors)
        return families_of(own)


def page_of(families: Sequence[Family]) -> bytes:
    """Return families in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Fixed(families))
    return generate_latest(registry)


class _Fixed(Collector):
    """Families that are what they are."""

    def __init__(self, families: Sequence[Family]) -> None:
        self._families = families

    def collect(self) -> Iterable[Family]:
        """Return them."""
        return self._families


def families_of(figures: Figures) -> list[Family]:
    """Return the families of figures, in the catalogue's order."""
    found: list[Family] = []
    for name, metric in METRICS.items():
        if name in figures.values:
            found.append(_plain(metric, figures.values[name]))
        elif name in figures.distributions:
            found.append(_histogram(metric, figures.distributions[name]))
    return found


def _plain(metric: Metric, values: Mapping[Labels, float]) -> Family:
    if metric.kind == "counter":
        counter = CounterMetricFamily(metric.name, metric.says, labels=metric.labels)
        for labels, value in values.items():
            counter.add_metric(labels, value)
        return counter
    gauge = GaugeMetricFamily(metric.name, metric.says, labels=metric.labels)
    for labels, value in values.items():
        gauge.add_metric(labels, value)
    return gauge


def _histogram(metric: Metric, found: Mapping[Labels, Distribution]) -> Family:
    family = HistogramMetricFamily(metric.name, metric.says, labels=metric.labels)
    bounds = [*map(str, MILESTONE_BUCKETS_S), "+Inf"]
    for labels, distribution in found.items():
        below, buckets = 0, []
        for bound, count in zip(bounds, distribution.counts, strict=True):
            below += count
            buckets.append((bound, below))
        family.add_metric(labels, buckets, distribution.total)
    return family

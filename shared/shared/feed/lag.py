"""The figures of a feed that is held back, for Prometheus."""

from prometheus_client import Gauge

from shared.feed.outbox import Lag
from shared.metrics import metric_name


class LagGauges:
    """Two gauges of one service's feed; made once per process."""

    def __init__(self, service: str) -> None:
        """Take the service whose feed it is."""
        self._held = Gauge(
            metric_name(service, "feed_held_events"),
            "Events that an old transaction holds back; they are late, not lost.",
        )
        self._oldest = Gauge(
            metric_name(service, "feed_oldest_transaction_age_seconds"),
            "Age of the oldest transaction that may hold the feed back.",
        )

    def show(self, lag: Lag) -> None:
        """Show what was measured."""
        self._held.set(lag.held_events)
        self._oldest.set(lag.oldest_transaction_s)

"""The figures of a feed that is held back."""

from prometheus_client import REGISTRY

from shared.feed.lag import LagGauges
from shared.feed.outbox import Lag


def test_the_figures_bear_the_services_name() -> None:
    LagGauges("tried-feed").show(Lag(7, 1.5))
    value = REGISTRY.get_sample_value
    assert value("tuition_tried_feed_feed_held_events") == 7
    assert value("tuition_tried_feed_feed_oldest_transaction_age_seconds") == 1.5

"""Metrics: names, the build, and a port that can be left closed."""

import pytest
from prometheus_client import REGISTRY

from shared import metrics


def test_the_build_is_shown() -> None:
    metrics.build_info("tried", "0.0.1")
    labels = {"service": "tried", "version": "0.0.1"}
    assert REGISTRY.get_sample_value("tuition_build_info", labels) == 1


def test_a_services_metric_bears_its_name() -> None:
    assert metrics.metric_name("escrow", "posted") == "tuition_escrow_posted"
    assert metrics.metric_name("registry-sync", "age") == "tuition_registry_sync_age"


def test_buckets_grow() -> None:
    assert list(metrics.LATENCY_BUCKETS_S) == sorted(set(metrics.LATENCY_BUCKETS_S))


def test_port_zero_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "start_http_server", None)
    with metrics.exposed(0):
        pass

"""The port that metrics are read from."""

import httpx
import pytest

from shared.metrics import exposed
from tests.integration.shared.ports import free_port


def test_metrics_are_served_while_the_block_runs() -> None:
    url = f"http://127.0.0.1:{(port := free_port())}/metrics"
    with exposed(port):
        assert "python_info" in httpx.get(url).text
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)

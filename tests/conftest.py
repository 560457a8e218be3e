"""What every test gets: Hypothesis profiles, tools by name, no network in unit tests.

`HYPOTHESIS_PROFILE` chooses dev (50 examples), ci (500, the same ones each time), night
(20,000) or mutation (30, the same ones each time).
`REQUIRE_TOOLS=1` turns a skip for want of a tool into a failure.
"""

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.support.postgres"]

_TESTS = Path(__file__).parent

_INSTALL = {
    "amtool": "apt-get install prometheus-alertmanager",
    "promtool": "apt-get install prometheus",
    "psql": "apt-get install postgresql-client",
    "wrk": "apt-get install wrk",
}

# Two shared cores stall now and then: a slow example is not a broken law.
settings.register_profile(
    "dev", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("ci", settings.get_profile("dev"), max_examples=500, derandomize=True)
settings.register_profile("mutation", settings.get_profile("ci"), max_examples=30)
settings.register_profile("night", settings.get_profile("dev"), max_examples=20_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


@pytest.fixture
def tool() -> Callable[[str], Path]:
    """Return a function that finds a program, or skips the test naming the way to install it."""

    def find(name: str) -> Path:
        found = shutil.which(name)
        if found is not None:
            return Path(found)
        message = f"{name} is not installed: {_INSTALL.get(name, 'see CONTRIBUTING.md')}"
        if os.environ.get("REQUIRE_TOOLS") == "1":
            pytest.fail(message)
        pytest.skip(message)

    return find


@pytest.fixture(autouse=True)
def _no_network_in_unit_tests(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Make every connection attempt of a unit test fail."""
    if (_TESTS / "unit") not in request.path.parents:
        return

    def refuse(*_: object) -> None:
        message = "A unit test opens no connection: move it to tests/integration."
        raise AssertionError(message)

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)

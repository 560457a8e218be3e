"""Everything as `make run CITY=off` starts it, once for all stories: real processes over HTTP."""

from collections.abc import Iterator

import pytest

from tests.e2e.launching import START_S, Launched, Sandbox, reset


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Return a running sandbox without a city."""
    folder = tmp_path_factory.mktemp("sandbox") / ".data"
    launched = Launched(folder, "off")
    try:
        yield launched.wait(START_S)
    finally:
        launched.stop()
        reset(folder)

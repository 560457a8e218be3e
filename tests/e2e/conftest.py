"""Everything as `make run CITY=off` starts it, once for all stories: real processes over HTTP."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from tests.e2e.launching import START_S, Launched, Sandbox, reset

HERE = Path(__file__).parent


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


@pytest.fixture(scope="session")
def move_clock(sandbox: Sandbox) -> Callable[[datetime], None]:
    """Return what moves every clock forward; stories that ask for it are told last."""
    return sandbox.raise_clock


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tell stories that move the clock after those that do not: it never goes back."""
    mine = [place for place, item in enumerate(items) if item.path.parent == HERE]
    moving = {items[n].path for n in mine if "move_clock" in getattr(items[n], "fixturenames", ())}
    ordered = sorted((items[place] for place in mine), key=lambda item: item.path in moving)
    for place, item in zip(mine, ordered, strict=True):
        items[place] = item

"""A running service for each test, on the module's own database."""

from collections.abc import AsyncIterator

import pytest
import structlog

from shared.log import describe_exception
from tests.support.client import City, Place, running


@pytest.fixture(autouse=True, scope="session")
def _plain_logs() -> None:
    """Log one line per event: the library's pictures of a traceback take seconds."""
    level, rendered = structlog.processors.add_log_level, structlog.processors.JSONRenderer()
    structlog.configure(processors=[level, describe_exception, rendered])


@pytest.fixture
async def city(database_url: str) -> AsyncIterator[City]:
    """Yield the running service with a caller for each role."""
    async with running(database_url) as found:
        yield found


@pytest.fixture
async def place(city: City) -> Place:
    """Return a new institution with a custody account."""
    return await city.place()

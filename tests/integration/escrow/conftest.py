"""A running service for each test, on the module's own database."""

from collections.abc import AsyncIterator

import pytest

from tests.support.client import City, Place, running


@pytest.fixture
async def city(database_url: str) -> AsyncIterator[City]:
    """Yield the running service with a caller for each role."""
    async with running(database_url) as found:
        yield found


@pytest.fixture
async def place(city: City) -> Place:
    """Return a new institution with a custody account."""
    return await city.place()

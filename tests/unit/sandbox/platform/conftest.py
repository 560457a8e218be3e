"""Small platforms over ASGI, each with a reader."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date

import pytest

from sandbox.platform import PlatformOptions, create_platform
from tests.support.platform import OpenPlatform, Reader

SMALL = PlatformOptions(institutions=60, opened_on=date(2026, 11, 2))


@pytest.fixture
async def open_platform() -> AsyncIterator[OpenPlatform]:
    """Return a function that opens a small platform with some options of its own."""
    opened: list[Reader] = []

    def open_one(**options: object) -> Reader:
        app = create_platform(replace(SMALL, **options))  # type: ignore[arg-type]
        opened.append(Reader(app))
        return opened[-1]

    yield open_one
    for reader in opened:
        await reader.http.aclose()


@pytest.fixture
async def reader(open_platform: OpenPlatform) -> Reader:
    """Return a reader of a small platform."""
    return open_platform()

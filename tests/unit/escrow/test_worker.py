"""Whether a worker listens to the registry: an address, and a key to go with it."""

import httpx
import pytest
from pydantic import SecretStr

from escrow.settings import Settings
from escrow.worker import registry_reader
from shared.errors import StartupRefused


def asked_of(url: str, key: str | None) -> Settings:
    return Settings(
        database_url=None,
        registry_url=url or None,
        registry_key=SecretStr(key) if key is not None else None,
    )


async def test_without_an_address_nobody_listens() -> None:
    async with httpx.AsyncClient() as client:
        assert registry_reader(asked_of("", "yk_x_y"), client) is None


@pytest.mark.parametrize("key", [None, ""])
async def test_an_address_without_a_key_is_refused_with_what_to_do(key: str | None) -> None:
    async with httpx.AsyncClient() as client:
        with pytest.raises(StartupRefused, match="ESCROW_REGISTRY_KEY"):
            registry_reader(asked_of("http://registry:8003", key), client)


@pytest.mark.parametrize("url", ["http://registry:8003", "http://registry:8003/"])
async def test_the_feed_is_read_with_the_key(url: str) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"items": [], "next": None})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        reader = registry_reader(asked_of(url, "yk_x_y"), client)
        assert reader is not None
        await reader.page(None)
    assert seen[0].url.copy_with(query=None) == "http://registry:8003/v1/events"
    assert seen[0].headers["authorization"] == "Bearer yk_x_y"

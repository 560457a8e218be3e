"""An application: health without a key, and readiness that says why not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx
from fastapi import FastAPI
from prometheus_client import REGISTRY

from shared.errors import Unavailable
from shared.web.app import create_app

Switch = Any


async def test_health_needs_no_key(client: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/readyz", "/openapi.json"):
        assert (await client.get(path)).status_code == 200
    assert (await client.get("/healthz")).json() == {"status": "ok"}


async def test_an_unready_service_lives(client: httpx.AsyncClient, readiness: Switch) -> None:
    readiness.fault = Unavailable("The schema is not current.", retry_after_s=5)
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "5"
    assert answer.json()["detail"] == "The schema is not current."
    assert answer.json()["outcome"] == "none"
    assert (await client.get("/healthz")).status_code == 200


async def test_there_is_no_page_with_scripts_from_elsewhere(client: httpx.AsyncClient) -> None:
    for path in ("/docs", "/redoc"):
        assert (await client.get(path)).status_code == 404


async def test_the_lifespan_runs(readiness: Switch) -> None:
    seen = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        seen.append("start")
        yield
        seen.append("stop")

    app = create_app(
        title="T",
        description="D",
        version="9.9.9",
        service="lived",
        routers=[],
        lifespan=lifespan,
        access=cast("Any", None),
        ready=readiness,
    )
    async with app.router.lifespan_context(app):
        assert seen == ["start"]
    assert seen == ["start", "stop"]
    labels = {"service": "lived", "version": "9.9.9"}
    assert REGISTRY.get_sample_value("tuition_build_info", labels) == 1

"""The short way: taken where it changes nothing, left alone elsewhere."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from shared.web.direct import entrance
from shared.web.routes import RouteTable

Endpoint = Callable[..., Any]


async def later(request: Request) -> str:
    return f"later {request.method}"


def at_once(request: Request) -> str:
    return f"at once {request.url.path}"


def nothing() -> str:
    return "nothing"


def nested(inner: Annotated[str, Depends(at_once)]) -> str:
    return inner


async def opened(request: Request) -> AsyncIterator[str]:
    yield f"opened {request.method}"


async def plain(request: Request) -> Response:
    return Response(request.method)


async def without_request() -> Response:
    return Response("none")


async def with_two(
    request: Request, one: Annotated[str, Depends(later)], two: Annotated[str, Depends(at_once)]
) -> JSONResponse:
    return JSONResponse([request.method, one, two])


async def with_path(name: str) -> Response:
    return Response(name)


async def with_generator(value: Annotated[str, Depends(opened)]) -> Response:
    return Response(value)


async def with_nested(value: Annotated[str, Depends(nested)]) -> Response:
    return Response(value)


async def with_nothing(value: Annotated[str, Depends(nothing)]) -> Response:
    return Response(value)


async def modelled() -> dict[str, str]:
    return {"a": "b"}


def threaded(request: Request) -> Response:
    return Response(request.method)


SHORT = [plain, without_request, with_two]
LONG = [with_path, with_generator, with_nested, with_nothing, modelled, threaded]


def route_of(endpoint: Endpoint) -> APIRoute:
    router = APIRouter()
    router.add_api_route("/{name}" if endpoint is with_path else "/x", endpoint)
    route = router.routes[0]
    assert isinstance(route, APIRoute)
    return route


@pytest.mark.parametrize("endpoint", SHORT)
def test_a_route_that_needs_no_more_is_entered_directly(endpoint: Endpoint) -> None:
    assert entrance(route_of(endpoint)) is not None


@pytest.mark.parametrize("endpoint", LONG)
def test_every_other_route_goes_the_frameworks_way(endpoint: Endpoint) -> None:
    assert entrance(route_of(endpoint)) is None


@pytest.mark.parametrize("endpoint", [*SHORT, *LONG])
async def test_both_ways_answer_the_same(endpoint: Endpoint) -> None:
    path = "/some" if endpoint is with_path else "/x"
    framework, ours = FastAPI(), FastAPI()
    framework.router.routes = [route_of(endpoint)]
    ours.router.routes = [RouteTable([route_of(endpoint)])]
    answers = []
    for app in (framework, ours):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            answer = await client.get(path)
            answers.append((answer.status_code, answer.content, dict(answer.headers)))
    assert answers[0] == answers[1]
    assert answers[0][0] == 200

"""The table of routes: a place first, a method then."""

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.routing import Match, Mount, Route

from shared.web.routes import RouteTable
from tests.support.tables import cases

# path                        allow
PLACES = """
  /v1/lessons                 GET, HEAD, OPTIONS, POST
  /v1/lessons/latest          GET, HEAD, OPTIONS
  /v1/lessons/anything        DELETE, GET, HEAD, OPTIONS, PUT
  /healthz                    GET, HEAD, OPTIONS
  /openapi.json               GET, HEAD, OPTIONS
"""


@cases(PLACES)
async def test_405_names_every_method_of_the_path(
    client: httpx.AsyncClient, row: list[str]
) -> None:
    path, allow = row
    answer = await client.request("PATCH", path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == allow
    assert answer.json()["code"] == "method_not_allowed"
    options = await client.options(path)
    assert (options.status_code, options.headers["allow"]) == (204, allow)


async def test_head_answers_like_get(client: httpx.AsyncClient) -> None:
    assert (await client.head("/healthz")).status_code == 200
    assert (await client.head("/v1/lessons")).status_code == 401
    assert (await client.head("/v1/nowhere")).status_code == 404


async def test_a_literal_path_beats_one_with_parameters(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/lessons/latest")).json() == {"said": "latest"}
    answer = await client.get("/v1/lessons/L-1", headers={"Authorization": "Bearer auditor"})
    assert answer.json() == {"said": "L-1"}


async def test_a_path_that_nobody_has_is_404_by_any_method(client: httpx.AsyncClient) -> None:
    for method in ("GET", "POST", "PATCH", "OPTIONS", "HEAD", "BREW"):
        answer = await client.request(method, "/v1/nowhere")
        assert answer.status_code == 404


async def test_an_encoded_slash_splits_the_path(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/lessons/a%2Fb")).status_code == 404


async def never() -> None:
    """Answer nothing."""


def test_a_route_declared_twice_is_refused() -> None:
    routes = [Route("/a", never), Route("/a", never)]
    with pytest.raises(AssertionError, match="declared twice"):
        RouteTable(routes)


def test_a_parameter_that_eats_slashes_is_refused() -> None:
    with pytest.raises(AssertionError, match="plain"):
        RouteTable([Route("/a/{rest:path}", never)])


def test_a_mounted_application_is_refused() -> None:
    with pytest.raises(AssertionError, match="given whole"):
        RouteTable([Mount("/a", FastAPI())])


def test_a_router_within_a_router_is_refused() -> None:
    outer, inner = APIRouter(), APIRouter()
    inner.get("/a")(never)
    outer.include_router(inner)
    with pytest.raises(AssertionError, match="given whole"):
        RouteTable(outer.routes)


def test_only_http_is_matched() -> None:
    assert RouteTable([]).matches({"type": "websocket"}) == (Match.NONE, {})


def test_no_url_is_built() -> None:
    with pytest.raises(NotImplementedError):
        RouteTable([]).url_path_for("any")

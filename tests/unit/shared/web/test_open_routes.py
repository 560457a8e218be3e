"""Routes that whoever asks may call: what a key changes there, and faults shown as pages."""

from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from shared.errors import NotKnown, ServiceError
from shared.web.app import create_app
from shared.web.principals import Principal, Role, allow_anyone, needs_key, roles_of
from tests.support.tables import cases
from tests.unit.shared.web.conftest import KeyRing, Readiness

router = APIRouter()


@router.get("/v1/places")
async def read_places(
    caller: Annotated[Principal | None, Depends(allow_anyone())], limit: int = 1
) -> dict[str, str]:
    """Say who asks."""
    return {"caller": caller.role if caller else "nobody"}


@router.get("/page", include_in_schema=False)
async def show_page() -> HTMLResponse:
    """Show something that may be kept."""
    return HTMLResponse("<p>hello", headers={"Cache-Control": "public, max-age=60"})


@router.get("/gone", include_in_schema=False)
async def show_gone() -> HTMLResponse:
    """Show nothing."""
    raise NotKnown


@router.get("/broken", include_in_schema=False)
async def show_broken() -> HTMLResponse:
    """Fail as nobody foresaw."""
    message = "6222020000000000011"
    raise RuntimeError(message)


@pytest.fixture
def app() -> FastAPI:
    return create_app(
        title="Places",
        description="For tests.",
        version="1",
        service="tried",
        routers=[router],
        lifespan=None,
        access=KeyRing(),
        ready=Readiness(),
    )


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://tried") as client:
        yield client


# Authorization          status  who
CALLERS = """
  -                      200     nobody
  Bearer·auditor         200     auditor
  Bearer·guardian        200     guardian
  Bearer·stranger        401     -
  Bearer                 401     -
  Basic·YTpi             401     -
"""


@cases(CALLERS)
async def test_no_key_is_let_in_and_a_wrong_one_is_not(
    client: httpx.AsyncClient, row: list[str]
) -> None:
    given, status, who = row
    headers = {"Authorization": given.replace("·", " ")} if given else {}
    answer = await client.get("/v1/places", headers=headers)
    assert answer.status_code == int(status)
    assert answer.json().get("caller", "") == who


def test_such_a_route_takes_every_role_and_needs_none(app: FastAPI) -> None:
    [route] = [one for one in app.state.routes if one.path == "/v1/places"]
    assert roles_of(route) == frozenset(Role)
    assert not needs_key(route)


async def test_a_misspelt_parameter_is_refused_there_too(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/places?limit=2")).status_code == 200
    assert (await client.get("/v1/places?limt=2")).status_code == 422


def test_a_key_is_documented_as_one_way_and_none_as_another(app: FastAPI) -> None:
    operation = app.openapi()["paths"]["/v1/places"]["get"]
    assert operation["security"] == [{"key": []}, {}]
    assert "401" in operation["responses"]
    assert "403" not in operation["responses"]


async def test_a_page_says_itself_how_long_it_is_kept(client: httpx.AsyncClient) -> None:
    answer = await client.get("/page")
    assert answer.headers.get_list("cache-control") == ["public, max-age=60"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def _page_of(request: Request, fault: ServiceError) -> Response | None:
    if request.headers.get("accept") != "text/html":
        return None
    return HTMLResponse(f"<p>{fault.code}", fault.status)


# path         accept     status  kind
FAULTS = """
  /gone        text/html  404     text/html
  /gone        */*        404     application/problem+json
  /nowhere     text/html  404     text/html
  /broken      text/html  500     text/html
  /page?a=%00  text/html  422     text/html
"""


@cases(FAULTS)
async def test_a_fault_is_shown_as_a_page_to_who_reads_pages(app: FastAPI, row: list[str]) -> None:
    path, accept, status, kind = row
    app.state.fault_page = _page_of
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://tried") as client:
        answer = await client.get(path, headers={"Accept": accept})
    assert answer.status_code == int(status)
    assert answer.headers["content-type"].startswith(kind)
    assert answer.headers["cache-control"] == "no-store"
    assert "622202" not in answer.text


async def test_a_service_without_pages_answers_with_problems(client: httpx.AsyncClient) -> None:
    answer = await client.get("/gone", headers={"Accept": "text/html"})
    assert answer.headers["content-type"] == "application/problem+json"

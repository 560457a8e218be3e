"""Keys as passwords: who is let in, who is asked again, and that only these pages do so."""

import base64
from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI

from shared.web.app import create_app
from shared.web.basic import allow_readers
from shared.web.principals import Principal, Role, allow, needs_key, roles_of
from tests.support.tables import cases
from tests.unit.shared.web.conftest import KeyRing, Readiness

router = APIRouter()
Reader = Annotated[Principal, Depends(allow_readers(Role.auditor, realm="the books"))]


@router.get("/books", include_in_schema=False)
async def show_books(reader: Reader) -> str:
    """Say who reads."""
    return reader.role


@router.get("/v1/books")
async def read_books(_: Annotated[Principal, Depends(allow(Role.auditor))]) -> str:
    """Say nothing."""
    return "read"


@pytest.fixture
def app() -> FastAPI:
    return create_app(
        title="Books",
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


def basic(given: str) -> str:
    return "Basic " + base64.b64encode(given.encode()).decode()


# what the header says           page  api
HEADERS = """
  anyone:auditor                 200   401
  :auditor                       200   401
  anyone:institution             403   401
  anyone:stranger                401   401
  auditor                        401   401
  auditor:                       401   401
  anyone:aud:itor                401   401
"""


@cases(HEADERS)
async def test_a_key_may_be_a_password_on_pages_alone(
    client: httpx.AsyncClient, row: list[str]
) -> None:
    given, page, api = row
    headers = {"Authorization": basic(given)}
    assert (await client.get("/books", headers=headers)).status_code == int(page)
    assert (await client.get("/v1/books", headers=headers)).status_code == int(api)


@pytest.mark.parametrize(
    "header",
    ["", "Basic", "Basic ", "Basic !!!", "Basic YTpiYQ", "Basic éé", "Digest x"],
)
async def test_who_sends_no_password_is_asked_for_one(
    client: httpx.AsyncClient, header: str
) -> None:
    answer = await client.get("/books", headers={"Authorization": header.encode("latin-1")})
    assert answer.status_code == 401
    expected = 'Basic realm="the books", charset="UTF-8"'
    assert answer.headers.get_list("www-authenticate") == [expected]


async def test_a_bearer_key_is_none_of_a_page(client: httpx.AsyncClient) -> None:
    headers = {"Authorization": "Bearer auditor"}
    assert (await client.get("/books", headers=headers)).status_code == 401
    assert (await client.get("/v1/books", headers=headers)).status_code == 200


async def test_who_is_refused_elsewhere_is_not_asked_for_a_password(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/v1/books", headers={"Authorization": basic("x:auditor")})
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_page_has_its_roles_like_every_route(app: FastAPI) -> None:
    [route] = [one for one in app.state.routes if one.path == "/books"]
    assert roles_of(route) == frozenset({Role.auditor})
    assert needs_key(route)

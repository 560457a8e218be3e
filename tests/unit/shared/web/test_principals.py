"""Who may call, and what a call may be about."""

import ast
import inspect
from typing import Any, cast
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request

from shared.errors import Malformed, NotAllowed
from shared.web.principals import (
    Principal,
    Role,
    area_covers,
    area_stem,
    institution_asked,
    roles_of,
)
from tests.support.tables import cases

KEY = UUID(int=7)

# area          district      covered
AREAS = """
  -             320602        yes
  000000        320602        yes
  320000        320602        yes
  320600        320602        yes
  320602        320602        yes
  320602        320602001     yes
  320602001000  320602001     no
  320602000000  320602001     yes
  320600        320102        no
  320000        330102        no
  320602        320600        no
  320602        -             no
  320000        -             no
  -             -             yes
  3206          320602        yes
"""


@cases(AREAS)
def test_an_area_covers_the_districts_under_it(row: list[str]) -> None:
    area, district, covered = row
    assert area_covers(area or None, district or None) is (covered == "yes")


def test_the_stem_of_an_area_is_what_its_districts_begin_with() -> None:
    stems = [area_stem(area) for area in (None, "", "000000", "320000", "320600", "321000")]
    assert stems == ["", "", "", "32", "3206", "3210"]


def test_a_digit_that_ends_in_one_zero_is_not_a_pair() -> None:
    assert not area_covers("320100", "320202")
    assert area_covers("321000", "321002")
    assert not area_covers("321000", "320102")


def test_a_party_keeps_its_name_when_its_key_is_replaced() -> None:
    for other in (UUID(int=1), UUID(int=2)):
        institution = Principal(other, Role.institution, institution_id="91320602MA1ABCDE16")
        assert institution.name == "institution:91320602MA1ABCDE16"
        assert Principal(other, Role.bank, bank_id="sandbox").name == "bank:sandbox"


def test_everyone_else_is_named_by_the_key_alone() -> None:
    guardian = Principal(KEY, Role.guardian, label="张三", guardian_ref="G-31")
    assert guardian.name == f"guardian:{KEY}"
    assert Principal(KEY, Role.operator).name == f"operator:{KEY}"


def test_no_two_roles_share_a_name() -> None:
    names = {Principal(KEY, role, institution_id="x", bank_id="x").name for role in Role}
    assert len(names) == len(Role)


def test_an_institutions_key_may_leave_the_institution_out() -> None:
    own = Principal(KEY, Role.institution, institution_id="A")
    assert institution_asked(own, None) == "A"
    assert institution_asked(own, "A") == "A"
    with pytest.raises(NotAllowed):
        institution_asked(own, "B")


def test_others_have_to_name_it() -> None:
    supervisor = Principal(KEY, Role.supervisor)
    assert institution_asked(supervisor, "B") == "B"
    with pytest.raises(Malformed):
        institution_asked(supervisor, None)


# method  path                 key           status
CALLS = """
  GET     /v1/lessons          auditor       200
  GET     /v1/lessons          supervisor    200
  GET     /v1/lessons          institution   403
  GET     /v1/lessons          bank          403
  GET     /v1/lessons          stranger      401
  GET     /v1/lessons          -             401
  GET     /v1/lessons/latest   -             200
  GET     /v1/lessons/latest   stranger      200
  POST    /v1/lessons          auditor       403
  POST    /v1/lessons          -             401
"""


@cases(CALLS)
async def test_a_route_admits_its_roles(client: httpx.AsyncClient, row: list[str]) -> None:
    method, path, key, status = row
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    answer = await client.request(method, path, headers=headers)
    assert answer.status_code == int(status)
    if status == "403":
        assert answer.json()["code"] == "not_allowed"


async def test_who_may_not_call_learns_nothing_of_the_body(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/v1/lessons", content=b"{", headers={"Authorization": "Bearer auditor"}
    )
    assert answer.status_code == 403


def test_the_roles_of_a_route_can_be_read(app: FastAPI) -> None:
    found = {(route.path, *sorted(route.methods)): roles_of(route) for route in app.state.routes}
    assert found["/v1/lessons", "POST"] == frozenset({Role.institution})
    assert found["/v1/lessons", "GET"] == frozenset({Role.auditor, Role.supervisor})
    assert found["/v1/lessons/latest", "GET"] is None
    assert found["/healthz", "GET"] is None


async def test_another_way_to_prove_oneself_can_stand_beside_keys(app: FastAPI) -> None:
    class Signed:
        async def authenticate(self, request: Request) -> Principal | None:
            signed = "signature" in request.headers
            return Principal(KEY, Role.auditor) if signed else None

    app.state.authenticators.append(Signed())
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://tried") as client:
        assert (await client.get("/v1/lessons", headers={"Signature": "x"})).status_code == 200
        assert (await client.get("/v1/lessons")).status_code == 401
        headers = {"Signature": "x", "Authorization": "Bearer stranger"}
        assert (await client.get("/v1/lessons", headers=headers)).status_code == 401


def test_every_role_has_its_sentence() -> None:
    [found] = ast.parse(inspect.getsource(Role)).body
    body: list[Any] = cast("ast.ClassDef", found).body[1:]
    members, sentences = body[::2], body[1::2]
    assert len(members) == len(sentences) == len(Role)
    assert all(sentence.value.value.endswith(".") for sentence in sentences)

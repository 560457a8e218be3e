"""The OpenAPI document: what is shown is what is checked."""

from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from pydantic import BaseModel
from schemathesis import openapi
from starlette.requests import Request
from starlette.responses import Response

from shared.web.bodies import json_body
from shared.web.fields import Shape
from shared.web.openapi import About, document
from shared.web.problems import MEDIA_TYPE
from shared.web.routes import api_routes

ABOUT: About = {"title": "T", "description": "D", "version": "1", "service": "t"}
PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}


@pytest.fixture
async def found(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.get("/openapi.json")
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def test_it_is_openapi_3_1_and_holds_together(found: dict[str, Any]) -> None:
    assert found["openapi"].startswith("3.1.")
    assert found["info"] == {"title": "Lessons", "description": "For tests.", "version": "1.2.3"}
    schema = openapi.from_dict(found)
    assert len(list(schema.get_all_operations())) == 9


def test_the_body_of_a_raw_route_is_documented(found: dict[str, Any]) -> None:
    body = found["paths"]["/v1/lessons"]["post"]["requestBody"]
    assert body["required"] is True
    reference = body["content"]["application/json"]["schema"]["$ref"]
    assert reference == "#/components/schemas/Lessons"
    schema = found["components"]["schemas"]["Lessons"]
    assert schema["additionalProperties"] is False
    items = schema["properties"]["items"]
    assert (items["minItems"], items["maxItems"]) == (1, 1_000)
    assert items["items"] == {"$ref": "#/components/schemas/Lesson"}


def test_every_reference_leads_somewhere(found: dict[str, Any]) -> None:
    def references(node: object) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [each for value in node.values() for each in references(value)]
        if isinstance(node, list):
            return [each for value in node for each in references(value)]
        return []

    schemas = found["components"]["schemas"]
    assert {name.rpartition("/")[2] for name in references(found)} <= set(schemas)


def test_errors_are_problems_everywhere(found: dict[str, Any]) -> None:
    assert "HTTPValidationError" not in str(found)
    for path in found["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    assert response["content"] == PROBLEM


# What a route is decides what it may answer.
def test_refusals_follow_from_the_route(found: dict[str, Any]) -> None:
    def statuses(method: str, path: str) -> set[int]:
        return set(map(int, found["paths"][path][method]["responses"]))

    assert statuses("get", "/v1/lessons/latest") == {200, 500, 503}
    assert statuses("get", "/v1/lessons") == {200, 401, 403, 422, 500, 503}
    assert statuses("post", "/v1/lessons") == {200, 400, 401, 403, 409, 413, 422, 500, 503}
    assert statuses("delete", "/v1/lessons/{lesson_id}") == {204, 422, 500, 503}


def test_keys_are_declared_where_they_are_needed(found: dict[str, Any]) -> None:
    schemes = found["components"]["securitySchemes"]
    assert {name: scheme["scheme"] for name, scheme in schemes.items()} == {"key": "bearer"}
    assert found["paths"]["/v1/lessons"]["get"]["security"] == [{"key": []}]
    assert "security" not in found["paths"]["/v1/lessons/latest"]["get"]


def test_the_idempotency_key_is_documented_where_it_is_read(found: dict[str, Any]) -> None:
    [header] = found["paths"]["/v1/lessons"]["post"]["parameters"]
    assert (header["name"], header["in"], header["required"]) == (
        "Idempotency-Key",
        "header",
        True,
    )
    names = [p["name"] for p in found["paths"]["/v1/lessons/{lesson_id}"]["put"]["parameters"]]
    assert names == ["lesson_id"]


def test_parameters_show_their_rules(found: dict[str, Any]) -> None:
    parameters = found["paths"]["/v1/lessons"]["get"]["parameters"]
    limit, after = (parameter["schema"] for parameter in parameters)
    assert (limit["type"], limit["minimum"], limit["maximum"]) == ("integer", 1, 500)
    assert limit["default"] == 100
    assert after["anyOf"][0]["pattern"] == "^[A-Za-z0-9_-]+$"


async def test_an_honoured_key_is_not_required() -> None:
    parameters = json_body(Twin, "honoured")["parameters"]
    assert [parameter["required"] for parameter in parameters] == [False]


class Twin(Shape):
    one: int


def test_two_models_of_one_name_are_refused() -> None:
    router = APIRouter()
    other = type("Twin", (Shape,), {"__annotations__": {"two": int}})
    for path, model in (("/a", Twin), ("/b", other)):
        add(router, path, model)
    with pytest.raises(AssertionError, match="share a name"):
        document(ABOUT, api_routes(router.routes))


def test_a_body_and_an_answer_of_one_name_are_refused() -> None:
    router = APIRouter()
    add(router, "/a", Twin)
    other = type("Twin", (BaseModel,), {"__annotations__": {"two": int}})
    router.add_api_route("/b", answer_nothing, response_model=other)
    with pytest.raises(AssertionError, match="called Twin"):
        document(ABOUT, api_routes(router.routes))


def test_hidden_routes_stay_hidden() -> None:
    router = APIRouter()
    router.add_api_route(
        "/a",
        answer_nothing,
        methods=["POST"],
        include_in_schema=False,
        openapi_extra=json_body(Twin, None),
    )
    found = document(ABOUT, api_routes(router.routes))
    assert found["paths"] == {}
    assert "Twin" not in found["components"]["schemas"]


async def answer_nothing(request: Request) -> Response:
    return Response(request.method)


def add(router: APIRouter, path: str, model: type[BaseModel]) -> None:
    router.add_api_route(
        path, answer_nothing, methods=["POST"], openapi_extra=json_body(model, None)
    )


async def test_it_is_built_once(client: httpx.AsyncClient) -> None:
    first, second = [await client.get("/openapi.json") for _ in range(2)]
    assert first.content == second.content

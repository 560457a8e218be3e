"""Refusals of whole requests: one form, frozen codes, never an echo."""

import json
from http import HTTPStatus

import httpx
import pytest
import structlog
from fastapi import FastAPI
from prometheus_client import REGISTRY
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request

from shared.errors import FieldError, ServiceError, TooLarge
from shared.log import describe_exception
from shared.web.problems import (
    CODES,
    ERRORS_MAX,
    MEDIA_TYPE,
    Problem,
    invalid,
    on_unforeseen,
    pointer,
    problem_responses,
    rendered,
)
from tests.support.tables import cases

# kind          status  code                retryable  outcome
FAULTS = """
  conflict      409     illegal_transition  no         -
  unknown       404     not_found           no         -
  unavailable   503     unavailable         yes        none
  broken        500     internal            no         unknown
  unforeseen    500     internal            no         unknown
"""


@cases(FAULTS)
async def test_every_fault_has_its_form(client: httpx.AsyncClient, row: list[str]) -> None:
    kind, status, code, retryable, outcome = row
    answer = await client.get(f"/v1/faults/{kind}")
    body = answer.json()
    assert answer.status_code == body["status"] == int(status)
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert body["code"] == code
    assert body["type"] == f"urn:yike:problem:{code}"
    assert body["retryable"] is (retryable == "yes")
    assert body.get("outcome", "") == outcome
    assert body["request_id"] == answer.headers["x-request-id"]
    Problem.model_validate(body)


async def test_an_unavailable_service_says_when_to_come_back(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/faults/unavailable")
    assert answer.headers["retry-after"] == "3"


async def test_a_fault_of_ours_tells_the_caller_nothing_of_itself(
    client: httpx.AsyncClient,
) -> None:
    for kind in ("broken", "unforeseen"):
        text = (await client.get(f"/v1/faults/{kind}")).text
        assert "6222020000000000011" not in text
        assert "张三" not in text


async def test_a_fault_of_ours_is_logged_with_its_cause_and_counted(
    client: httpx.AsyncClient,
) -> None:
    labels = {"fault": "invariant"}
    before = REGISTRY.get_sample_value("tuition_http_faults_total", labels) or 0
    with structlog.testing.capture_logs(processors=[describe_exception]) as logged:
        await client.get("/v1/faults/broken")
    assert [line["event"] for line in logged] == ["invariant_broken"]
    assert logged[0]["exception"]["type"] == "shared.errors.InvariantBroken"
    assert logged[0]["exception"]["frames"][-1].endswith(" fail")
    assert REGISTRY.get_sample_value("tuition_http_faults_total", labels) == before + 1


async def test_a_caller_who_hangs_up_is_no_fault_of_ours() -> None:
    before = _unforeseen()
    request = Request({"type": "http", "request_id": "1", "app": FastAPI(), "headers": []})
    answer = await on_unforeseen(request, ClientDisconnect())
    assert answer.status_code == 400
    assert _unforeseen() == before


def _unforeseen() -> float:
    found = REGISTRY.get_sample_value("tuition_http_faults_total", {"fault": "unforeseen"})
    return found or 0.0


async def test_a_missing_key_is_asked_for(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/lessons")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["code"] == "unauthenticated"


# location                                         pointer
POINTERS = """
  body items 3 paid_fen                            /items/3/paid_fen
  items 3 paid_fen                                 /items/3/paid_fen
  query limit                                      /query/limit
  path institution_id                              /path/institution_id
  items 0 surprise                                 /items/0/surprise
  items 0 张三                                      /items/0
  items 0 Ident                                    /items/0
  items 0 6222020000000000011                      /items/0
  items 0 a6222020000000000011                     /items/0
  items 0 {"x":1}                                  /items/0
  items 0 a/b 1                                    /items/0
  body                                             -
"""


@cases(POINTERS)
def test_a_pointer_names_only_what_may_be_ours(row: list[str]) -> None:
    steps: list[str | int] = [
        int(step) if step.isdigit() and len(step) < 3 else step for step in row[0].split()
    ]
    assert pointer(steps) == row[1]


def test_no_sentence_repeats_the_input() -> None:
    class Everything(BaseModel):
        whole: int
        listed: list[int]
        one_of: bool

    secret = "6222020000000000011-张三"
    with pytest.raises(ValidationError) as caught:
        Everything.model_validate({"whole": secret, "listed": secret, "one_of": secret})
    fault = invalid(caught.value.errors())
    assert len(fault.errors) == 3
    assert secret not in repr(fault.errors)


def test_what_pydantic_says_of_the_input_is_never_passed_on() -> None:
    found = {
        "type": "union_tag_invalid",
        "loc": (),
        "msg": "tag 'x'",
        "ctx": {"expected_tags": "a"},
    }
    assert invalid([found]).errors[0].detail == "Must be one of a."
    found = {"type": "value_error", "loc": (), "msg": "Value error, 张三 is unknown", "ctx": {}}
    assert invalid([found]).errors[0].detail == "Is not valid."


def test_at_most_twenty_errors_are_reported() -> None:
    found = [{"type": "missing", "loc": (index,), "msg": ""} for index in range(100)]
    assert len(invalid(found).errors) == ERRORS_MAX == 20
    errors = tuple(FieldError("", "missing", "") for _ in range(100))
    body = json.loads(bytes(rendered(ServiceError(errors=errors), "id").body))
    assert len(body["errors"]) == ERRORS_MAX


def test_the_codes_are_frozen() -> None:
    assert {code: status for code, (status, _) in CODES.items()} == {
        "malformed_json": 400,
        "idempotency_key_required": 400,
        "idempotency_key_invalid": 400,
        "bad_request": 400,
        "unauthenticated": 401,
        "not_allowed": 403,
        "not_found": 404,
        "method_not_allowed": 405,
        "state_conflict": 409,
        "request_in_progress": 409,
        "too_large": 413,
        "too_many_items": 413,
        "invalid_request": 422,
        "cursor_invalid": 422,
        "idempotency_key_reused": 422,
        "too_many_requests": 429,
        "internal": 500,
        "unavailable": 503,
    }


def test_every_code_has_a_sentence() -> None:
    assert all(meaning.endswith(".") for _, meaning in CODES.values())


def test_responses_are_documented_as_problems() -> None:
    documented = problem_responses(404, 409)
    assert set(documented) == {404, 409}
    assert "not_found" in documented[404]["description"]
    assert list(documented[409]["content"]) == [MEDIA_TYPE]


def test_success_has_no_outcome() -> None:
    body = json.loads(bytes(rendered(TooLarge(), "id").body))
    assert body["status"] == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert "outcome" not in body

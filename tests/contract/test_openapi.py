"""What clients were promised: paths and roles, shapes, codes. A change here is a decision.

`make schemas` (WRITE_SCHEMAS=1) writes the frozen document anew; its difference is reviewed
like code.
"""

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from escrow.app import build
from escrow.domain.outcomes import Refusal
from escrow.settings import Settings
from shared.web.bodies import JsonBody
from shared.web.principals import Role, roles_of
from shared.web.problems import CODES
from tests.support.tables import cases, rows

FROZEN = Path(__file__).with_name("escrow.openapi.json")

Json = dict[str, Any]


@cache
def app() -> FastAPI:
    """Build the application; nothing is opened before it starts."""
    return build(Settings(database_url=SecretStr("postgresql://nobody@127.0.0.1/none")))


@cache
def document() -> Json:
    """Return the OpenAPI document, without the version that every release changes."""
    found: Json = json.loads(json.dumps(app().openapi()))
    found["info"].pop("version")
    return found


def test_the_document_is_the_frozen_one() -> None:
    text = json.dumps(document(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    if os.environ.get("WRITE_SCHEMAS") == "1":
        FROZEN.write_text(text)
    assert FROZEN.read_text() == text, "the API differs from the frozen one: `make schemas`"


READERS = frozenset({Role.institution, Role.supervisor, Role.auditor, Role.bank, Role.operator})
"""Those who may see an institution."""

# Every path of the wire contract that is built, and who may call it.
ROUTES = """
  PUT     /v1/institutions/{institution_id}                  supervisor operator
  GET     /v1/institutions/{institution_id}                  readers
  PUT     /v1/banks/{bank_id}                                operator
  PUT     /v1/institutions/{institution_id}/custody-account  supervisor bank
  PUT     /v1/institutions/{institution_id}/floor            supervisor
  POST    /v1/institutions/{institution_id}/freezes          supervisor
  POST    /v1/freezes/{id}/confirm                           supervisor
  POST    /v1/freezes/{id}/lift                              supervisor
  GET     /v1/institutions/{institution_id}/balances         readers
  GET     /v1/institutions/{institution_id}/movements        readers
  GET     /v1/institutions/{institution_id}/prepaid-ledger   readers
  POST    /v1/contracts                                      institution
  GET     /v1/contracts                                      institution supervisor guardian
  GET     /v1/contracts/{id}                                 institution supervisor guardian
  GET     /v1/contracts/{id}/lessons                         institution supervisor guardian
  GET     /v1/contracts/{id}/refund-quote                    institution supervisor guardian
  POST    /v1/bank/entries                                   bank
  POST    /v1/bank/entries/{id}/allocation                   supervisor institution
  POST    /v1/bank/statements                                bank
  GET     /v1/bank/reconciliations/{id}                      bank supervisor
  GET     /v1/bank/instructions                              bank
  POST    /v1/bank/instructions/{id}/result                  bank
  POST    /v1/releases                                       institution
  POST    /v1/lessons/reversals                              supervisor
  POST    /v1/refunds                                        guardian institution supervisor
  GET     /v1/refunds/{id}                                   guardian institution supervisor
  POST    /v1/refunds/{id}/agree                             institution supervisor
  POST    /v1/refunds/{id}/contest                           institution
  PUT     /v1/refunds/{id}/payer-account                     supervisor
  GET     /v1/policies                                       everyone
  GET     /v1/policies/{name}                                everyone
  GET     /v1/events                                         service operator
  GET     /v1/audit/trial-balance                            auditor supervisor operator
  GET     /v1/audit/verification                             auditor supervisor operator
  POST    /v1/keys                                           operator
  GET     /v1/keys                                           operator
  DELETE  /v1/keys/{id}                                      operator
  GET     /healthz                                           nobody
  GET     /readyz                                            nobody
"""


def test_every_route_and_its_roles_are_the_promised_ones() -> None:
    built = {}
    for route in app().state.routes:
        roles = roles_of(route)
        for method in route.methods:
            built[method, route.path] = roles
    promised = {(method, path): _roles(names) for method, path, names in rows(ROUTES)}
    assert built == promised


def _roles(names: str) -> frozenset[Role] | None:
    if names == "nobody":
        return None
    if names == "readers":
        return READERS
    return frozenset(Role) if names == "everyone" else frozenset(map(Role, names.split()))


@cases(ROUTES)
def test_every_route_documents_what_it_may_answer(row: list[str]) -> None:
    method, path, names = row
    operation = document()["paths"][path][method.lower()]
    answers = operation["responses"]
    assert {"500", "503"} <= set(answers)
    assert ("401" in answers) == ("403" in answers) == (names != "nobody")
    if method in {"POST", "PUT"}:
        assert {"400", "413", "422"} <= set(answers)
    for status, answer in answers.items():
        if status.startswith(("4", "5")):
            schema = answer["content"]["application/problem+json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}


# Which calls need an `Idempotency-Key`, and which honour one.
KEYS = """
  POST  /v1/contracts                               required
  POST  /v1/bank/entries                            required
  POST  /v1/bank/statements                         required
  POST  /v1/bank/entries/{id}/allocation            required
  POST  /v1/releases                                required
  POST  /v1/lessons/reversals                       required
  POST  /v1/refunds                                 required
  POST  /v1/institutions/{institution_id}/freezes   required
  POST  /v1/freezes/{id}/confirm                    honoured
  POST  /v1/freezes/{id}/lift                       honoured
  POST  /v1/refunds/{id}/agree                      honoured
  POST  /v1/refunds/{id}/contest                    honoured
  POST  /v1/bank/instructions/{id}/result           honoured
  POST  /v1/keys                                    ignored
"""


@cases(KEYS)
def test_idempotency_keys_are_asked_for_where_promised(row: list[str]) -> None:
    method, path, word = row
    parameters = document()["paths"][path][method.lower()].get("parameters", [])
    found = [one["required"] for one in parameters if one["name"] == "Idempotency-Key"]
    assert found == {"required": [True], "honoured": [False], "ignored": []}[word]


def test_no_post_is_left_out_of_that_table() -> None:
    posts = {path for path, methods in document()["paths"].items() if "post" in methods}
    assert posts == {path for _, path, _ in rows(KEYS)}


# The codes of whole-request refusals, frozen: added to, never renamed.
PROBLEMS = """
  malformed_json            400
  idempotency_key_required  400
  idempotency_key_invalid   400
  bad_request               400
  unauthenticated           401
  not_allowed               403
  not_found                 404
  method_not_allowed        405
  state_conflict            409
  request_in_progress       409
  too_large                 413
  too_many_items            413
  invalid_request           422
  cursor_invalid            422
  idempotency_key_reused    422
  too_many_requests         429
  internal                  500
  unavailable               503
"""


def test_the_codes_of_problems_are_frozen() -> None:
    assert {code: status for code, (status, _) in CODES.items()} == {
        code: int(status) for code, status in rows(PROBLEMS)
    }


REFUSALS = """
id_reused contract_unknown lesson_out_of_range already_released not_yet_taught forbidden_slot
institution_frozen contract_frozen refund_in_progress contract_closed contract_not_funded
held_insufficient institution_unknown account_missing may_not_charge span_too_long
too_many_lessons amount_over_cap charged_too_early dates_out_of_order fee_below_one_fen
signed_in_future account_unknown currency_not_supported lesson_not_released entry_unknown
entry_not_unallocated contract_not_open payer_unknown refund_unknown refund_not_open
nothing_to_refund freeze_unknown freeze_lifted instruction_unknown result_conflict
instruction_not_open account_taken bank_unknown policy_unknown freeze_not_protective
"""


def test_the_codes_of_refusals_are_frozen() -> None:
    assert [one.value for one in Refusal] == REFUSALS.split()


def test_every_bearer_route_says_how_to_prove_who_calls() -> None:
    for _, path, names in rows(ROUTES):
        for operation in document()["paths"][path].values():
            assert bool(operation.get("security")) == (names != "nobody")


# The wire contract's own examples, which clients were written by.
CONTRACT: Json = {
    "items": [
        {
            "id": "C-2026-0001",
            "institution_id": "91320602MA1ABCDE16",
            "student_ref": "S-77",
            "guardian_ref": "G-31",
            "course": {"name": "少儿编程 L2", "category": "non_subject", "delivery": "offline"},
            "lessons": 60,
            "paid_fen": 480000,
            "list_fen": 600000,
            "signed_at": "2026-11-21T09:00:00+08:00",
            "starts_on": "2026-12-01",
            "ends_on": "2027-02-20",
        }
    ]
}
ENTRY: Json = {
    "id": "ICBC-20261121-00017",
    "account_number": "6222020000000000011",
    "direction": "credit",
    "amount_fen": 480000,
    "booked_at": "2026-11-21T09:05:11+08:00",
    "value_on": "2026-11-21",
    "reference": "C-2026-0001",
    "counterparty_name": "…",
    "counterparty_account": "…",
}
EXAMPLES: dict[tuple[str, str], Json] = {
    ("POST", "/v1/contracts"): CONTRACT,
    ("POST", "/v1/bank/entries"): {"items": [ENTRY]},
    ("POST", "/v1/bank/statements"): {
        "id": "ST-20261121",
        "account_number": "6222020000000000011",
        "from": "2026-11-21",
        "to": "2026-11-21",
        "opening_balance_fen": 0,
        "closing_balance_fen": 480000,
        "entries": [ENTRY],
    },
    ("POST", "/v1/releases"): {
        "institution_id": "91320602MA1ABCDE16",
        "items": [
            {
                "id": "r-883-1",
                "contract_id": "C-2026-0001",
                "lesson_no": 1,
                "taught_at": "2026-12-05T09:00:00+08:00",
                "ended_at": "2026-12-05T10:00:00+08:00",
            },
            {
                "id": "r-883-2",
                "contract_id": "C-2026-0404",
                "lesson_no": 1,
                "taught_at": "2026-12-05T09:00:00+08:00",
            },
        ],
    },
    ("POST", "/v1/bank/instructions/{id}/result"): {
        "state": "settled",
        "bank_reference": "ICBC-20261205-00412",
        "booked_at": "2026-12-05T10:01:00+08:00",
    },
    ("PUT", "/v1/institutions/{institution_id}"): {
        "name": "示例青竹科技培训中心",
        "district_code": "320602",
        "category": "non_subject",
        "delivery": "offline",
        "policy": "national",
    },
    ("POST", "/v1/keys"): {"role": "guardian", "district_code": "320600"},
}


@pytest.mark.parametrize("place", EXAMPLES, ids=" ".join)
def test_the_contracts_own_examples_are_taken(place: tuple[str, str]) -> None:
    method, path = place
    route = next(
        one for one in app().state.routes if one.path == path and method in (one.methods or ())
    )
    assert isinstance(route.openapi_extra, JsonBody)
    route.openapi_extra.model.model_validate_json(json.dumps(EXAMPLES[place]))


def test_examples_of_fields_fit_their_patterns() -> None:
    for schema in _schemas(document()):
        for example in schema.get("examples", ()):
            if "pattern" in schema and isinstance(example, str):
                assert re.search(schema["pattern"], example), schema


def _schemas(part: object) -> list[Json]:
    """Return every object of the document, whatever it is: schemas are among them."""
    if isinstance(part, dict):
        return [part, *(one for inner in part.values() for one in _schemas(inner))]
    if isinstance(part, list):
        return [one for inner in part for one in _schemas(inner)]
    return []

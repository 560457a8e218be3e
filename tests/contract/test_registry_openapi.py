"""What clients of registry-sync were promised: paths and roles, shapes, codes.

`make schemas` (WRITE_SCHEMAS=1) writes the frozen document anew; its difference is reviewed
like code.
"""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from pydantic import SecretStr

from registry_sync.app import build
from registry_sync.settings import Settings
from shared.web.basic import PageAccess
from shared.web.principals import Role, needs_key, roles_of
from tests.support.tables import cases, rows

FROZEN = Path(__file__).with_name("registry.openapi.json")

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


# Every path that is built, and who may call it; `anyone` has no key, or one of any role.
ROUTES = """
  GET     /v1/institutions/{institution_id}  anyone
  GET     /v1/institutions                   anyone
  GET     /v1/events                         service operator
  POST    /v1/sources/{source}/sync          operator
  GET     /v1/sources                        auditor supervisor operator
  POST    /v1/sources/{source}/imports       supervisor
  POST    /v1/imports/{import_id}/accept     supervisor
  GET     /v1/holds                          supervisor auditor operator
  POST    /v1/holds/{hold_id}/approve        supervisor
  POST    /v1/holds/{hold_id}/reject         supervisor
  GET     /v1/fetches                        auditor supervisor operator
  GET     /v1/fetches/{fetch_id}/set-aside   auditor supervisor operator
  GET     /v1/fetches/{fetch_id}/raw         auditor
  GET     /healthz                           nobody
  GET     /readyz                            nobody
"""


def test_every_route_and_its_roles_are_the_promised_ones() -> None:
    built = {}
    for route in app().state.routes:
        if route.include_in_schema:
            who = roles_of(route) if needs_key(route) or roles_of(route) is None else "anyone"
            built |= {(method, route.path): who for method in route.methods}
    promised = {(method, path): _roles(names) for method, path, names in rows(ROUTES)}
    assert built == promised


def _roles(names: str) -> frozenset[Role] | str | None:
    if names in {"nobody", "anyone"}:
        return None if names == "nobody" else names
    return frozenset(map(Role, names.split()))


# Every page, and who may open it.
PAGES = """
  GET     /                                  nobody
  GET     /institutions/{institution_id}     nobody
  GET     /supervise                         supervisor auditor operator
  GET     /supervise/fetches/{fetch_id}      supervisor auditor operator
  GET     /supervise/holds/{hold_id}         supervisor auditor operator
"""


def test_every_page_and_its_roles_are_the_promised_ones() -> None:
    pages = [route for route in app().state.routes if not route.include_in_schema]
    built = {(method, route.path): roles_of(route) for route in pages for method in route.methods}
    assert built == {(method, path): _roles(names) for method, path, names in rows(PAGES)}


def test_the_pages_are_not_part_of_the_document() -> None:
    assert not {path for _, path, _ in rows(PAGES)} & set(document()["paths"])


def test_a_key_is_a_password_on_pages_alone() -> None:
    for route in app().state.routes:
        needs = route.dependant.dependencies
        takes_passwords = any(isinstance(one.call, PageAccess) for one in needs)
        assert takes_passwords == route.path.startswith("/supervise")
        assert not takes_passwords or route.methods == {"GET"}, "it changes nothing"


@cases(ROUTES)
def test_every_route_documents_what_it_may_answer(row: list[str]) -> None:
    method, path, names = row
    operation = document()["paths"][path][method.lower()]
    answers = operation["responses"]
    assert {"500", "503"} <= set(answers)
    assert ("401" in answers) == (names != "nobody")
    assert ("403" in answers) == (names not in {"nobody", "anyone"})
    assert ("429" in answers) == (names == "anyone")
    assert bool(operation.get("security")) == (names != "nobody")
    assert ({} in operation.get("security", [])) == (names == "anyone")
    for status, answer in answers.items():
        if status.startswith(("4", "5")):
            schema = answer["content"]["application/problem+json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}


SCHEMAS = ("Identity", "PublicInstitution", "Institution")

# What an answer has beyond the one before it: everybody's list, everybody's page, a key's.
FIELDS = """
  Identity           institution_id name district_code category delivery address status
  Identity           licence_class valid_until white_listed black_listed source stale as_of
  Identity           last_success_at
  PublicInstitution  as_of_valid as_of_recorded sites account complaint_line
  Institution        rank changed_at conflicts sources statements
"""


def test_what_everybody_may_know_is_what_was_promised() -> None:
    before: set[str] = set()
    for name in SCHEMAS:
        more = {word for its, words in _fields() if its == name for word in words.split()}
        assert set(document()["components"]["schemas"][name]["properties"]) == before | more
        before |= more


def _fields() -> list[tuple[str, str]]:
    return [(name, words) for name, words in rows(FIELDS)]


def test_a_site_shows_everybody_no_evidence() -> None:
    schemas = document()["components"]["schemas"]
    shown = set(schemas["Site"]["properties"])
    assert shown == {"licence_no", "name", "district_code", "address", "status", "valid_until"}
    assert {"source", "evidence", "conflicts"} <= set(schemas["SiteInFull"]["properties"]) - shown

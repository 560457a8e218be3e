"""What clients of alerts were promised: paths and roles, shapes, codes.

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

from alerts.app import build
from alerts.settings import Settings
from shared.web.basic import PageAccess
from shared.web.principals import Role, roles_of
from tests.support.tables import cases, rows

FROZEN = Path(__file__).with_name("alerts.openapi.json")

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


# Every path that is built, and who may call it.
ROUTES = """
  GET     /v1/cases                                supervisor auditor operator
  GET     /v1/cases/{case_id}                      supervisor auditor operator
  POST    /v1/cases/{case_id}/acknowledge          supervisor
  POST    /v1/cases/{case_id}/interviews           supervisor
  POST    /v1/cases/{case_id}/classification       supervisor
  POST    /v1/cases/{case_id}/referrals            supervisor
  POST    /v1/cases/{case_id}/rectification        supervisor
  POST    /v1/cases/{case_id}/supervision          supervisor
  POST    /v1/cases/{case_id}/close                supervisor
  POST    /v1/cases/{case_id}/reopen               supervisor
  POST    /v1/cases/{case_id}/recheck              supervisor
  GET     /v1/suppressions                         supervisor auditor operator
  POST    /v1/suppressions                         supervisor
  DELETE  /v1/suppressions/{suppression_id}        supervisor
  POST    /v1/tips                                 supervisor guardian
  POST    /v1/inspections                          supervisor
  POST    /v1/bank-warnings                        bank
  GET     /v1/rules                                supervisor auditor operator
  GET     /v1/rules/{rule}                         supervisor auditor operator
  PUT     /v1/rules/{rule}/parameters              supervisor
  POST    /v1/rules/{rule}/promote                 supervisor
  POST    /v1/rules/{rule}/backtests               supervisor
  GET     /v1/backtests/{backtest_id}              supervisor auditor operator
  POST    /v1/campaigns                            supervisor
  GET     /v1/campaigns                            supervisor auditor operator
  GET     /v1/campaigns/{campaign_id}              supervisor auditor operator
  GET     /v1/reports/daily                        supervisor auditor operator
  POST    /v1/reports/daily                        supervisor
  POST    /v1/reports/daily/sign                   supervisor
  GET     /v1/reports/indicators                   supervisor auditor operator
  GET     /v1/reports/interviews                   supervisor auditor operator
  GET     /v1/reports/ledger                       supervisor auditor operator
  GET     /v1/institutions/{institution_id}/dossier       supervisor auditor operator
  POST    /v1/institutions/{institution_id}/assessments   supervisor
  POST    /v1/notices/alertmanager                 service operator
  GET     /healthz                                 nobody
  GET     /readyz                                  nobody
"""


def test_every_route_and_its_roles_are_the_promised_ones() -> None:
    built = {}
    for route in app().state.routes:
        if route.include_in_schema:
            built |= {(method, route.path): roles_of(route) for method in route.methods}
    promised = {(method, path): _roles(names) for method, path, names in rows(ROUTES)}
    assert built == promised


def _roles(names: str) -> frozenset[Role] | None:
    return None if names == "nobody" else frozenset(map(Role, names.split()))


# Every page, and who may open it.
PAGES = """
  GET     /supervise                                          supervisor auditor operator
  GET     /supervise/cases                                    supervisor auditor operator
  GET     /supervise/cases/{case_id}                          supervisor auditor operator
  GET     /supervise/campaigns                                supervisor auditor operator
  GET     /supervise/campaigns/{campaign_id}                  supervisor auditor operator
  GET     /supervise/reports/daily                            supervisor auditor operator
  GET     /supervise/reports/indicators                       supervisor auditor operator
  GET     /supervise/reports/interviews                       supervisor auditor operator
  GET     /supervise/reports/ledger                           supervisor auditor operator
  GET     /supervise/institutions/{institution_id}/dossier    supervisor auditor operator
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
    assert ("403" in answers) == (names != "nobody")
    assert bool(operation.get("security")) == (names != "nobody")
    for status, answer in answers.items():
        if status.startswith(("4", "5")):
            schema = answer["content"]["application/problem+json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}

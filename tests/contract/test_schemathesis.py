"""Anything at all, by the OpenAPI document: no 5xx, no status that is not documented.

The service is a process of its own, asked over HTTP with a key for each role.
Single operations are tried first; then chains of them, each with what the one before answered.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from escrow.access.service import create_key
from sandbox.children import Child, spawn
from shared.pg.database import Database
from tests.integration.shared.ports import free_port
from tests.support.client import BANK, an_institution_id
from tests.support.postgres import in_thread

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
FEW = settings(
    max_examples=int(os.environ.get("SCHEMATHESIS_EXAMPLES", "6")),
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
    deadline=None,
)
CHAINS = 10
START_S = 60.0

pytestmark = pytest.mark.timeout(300)


async def _keys(database_url: str) -> dict[str, str]:
    """Make a key for each role; the institution's and the bank's are of things that are there."""
    database = Database(database_url, application="tests")
    try:
        scopes = {
            "operator": {},
            "supervisor": {},
            "auditor": {},
            "service": {},
            "bank": {"bank_id": BANK},
            "institution": {"institution_id": an_institution_id()},
        }
        made = {}
        for role, scope in scopes.items():
            _, made[role] = await create_key(database, role=role, created_by="tests", **scope)
    finally:
        await database.engine.dispose()
    return made


@pytest.fixture(scope="module")
def service(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the service on a port of its own and return where it answers."""
    port = free_port()
    log = Path(tmp_path_factory.mktemp("service")) / "escrow.log"
    env = {
        **os.environ,
        "ESCROW_DATABASE_URL": database_url,
        "ESCROW_PORT": str(port),
        "ESCROW_METRICS_PORT": "0",
        "ESCROW_ENVIRONMENT": "test",
    }
    child = spawn("escrow", ["escrow", "serve"], env, log)
    url = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(base_url=url) as client:
            _wait(client, child)
        yield url
    finally:
        child.stop()


def _wait(client: httpx.Client, child: Child) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        child.check()
        try:
            if client.get("/readyz").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    pytest.fail("the service did not start")


@pytest.fixture(scope="module")
def keys(service: str, database_url: str) -> dict[str, str]:
    return in_thread(lambda: _keys(database_url))


API = schemathesis.openapi.from_path(Path(__file__).with_name("escrow.openapi.json"))
OPERATIONS = {one.ok().label: one.ok() for one in API.get_all_operations()}
ROLES = ("operator", "supervisor", "auditor", "service", "bank", "institution")


@pytest.mark.parametrize("label", OPERATIONS)
def test_any_call_has_a_documented_answer(service: str, keys: dict[str, str], label: str) -> None:
    """Whoever asks: one who may, one who may not, and one without a key."""

    @FEW
    @given(case=OPERATIONS[label].as_strategy(), role=st.sampled_from((*ROLES, "nobody")))
    def ask(case: schemathesis.Case, role: str) -> None:
        if "wait_s" in (case.query or {}):
            case.query["wait_s"] = 0
        authorization = f"Bearer {keys[role]}" if role in keys else "none"
        headers = {"Authorization": authorization}
        case.call_and_validate(base_url=service, headers=headers, checks=CHECKS)

    ask()


@pytest.mark.parametrize("role", ["supervisor", "institution", "bank"])
def test_any_chain_of_calls_has_documented_answers(
    service: str, keys: dict[str, str], role: str
) -> None:
    """Try chains of calls, where one answer's ids are the next one's."""

    class Chain(API.as_state_machine()):  # type: ignore[misc]
        def get_call_kwargs(self, _: schemathesis.Case) -> dict[str, object]:
            headers = {"Authorization": f"Bearer {keys[role]}"}
            return {"headers": headers, "base_url": service}

        def validate_response(
            self,
            response: Any,  # noqa: ANN401 - the library's
            case: schemathesis.Case,
            **_: object,
        ) -> None:
            case.validate_response(response, checks=CHECKS)

    Chain.run(settings=settings(FEW, max_examples=CHAINS, stateful_step_count=5))

"""A bank that is pushed to, with its faults on: every lesson is paid, none twice."""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sandbox.children import spawn
from sandbox.ports import Ports
from tests.e2e.launching import Sandbox, wait_until
from tests.e2e.parties import Parties, Place, a_contract, a_lesson, days_ago, ok, post

pytestmark = pytest.mark.timeout(600)  # the first test waits for the start

PLACE = Place("91320602MA1ABCDF04", "6222020000000000099", bank_id="pushed")
CONTRACTS = 5
LESSONS = 6
FEE_FEN = 8_000


@pytest.fixture
def counter(sandbox: Sandbox, tmp_path: Path) -> Iterator[httpx.Client]:
    """Start a second bank that waits to be pushed to, and return its counter."""
    ports = Ports()
    port = ports.choose(28_300)
    url = f"http://127.0.0.1:{port}"
    with sandbox.client(sandbox.key("operator")) as operator:
        body = {"name": "示例推送银行", "delivery": "push", "endpoint": url, "finality_s": 1}
        ok(operator.put(f"/v1/banks/{PLACE.bank_id}", json=body))
        scope = {"role": "bank", "bank_id": PLACE.bank_id}
        key = ok(operator.post("/v1/keys", json=scope), 201)["key"]
    env = {**os.environ, "SANDBOX_BANK_KEY": key, "SANDBOX_ESCROW_URL": sandbox.url}
    module = ["sandbox", "bank", "--port", str(port), "--bank-id", PLACE.bank_id, "--pushed"]
    child = spawn("bank", module, env, tmp_path / "bank.log")
    with httpx.Client(base_url=url, timeout=5) as client:
        wait_until(lambda: _answers(client))
        yield client
    child.stop()
    ports.close()


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").is_success
    except httpx.TransportError:
        return False


@pytest.fixture
def parties(sandbox: Sandbox, counter: httpx.Client) -> Iterator[Parties]:
    """Return the parties, with paid-up contracts."""
    parties = Parties(sandbox, PLACE)
    account = {"name": PLACE.name, "opened_on": str(days_ago(30).date())}
    counter.put(f"/accounts/{PLACE.account}", json=account).raise_for_status()
    names = [f"P-{n}" for n in range(CONTRACTS)]
    rows = [a_contract(PLACE, name) for name in names]
    ok(post(parties.billing, "/v1/contracts", {"items": rows}, "pushed-contracts"))
    paid = [
        {"account_number": PLACE.account, "amount_fen": 480_000, "reference": name}
        for name in names
    ]
    counter.post("/deposits", json={"items": paid}).raise_for_status()
    held = 480_000 * CONTRACTS
    wait_until(lambda: parties.balances().get("tuition_held") == held)
    yield parties
    parties.close()


def test_no_fault_of_the_bank_pays_a_lesson_twice(parties: Parties, counter: httpx.Client) -> None:
    faults = {"lost_answer": 0.4, "silent": 0.1, "duplicate": 0.3, "out_of_order": 0.3, "seed": 11}
    counter.put("/faults", json=faults).raise_for_status()
    for number in range(1, LESSONS + 1):
        rows = [a_lesson(f"p-{n}-{number}", f"P-{n}", number) for n in range(CONTRACTS)]
        body = {"institution_id": PLACE.id, "items": rows}
        ok(post(parties.billing, "/v1/releases", body, f"pushed-{number}"))
    released_fen = CONTRACTS * LESSONS * FEE_FEN
    wait_until(lambda: counter.get("/payments").json()["amount_fen"] == released_fen, 90)
    counter.put("/faults", json={}).raise_for_status()
    wait_until(lambda: parties.balances().get("payment_clearing", 0) == 0)

    assert counter.get("/payments").json() == {
        "payments": CONTRACTS * LESSONS,
        "end_to_end_ids": CONTRACTS * LESSONS,
        "amount_fen": released_fen,
        "paid_twice": [],
    }
    at_bank = counter.get(f"/accounts/{PLACE.account}").json()["balance_fen"]
    assert parties.balances()["custody_cash"] == at_bank

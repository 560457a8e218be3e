"""The sandbox's bank as a process: its faults over a real connection, its memory over a kill."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.children import Child, spawn
from sandbox.ports import Ports

ACCOUNT = "6222020000000000011"
INSTRUCTION: dict[str, Any] = {
    "id": "0193c1f0-0000-7000-8000-000000000000",
    "kind": "payout",
    "institution_id": "91320602MA1ABCDE16",
    "account_number": ACCOUNT,
    "amount_fen": 800,
    "lines": [{"end_to_end_id": "0193c1f00000700080000000000000001", "amount_fen": 800}],
}
KEY = {"Idempotency-Key": f'"{INSTRUCTION["id"]}"'}


class BankProcess:
    """A bank that can be started again on the same journal; no service stands behind it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = Ports()
        self.child: Child | None = None

    def start(self) -> httpx.Client:
        """Start it and return a client with a short patience."""
        port = self.ports.choose(28_100)
        env = {
            **os.environ,
            "SANDBOX_BANK_KEY": "none",
            "SANDBOX_ESCROW_URL": "http://127.0.0.1:9",
            "SANDBOX_BANK_JOURNAL": str(self.folder / "bank.jsonl"),
        }
        module = ["sandbox", "bank", "--port", str(port), "--pushed"]
        self.child = spawn("bank", module, env, self.folder / "bank.log")
        url = f"http://127.0.0.1:{port}"
        _wait(f"{url}/healthz")
        return httpx.Client(base_url=url, timeout=1.0)


def _wait(url: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            httpx.get(url)
        except httpx.TransportError:
            assert time.monotonic() < deadline, "the bank never answered"
            time.sleep(0.05)
        else:
            return


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[BankProcess]:
    """Return a bank that is stopped at the end."""
    bank = BankProcess(tmp_path)
    yield bank
    if bank.child is not None:
        bank.child.stop()
    bank.ports.close()


def test_a_lost_answer_breaks_the_connection_and_has_done_the_work(bank: BankProcess) -> None:
    with bank.start() as client:
        client.put(f"/accounts/{ACCOUNT}", json={"name": "示例", "opened_on": "2026-11-01"})
        row = {"account_number": ACCOUNT, "amount_fen": 10_000, "reference": "C-1"}
        client.post("/deposits", json={"items": [row]}).raise_for_status()
        client.put("/faults", json={"lost_answer": 1})
        with pytest.raises(httpx.RemoteProtocolError):
            client.post("/instructions", json=INSTRUCTION, headers=KEY)
        client.put("/faults", json={})
        found = client.get(f"/instructions/{INSTRUCTION['id']}").json()
        while found == {"state": "accepted"}:  # its next round pays
            time.sleep(0.02)
            found = client.get(f"/instructions/{INSTRUCTION['id']}").json()
        assert found == {"state": "settled"}


def test_a_silent_bank_keeps_the_connection_and_knows_nothing(bank: BankProcess) -> None:
    with bank.start() as client:
        client.put(f"/accounts/{ACCOUNT}", json={"name": "示例", "opened_on": "2026-11-01"})
        client.put("/faults", json={"silent": 1})
        with pytest.raises(httpx.ReadTimeout):
            client.post("/instructions", json=INSTRUCTION, headers=KEY)
        client.put("/faults", json={})
        assert client.get(f"/instructions/{INSTRUCTION['id']}").status_code == 404


def test_a_killed_bank_remembers(bank: BankProcess) -> None:
    with bank.start() as client:
        client.put(f"/accounts/{ACCOUNT}", json={"name": "示例", "opened_on": "2026-11-01"})
        row = {"account_number": ACCOUNT, "amount_fen": 10_000, "reference": "C-1"}
        client.post("/deposits", json={"items": [row]}).raise_for_status()
        client.post("/instructions", json=INSTRUCTION, headers=KEY).raise_for_status()
    assert bank.child is not None
    os.kill(bank.child.pid, signal.SIGKILL)
    while bank.child.is_running:
        time.sleep(0.01)
    with bank.start() as client:
        again = client.post("/instructions", json=INSTRUCTION, headers=KEY)
        assert again.status_code == 200
        other = {**INSTRUCTION, "amount_fen": 1}
        assert client.post("/instructions", json=other, headers=KEY).status_code == 409
        line = INSTRUCTION["lines"][0]["end_to_end_id"]
        while not client.get(f"/payments/{line}").json()["payments"]:
            time.sleep(0.02)
        time.sleep(0.3)  # a second payment would come with the next round
        assert client.get(f"/payments/{line}").json()["payments"] == 1
        assert client.get(f"/accounts/{ACCOUNT}").json()["balance_fen"] == 9_200

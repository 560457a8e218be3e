"""The sandbox bank's working day, against a stub of the escrow service."""

import asyncio
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response

from sandbox.bank import BankOptions, Faults, create_bank
from sandbox.bank.desk import Bank
from sandbox.bank.transport import WithoutNetwork

ACCOUNT = "6222020000000000011"


class EscrowStub:
    """The few routes a bank needs, remembering what it was told."""

    def __init__(self) -> None:
        """Begin empty."""
        self.instructions: list[dict[str, Any]] = []
        self.entries: dict[str, dict[str, Any]] = {}
        self.keys: list[str] = []
        self.told: list[tuple[str, str]] = []
        self.statements: list[dict[str, Any]] = []
        self.app = FastAPI()
        self.app.post("/v1/bank/entries")(self.take_entries)
        self.app.get("/v1/bank/instructions")(self.list_instructions)
        self.app.post("/v1/bank/instructions/{name}/result")(self.take_result)
        self.app.post("/v1/bank/statements", status_code=201)(self.take_statement)

    async def take_entries(self, request: Request, response: Response) -> dict[str, Any]:
        key = request.headers["Idempotency-Key"]
        if key in self.keys:
            response.headers["Idempotent-Replayed"] = "true"
        self.keys.append(key)
        rows = (await request.json())["items"]
        outcomes = ["exists" if row["id"] in self.entries else "accepted" for row in rows]
        self.entries.update({row["id"]: row for row in rows})
        return {"items": [{"index": i, "outcome": word} for i, word in enumerate(outcomes)]}

    async def list_instructions(self, state: str) -> dict[str, Any]:
        return {"items": [i for i in self.instructions if i["state"] == state], "next": None}

    async def take_result(self, name: str, request: Request) -> dict[str, Any]:
        self.told.append((name, (await request.json())["state"]))
        return {}

    async def take_statement(self, request: Request) -> dict[str, Any]:
        self.statements.append(await request.json())
        return {}


@pytest.fixture
def escrow() -> EscrowStub:
    """Return an empty stub."""
    return EscrowStub()


def a_bank(escrow: EscrowStub, journal: Path | None = None, **faults: float) -> FastAPI:
    """Return a bank that holds one account with 10,000 fen on it."""
    client = httpx.AsyncClient(transport=WithoutNetwork(escrow.app), base_url="http://escrow")
    options = BankOptions(journal=journal, faults=Faults.model_validate(faults))
    app = create_bank(options, client)
    app.state.bank.books.open_account(ACCOUNT, "示例托管专户", date(2026, 11, 1))
    return app


def an_instruction(name: str = "i-1", *fees: int, account: str = ACCOUNT) -> dict[str, Any]:
    """Return an instruction with one line per fee."""
    paid = fees or (800, 800)
    return {
        "id": name,
        "kind": "payout",
        "state": "planned",
        "institution_id": "91320602MA1ABCDE16",
        "account_number": account,
        "creditor_name": "示例",
        "creditor_account": "622000000001",
        "amount_fen": sum(paid),
        "lines": [
            {"end_to_end_id": f"{name}-{n}", "amount_fen": fee, "remittance": f"C-1 {n}/60"}
            for n, fee in enumerate(paid, 1)
        ],
    }


def customer(app: FastAPI) -> httpx.AsyncClient:
    """Return a client that reaches the bank with a short patience."""
    return httpx.AsyncClient(transport=WithoutNetwork(app), base_url="http://bank", timeout=0.2)


async def deposit(app: FastAPI, amount_fen: int = 10_000) -> None:
    """Pay in at the counter."""
    async with customer(app) as client:
        row = {"account_number": ACCOUNT, "amount_fen": amount_fen, "reference": "C-1"}
        answer = await client.post("/deposits", json={"items": [row]})
        assert answer.status_code == 201, answer.text


def bank_of(app: FastAPI) -> Bank:
    """Return the bank behind an application."""
    bank: Bank = app.state.bank
    return bank


async def work(app: FastAPI, rounds: int = 3) -> None:
    """Let the bank work for some rounds."""
    for _ in range(rounds):
        await bank_of(app).work_once()


async def test_a_deposit_is_reported_with_its_reference(escrow: EscrowStub) -> None:
    app = a_bank(escrow)
    await deposit(app)
    await work(app)
    (entry,) = escrow.entries.values()
    assert (entry["reference"], entry["amount_fen"], entry["direction"]) == (
        "C-1",
        10_000,
        "credit",
    )
    assert entry["balance_after_fen"] == 10_000


async def test_one_lesson_is_one_transfer(escrow: EscrowStub) -> None:
    app = a_bank(escrow)
    await deposit(app)
    escrow.instructions = [an_instruction("i-1", 800, 700)]
    await work(app)
    debits = [entry for entry in escrow.entries.values() if entry["direction"] == "debit"]
    assert [(d["end_to_end_id"], d["amount_fen"]) for d in debits] == [
        ("i-1-1", 800),
        ("i-1-2", 700),
    ]
    assert escrow.told == [("i-1", "accepted"), ("i-1", "settled")]
    assert bank_of(app).books.accounts[ACCOUNT].balance_fen == 8_500


async def test_an_instruction_that_cannot_be_covered_is_rejected(escrow: EscrowStub) -> None:
    app = a_bank(escrow)
    escrow.instructions = [an_instruction()]
    await work(app)
    assert escrow.told == [("i-1", "accepted"), ("i-1", "rejected")]
    assert escrow.entries == {}


async def test_an_instruction_of_an_account_held_elsewhere_is_left_alone(
    escrow: EscrowStub,
) -> None:
    app = a_bank(escrow)
    escrow.instructions = [an_instruction(account="6222029999999999999")]
    await work(app)
    assert escrow.told == []


async def test_an_idle_bank_neither_takes_nor_reports(escrow: EscrowStub) -> None:
    client = httpx.AsyncClient(transport=WithoutNetwork(escrow.app), base_url="http://escrow")
    app = create_bank(BankOptions(is_idle=True), client)
    bank_of(app).books.open_account(ACCOUNT, "示例", date(2026, 11, 1))
    await deposit(app)
    escrow.instructions = [an_instruction()]
    await work(app)
    assert (escrow.entries, escrow.told) == ({}, [])


FAULTS = ["lost_answer", "duplicate", "out_of_order", "late_rejection", "slow"]


@pytest.mark.parametrize("fault", FAULTS)
async def test_no_fault_pays_a_line_twice(escrow: EscrowStub, fault: str) -> None:
    app = a_bank(escrow, **{fault: 0.4, "slow_s": 0.01})
    await deposit(app, 1_000_000)
    escrow.instructions = [an_instruction(f"i-{n}") for n in range(12)]
    await work(app, rounds=6)
    async with customer(app) as client:
        payments = (await client.get("/payments")).json()
    assert payments["paid_twice"] == []
    ended = {name for name, state in escrow.told if state in {"settled", "rejected"}}
    assert len(ended) == 12
    assert bank_of(app).dice.struck[fault] > 0


async def test_a_lost_answer_is_asked_again_under_the_same_key(escrow: EscrowStub) -> None:
    app = a_bank(escrow, lost_answer=0.5, seed=3)
    for _ in range(6):
        await deposit(app)
        await work(app, rounds=1)
    assert bank_of(app).client.counts["answers_lost"] > 0
    assert len(set(escrow.keys)) == 6
    assert len(escrow.keys) > 6


async def test_late_rejection_books_nothing(escrow: EscrowStub) -> None:
    app = a_bank(escrow, late_rejection=1)
    await deposit(app)
    escrow.instructions = [an_instruction()]
    await work(app)
    assert escrow.told == [("i-1", "accepted"), ("i-1", "rejected")]
    assert bank_of(app).books.accounts[ACCOUNT].balance_fen == 10_000


async def test_a_returned_payment_is_credited_under_its_line(escrow: EscrowStub) -> None:
    app = a_bank(escrow, returned=1)
    await deposit(app)
    escrow.instructions = [an_instruction("i-1", 800)]
    await work(app)
    assert escrow.told[-1] == ("i-1", "returned")
    assert bank_of(app).books.accounts[ACCOUNT].balance_fen == 10_000


async def test_a_restarted_bank_remembers_what_it_paid(escrow: EscrowStub, tmp_path: Path) -> None:
    journal = tmp_path / "bank.jsonl"
    app = a_bank(escrow, journal)
    await deposit(app)
    escrow.instructions = [an_instruction()]
    await work(app)
    with journal.open("a") as torn:
        torn.write('{"kind": "entr')
    again = a_bank(escrow, journal)
    await work(again)
    assert bank_of(again).books.payments == {"i-1-1": 1, "i-1-2": 1}
    assert bank_of(again).books.accounts[ACCOUNT].balance_fen == 8_400
    assert escrow.told == [("i-1", "accepted"), ("i-1", "settled")]


async def test_statements_continue_where_the_last_ended(escrow: EscrowStub) -> None:
    app = a_bank(escrow)
    await deposit(app)
    await bank_of(app).close_day()
    await deposit(app, 500)
    await bank_of(app).close_day()
    first, second = escrow.statements
    assert (first["opening_balance_fen"], first["closing_balance_fen"]) == (0, 10_000)
    assert (second["opening_balance_fen"], second["closing_balance_fen"]) == (10_000, 10_500)
    assert second["from"] > first["to"]
    assert second["entries"][0]["value_on"] >= second["from"]


async def test_a_pushed_instruction_is_known_the_second_time(escrow: EscrowStub) -> None:
    app = a_bank(escrow)
    body = an_instruction()
    async with customer(app) as client:
        answers = [
            await client.post("/instructions", json=body, headers={"Idempotency-Key": '"i-1"'})
            for _ in range(2)
        ]
        assert [answer.status_code for answer in answers] == [202, 200]
        changed = {**body, "amount_fen": 1}
        other = await client.post("/instructions", json=changed, headers={"Idempotency-Key": "i-1"})
        assert other.status_code == 409
        assert (await client.get("/instructions/i-1")).json() == {"state": "accepted"}
        assert (await client.get("/instructions/i-9")).status_code == 404


async def test_a_pushed_instruction_needs_its_id_as_key(escrow: EscrowStub) -> None:
    async with customer(a_bank(escrow)) as client:
        answer = await client.post("/instructions", json=an_instruction())
        assert answer.status_code == 400


async def test_a_lost_answer_to_a_push_has_done_the_work(escrow: EscrowStub) -> None:
    app = a_bank(escrow, lost_answer=1)
    async with customer(app) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post(
                "/instructions", json=an_instruction(), headers={"Idempotency-Key": "i-1"}
            )
        await client.put("/faults", json={})
        assert (await client.get("/instructions/i-1")).status_code == 200


async def test_a_silent_bank_has_not_heard(escrow: EscrowStub) -> None:
    app = a_bank(escrow, silent=1)
    async with customer(app) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.post(
                "/instructions", json=an_instruction(), headers={"Idempotency-Key": "i-1"}
            )
        await client.put("/faults", json={})
        assert (await client.get("/instructions/i-1")).status_code == 404


async def test_the_bank_keeps_asking_while_escrow_is_away() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("down", request=request)

    client = httpx.AsyncClient(transport=httpx.MockTransport(refuse), base_url="http://escrow")
    bank = Bank(BankOptions(), client)
    stop = asyncio.Event()
    task = asyncio.create_task(bank.run(stop))
    await asyncio.sleep(0.05)
    stop.set()
    await task
    assert bank.rounds == 1

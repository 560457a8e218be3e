"""Sending to a push bank that is slow, silent, forgetful and confused: no line is paid twice.

The service, the dispatcher and the sandbox's bank are the real ones; the wire between them is
in memory, keeps what was said on it, and can stop a dispatcher at the two places where it hurts.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from escrow.bank import dispatch
from escrow.bank.client import BankClient, Heard
from escrow.bank.dispatch import AT_ONCE, FAILURES_MAX, LEASE_S, ROUND_MAX, Dispatcher
from escrow.ledger.gather import Poster
from escrow.ledger.instructions import list_due
from escrow.worker import Rounds
from sandbox.bank import BankOptions, Faults, create_bank
from sandbox.bank.desk import Bank
from sandbox.bank.transport import WithoutNetwork
from shared.pg.database import Database
from tests.integration.escrow.offices import findings
from tests.support.client import City, Place, ok, running
from tests.support.postgres import MakeDatabase, run_sql, service_url

FINALITY_S = 300
PATIENCE_S = 0.2
"""How long an answer is waited for where none will come."""
SEEN_S = 20.0
"""How long a test looks for what must come about on a busy machine."""

Json = dict[str, Any]
Hook = Callable[[], Awaitable[None]]


async def _nothing() -> None:
    """Let a call pass."""


class Wire(httpx.AsyncBaseTransport):
    """The line to one bank: keeps what was asked, and calls a test before and after."""

    def __init__(self, bank: httpx.AsyncBaseTransport) -> None:
        self.bank = bank
        self.asked: list[tuple[str, str]] = []
        self.bodies: list[bytes] = []
        self.before: Hook = _nothing
        self.after: Hook = _nothing

    async def handle_async_request(  # tidy: allow banned-name - httpx's own word
        self, request: httpx.Request
    ) -> httpx.Response:
        await self.before()
        if request.method == "POST":
            self.asked.append(("sent", request.headers["Idempotency-Key"].strip('"')))
            self.bodies.append(request.content)
        else:
            self.asked.append(("asked", request.url.path.rpartition("/")[2]))
        answer = await self.bank.handle_async_request(request)
        await self.after()
        return answer


class Refusing(httpx.AsyncBaseTransport):
    """A bank whose doorman answers 503 to all."""

    async def handle_async_request(  # tidy: allow banned-name - httpx's own word
        self, request: httpx.Request
    ) -> httpx.Response:
        return httpx.Response(503, request=request)


@dataclass
class Street:
    """An institution, its push bank, and the dispatchers between them."""

    city: City
    place: Place
    bank: Bank
    wire: Wire
    owner_url: str
    mounts: dict[str, httpx.AsyncBaseTransport] = field(default_factory=dict)
    patience_s: float = SEEN_S

    @property
    def database(self) -> Database:
        database: Database = self.city.app.state.escrow.database
        return database

    @property
    def poster(self) -> Poster:
        poster: Poster = self.city.app.state.escrow.poster
        return poster

    def dispatcher(self) -> Dispatcher:
        """Return a new worker's dispatcher: it remembers nothing of the others."""
        client = httpx.AsyncClient(mounts=dict(self.mounts), trust_env=False)
        return Dispatcher(self.database, self.poster, BankClient(client, self.patience_s))

    def faults(self, **chances: float) -> None:
        """Turn the bank's switches; where it may stay silent, nobody waits for long."""
        self.bank.dice.set(Faults.model_validate(chances))
        is_silent = "silent" in chances or chances.get("slow_s", 0) > SEEN_S
        self.patience_s = PATIENCE_S if is_silent else SEEN_S

    def wait(self, seconds: int) -> None:
        """Let time pass: the clock of the books is raised, as the sandbox does."""
        run_sql(self.owner_url, f"UPDATE access.clock SET offset_s = offset_s + {seconds}")

    async def fund(self, name: str, lessons: int = 10) -> None:
        """Register a contract, and let its price come in at the bank."""
        fee = 8_000
        await self.place.register(self.place.contract(name, lessons, lessons * fee))
        entry = self.place.entry(f"D-{name}", lessons * fee, reference=name)
        asked = {"account_number", "amount_fen", "reference", "id", "booked_at"} | {
            "counterparty_name",
            "counterparty_account",
        }
        rows = [{key: value for key, value in entry.items() if key in asked}]
        async with httpx.AsyncClient(transport=self.wire.bank, base_url="http://bank.test") as one:
            (await one.post("/deposits", json={"items": rows})).raise_for_status()
        await self.bank.work_once()

    async def states(self) -> list[str]:
        """Return the states of the institution's instructions, in the order planned."""
        return [state for _, state in await self.instructions()]

    async def instructions(self) -> list[tuple[str, str]]:
        query = text(
            "SELECT instruction_id::text, state FROM escrow.instruction"
            " WHERE institution_id = :me ORDER BY instruction_id"
        )
        async with self.database.connect() as connection:
            rows = await connection.execute(query, {"me": self.place.id})
            return [(row.instruction_id, row.state) for row in rows]

    async def pay(self) -> Json:
        """Let the bank work until nothing is left to do; return what it paid."""
        while await self.bank.work_once():
            pass
        async with httpx.AsyncClient(transport=self.wire.bank, base_url="http://bank.test") as one:
            found: Json = (await one.get("/payments")).json()
        assert found["paid_twice"] == []
        return found

    async def kill(self, dispatcher: Dispatcher, *, before: bool) -> None:
        """Stop a dispatcher for good, before or after the bank has its instruction."""
        reached, never = asyncio.Event(), asyncio.Event()

        async def stop_here() -> None:
            reached.set()
            await never.wait()

        if before:
            self.wire.before = stop_here
        else:
            self.wire.after = stop_here
        doomed = asyncio.create_task(dispatcher.once())
        async with asyncio.timeout(SEEN_S):
            await reached.wait()
        doomed.cancel()
        await asyncio.wait({doomed})
        self.wire.before = self.wire.after = _nothing


@pytest.fixture
async def street(fresh_database: MakeDatabase) -> AsyncIterator[Street]:
    owner_url = fresh_database()
    async with running(service_url(owner_url)) as city:
        push = {"delivery": "push", "endpoint": "http://bank.test", "finality_s": FINALITY_S}
        caller = await city.open_bank("bank-push", **push)
        transport = httpx.ASGITransport(city.app)
        headers = {"Authorization": f"Bearer {caller.key}"}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://escrow.test", headers=headers
        ) as escrow:
            options = BankOptions(bank_id="bank-push", pulls=False)
            bank_app = create_bank(options, escrow)
            place = await city.place(bank_id="bank-push")
            bank: Bank = bank_app.state.bank
            bank.books.open_account(place.account, "示例专户", date(2026, 1, 5))
            wire = Wire(WithoutNetwork(bank_app))
            mounts: dict[str, httpx.AsyncBaseTransport] = {"http://bank.test": wire}
            yield Street(city, place, bank, wire, owner_url, mounts)


async def planned(street: Street, lessons: int = 2) -> str:
    """Release some lessons at once and return the one instruction that pays them."""
    await street.fund("C1")
    await street.place.release("C1", *range(1, lessons + 1))
    ((name, state),) = await street.instructions()
    assert state == "planned"
    return name


async def test_what_is_planned_is_sent_once_under_its_own_id(street: Street) -> None:
    name = await planned(street)
    assert await street.dispatcher().once() == 1
    assert await street.dispatcher().once() == 0
    assert street.wire.asked == [("sent", name)]
    assert await street.states() == ["sent"]
    assert await street.pay() | {"amount_fen": 16_000, "payments": 2} == await street.pay()
    assert await street.states() == ["settled"]
    assert await findings(street.database) == []


async def test_the_bank_is_shown_one_line_for_each_lesson(street: Street) -> None:
    name = await planned(street, 3)
    await street.dispatcher().once()
    body = httpx.Response(200, content=street.wire.bodies[0]).json()
    assert [one["remittance"] for one in body["lines"]] == ["C1 1/10", "C1 2/10", "C1 3/10"]
    assert (body["id"], body["amount_fen"]) == (name, 24_000)


async def test_a_lost_answer_is_asked_for_and_never_sent_again(street: Street) -> None:
    name = await planned(street)
    street.faults(lost_answer=1)
    assert await street.dispatcher().once() == 0
    assert await street.states() == ["unknown"]
    await street.dispatcher().once()  # the answer to the question is lost as well
    assert await street.states() == ["unknown"]
    street.faults()
    assert await street.dispatcher().once() == 1
    assert street.wire.asked == [("sent", name), ("asked", name), ("asked", name)]
    assert await street.states() == ["accepted"]
    street.wait(2 * FINALITY_S)
    assert await street.dispatcher().once() == 0
    assert (await street.pay())["payments"] == 2
    assert await street.states() == ["settled"]
    assert await findings(street.database) == []


async def test_never_received_means_nothing_before_the_banks_finality(street: Street) -> None:
    name = await planned(street)
    street.faults(silent=1)
    await street.dispatcher().once()
    street.faults()
    await street.dispatcher().once()
    street.wait(FINALITY_S - 60)
    await street.dispatcher().once()
    assert street.wire.asked == [("sent", name), ("asked", name), ("asked", name)]
    assert await street.states() == ["unknown"]
    street.wait(61)
    await street.dispatcher().once()
    assert await street.instructions() == [(name, "planned")]
    await street.dispatcher().once()
    assert street.wire.asked[3:] == [("asked", name), ("sent", name)]
    assert await street.states() == ["sent"]
    assert (await street.pay())["payments"] == 2


async def test_finality_counts_from_the_last_sending(street: Street) -> None:
    """One worker reads what is due; before it asks, another has sent the instruction again."""
    name = await planned(street)
    street.faults(silent=1)
    await street.dispatcher().once()
    street.wait(FINALITY_S + 1)
    (stale,) = await list_due(street.database, (), 10)
    street.faults()
    await street.dispatcher().once()  # never received and final: planned again
    street.faults(silent=1)
    await street.dispatcher().once()  # sent again; it may be on its way
    street.faults()
    await street.dispatcher()._move(stale)
    assert await street.instructions() == [(name, "unknown")]


async def test_a_silent_bank_leaves_it_unknown_and_is_asked(street: Street) -> None:
    name = await planned(street)
    street.faults(silent=1)
    for _ in range(3):
        await street.dispatcher().once()
    assert street.wire.asked == [("sent", name), ("asked", name), ("asked", name)]
    assert await street.states() == ["unknown"]


async def test_a_slow_answer_within_patience_is_an_answer(street: Street) -> None:
    await planned(street)
    street.faults(slow=1, slow_s=PATIENCE_S)
    assert await street.dispatcher().once() == 1
    assert await street.states() == ["sent"]


async def test_an_answer_slower_than_patience_is_unknown(street: Street) -> None:
    await planned(street)
    street.faults(slow=1, slow_s=30)
    assert await street.dispatcher().once() == 0
    assert await street.states() == ["unknown"]


async def test_a_late_rejection_pays_nothing_and_is_planned_under_another_id(
    street: Street,
) -> None:
    name = await planned(street)
    await street.dispatcher().once()
    street.faults(late_rejection=1)
    assert (await street.pay())["payments"] == 0
    await Rounds(street.database, street.poster).plan_waiting()
    first, second = await street.instructions()
    assert first == (name, "rejected")
    assert second[1] == "planned"
    street.faults()
    await street.dispatcher().once()
    assert street.wire.asked == [("sent", name), ("sent", second[0])]
    assert (await street.pay())["payments"] == 2
    assert await street.states() == ["rejected", "settled"]
    assert await findings(street.database) == []


async def test_results_and_entries_twice_and_out_of_order_change_nothing(street: Street) -> None:
    await street.fund("C1")
    street.faults(duplicate=1, out_of_order=1, slow=0.3, slow_s=0.01)
    for number in range(1, 6):
        await street.place.release("C1", number)
    await street.dispatcher().once()
    assert (await street.pay())["payments"] == 5
    assert await street.states() == ["settled"] * 5
    accounts = await street.place.balances()
    assert (accounts["payment_clearing"], accounts["custody_cash"]) == (0, 40_000)
    assert await findings(street.database) == []


@pytest.mark.parametrize("seed", [1, 7, 20261121])
async def test_a_bank_with_every_fault_at_once_pays_each_line_once(
    street: Street, seed: int
) -> None:
    await street.fund("C1")
    faults = {"slow": 0.3, "slow_s": 0.05, "silent": 0.2, "lost_answer": 0.4, "duplicate": 0.5}
    street.faults(seed=seed, **faults, out_of_order=0.5, late_rejection=0.2)
    for number in range(1, 9):
        await street.place.release("C1", number)
    for _ in range(7):
        await street.dispatcher().once()
        await street.bank.work_once()
        street.wait(FINALITY_S + 1)
        await Rounds(street.database, street.poster).plan_waiting()
    street.faults()
    for _ in range(4):
        await street.dispatcher().once()
        street.wait(FINALITY_S + 1)
    found = await street.pay()
    assert set(await street.states()) <= {"settled", "rejected"}
    owed_fen = (await street.place.balances())["institution_payable"]
    assert found["payments"] == found["end_to_end_ids"] == 8 - owed_fen // 8_000
    assert await findings(street.database) == []


async def test_one_who_dies_before_sending_is_followed_by_a_question(street: Street) -> None:
    name = await planned(street)
    await street.kill(street.dispatcher(), before=True)
    assert street.wire.asked == []
    assert await street.states() == ["claimed"]
    assert await street.dispatcher().once() == 0
    assert street.wire.asked == [], "the claim still stands"
    street.wait(LEASE_S + 1)
    await street.dispatcher().once()
    assert street.wire.asked == [("asked", name)]
    assert await street.states() == ["unknown"]
    street.wait(FINALITY_S)
    await street.dispatcher().once()
    await street.dispatcher().once()
    assert street.wire.asked[1:] == [("asked", name), ("sent", name)]
    assert (await street.pay())["payments"] == 2
    assert await findings(street.database) == []


async def test_one_who_dies_before_recording_is_followed_by_a_question(street: Street) -> None:
    name = await planned(street)
    await street.kill(street.dispatcher(), before=False)
    assert await street.states() == ["claimed"]
    street.wait(LEASE_S + 1)
    assert await street.dispatcher().once() == 1
    assert street.wire.asked == [("sent", name), ("asked", name)]
    assert await street.states() == ["accepted"]
    assert (await street.pay())["payments"] == 2
    assert await findings(street.database) == []


async def test_a_result_that_overtakes_the_recording_stands(street: Street) -> None:
    async def pay() -> None:
        await street.pay()

    await planned(street)
    street.wire.after = pay
    await street.dispatcher().once()
    assert await street.states() == ["settled"]
    assert await findings(street.database) == []


async def test_two_dispatchers_at_once_send_it_once(street: Street) -> None:
    name = await planned(street)
    one, other = street.dispatcher(), street.dispatcher()
    assert sum(await asyncio.gather(one.once(), other.once())) == 1
    assert street.wire.asked == [("sent", name)]


async def test_a_payout_frozen_after_planning_is_withdrawn_and_a_refund_goes(
    street: Street,
) -> None:
    await planned(street)
    await street.fund("C2")
    asked = {"contract_id": "C2", "reason": "moved away", "cause": "guardian"}
    place, city = street.place, street.city
    body = {"institution_id": place.id, **asked}
    refund = ok(await place.billing.post("/v1/refunds", body), 201)
    ok(await place.billing.post(f"/v1/refunds/{refund['id']}/agree", {}))
    freeze = {"scope": "payout", "reason": "挪用", "authority": "区教育局", "document_no": "1"}
    lift_me = ok(await city.supervisor.post(f"{place.path}/freezes", freeze), 201)
    await street.dispatcher().once()
    assert [json["kind"] for json in _bodies(street)] == ["refund"]
    assert await street.states() == ["withdrawn", "sent"]
    assert (await street.pay())["amount_fen"] == 80_000
    lift = {"reason": "cleared", "document_no": "2"}
    ok(await city.supervisor.post(f"/v1/freezes/{lift_me['id']}/lift", lift))
    await street.dispatcher().once()
    assert (await street.pay())["amount_fen"] == 96_000
    assert await findings(street.database) == []


async def test_what_was_never_received_is_withdrawn_under_a_freeze(street: Street) -> None:
    """The freeze came while it was in doubt; only the claim sees that it need not go any more."""
    name = await planned(street)
    street.faults(silent=1)
    await street.dispatcher().once()
    freeze = {"scope": "payout", "reason": "挪用", "authority": "区教育局", "document_no": "1"}
    ok(await street.city.supervisor.post(f"{street.place.path}/freezes", freeze), 201)
    assert await street.states() == ["unknown"]
    street.faults()
    street.wait(FINALITY_S + 1)
    await street.dispatcher().once()
    assert await street.states() == ["planned"]
    await street.dispatcher().once()
    assert street.wire.asked == [("sent", name), ("asked", name)]
    assert await street.states() == ["withdrawn"]
    assert (await street.pay())["payments"] == 0
    assert await findings(street.database) == []


def _bodies(street: Street) -> list[Json]:
    return [httpx.Response(200, content=one).json() for one in street.wire.bodies]


async def test_a_failing_bank_is_left_alone_and_others_are_served(street: Street) -> None:
    failing = Wire(Refusing())
    street.mounts["http://down.test"] = failing
    push = {"delivery": "push", "endpoint": "http://down.test"}
    bank = await street.city.open_bank("bank-down", **push)
    down = await street.city.place(bank_id="bank-down")
    await down.register(down.contract("C1", 60), down.contract("C2", 60))
    entries = [down.entry(f"D-{name}", 80_000, reference=name) for name in ("C1", "C2")]
    ok(await bank.post("/v1/bank/entries", {"items": entries}))
    for number in range(1, ROUND_MAX // 2 + 2):
        await down.release("C1", number)
        await down.release("C2", number)
    await planned(street)
    dispatcher = street.dispatcher()
    await dispatcher.once()
    assert len(failing.asked) < FAILURES_MAX + AT_ONCE
    assert await street.states() == ["sent"], "a hundred older ones of a bank that is down wait"
    known = len(failing.asked)
    await dispatcher.once()
    assert len(failing.asked) == known
    dispatcher.left_alone_until["http://down.test"] = 0.0  # the pause is over
    await dispatcher.once()
    assert len(failing.asked) > known


async def test_doubts_that_wait_for_finality_hold_up_nothing_new(street: Street) -> None:
    await street.fund("C1", 60)
    await street.fund("C2", 60)
    for number in range(1, ROUND_MAX // 2 + 2):
        await street.place.release("C1", number)
        await street.place.release("C2", number)
    run_sql(
        street.owner_url,
        "UPDATE escrow.instruction SET state = 'unknown', sent_at = now() - interval '2 seconds',"
        " changed_at = now() - interval '1 second'",
    )
    await street.place.release("C1", 60)
    *_, (name, _) = await street.instructions()
    await street.dispatcher().once()
    assert ("sent", name) in street.wire.asked


async def test_a_worker_that_stood_still_past_its_claim_neither_sends_nor_plans_again(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = await planned(street)
    with monkeypatch.context() as slow:
        slow.setattr(dispatch, "HOLD_S", -1.0)  # whatever was claimed was claimed too long ago
        await street.dispatcher().once()
        assert street.wire.asked == []
        street.wait(FINALITY_S + 1)
        await street.dispatcher().once()
        assert await street.instructions() == [(name, "unknown")]
    await street.dispatcher().once()
    assert await street.instructions() == [(name, "planned")]


async def test_an_endpoint_that_is_no_address_leaves_it_unknown() -> None:
    async with httpx.AsyncClient() as client:
        bank = BankClient(client)
        for endpoint in ("http://bank:8x", "http://xn--/", "http://nobody.invalid"):
            assert await bank.submit(endpoint, {"id": "i-1"}) is Heard.unknown
            assert await bank.lookup(endpoint, "i-1") == (Heard.unknown, None)


async def test_no_transaction_is_open_while_the_bank_is_talked_to(street: Street) -> None:
    seen: list[tuple[str, Any]] = []

    async def look() -> None:
        rows = await asyncio.to_thread(run_sql, street.owner_url, _OPEN_SQL)
        seen.extend((row["state"], row["query"]) for row in rows)
        looked.append(len(rows))

    looked: list[int] = []
    await planned(street)
    street.wire.before = look
    street.faults(lost_answer=1)
    await street.dispatcher().once()
    street.faults()
    await street.dispatcher().once()
    assert (seen, looked) == ([], [0, 0])


_OPEN_SQL = """
SELECT state, query FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend'
  AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
"""

"""Sending to a push bank that is slow, silent, forgetful and confused: no line is paid twice."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from escrow.bank import dispatch
from escrow.bank.client import BankClient, Heard
from escrow.bank.dispatch import AT_ONCE, FAILURES_MAX, LEASE_S, ROUND_MAX
from escrow.ledger.instructions import list_due
from tests.integration.escrow.offices import findings
from tests.integration.escrow.streets import (
    FINALITY_S,
    PATIENCE_S,
    Refusing,
    Street,
    Wire,
    street_on,
)
from tests.support.client import ok
from tests.support.postgres import MakeDatabase, run_sql


@pytest.fixture
async def street(fresh_database: MakeDatabase) -> AsyncIterator[Street]:
    async with street_on(fresh_database()) as found:
        yield found


async def test_what_is_planned_is_sent_once_under_its_own_id(street: Street) -> None:
    name = await street.planned()
    assert await street.dispatcher().once() == 1
    assert await street.dispatcher().once() == 0
    assert street.wire.asked == [("sent", name)]
    assert await street.states() == ["sent"]
    assert await street.pay() | {"amount_fen": 16_000, "payments": 2} == await street.pay()
    assert await street.states() == ["settled"]
    assert await findings(street.database) == []


async def test_the_bank_is_shown_one_line_for_each_lesson(street: Street) -> None:
    name = await street.planned(3)
    await street.dispatcher().once()
    (body,) = street.wire.told
    assert [one["remittance"] for one in body["lines"]] == ["C1 1/10", "C1 2/10", "C1 3/10"]
    assert (body["id"], body["amount_fen"]) == (name, 24_000)


async def test_a_lost_answer_is_asked_for_and_never_sent_again(street: Street) -> None:
    name = await street.planned()
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
    name = await street.planned()
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
    name = await street.planned()
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
    name = await street.planned()
    street.faults(silent=1)
    for _ in range(3):
        await street.dispatcher().once()
    assert street.wire.asked == [("sent", name), ("asked", name), ("asked", name)]
    assert await street.states() == ["unknown"]


async def test_a_slow_answer_within_patience_is_an_answer(street: Street) -> None:
    await street.planned()
    street.faults(slow=1, slow_s=PATIENCE_S)
    assert await street.dispatcher().once() == 1
    assert await street.states() == ["sent"]


async def test_an_answer_slower_than_patience_is_unknown(street: Street) -> None:
    await street.planned()
    street.faults(slow=1, slow_s=30)
    assert await street.dispatcher().once() == 0
    assert await street.states() == ["unknown"]


async def test_a_late_rejection_pays_nothing_and_is_planned_under_another_id(
    street: Street,
) -> None:
    name = await street.planned()
    await street.dispatcher().once()
    street.faults(late_rejection=1)
    assert (await street.pay())["payments"] == 0
    await street.plan_waiting()
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
        await street.plan_waiting()
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
    name = await street.planned()
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


async def test_a_claim_that_still_stands_is_not_due(street: Street) -> None:
    await street.planned()
    await street.kill(street.dispatcher(), before=True)
    assert await list_due(street.database, (), 10) == []
    street.wait(LEASE_S + 1)
    assert len(await list_due(street.database, (), 10)) == 1


async def test_one_who_dies_before_recording_is_followed_by_a_question(street: Street) -> None:
    name = await street.planned()
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

    await street.planned()
    street.wire.after = pay
    await street.dispatcher().once()
    assert await street.states() == ["settled"]
    assert await findings(street.database) == []


async def test_two_dispatchers_at_once_send_it_once(street: Street) -> None:
    name = await street.planned()
    one, other = street.dispatcher(), street.dispatcher()
    assert sum(await asyncio.gather(one.once(), other.once())) == 1
    assert street.wire.asked == [("sent", name)]


async def test_a_payout_frozen_after_planning_is_withdrawn_and_a_refund_goes(
    street: Street,
) -> None:
    await street.planned()
    await street.fund("C2")
    asked = {"contract_id": "C2", "reason": "moved away", "cause": "guardian"}
    place, city = street.place, street.city
    body = {"institution_id": place.id, **asked}
    refund = ok(await place.billing.post("/v1/refunds", body), 201)
    ok(await place.billing.post(f"/v1/refunds/{refund['id']}/agree", {}))
    freeze = {"scope": "payout", "reason": "挪用", "authority": "区教育局", "document_no": "1"}
    lift_me = ok(await city.supervisor.post(f"{place.path}/freezes", freeze), 201)
    await street.dispatcher().once()
    assert [json["kind"] for json in street.wire.told] == ["refund"]
    assert await street.states() == ["withdrawn", "sent"]
    assert (await street.pay())["amount_fen"] == 80_000
    lift = {"reason": "cleared", "document_no": "2"}
    ok(await city.supervisor.post(f"/v1/freezes/{lift_me['id']}/lift", lift))
    await street.dispatcher().once()
    assert (await street.pay())["amount_fen"] == 96_000
    assert await findings(street.database) == []


async def test_what_was_never_received_is_withdrawn_under_a_freeze(street: Street) -> None:
    """The freeze came while it was in doubt; only the claim sees that it need not go any more."""
    name = await street.planned()
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
    await street.planned()
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
    name = await street.planned()
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
    await street.planned()
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

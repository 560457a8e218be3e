"""A plan played at the bank's own counter: real books, real HTTP, nobody's instruction."""

from datetime import date, time

import httpx
import pytest

from sandbox.bank.app import create_bank
from sandbox.bank.desk import BankOptions
from sandbox.misbehaving.acts import Failure, SkipBills, Withdraw
from sandbox.misbehaving.playing import Asked, NotAFailureError, asked, play_day

ACCOUNT = "6222029900010000001"
DAY = date(2026, 12, 7)
ACTS = (
    Withdraw(DAY, time(16, 0), 5_000, "亲友1", "还款"),
    Withdraw(DAY, time(15, 0), 2_000, "亲友1", "往来款"),
    Withdraw(DAY, time(16, 30), 9_000, "亲友2", "货款", most_fen=100_00),
    SkipBills(DAY),
    Withdraw(date(2026, 12, 8), time(15, 0), 9_000, "亲友1", "还款"),
)


@pytest.fixture
async def bank() -> httpx.AsyncClient:
    service = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(503)))
    app = create_bank(BankOptions(is_idle=True), service)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bank")
    account = {"name": "示例艺术培训中心", "opened_on": "2026-12-01"}
    await client.put(f"/accounts/{ACCOUNT}", json=account)
    paid_in = {"account_number": ACCOUNT, "amount_fen": 10_000_00}
    await client.post("/deposits", json={"items": [paid_in]})
    return client


async def _balance_fen(bank: httpx.AsyncClient) -> int:
    return int((await bank.get(f"/accounts/{ACCOUNT}")).json()["balance_fen"])


async def test_a_days_withdrawals_are_shares_of_the_balance_of_their_hour(
    bank: httpx.AsyncClient,
) -> None:
    played = await play_day(bank, ACCOUNT, ACTS, DAY)

    # 2,000 of 10,000 yuan, half of what is left, and no more than 100.
    assert played.taken_fen == 2_000_00 + 4_000_00 + 100_00
    assert await _balance_fen(bank) == 3_900_00
    assert played.left == [SkipBills(DAY)]


async def test_a_day_played_twice_is_booked_once(bank: httpx.AsyncClient) -> None:
    first = await play_day(bank, ACCOUNT, ACTS, DAY)
    again = await play_day(bank, ACCOUNT, ACTS, DAY)

    assert again.taken_fen == first.taken_fen
    assert await _balance_fen(bank) == 3_900_00


async def test_nothing_is_taken_from_an_empty_account(bank: httpx.AsyncClient) -> None:
    drained = Withdraw(DAY, time(15, 0), 10_000, "亲友1", "还款")
    await play_day(bank, ACCOUNT, [drained], DAY)
    later = Withdraw(date(2026, 12, 8), time(15, 0), 9_000, "亲友1", "还款")

    played = await play_day(bank, ACCOUNT, [later], date(2026, 12, 8))

    assert played.entry_ids == []
    assert await _balance_fen(bank) == 0


def test_what_is_asked_for_is_a_failure_and_a_day() -> None:
    assert asked("runaway@2026-12-05") == Asked(Failure.runaway, date(2026, 12, 5))


@pytest.mark.parametrize("word", ["", "runaway", "runaway@soon", "theft@2026-12-05", "@2026-12-05"])
def test_anything_else_is_refused_and_the_kinds_are_named(word: str) -> None:
    with pytest.raises(NotAFailureError, match="dormant"):
        asked(word)

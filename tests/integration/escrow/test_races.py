"""Two who do the same at once: through two processes' doors, so that the row lock decides.

A seeded race that fails says its seed; the schedule of two processes is the machine's.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from random import Random

import pytest
from sqlalchemy import text

from escrow.domain import commands as ask
from escrow.domain.outcomes import Outcome, Refusal, Refused, Released
from escrow.ledger.gather import Poster
from shared.ids import new_id
from shared.pg.database import Database
from tests.integration.escrow.books import Books
from tests.integration.escrow.locks import Hand, holding, session
from tests.integration.escrow.offices import (
    Offices,
    findings,
    offices,
    poster_of,
    released_rows,
    words,
)

CLIENTS = 8
SEEDS = (20261121, 7, 1912)

# Pools of eight processes open and close; nothing else here leaves a socket behind.
pytestmark = pytest.mark.timeout(180)


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Offices]:
    async with offices(database_url, CLIENTS) as found:
        yield found


async def both(*asked: tuple[Poster, Sequence[ask.Command]]) -> list[Sequence[Outcome]]:
    """Post several batches at once."""
    return await asyncio.gather(*(poster.ask(commands) for poster, commands in asked))


async def deadlocks(database: Database) -> int:
    """Return how many deadlocks this database ever had."""
    query = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    async with database.connect() as connection:
        await connection.execute(text("SELECT pg_stat_force_next_flush()"))
        return int(await connection.scalar(query) or 0)


async def test_one_lesson_in_two_batches_is_released_once(town: Offices, owner_url: str) -> None:
    my = await town.institution()
    await town.contract(my, "C1", 10, 10)
    first, second = town.posters[:2]
    async with holding(owner_url, my.institution_id) as hand:
        racing = asyncio.create_task(
            both(
                (first, [my.lesson("C1", 1, "a-1"), my.lesson("C1", 2, "a-2")]),
                (second, [my.lesson("C1", 2, "b-2"), my.lesson("C1", 3, "b-3")]),
            )
        )
        await hand.see_waiting(2)
    outcomes = [one for batch in await racing for one in batch]
    assert words(outcomes) == {"released": 3, "already_released": 1}
    twice = next(one for one in outcomes if isinstance(one, Refused))
    assert twice.movement_id in {one.movement_id for one in outcomes if isinstance(one, Released)}
    assert await released_rows(town.database, my.institution_id) == [("C1", n) for n in (1, 2, 3)]


async def test_one_item_id_in_two_batches_is_one_release(town: Offices, owner_url: str) -> None:
    my = await town.institution()
    await town.contract(my, "C1", 10, 10)
    async with holding(owner_url, my.institution_id) as hand:
        asked = [(poster, [my.lesson("C1", 1, "same")]) for poster in town.posters]
        racing = asyncio.create_task(both(*asked))
        await hand.see_waiting(CLIENTS)
    outcomes = [one for batch in await racing for one in batch]
    assert words(outcomes) == {"released": 1, "exists": CLIENTS - 1}
    assert len({getattr(one, "movement_id", None) for one in outcomes}) == 1


async def test_the_last_fundable_lesson_goes_to_one_of_two(town: Offices, owner_url: str) -> None:
    my = await town.institution()
    await town.contract(my, "C1", 10, 1)
    async with holding(owner_url, my.institution_id) as hand:
        asked = [(poster, [my.lesson("C1", n + 1)]) for n, poster in enumerate(town.posters[:2])]
        racing = asyncio.create_task(both(*asked))
        await hand.see_waiting(2)
    outcomes = [one for batch in await racing for one in batch]
    assert words(outcomes) == {"released": 1, "held_insufficient": 1}


async def test_two_lessons_of_one_contract_in_one_batch_are_both_written(town: Offices) -> None:
    my = await town.institution()
    await town.contract(my, "C1", 10, 10)
    outcomes = await my.post(my.lesson("C1", 1), my.lesson("C1", 2), my.lesson("C1", 3))
    assert [getattr(one, "held_fen", None) for one in outcomes] == [72_000, 64_000, 56_000]
    query = text("SELECT held_fen, lessons_released FROM escrow.tuition WHERE institution_id = :me")
    async with town.database.connect() as connection:
        row = (await connection.execute(query, {"me": my.institution_id})).one()
    assert tuple(row) == (56_000, 3)
    assert await findings(town.database) == []


async def test_one_contract_registered_twice_at_once_exists_once(
    town: Offices, owner_url: str
) -> None:
    my = await town.institution()
    async with holding(owner_url, my.institution_id) as hand:
        asked = [(poster, [my.contract("C1", 10, 80_000)]) for poster in town.posters[:2]]
        racing = asyncio.create_task(both(*asked))
        await hand.see_waiting(2)
    assert words(one for batch in await racing for one in batch) == {"accepted": 1, "exists": 1}


async def test_one_entry_in_two_batches_is_booked_once(town: Offices, owner_url: str) -> None:
    my = await town.institution()
    await town.contract(my, "C1", 10, 0)
    async with holding(owner_url, my.institution_id) as hand:
        asked = [(poster, [my.credit("E1", 80_000, "C1")]) for poster in town.posters[:2]]
        racing = asyncio.create_task(both(*asked))
        await hand.see_waiting(2)
    assert words(one for batch in await racing for one in batch) == {"accepted": 1, "exists": 1}
    assert await findings(town.database) == []


async def test_a_new_institution_registered_by_all_at_once_is_one(town: Offices) -> None:
    name = f"N{new_id().hex[-16:].upper()}"
    asked = ask.RegisterInstitution(name, "夜课", "320600", "non_subject", "both", "national")
    outcomes = await both(*((poster, [asked]) for poster in town.posters))
    found = words(one for batch in outcomes for one in batch)
    assert (found["accepted"] >= 1, found["accepted"] + found["exists"]) == (True, CLIENTS)
    assert await findings(town.database) == []


async def test_one_account_filed_for_two_institutions_at_once_goes_to_one(
    town: Offices, owner_url: str
) -> None:
    """Both have read that the account is nobody's before either writes."""
    mine, other = await town.institution(), await town.institution()
    number = f"77{mine.institution_id}"
    asked = [
        (
            poster,
            [ask.OpenAccount(my.institution_id, "bank-a", number, "a", my.now.date(), "95", "s")],
        )
        for poster, my in zip(town.posters[:2], (mine, other), strict=True)
    ]
    async with session(owner_url) as owner, owner.transaction():
        await owner.execute(_HOLD_INSTITUTIONS, [mine.institution_id, other.institution_id])
        racing = asyncio.create_task(both(*asked))
        await Hand(owner).see_waiting(2)
    outcomes = await racing
    assert words(one for batch in outcomes for one in batch) == {"accepted": 1, "account_taken": 1}


_HOLD_INSTITUTIONS = """
SELECT FROM escrow.institution WHERE institution_id = ANY ($1::text[]) FOR UPDATE
"""


@pytest.mark.parametrize("seed", SEEDS)
async def test_overlapping_batches_in_opposite_orders_never_deadlock(
    town: Offices, seed: int
) -> None:
    """Every client posts for all institutions, each in an order of its own."""
    dice = Random(seed)
    places = [await town.institution() for _ in range(5)]
    for my in places:
        await town.contract(my, "C1", 40, 40)
    before = await deadlocks(town.database)

    async def client(number: int, orders: list[list[Books]]) -> Counter[str]:
        found: Counter[str] = Counter()
        for order in orders:
            claims = [my.lesson("C1", 1 + (number + n) % 40) for n, my in enumerate(order)]
            entries = [my.credit(f"E{number}-{len(found)}-{id(order)}", 100) for my in order]
            found += words(await poster_of(town, number).ask([*claims, *entries]))
        return found

    orders = [[dice.sample(places, len(places)) for _ in range(6)] for _ in range(CLIENTS)]
    counted = await asyncio.gather(*(client(n, one) for n, one in enumerate(orders)))
    total = sum(counted, Counter[str]())
    assert set(total) <= {"released", "exists", "accepted", "already_released"}, seed
    assert await deadlocks(town.database) == before, seed
    assert await findings(town.database) == [], seed


@pytest.mark.parametrize("seed", SEEDS)
async def test_exactly_the_fundable_lessons_are_released(town: Offices, seed: int) -> None:
    """Eight clients claim overlapping parts of three contracts that are paid in part."""
    dice = Random(seed)
    my = await town.institution()
    fundable = {"C1": 10, "C2": 17, "C3": 3}
    for name, paid in fundable.items():
        await town.contract(my, name, 25, paid)
    wanted = [(name, number) for name in fundable for number in range(1, 26)]

    async def client(number: int, shares: list[list[tuple[str, int]]]) -> Counter[str]:
        found: Counter[str] = Counter()
        for share in shares:
            claims = [
                my.lesson(name, lesson, f"{number}-{name}-{lesson}") for name, lesson in share
            ]
            found += words(await poster_of(town, number).ask(claims))
        return found

    shares = []
    for _ in range(CLIENTS):
        order = dice.sample(wanted, len(wanted))
        shares.append([order[start : start + 15] for start in range(0, len(order), 15)])
    counted = sum(
        await asyncio.gather(*(client(n, one) for n, one in enumerate(shares))), Counter[str]()
    )
    released = await released_rows(town.database, my.institution_id)
    assert Counter(name for name, _ in released) == fundable, seed
    assert counted["released"] == sum(fundable.values()), seed
    assert set(counted) == {"released", "already_released", "held_insufficient"}, seed
    assert await findings(town.database) == [], seed


@pytest.mark.parametrize("seed", SEEDS)
async def test_release_against_refund_against_freeze_on_one_contract(
    town: Offices, seed: int
) -> None:
    """Whatever wins, the money goes one way: to the institution or back, each fen once."""
    dice = Random(seed)
    my = await town.institution()
    await town.contract(my, "C1", 30, 30)
    await town.contract(my, "C2", 30, 30)
    refund = await my.refund("C2")
    me = my.institution_id

    async def claim(number: int) -> None:
        for lesson in dice.sample(range(1, 31), 8):
            name = "C2" if lesson % 3 else "C1"
            await poster_of(town, number).ask([my.lesson(name, lesson, f"{number}-{lesson}")])

    async def freeze(number: int) -> None:
        for scope in ("payout", "all", "payout"):
            placed = ask.PlaceFreeze(me, scope, "a tip", "the bureau", "doc", "supervisor")
            (outcome,) = await poster_of(town, number).ask([placed])
            made_id = getattr(outcome, "made_id", None)
            assert made_id is not None
            await asyncio.sleep(0)
            await poster_of(town, number).ask(
                [ask.LiftFreeze(me, made_id, "cleared", "doc-2", "supervisor")]
            )

    async def refunds(number: int) -> None:
        (asked,) = await poster_of(town, number).ask(
            [ask.RequestRefund(me, "C1", "guardian", None, "guardian")]
        )
        assert not isinstance(asked, Refused) or asked.code is Refusal.contract_closed
        await poster_of(town, number).ask([ask.AgreeRefund(me, refund, "institution")])

    jobs = [claim, claim, claim, claim, freeze, freeze, refunds, claim]
    await asyncio.gather(*(job(number) for number, job in enumerate(jobs)))
    query = text(
        "SELECT state, funded_fen, released_fen + refunded_fen + held_fen AS whole"
        " FROM escrow.tuition WHERE institution_id = :me AND contract_id = 'C2'"
    )
    async with town.database.connect() as connection:
        row = (await connection.execute(query, {"me": me})).one()
    assert (row.state, row.funded_fen) == ("closed", row.whole), seed
    assert await findings(town.database) == [], seed


async def test_a_claim_while_the_bank_pulls_and_a_freeze_is_placed(town: Offices) -> None:
    """An instruction is shown to the bank or withdrawn, never both."""
    my = await town.institution()
    await town.contract(my, "C1", 30, 30)
    me = my.institution_id
    for number in range(1, 11):
        await my.post(my.lesson("C1", number))
        instruction, _ = await my.last_instruction()
        served, frozen = await both(
            (town.posters[1], [ask.ServeInstruction(me, instruction)]),
            (town.posters[2], [ask.PlaceFreeze(me, "payout", "tip", "bureau", "doc", "s")]),
        )
        query = text("SELECT state, served_at FROM escrow.instruction WHERE instruction_id = :one")
        async with town.database.connect() as connection:
            row = (await connection.execute(query, {"one": instruction})).one()
        assert (row.state == "withdrawn") == (row.served_at is None)
        assert isinstance(served[0], Refused) == (row.state == "withdrawn")
        made_id = getattr(frozen[0], "made_id", None)
        assert made_id is not None
        await my.lift(made_id)
    assert await findings(town.database) == []

"""A varied day in the books: every kind of movement and state, between two institutions.

Deposits of every effect; releases paid, retained, put back and released anew; refunds in every
state; instructions settled, rejected, returned and withdrawn; floors, freezes and a statement.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from escrow.domain import commands as ask
from shared.money import Bps, Fen
from shared.pg.database import Database
from tests.integration.escrow.shorthand import Books, add_bank, poster_on

__all__ = ["Books", "Day", "add_bank", "post_a_day", "post_yesterday", "poster_on"]


@dataclass(frozen=True, slots=True)
class Day:
    """What was posted, by the names a test needs."""

    paid: str
    """An institution whose payouts go out at once."""
    held_back: str
    """One under a floor and a freeze, with a second account."""


async def post_yesterday(database: Database, names: tuple[str, str] = ("P1", "H1")) -> Day:
    """Open two institutions and post what lies behind them when the day begins."""
    await add_bank(database)
    poster = poster_on(database)
    day = Day(*names)
    for name in names:
        my = Books(poster, database, name)
        await my.open()
        await my.post(my.contract("Y1", 6, 60_000), my.contract("Y2", 4, 40_000))
        await my.post(my.credit("y-1", 59_000, "Y1"), my.credit("y-2", 30_000, "Y2"))
        await my.post(my.lesson("Y1", 1), my.lesson("Y1", 2))
        await my.post(my.lesson("Y1", 3), my.credit("y-lost", 700))
        await my.refund("Y2")
        await my.lift(await my.freeze("payout"))
    return day


async def post_a_day(database: Database, day: Day | None = None) -> Day:
    """Post a day of two institutions; every outcome is one that was meant."""
    day = day or await post_yesterday(database)
    poster = poster_on(database)
    await _paid(Books(poster, database, day.paid))
    await _held_back(Books(poster, database, day.held_back))
    return day


async def _paid(my: Books) -> None:
    await _since_yesterday(my)
    await _deposits(my)
    await _payouts(my)
    await _reversals(my)
    await _refunds(my)
    await my.statement("S-1", 0, left_out="d-x")


async def _since_yesterday(my: Books) -> None:
    """Go on with what was begun: pay one, put a lesson back, agree to a refund."""
    me = my.institution_id
    last, amounts = await my.last_instruction()
    await my.result(last, "accepted")
    await my.post(my.debit("d-y", amounts[0], (last, 1)))
    await my.reverse("Y1", 1, "v-y-1")
    await my.post(ask.AllocateReceipt(me, my.account, "y-lost", "Y1"))
    await my.post(my.contract("Y3", 1, 900), my.credit("y-3", 900, "Y3"))
    await my.post(my.lesson("Y3", 1))


async def _deposits(my: Books) -> None:
    await my.post(my.credit("e-early", 70_001, "C1"))  # before its contract
    await my.post(
        my.contract("C1", 7, 70_001),
        my.contract("C2", 2, 20_000),
        my.contract("C3", 10, 100_000),
        my.contract("C4", 5, 50_000),
        my.contract("C5", 5, 50_000),
        my.contract("C6", 5, 50_000),
        my.contract("C7", 5, 50_000),
        my.contract("C8", 3, 3_003),
    )
    await my.post(
        my.credit("e-2", 25_000, "C2"),  # more than is expected
        my.credit("e-3a", 40_000, "C3"),
        my.credit("e-3b", 30_000, "C3", payer=None),
        my.credit("e-3c", 20_000, "C3", payer="6217000000000000002"),
        my.credit("e-4", 50_000, "C4"),
        my.credit("e-lost", 9_000),
        my.credit("e-back", 8_000, "C-unknown"),
        my.credit("e-full", 500, "C4"),  # the contract is full
        my.credit("e-5", 50_000, "C5"),
        my.credit("e-6", 30_000, "C6"),
        my.credit("e-8", 3_003, "C8"),
    )
    me = my.institution_id
    await my.post(ask.AllocateReceipt(me, my.account, "e-lost", "C6"))
    await my.post(ask.AllocateReceipt(me, my.account, "e-back", None))
    returned, amounts = await my.last_instruction()
    await my.post(ask.ServeInstruction(me, returned))
    await my.result(returned, "accepted")
    await my.post(my.debit("d-back", amounts[0], (returned, 1)))
    await my.post(ask.AllocateReceipt(me, my.account, "e-full", None))
    refused, _ = await my.last_instruction()
    await my.result(refused, "rejected")


async def _payouts(my: Books) -> None:
    me = my.institution_id
    await my.post(my.lesson("C1", 1), my.lesson("C1", 7), my.lesson("C2", 1), my.lesson("C2", 2))
    settled, amounts = await my.last_instruction()
    await my.post(ask.ServeInstruction(me, settled))
    await my.result(settled, "settled")
    await my.post(*(my.debit(f"d-1-{n}", amounts[n - 1], (settled, n)) for n in range(1, 5)))

    await my.post(my.lesson("C3", 1), my.lesson("C3", 2), my.lesson("C3", 3))
    mixed, amounts = await my.last_instruction()
    await my.post(ask.ClaimInstruction(me, mixed, my.now))
    await my.post(ask.RecordSending(me, mixed, "sent"))
    await my.post(my.debit("d-2-1", amounts[0], (mixed, 1)))
    await my.result(mixed, "settled", ["settled", "rejected", "accepted"])  # 2 is tried again

    await my.post(ask.PlanPayouts(me))
    again, amounts = await my.last_instruction()
    await my.post(ask.ClaimInstruction(me, again, my.now))
    await my.post(ask.RecordSending(me, again, "unknown"))
    await my.post(my.debit("d-3-1", amounts[0], (again, 1)))
    came_back = my.credit("k-3-1", amounts[0], line=(again, 1))  # and tried a third time
    await my.post(came_back)
    await my.post(my.debit("d-x", 1_234))  # nobody asked for it


async def _reversals(my: Books) -> None:
    await my.post(my.lesson("C4", 1), my.lesson("C4", 2), my.lesson("C4", 3))
    await my.reverse("C4", 2, "v-4-2")  # not seen by the bank yet: withdrawn, the rest goes anew
    await my.reverse("C1", 7, "v-1-7")  # paid out: the institution owes it
    await my.post(my.lesson("C4", 2, "r-4-2-again"), my.lesson("C4", 4))
    await my.reverse("C2", 2, "v-2-2")  # completed, open again
    await my.post(my.lesson("C1", 7, "r-1-7-again"), my.lesson("C1", 2))
    await my.post(my.lesson("C8", 1))
    small, _ = await my.last_instruction()
    await my.result(small, "accepted")
    await my.reverse("C8", 1, "v-8-1")
    await my.post(my.lesson("C1", 3))  # pays off the small debt with a part of its fee


async def _refunds(my: Books) -> None:
    me = my.institution_id
    two_payers = await my.refund("C3")
    await my.post(my.lesson("C3", 4))  # taught before the request
    await my.agree(two_payers)
    named = ask.NamePayer(me, two_payers, "6217000000000000003", "李某", "supervisor")
    await my.post(named)
    await _settle_all(my, two_payers)
    contested = await my.refund("C5")
    await my.post(ask.ContestRefund(me, contested, "taught more", "institution"))
    await my.refund("C6")
    failing = await my.refund("C4")
    await my.agree(failing)
    instruction_id, _ = await my.last_instruction()
    await my.result(instruction_id, "rejected")


async def _settle_all(my: Books, refund_id: UUID) -> None:
    query = text(
        "SELECT instruction_id, amount_fen FROM escrow.instruction"
        " WHERE institution_id = :me AND refund_id = :refund"
    )
    async with my.database.connect() as connection:
        bound = {"me": my.institution_id, "refund": refund_id}
        found = (await connection.execute(query, bound)).all()
    for number, (instruction_id, amount) in enumerate(found):
        await my.result(instruction_id, "settled")
        await my.post(my.debit(f"d-r-{number}", amount, (instruction_id, 1)))


async def _held_back(my: Books) -> None:
    await my.post(my.contract("C1", 10, 100_000), my.contract("C2", 3, 30_000))
    await my.agree(await my.refund_of("Y2"))
    await my.post(my.credit("e-1", 100_000, "C1"), my.credit("e-2", 30_000, "C2"))
    await my.post(my.lesson("C2", 1))
    await my.floor(
        ask.FloorRule("fixed", Fen(100_000)), ask.FloorRule("percent_held", bps=Bps(500))
    )
    await my.post(my.lesson("C1", 1), my.lesson("C1", 2), my.lesson("C1", 3))  # one is retained
    lifted = await my.freeze("payout")
    await my.post(my.lesson("C1", 4))
    await my.lift(lifted)
    await my.open(f"63{my.institution_id}")  # a second account; the same entry id on it
    await my.post(my.credit("e-1", 5_000, "C-later"))
    await my.post(my.contract("C3", 4, 4_003))
    await my.freeze("charging")
    await my.freeze("payout")
    await my.post(my.lesson("C2", 2))
    await my.lift(await my.freeze("all"))
    await _heard(my)
    await my.floor(
        ask.FloorRule("percent_collected", bps=Bps(10_000)), ask.FloorRule("cycle_total")
    )


async def _heard(my: Books) -> None:
    """Hear the registry: listed, revoked and frozen, in part confirmed, in part lifted."""
    await my.hear(1, "institution.listed", name="夜课培训中心", status="normal")
    await my.hear(2, "licence.revoked", "freeze", white_listed=False, black_listed=True)
    await my.confirm(await my.protective("charging"))
    await my.lift(await my.protective("payout"))

"""A varied day in the books, posted through the one door: every kind of movement and state.

Others may build on it: `post_a_day` gives two institutions whose books hold deposits of every
effect, releases paid, retained, put back and released anew, refunds in every state,
instructions settled, rejected, returned and withdrawn, floors and freezes.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from escrow.domain import commands as ask
from escrow.domain.outcomes import Outcome, Refused
from escrow.ledger.gather import Poster
from escrow.policies.store import policies_of, read_documents
from shared.ids import end_to_end_id
from shared.money import Bps, Fen
from shared.pg.database import Database
from shared.time import wall_clock

BANK = "bank-a"
PAYER = "6217000000000000001"


@dataclass(frozen=True, slots=True)
class Day:
    """What was posted, by the names a test needs."""

    paid: str
    """An institution whose payouts go out at once."""
    held_back: str
    """One under a floor and a freeze, with a second account."""


class Books:
    """One institution's books, asked for in short words."""

    def __init__(self, poster: Poster, database: Database, institution_id: str) -> None:
        """Take the door to the ledger and the institution."""
        self.poster = poster
        self.database = database
        self.institution_id = institution_id
        self.account = f"62{institution_id}"
        self.now = wall_clock()
        self.signed_at = self.now - timedelta(days=20)

    async def post(self, *commands: ask.Command) -> Sequence[Outcome]:
        """Post commands of which none may be refused."""
        outcomes = await self.poster.ask(commands)
        refused = [one for one in outcomes if isinstance(one, Refused)]
        assert not refused, refused
        return outcomes

    async def open(self, account: str | None = None) -> None:
        """Register the institution and file an account."""
        me = self.institution_id
        self.account = account or self.account
        await self.post(
            ask.RegisterInstitution(me, "夜课", "320600", "non_subject", "both", "national")
        )
        await self.post(
            ask.OpenAccount(me, BANK, self.account, "夜课专户", date(2026, 1, 1), f"95{me}", "夜课")
        )

    def contract(self, contract_id: str, lessons: int, paid_fen: int) -> ask.RegisterContract:
        """Return the registration of a contract, one student each."""
        day = self.now.date()
        return ask.RegisterContract(
            self.institution_id,
            contract_id,
            f"S-{contract_id}",
            "G-1",
            ask.Course("少儿编程", "non_subject", "offline", "T-1"),
            lessons,
            Fen(paid_fen),
            Fen(paid_fen + 100),
            0,
            Fen(0),
            self.signed_at,
            day - timedelta(days=10),
            day + timedelta(days=40),
        )

    def credit(
        self,
        entry_id: str,
        amount_fen: int,
        reference: str | None = None,
        payer: str | None = PAYER,
        line: tuple[UUID, int] | None = None,
    ) -> ask.TakeEntry:
        """Return a credit that the bank booked."""
        return self._entry(entry_id, "credit", amount_fen, reference, payer, line)

    def debit(
        self, entry_id: str, amount_fen: int, line: tuple[UUID, int] | None = None
    ) -> ask.TakeEntry:
        """Return a debit that the bank booked."""
        return self._entry(entry_id, "debit", amount_fen, None, None, line)

    def _entry(
        self,
        entry_id: str,
        direction: str,
        amount_fen: int,
        reference: str | None,
        payer: str | None,
        line: tuple[UUID, int] | None,
    ) -> ask.TakeEntry:
        return ask.TakeEntry(
            self.institution_id,
            self.account,
            entry_id,
            direction,
            Fen(amount_fen),
            self.now - timedelta(hours=1),
            self.now.date(),
            None,
            "王某" if payer else None,
            payer,
            "tuition",
            reference,
            end_to_end_id(*line) if line else None,
        )

    def lesson(self, contract_id: str, lesson_no: int, item_id: str = "") -> ask.ReleaseLesson:
        """Return the claim of a lesson that was taught."""
        taught_at: datetime = self.now - timedelta(days=2) + timedelta(minutes=lesson_no)
        return ask.ReleaseLesson(
            self.institution_id,
            item_id or f"r-{contract_id}-{lesson_no}",
            contract_id,
            lesson_no,
            taught_at,
            taught_at + timedelta(minutes=50),
            "T-1",
            "R-1",
            "photo-1",
        )

    async def result(self, instruction_id: UUID, state: str, lines: Sequence[str] = ()) -> None:
        """Report what the bank says of an instruction, and of single lines where given."""
        said = tuple(ask.LineResult(number, one, None) for number, one in enumerate(lines, start=1))
        await self.post(
            ask.RecordResult(self.institution_id, instruction_id, state, "REF-1", None, None, said)
        )

    async def last_instruction(self) -> tuple[UUID, list[int]]:
        """Return the newest instruction and the amounts of its lines."""
        query = text(
            "SELECT instruction_id, array_agg(amount_fen ORDER BY line_no) AS amounts"
            " FROM escrow.instruction_line WHERE institution_id = :me"
            " GROUP BY instruction_id ORDER BY instruction_id DESC LIMIT 1"
        )
        async with self.database.connect() as connection:
            row = (await connection.execute(query, {"me": self.institution_id})).one()
        return row.instruction_id, list(row.amounts)

    async def statement(self, statement_id: str, opening_balance_fen: int, left_out: str) -> None:
        """Receive the bank's statement of all that it booked until now but one entry."""
        query = text(
            "SELECT entry_id, direction, amount_fen, booked_at, value_on, end_to_end_id"
            " FROM escrow.bank_entry WHERE institution_id = :me AND account_number = :account"
            " AND entry_id <> :left_out ORDER BY booked_at, entry_id"
        )
        bound = {"me": self.institution_id, "account": self.account, "left_out": left_out}
        async with self.database.connect() as connection:
            rows = (await connection.execute(query, bound)).all()
        entries = tuple(ask.StatementEntry(*row) for row in rows)
        listed = [
            {
                "id": one.entry_id,
                "direction": one.direction,
                "amount_fen": one.amount_fen,
                "booked_at": one.booked_at.isoformat(),
                "value_on": one.value_on.isoformat(),
                "end_to_end_id": one.end_to_end_id,
            }
            for one in entries
        ]
        moved = sum(one.amount_fen * (1 if one.direction == "credit" else -1) for one in entries)
        await self.post(
            ask.ReceiveStatement(
                self.institution_id,
                self.account,
                statement_id,
                BANK,
                self.now - timedelta(days=1),
                self.now,
                opening_balance_fen,
                opening_balance_fen + moved,
                entries,
                json.dumps(listed),
                b"digest",
            )
        )

    async def refund(self, contract_id: str) -> UUID:
        """Ask for a contract's remaining money and return the refund's id."""
        asked = ask.RequestRefund(self.institution_id, contract_id, "guardian", None, "guardian")
        made = (await self.post(asked))[0]
        made_id = getattr(made, "made_id", None)
        assert isinstance(made_id, UUID)
        return made_id

    async def refund_of(self, contract_id: str) -> UUID:
        """Return the refund that was asked for last for a contract."""
        query = text(
            "SELECT refund_id FROM escrow.tuition"
            " WHERE institution_id = :me AND contract_id = :contract"
        )
        async with self.database.connect() as connection:
            bound = {"me": self.institution_id, "contract": contract_id}
            found: UUID = (await connection.execute(query, bound)).scalar_one()
        return found

    async def agree(self, refund_id: UUID) -> None:
        """Agree to a refund."""
        await self.post(ask.AgreeRefund(self.institution_id, refund_id, "institution"))

    async def freeze(self, scope: str) -> UUID:
        """Place a freeze and return its id."""
        asked = ask.PlaceFreeze(
            self.institution_id, scope, "a tip", "the bureau", "doc-1", "supervisor", "reg-1"
        )
        made_id = getattr((await self.post(asked))[0], "made_id", None)
        assert isinstance(made_id, UUID)
        return made_id

    async def lift(self, freeze_id: UUID) -> None:
        """Lift a freeze."""
        lifted = ask.LiftFreeze(self.institution_id, freeze_id, "cleared", "doc-2", "supervisor")
        await self.post(lifted)

    async def floor(self, *rules: ask.FloorRule) -> None:
        """Set a minimum balance from long ago on."""
        since = date(2026, 1, 1)
        await self.post(ask.SetFloor(self.institution_id, rules, since, "doc-3", "supervisor"))

    async def reverse(self, contract_id: str, lesson_no: int, item_id: str) -> None:
        """Put a release back."""
        await self.post(
            ask.ReverseLesson(self.institution_id, item_id, contract_id, lesson_no, "wrong child")
        )


async def add_bank(database: Database) -> None:
    """Register the bank that holds every account here."""
    async with database.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO escrow.bank (bank_id, name, delivery, finality_s, changed_by)"
                " VALUES (:bank, 'Bank A', 'pull', 60, 'test') ON CONFLICT DO NOTHING"
            ),
            {"bank": BANK},
        )


def poster_on(database: Database) -> Poster:
    """Return a door to the ledger under the preset policies."""
    return Poster(database, policies_of(read_documents()))


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
    await my.floor(
        ask.FloorRule("percent_collected", bps=Bps(10_000)), ask.FloorRule("cycle_total")
    )

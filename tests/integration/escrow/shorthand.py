"""One institution's books in short words, asked for through the one door to the ledger."""

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from escrow.domain import commands as ask
from escrow.domain.outcomes import Outcome, Refused
from escrow.ledger.gather import Poster
from escrow.policies.store import policies_of, read_documents
from shared.ids import end_to_end_id
from shared.money import Fen
from shared.pg.database import Database
from shared.time import wall_clock
from tests.support.asking import varied

BANK = "bank-a"
PAYER = "6217000000000000001"


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
            self.institution_id, scope, "a tip", "the bureau", "doc-1", "supervisor"
        )
        made_id = getattr((await self.post(asked))[0], "made_id", None)
        assert isinstance(made_id, UUID)
        return made_id

    async def lift(self, freeze_id: UUID) -> None:
        """Lift a freeze."""
        lifted = ask.LiftFreeze(self.institution_id, freeze_id, "cleared", "doc-2", "supervisor")
        await self.post(lifted)

    async def hear(self, sequence: int, kind: str, effect: str = "none", **rest: object) -> None:
        """Hear the registry's event of this number."""
        event_id = f"reg-{self.institution_id}-{sequence}"
        heard = ask.HearRegistry(self.institution_id, event_id, sequence, kind, effect)
        await self.post(varied(heard, rest))

    async def protective(self, scope: str) -> UUID:
        """Return the last freeze of a scope that the registry placed."""
        query = text(
            "SELECT freeze_id FROM escrow.freeze WHERE institution_id = :me AND scope = :scope"
            " AND registry_event_id IS NOT NULL ORDER BY freeze_id DESC LIMIT 1"
        )
        async with self.database.connect() as connection:
            bound = {"me": self.institution_id, "scope": scope}
            found: UUID = (await connection.execute(query, bound)).scalar_one()
        return found

    async def confirm(self, freeze_id: UUID) -> None:
        """Confirm a freeze that the registry placed."""
        asked = ask.ConfirmFreeze(self.institution_id, freeze_id, "seen", "doc-4", "supervisor")
        await self.post(asked)

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

"""The bank's own books: accounts, bookings, and every instruction it was ever given.

An instruction is known by its id for ever and is paid at most once; each of its lines is one
debit with its own end-to-end id.
A journal row is written before memory changes, so a restart finds what was promised.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sandbox.bank.records import Entry, Instruction, InstructionState, Statement
from sandbox.journal import Journal
from shared.time import business_day


@dataclass(slots=True)
class Account:
    """One account, with everything booked on it and how far its statements have come."""

    number: str
    name: str
    opened_on: date
    balance_fen: int = 0
    entries: list[Entry] = field(default_factory=list)
    said_entries: int = 0
    said_balance_fen: int = 0
    said_on: date | None = None
    said_statements: int = 0

    def next_day(self) -> date:
        """Return the first day the next statement speaks of."""
        return self.said_on + timedelta(days=1) if self.said_on else self.opened_on


@dataclass(slots=True)
class Order:
    """An instruction the bank was given, and what became of it."""

    instruction: Instruction
    state: InstructionState
    reference: str
    decided_at: datetime | None = None
    reason: str | None = None


class Books:
    """Accounts and orders in memory, rebuilt from the journal at the start."""

    def __init__(self, journal: Journal, rows: Iterable[dict[str, Any]] = ()) -> None:
        """Begin with the rows the journal held."""
        self.accounts: dict[str, Account] = {}
        self.orders: dict[str, Order] = {}
        self.unpaid: dict[str, Order] = {}
        self.entries: dict[tuple[str, str], Entry] = {}
        self.payments: dict[str, int] = {}
        self._journal = journal
        self._number = 0
        for row in rows:
            self._replay(row)

    def open_account(self, number: str, name: str, opened_on: date) -> Account:
        """Open an account, or answer the one that stands."""
        if number not in self.accounts:
            self._journal.write("account", number=number, name=name, opened_on=str(opened_on))
            self._keep_account(number, name, opened_on)
        return self.accounts[number]

    def book(self, entry: Entry) -> Entry:
        """Book one entry that moves the balance; an id that stands is answered as it stands."""
        known = self.entries.get((entry.account_number, entry.id))
        if known is None:
            known = self._numbered(entry, self.accounts[entry.account_number].balance_fen)
            self._journal.write("entries", entries=[known.model_dump(mode="json")])
            self._keep_entries([known])
        return known

    def next_entry_id(self, day: date) -> str:
        """Return a booking reference no entry has yet."""
        self._number += 1
        return f"SB-{day:%Y%m%d}-{self._number:07d}"

    def take(self, instruction: Instruction) -> tuple[Order, bool]:
        """Take an instruction on; the second value says whether it was already known."""
        known = self.orders.get(instruction.id)
        if known is not None:
            return known, True
        self._journal.write("order", instruction=instruction.model_dump(mode="json"))
        return self._keep_order(instruction), False

    def pay(self, order: Order, at: datetime) -> list[Entry]:
        """Pay an accepted instruction: one debit per line, all of them or none.

        The state and the debits are one journal row, so a kill between two lines cannot happen.
        """
        if order.state is not InstructionState.ACCEPTED:
            return []
        balance = self.accounts[order.instruction.account_number].balance_fen
        debits: list[Entry] = []
        for draft in self._debits(order, at):
            debits.append(self._numbered(draft, balance))
            balance -= draft.amount_fen
        self._decide(order, InstructionState.SETTLED, at, entries=debits)
        return debits

    def reject(self, order: Order, at: datetime, reason: str) -> None:
        """Refuse an accepted instruction; nothing is booked."""
        if order.state is InstructionState.ACCEPTED:
            self._decide(order, InstructionState.REJECTED, at, reason=reason)

    def give_back(self, order: Order, at: datetime, reason: str) -> list[Entry]:
        """Book the return of a paid instruction: one credit per line, under the line's id."""
        if order.state is not InstructionState.SETTLED:
            return []
        balance = self.accounts[order.instruction.account_number].balance_fen
        refunds: list[Entry] = []
        for draft in self._debits(order, at):
            turned = draft.model_copy(update={"direction": "credit", "purpose": "return"})
            refunds.append(self._numbered(turned, balance))
            balance += draft.amount_fen
        self._decide(order, InstructionState.RETURNED, at, reason=reason, entries=refunds)
        return refunds

    def statement(self, account: Account, day: date) -> Statement:
        """Word the statement of everything booked since the last one, up to a day."""
        start = account.next_day()
        end = max(start, day)
        return Statement(
            id=f"ST-{account.number}-{account.said_statements + 1:05d}",
            account_number=account.number,
            opened_on=start,
            closed_on=end,
            opening_balance_fen=account.said_balance_fen,
            closing_balance_fen=account.balance_fen,
            entries=tuple(account.entries[account.said_entries :]),
        )

    def close_day(self, statement: Statement) -> None:
        """Remember that a statement was sent; the next one begins where it ended."""
        row = {
            "number": statement.account_number,
            "on": str(statement.closed_on),
            "entries": len(statement.entries),
            "balance_fen": statement.closing_balance_fen,
        }
        self._journal.write("statement", **row)
        self._keep_statement(row)

    def _debits(self, order: Order, at: datetime) -> list[Entry]:
        instruction = order.instruction
        day = self.value_day(instruction.account_number, at)
        return [
            Entry(
                id=self.next_entry_id(day),
                account_number=instruction.account_number,
                direction="debit",
                amount_fen=line.amount_fen,
                booked_at=at,
                value_on=day,
                counterparty_name=instruction.creditor_name,
                counterparty_account=instruction.creditor_account,
                purpose=instruction.kind,
                reference=order.reference,
                end_to_end_id=line.end_to_end_id,
            )
            for line in instruction.lines
        ]

    def value_day(self, number: str, at: datetime) -> date:
        """Return the day a booking counts for: after the day's statement, the day after."""
        return max(business_day(at), self.accounts[number].next_day())

    @staticmethod
    def _numbered(entry: Entry, balance_fen: int) -> Entry:
        moved = entry.amount_fen if entry.direction == "credit" else -entry.amount_fen
        return entry.model_copy(update={"balance_after_fen": balance_fen + moved})

    def _decide(
        self,
        order: Order,
        state: InstructionState,
        at: datetime,
        reason: str | None = None,
        entries: list[Entry] | None = None,
    ) -> None:
        row: dict[str, Any] = {
            "id": order.instruction.id,
            "state": state.value,
            "at": at.isoformat(),
            "reason": reason,
        }
        booked = entries or []
        self._journal.write(
            "decided", **row, entries=[entry.model_dump(mode="json") for entry in booked]
        )
        self._keep_decision(order, state, at, reason)
        self._keep_entries(booked)

    def _replay(self, row: dict[str, Any]) -> None:
        match row["kind"]:
            case "account":
                opened_on = date.fromisoformat(row["opened_on"])
                self._keep_account(row["number"], row["name"], opened_on)
            case "order":
                self._keep_order(Instruction.model_validate(row["instruction"]))
            case "decided":
                at = datetime.fromisoformat(row["at"])
                state = InstructionState(row["state"])
                self._keep_decision(self.orders[row["id"]], state, at, row["reason"])
                self._keep_entries([Entry.model_validate(entry) for entry in row["entries"]])
            case "entries":
                self._keep_entries([Entry.model_validate(entry) for entry in row["entries"]])
            case "statement":
                self._keep_statement(row)

    def _keep_account(self, number: str, name: str, opened_on: date) -> None:
        self.accounts[number] = Account(number, name, opened_on)

    def _keep_order(self, instruction: Instruction) -> Order:
        reference = f"SBP-{len(self.orders) + 1:08d}"
        order = Order(instruction, InstructionState.ACCEPTED, reference)
        self.orders[instruction.id] = order
        self.unpaid[instruction.id] = order
        return order

    def _keep_decision(
        self, order: Order, state: InstructionState, at: datetime, reason: str | None
    ) -> None:
        order.state, order.decided_at, order.reason = state, at, reason
        self.unpaid.pop(order.instruction.id, None)

    def _keep_entries(self, entries: list[Entry]) -> None:
        for entry in entries:
            account = self.accounts[entry.account_number]
            sign = 1 if entry.direction == "credit" else -1
            account.balance_fen += sign * entry.amount_fen
            account.entries.append(entry)
            self.entries[(entry.account_number, entry.id)] = entry
            number = entry.id.rpartition("-")[2]
            if entry.id.startswith("SB-") and number.isdigit():
                self._number = max(self._number, int(number))
            if entry.direction == "debit" and entry.end_to_end_id:
                paid = self.payments.get(entry.end_to_end_id, 0)
                self.payments[entry.end_to_end_id] = paid + 1

    def _keep_statement(self, row: dict[str, Any]) -> None:
        account = self.accounts[row["number"]]
        account.said_entries += row["entries"]
        account.said_balance_fen = row["balance_fen"]
        account.said_on = date.fromisoformat(row["on"])
        account.said_statements += 1

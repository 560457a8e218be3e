"""The bank's working day: pull instructions, pay them, report entries and results.

One round does each once; the process repeats rounds, a test asks for one at a time.
"""

import asyncio
import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import structlog

from sandbox.bank.books import Books, Order
from sandbox.bank.client import EscrowClient, ServiceUnreachableError
from sandbox.bank.faults import Dice, Fault, Faults
from sandbox.bank.outbox import Outbox, Result
from sandbox.bank.records import Entry, Instruction
from sandbox.journal import Journal
from shared.time import business_day, rfc3339, wall_clock

POLL_S = 0.25
"""Pause between two rounds when there was nothing to do."""

REPORTS_AT_ONCE = 4
"""Results on their way at the same time: enough to keep two cores busy."""

PULLED_STATES = ("planned",)
"""An instruction that was shown stays planned until the first result, so asking again finds it."""

log = structlog.get_logger("sandbox.bank")


@dataclass(frozen=True, slots=True)
class BankOptions:
    """How a bank is set up."""

    bank_id: str = "sandbox"
    pulls: bool = True
    """Asks for its instructions; otherwise it waits to be pushed to."""
    is_idle: bool = False
    """Answers, but neither takes instructions nor reports anything."""
    journal: Path | None = None
    clock_offset_s: int = 0
    faults: Faults = field(default_factory=Faults)


class Bank:
    """Books, outbox and fault switches of one bank, and the work between them."""

    def __init__(self, options: BankOptions, http: httpx.AsyncClient) -> None:
        """Open the books; `http` speaks to the escrow service with the bank's key."""
        journal = Journal(options.journal)
        rows = list(journal.rows())
        self.options = options
        self.dice = Dice(options.faults)
        self.books = Books(journal, rows)
        self.outbox = Outbox(journal, rows)
        self.client = EscrowClient(http, options.bank_id, self.dice)
        self.clock_offset_s = options.clock_offset_s
        self.rounds = 0
        self._turn = asyncio.Lock()
        self._say_unsaid()

    def now(self) -> datetime:
        """Return the bank's time: the machine's, moved with the sandbox's clock."""
        return wall_clock() + timedelta(seconds=self.clock_offset_s)

    def book(self, entries: Iterable[Entry]) -> list[Entry]:
        """Book entries that customers or the bank itself caused, and queue them to be sent."""
        booked: list[Entry] = []
        for entry in entries:
            is_known = (entry.account_number, entry.id) in self.books.entries
            booked.append(self.books.book(entry))
            if not is_known:
                self.outbox.add_entries(booked[-1:])
        return booked

    def take(self, instruction: Instruction) -> tuple[Order, bool]:
        """Take an instruction on once; a second time it is only recognised."""
        order, is_known = self.books.take(instruction)
        if is_known:
            self.client.count("instructions_seen_again")
        else:
            self.client.count("instructions")
        return order, is_known

    async def work_once(self) -> int:
        """Pull, pay and report once; return how much there was to do."""
        async with self._turn:
            self.rounds += 1
            if self.options.is_idle:
                return 0
            done = await self._pull() if self.options.pulls else 0
            for order in list(self.books.unpaid.values()):
                done += self._settle(order)
            return done + await self.flush()

    async def run(self, stop: asyncio.Event) -> None:
        """Repeat rounds until told to stop; a service that is away is asked again."""
        while not stop.is_set():
            done = 0
            try:
                done = await self.work_once()
            except (ServiceUnreachableError, httpx.HTTPError) as error:
                log.warning("escrow_unreachable", error=type(error).__name__)
            if not done:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), POLL_S)

    async def flush(self) -> int:
        """Send what waits: early results, entries, then the other results."""
        early = [result for result in self.outbox.results.values() if result.is_early]
        await self._tell(early)
        sent = len(early)
        while batch := self.outbox.batch():
            shuffled = self.dice.strikes(Fault.OUT_OF_ORDER)
            await self.client.send_entries(self.dice.shuffle(batch) if shuffled else batch)
            self.outbox.told_entries(batch)
            sent += len(batch)
        late = list(self.outbox.results.values())
        await self._tell(late)
        return sent + len(late)

    async def close_day(self, day: date | None = None) -> list[dict[str, Any]]:
        """Send every account's statement up to a day, after all that waits was sent."""
        async with self._turn:
            if self.options.is_idle:
                return []
            await self.flush()
            said = []
            for account in self.books.accounts.values():
                statement = self.books.statement(account, day or business_day(self.now()))
                answer = await self.client.send_statement(statement)
                if answer["status"] < httpx.codes.BAD_REQUEST:
                    self.books.close_day(statement)
                said.append({"statement_id": statement.id, **answer})
            return said

    async def _pull(self) -> int:
        taken = 0
        for state in PULLED_STATES:
            for instruction in await self.client.planned(state):
                if instruction.account_number not in self.books.accounts:
                    continue
                _, is_known = self.take(instruction)
                taken += not is_known
        return taken

    def _settle(self, order: Order) -> int:
        """Bring one accepted instruction to its end, and queue what there is to say of it."""
        swapped = self.dice.strikes(Fault.OUT_OF_ORDER)
        self._say(order, is_early=not swapped)
        account = self.books.accounts[order.instruction.account_number]
        if self.dice.strikes(Fault.LATE_REJECTION):
            self.books.reject(order, self.now(), "payee account closed")
        elif account.balance_fen < order.instruction.amount_fen:
            self.books.reject(order, self.now(), "insufficient balance")
        else:
            self.outbox.add_entries(self.books.pay(order, self.now()))
        self._say(order, is_early=swapped)
        if self.dice.strikes(Fault.RETURNED):
            self.outbox.add_entries(self.books.give_back(order, self.now(), "payee unknown"))
            self._say(order, is_early=False)
        return 1

    def _say_unsaid(self) -> None:
        """Queue what a kill between the booking and its report left unsaid."""
        for order in self.books.orders.values():
            if order.decided_at and f"{order.instruction.id}:{order.state}" not in self.outbox.said:
                self._say(order, is_early=False)

    def _say(self, order: Order, *, is_early: bool) -> None:
        body: dict[str, Any] = {"state": order.state.value, "bank_reference": order.reference}
        if order.decided_at is not None:
            body["booked_at"] = rfc3339(order.decided_at)
        if order.reason is not None:
            body["reason"] = order.reason
        self.outbox.add_result(Result(order.instruction.id, order.state, body, is_early))

    async def _tell(self, results: list[Result]) -> None:
        gate = asyncio.Semaphore(REPORTS_AT_ONCE)

        async def tell(result: Result) -> None:
            async with gate:
                await self.client.send_result(result)
                self.outbox.told_result(result)

        await asyncio.gather(*(tell(result) for result in results))

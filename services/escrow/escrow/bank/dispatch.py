"""Sending instructions to push banks: claim, send, record; never send again on doubt.

| what is known | what is done |
|---|---|
| planned | claim it, commit, send it, record sent or unknown |
| claimed by one who died, or unknown | claim it, commit, ask the bank, record its answer |
| never received, and the bank's finality has passed | planned again, under the same id |

Claiming and recording are postings of their own; no transaction is open while a bank is
talked to. A bank that fails again and again is left alone for a while.
"""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import structlog
from prometheus_client import Counter

from escrow.bank.client import BankClient, Heard
from escrow.domain.commands import ClaimInstruction, Command, RecordResult, RecordSending
from escrow.domain.outcomes import Accepted
from escrow.ledger.gather import Poster
from escrow.ledger.instructions import Due, clock, find_shown, list_due, sent_at
from shared.pg.database import Database

ROUND_MAX: Final = 100
"""Instructions of one round, bank and state: what a bank takes in a few seconds."""

AT_ONCE: Final = 8
"""Calls to banks at the same time; more would only wait at the bank."""

LEASE_S: Final = 60
"""How long a claim lasts: several times the client's time-out."""

HOLD_S: Final = 30.0
"""A claim this old is not acted upon: there is still time to send and record within it."""

FAILURES_MAX: Final = 5
"""Unknown answers in a row after which a bank is left alone."""

LEFT_ALONE_S: Final = 30.0
"""How long a failing bank is left alone."""

RESULTS: Final = frozenset({"accepted", "settled", "rejected", "returned"})
"""States at the bank that are results; others say that it has the instruction."""

_sent = Counter(
    "tuition_escrow_dispatch_total", "Instructions sent to or asked of push banks.", ["heard"]
)
_log = structlog.get_logger("dispatch")


@dataclass(slots=True)
class Dispatcher:
    """One worker's sending, with its memory of which banks fail."""

    database: Database
    poster: Poster
    bank: BankClient
    failures: dict[str, int] = field(default_factory=dict)
    left_alone_until: dict[str, float] = field(default_factory=dict)

    async def once(self) -> int:
        """Send or ask what is due, once; return how many instructions moved."""
        alone = [one for one in self.left_alone_until if self._is_left_alone(one)]
        room = asyncio.Semaphore(AT_ONCE)

        async def one_of(one: Due) -> int:
            async with room:
                return await self._move(one)

        due = await list_due(self.database, alone, ROUND_MAX)
        return sum(await asyncio.gather(*(one_of(one) for one in due)))

    def _is_left_alone(self, endpoint: str) -> bool:
        return self.left_alone_until.get(endpoint, 0.0) > time.monotonic()

    async def _move(self, due: Due) -> int:
        """Claim one instruction in a posting of its own, talk to the bank, record."""
        if self._is_left_alone(due.endpoint):  # it failed meanwhile, in this round
            return 0
        claimed_at = time.monotonic()
        leased_until = await clock(self.database) + timedelta(seconds=LEASE_S)
        claim = ClaimInstruction(due.institution_id, due.instruction_id, leased_until)
        (claimed,) = await self.poster.ask([claim])
        if not isinstance(claimed, Accepted):
            return 0
        said = await (self._send if claimed.state == "planned" else self._ask)(due, claimed_at)
        await self.poster.ask([said])
        return int(not isinstance(said, RecordSending) or said.state != "unknown")

    async def _send(self, due: Due, claimed_at: float) -> Command:
        shown = await find_shown(self.database, due.institution_id, due.instruction_id)
        assert shown is not None, "a claimed instruction is there"
        place = (due.institution_id, due.instruction_id)
        if _is_stale(claimed_at):
            return RecordSending(*place, "unknown")
        heard = await self.bank.submit(due.endpoint, shown.body)
        self._note(due, heard)
        return RecordSending(*place, "sent" if heard is Heard.received else "unknown")

    async def _ask(self, due: Due, claimed_at: float) -> Command:
        """Ask what became of an instruction that may or may not have arrived."""
        now, sent = await clock(self.database), await sent_at(self.database, due)
        is_final = sent is None or now - sent >= timedelta(seconds=due.finality_s)
        heard, state = await self.bank.lookup(due.endpoint, str(due.instruction_id))
        self._note(due, heard)
        place = (due.institution_id, due.instruction_id)
        if heard is Heard.received and state in RESULTS:
            return RecordResult(*place, state, None)
        if heard is Heard.received:
            return RecordSending(*place, "sent")
        # "Never received" counts once no sending can overtake it any more.
        if heard is Heard.never_received and is_final and not _is_stale(claimed_at):
            return RecordSending(*place, "planned")
        return RecordSending(*place, "unknown")

    def _note(self, due: Due, heard: Heard) -> None:
        """Count, and leave a bank alone that gives no clear answer again and again."""
        _sent.labels(heard).inc()
        if heard is not Heard.unknown:
            self.failures.pop(due.endpoint, None)
            return
        self.failures[due.endpoint] = self.failures.get(due.endpoint, 0) + 1
        if self.failures[due.endpoint] >= FAILURES_MAX:
            self.left_alone_until[due.endpoint] = time.monotonic() + LEFT_ALONE_S
            self.failures.pop(due.endpoint)
            _log.warning("bank_left_alone", seconds=LEFT_ALONE_S)


def _is_stale(claimed_at: float) -> bool:
    """Tell whether a worker that stood still may have lost its claim to another."""
    return time.monotonic() - claimed_at > HOLD_S

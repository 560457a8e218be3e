"""The feed of one institution: events as escrow and registry-sync put them there, and its books.

Bodies have the fields that the services emit (escrow/domain, registry_sync/domain/telling).
One thing is shorter: the bank books a day's payouts as one debit, not one per lesson; no rule
looks at a single payout.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Final

from shared.time import rfc3339
from tests.year.days import ONE_DAY, at
from tests.year.places import WITHHOLDING, Place

_MONEY: Final = frozenset(
    {"receipt.matched", "receipt.unmatched", "receipt.returned", "debit.booked", "debit.unbacked"}
    | {"lessons.released", "lessons.reversed", "refund.changed"}
)
"""Events that tell where the floor stands (escrow, domain/draft.py)."""
LESSONS_MAX: Final = 1_000
"""Lessons of one release at most, as the wire contract takes them."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event, and when it could be read."""

    time: datetime
    source: str
    type: str
    body: Mapping[str, Any]
    is_planted: bool = False
    """Whether a planted failure brought it; no rule sees this."""


@dataclass(slots=True)
class Feed:
    """What is put on the feed, and what the books come to."""

    place: Place
    events: list[Event] = field(default_factory=list)
    balance_fen: int = 0
    """At the bank."""
    held_fen: int = 0
    """Prepaid and neither taught nor given back."""
    reserve_fen: int = 0
    """Its own, as escrow counts it: deposits that belong to no contract."""
    payable_fen: int = 0
    """Taught, not yet paid out."""
    fixed_floor_fen: int = 0
    has_floor: bool = False
    is_lifted: bool = False
    """Whether the floor was taken back, as the institution closed in good order."""
    is_planting: bool = False
    _number: int = 0
    _opening_fen: int = 0
    _credits_fen: int = 0
    _debits_fen: int = 0
    _entries: int = 0

    def own_fen(self) -> int:
        """Return what the account holds besides what families and payouts on their way own."""
        return self.balance_fen - self.held_fen - self.payable_fen

    def required_fen(self) -> int:
        """Return what the floor demands."""
        if self.is_lifted:
            return 0
        if self.place.floor_bps:
            return self.held_fen + self.held_fen * self.place.floor_bps // 10_000
        return self.fixed_floor_fen

    def name(self, kind: str) -> str:
        """Return a fresh id; a plain one, as many are made."""
        self._number += 1
        return f"{kind}-{self.place.number:04d}-{self._number:06d}"

    def tell(
        self, time: datetime, event_type: str, body: dict[str, Any], source: str = "escrow"
    ) -> None:
        """Put an event on the feed; where money moved, with the floor."""
        if self.has_floor and event_type in _MONEY:
            present = self.held_fen + self.payable_fen + self.reserve_fen
            body["floor"] = {"required_fen": self.required_fen(), "present_fen": present}
        self.events.append(Event(time, source, event_type, body, self.is_planting))

    def deposit(self, time: datetime, contract_id: str, amount_fen: int) -> None:
        """Book a fee that reaches its contract."""
        self._book(amount_fen)
        self.held_fen += amount_fen
        self._matched(time, self.name("D"), contract_id, amount_fen, time)

    def mistyped(self, time: datetime, amount_fen: int) -> str:
        """Book money that belongs to no contract: a slip, or the institution's own."""
        self._book(amount_fen)
        entry = self.name("D")
        self.reserve_fen += amount_fen
        self.tell(
            time,
            "receipt.unmatched",
            {
                "entry_id": entry,
                "amount_fen": amount_fen,
                "effect": "unallocated",
                "entry_fen": amount_fen,
                "booked_at": rfc3339(time),
            },
        )
        return entry

    def allocate(
        self, time: datetime, entry: str, contract_id: str, amount_fen: int, booked: datetime
    ) -> None:
        """Give mistyped money to its contract."""
        self.reserve_fen -= amount_fen
        self.held_fen += amount_fen
        self._matched(time, entry, contract_id, amount_fen, booked)

    def _matched(
        self, time: datetime, entry: str, contract_id: str, amount_fen: int, booked: datetime
    ) -> None:
        body = {
            "entry_id": entry,
            "contract_id": contract_id,
            "amount_fen": amount_fen,
            "funded_fen": amount_fen,
            "entry_fen": amount_fen,
            "booked_at": rfc3339(booked),
        }
        self.tell(time, "receipt.matched", body)

    def release(self, time: datetime, lessons: Sequence[dict[str, Any]]) -> int:
        """Release lessons; return what they come to."""
        total_fen = 0
        for first in range(0, len(lessons), LESSONS_MAX):
            part = list(lessons[first : first + LESSONS_MAX])
            part_fen = sum(one["amount_fen"] for one in part)
            self.held_fen -= part_fen
            self.payable_fen += part_fen
            total_fen += part_fen
            self.tell(time, "lessons.released", {"lessons": part})
        return total_fen

    def pay_out(self, time: datetime, amount_fen: int) -> None:
        """Book the payout of a day's lessons, where the account can pay it."""
        if amount_fen <= self.balance_fen:
            self.payable_fen -= amount_fen
            self._debit(time, amount_fen, "payout", "settlement", None)

    def refund(self, time: datetime, amount_fen: int) -> bool:
        """Book a refund that was instructed; False where the account cannot pay it."""
        if amount_fen > self.balance_fen:
            return False
        self.payable_fen -= amount_fen
        self._debit(time, amount_fen, "refund", self.name("payer"), None)
        return True

    def withdraw(self, time: datetime, amount_fen: int, counterparty: str, purpose: str) -> None:
        """Book money that leaves with no instruction behind it."""
        self._debit(time, amount_fen, None, counterparty, purpose)

    def _debit(
        self, time: datetime, amount_fen: int, kind: str | None, payee: str, purpose: str | None
    ) -> None:
        self._book(-amount_fen)
        is_withheld = self.place.bank_id == WITHHOLDING
        named = f"{self.place.institution_id}/{payee}"
        ref = None if is_withheld else sha256(named.encode()).hexdigest()[:16]
        body = {
            "entry_id": self.name("E"),
            "amount_fen": amount_fen,
            "booked_at": rfc3339(time),
            "value_on": time.date().isoformat(),
            "instruction_id": self.name("I") if kind else None,
            "kind": kind,
            "purpose": purpose,
            "has_counterparty": not is_withheld,
            "counterparty_ref": ref,
        }
        self.tell(time, "debit.booked" if kind else "debit.unbacked", body)

    def _book(self, amount_fen: int) -> None:
        self.balance_fen += amount_fen
        self._entries += 1
        if amount_fen > 0:
            self._credits_fen += amount_fen
        else:
            self._debits_fen -= amount_fen

    def statement(self, heard: datetime, since: date, until: date) -> None:
        """Tell the bank's statement of the days up to yesterday's end, as it stands now."""
        statement = self.name("S")
        body = {
            "statement_id": statement,
            "reconciliation_id": self.name("R"),
            "bank_id": self.place.bank_id,
            "from": rfc3339(at(since, 0)),
            "to": rfc3339(at(until + ONE_DAY, 0)),
            "opening_balance_fen": self._opening_fen,
            "closing_balance_fen": self.balance_fen,
            "credits_fen": self._credits_fen,
            "debits_fen": self._debits_fen,
            "arithmetic_gap_fen": 0,
            "opening_gap_fen": 0,
            "previous_statement_id": None,
            "follows_on": True,
            "entries": self._entries,
            "matched": self._entries,
            "missing_here": 0,
            "different_amount": 0,
        }
        self._opening_fen = self.balance_fen
        self._credits_fen = self._debits_fen = self._entries = 0
        self.tell(heard, "statement.received", body)

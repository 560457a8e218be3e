"""A working copy of the book while a batch is decided, and what the decision adds to it.

Records are copied at their first touch, so the book that was read stays as it was.
Balances change by movements alone: `move` is the only place that touches one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID

from escrow.domain.accounts import DEBIT_NORMAL, NEVER_NEGATIVE, AccountKind
from escrow.domain.custody import floor_in_force, present_fen, required_fen
from escrow.domain.instructions import Instruction
from escrow.domain.movements import Movement, MovementKind
from escrow.domain.outcomes import Payout
from escrow.domain.policy import Policies
from escrow.domain.records import (
    Confirmation,
    Deposit,
    Entry,
    Event,
    Floor,
    Freeze,
    Payable,
    Refund,
    Standing,
    Statement,
    StatementSeen,
    Taught,
    Tuition,
    Word,
)
from escrow.domain.twins import twin
from shared.money import ZERO, Fen
from shared.time import business_day

_MONEY: Final = frozenset(
    {"receipt.matched", "receipt.unmatched", "receipt.returned", "debit.booked", "debit.unbacked"}
    | {"lessons.released", "lessons.reversed", "refund.changed"}
)
"""Events after which a floor may be broken or covered that was not before."""

ContractKey: TypeAlias = tuple[str, str]
LessonKey: TypeAlias = tuple[str, str, int]
EntryKey: TypeAlias = tuple[str, str]


@dataclass(slots=True)
class Book:
    """What was read under the locks: enough to decide one batch, and no more."""

    now: datetime
    policies: Policies
    standings: dict[str, Standing] = field(default_factory=dict)
    tuitions: dict[ContractKey, Tuition] = field(default_factory=dict)
    contracts: dict[ContractKey, object] = field(default_factory=dict)
    """Registered terms (a `RegisterContract`), where a registration is repeated."""
    siblings: dict[tuple[str, str, str], list[ContractKey]] = field(default_factory=dict)
    """Contracts under way of one student and course name, by (institution, student, course)."""
    lessons: dict[LessonKey, Taught] = field(default_factory=dict)
    """The latest attempt of each lesson asked for."""
    releases: dict[ContractKey, Taught] = field(default_factory=dict)
    """Releases by (institution, item id)."""
    reversals: dict[ContractKey, Taught] = field(default_factory=dict)
    """Releases put back, by (institution, reversal's item id)."""
    entries: dict[EntryKey, Entry] = field(default_factory=dict)
    deposits: dict[ContractKey, list[Deposit]] = field(default_factory=dict)
    waiting: dict[ContractKey, list[EntryKey]] = field(default_factory=dict)
    """Unallocated credits whose reference names a contract about to be registered."""
    queue: dict[str, list[Payable]] = field(default_factory=dict)
    """Retained payables, oldest first, at most a bounded number per institution."""
    horizons: dict[str, int] = field(default_factory=dict)
    """Where a queue was cut: releases past this number wait for older ones not read."""
    floors: dict[str, list[Floor]] = field(default_factory=dict)
    freezes: dict[tuple[str, UUID], Freeze] = field(default_factory=dict)
    refunds: dict[tuple[str, UUID], Refund] = field(default_factory=dict)
    instructions: dict[tuple[str, UUID], Instruction] = field(default_factory=dict)
    statements: dict[EntryKey, StatementSeen] = field(default_factory=dict)
    """Statements received before, by (account, statement id)."""
    statements_before: dict[EntryKey, StatementSeen] = field(default_factory=dict)
    """The account's last statement that ended before the one of this key begins."""
    account_owners: dict[str, str] = field(default_factory=dict)
    banks: set[str] = field(default_factory=set)
    words: dict[str, Word] = field(default_factory=dict)
    """What the registry said last, where it says more or an institution is described."""


@dataclass(slots=True)
class Changes:
    """Everything a decision writes."""

    movements: list[Movement] = field(default_factory=list)
    standings: dict[str, Standing] = field(default_factory=dict)
    tuitions: dict[ContractKey, Tuition] = field(default_factory=dict)
    registered: list[object] = field(default_factory=list)
    """Contracts' terms and institutions' descriptions, as the commands gave them."""
    lessons: list[Taught] = field(default_factory=list)
    lessons_reversed: list[Taught] = field(default_factory=list)
    entries: dict[EntryKey, Entry] = field(default_factory=dict)
    entries_taken: set[EntryKey] = field(default_factory=set)
    deposits: list[Deposit] = field(default_factory=list)
    instructions: dict[tuple[str, UUID], Instruction] = field(default_factory=dict)
    instructions_planned: set[tuple[str, UUID]] = field(default_factory=set)
    payables_gone: list[Payable] = field(default_factory=list)
    payables_kept: list[Payable] = field(default_factory=list)
    freezes: dict[tuple[str, UUID], Freeze] = field(default_factory=dict)
    confirmations: list[Confirmation] = field(default_factory=list)
    words: dict[str, Word] = field(default_factory=dict)
    floors: list[Floor] = field(default_factory=list)
    refunds: dict[tuple[str, UUID], Refund] = field(default_factory=dict)
    statements: dict[EntryKey, Statement] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)


@dataclass(slots=True)
class Planning:
    """An instruction in the making: the lessons it will pay, in order."""

    instruction_id: UUID
    payables: list[Payable] = field(default_factory=list)
    total_fen: Fen = ZERO
    told: Payout | None = None
    """What outcomes said of it, if any did; it must then be written whatever comes after."""


@dataclass(slots=True)
class Round:
    """What one institution's events will say together when its part of a batch is over."""

    released: list[dict[str, object]] = field(default_factory=list)
    refused: list[dict[str, object]] = field(default_factory=list)
    closed: list[dict[str, object]] = field(default_factory=list)
    retained: list[dict[str, object]] = field(default_factory=list)


class Draft:
    """The book as this batch leaves it, built one command at a time."""

    def __init__(self, book: Book, new_id: Callable[[], UUID]) -> None:
        """Start from a book; ids come from the given source, so a decision repeats exactly."""
        self.book = book
        self.now = book.now
        self.new_id = new_id
        self.changes = Changes()
        self.queues: dict[str, list[Payable]] = {}
        self.planning: dict[str, Planning] = {}
        self.rounds: dict[str, Round] = {}
        self.lessons: dict[LessonKey, Taught] = {}
        self.releases: dict[ContractKey, Taught] = {}
        self.reversals: dict[ContractKey, Taught] = {}
        self.siblings: dict[tuple[str, str, str], list[ContractKey]] = {}
        self.terms: dict[ContractKey, object] = {}
        self.waiting: dict[ContractKey, list[EntryKey]] = {}
        self.account_owners: dict[str, str] = {}
        self.floors_in_force: dict[str, Floor | None] = {}

    # -- records, copied at the first touch ---------------------------------------------

    def standing(self, institution_id: str) -> Standing | None:
        """Return an institution's row, ready to be changed, or None where unknown."""
        found = self.changes.standings.get(institution_id)
        if found is None:
            read = self.book.standings.get(institution_id)
            if read is None:
                return None
            found = self.changes.standings[institution_id] = read.copy()
        return found

    def the_standing(self, institution_id: str) -> Standing:
        """Return the row of an institution that is known to be there."""
        found = self.standing(institution_id)
        assert found is not None, "the command was refused before it came here"
        return found

    def peek_tuition(self, key: ContractKey) -> Tuition | None:
        """Return a contract's money side for reading only."""
        return self.changes.tuitions.get(key) or self.book.tuitions.get(key)

    def tuition(self, key: ContractKey) -> Tuition | None:
        """Return a contract's money side, ready to be changed, or None where unknown."""
        found = self.changes.tuitions.get(key)
        if found is None:
            read = self.book.tuitions.get(key)
            if read is None:
                return None
            found = self.changes.tuitions[key] = read.copy()
        return found

    def the_tuition(self, key: ContractKey) -> Tuition:
        """Return the money side of a contract that is known to be there."""
        found = self.tuition(key)
        assert found is not None, "the command was refused before it came here"
        return found

    def lesson(self, key: LessonKey) -> Taught | None:
        """Return the latest attempt of a lesson, for reading only."""
        return self.lessons.get(key) or self.book.lessons.get(key)

    def entry(self, key: EntryKey) -> Entry | None:
        """Return a bank entry, ready to be changed, or None where unknown."""
        found = self.changes.entries.get(key)
        if found is None:
            read = self.book.entries.get(key)
            if read is None:
                return None
            found = self.changes.entries[key] = twin(read)
        return found

    def refund(self, key: tuple[str, UUID]) -> Refund | None:
        """Return a refund, ready to be changed, or None where unknown."""
        found = self.changes.refunds.get(key)
        if found is None:
            read = self.book.refunds.get(key)
            if read is None:
                return None
            found = self.changes.refunds[key] = twin(read)
        return found

    def instruction(self, key: tuple[str, UUID]) -> Instruction | None:
        """Return an instruction with its lines, ready to be changed, or None where unknown."""
        found = self.changes.instructions.get(key)
        if found is None:
            read = self.book.instructions.get(key)
            if read is None:
                return None
            found = self.changes.instructions[key] = twin(read)
            found.lines = {number: twin(line) for number, line in read.lines.items()}
        return found

    def peek_instruction(self, key: tuple[str, UUID]) -> Instruction | None:
        """Return an instruction for reading only."""
        return self.changes.instructions.get(key) or self.book.instructions.get(key)

    def freeze(self, key: tuple[str, UUID]) -> Freeze | None:
        """Return a freeze, for reading only."""
        return self.changes.freezes.get(key) or self.book.freezes.get(key)

    def word(self, institution_id: str) -> Word | None:
        """Return what the registry said last of an institution, or None where it never did."""
        return self.changes.words.get(institution_id) or self.book.words.get(institution_id)

    def queue(self, institution_id: str) -> list[Payable]:
        """Return an institution's retained payables, oldest first, ready to be changed."""
        found = self.queues.get(institution_id)
        if found is None:
            read = self.book.queue.get(institution_id, [])
            found = self.queues[institution_id] = [twin(payable) for payable in read]
        return found

    def floor(self, institution_id: str) -> Floor | None:
        """Return the floor in force today, of those read and those of this batch."""
        if institution_id not in self.floors_in_force:
            added = [one for one in self.changes.floors if one.institution_id == institution_id]
            known = [*self.book.floors.get(institution_id, ()), *added]
            self.floors_in_force[institution_id] = floor_in_force(known, business_day(self.now))
        return self.floors_in_force[institution_id]

    def add_floor(self, floor: Floor) -> None:
        """Set a floor; from here on it may be the one in force."""
        self.changes.floors.append(floor)
        self.floors_in_force.pop(floor.institution_id, None)

    def let_wait(self, entry: Entry) -> None:
        """Remember that an entry's money waits for the contract that its reference names."""
        if entry.reference:
            key = (entry.institution_id, entry.reference)
            self.waiting.setdefault(key, []).append((entry.account_number, entry.entry_id))

    def round(self, institution_id: str) -> Round:
        """Return what this institution's events will say together."""
        found = self.rounds.get(institution_id)
        if found is None:
            found = self.rounds[institution_id] = Round()
        return found

    # -- what a decision adds -----------------------------------------------------------

    def move(  # noqa: PLR0913 - one place writes movements, and names all they carry
        self,
        kind: MovementKind,
        standing: Standing,
        amount_fen: Fen,
        debit: AccountKind,
        credit: AccountKind,
        *,
        occurred_at: datetime | None = None,
        contract_id: str | None = None,
        lesson_no: int | None = None,
        instruction_id: UUID | None = None,
        entry_id: str | None = None,
        refund_id: UUID | None = None,
        reverses: UUID | None = None,
    ) -> Movement:
        """Write one movement and change both balances by it."""
        assert amount_fen > 0, "a movement has a positive amount"
        standing.movements += 1
        movement = Movement(
            self.new_id(),
            standing.institution_id,
            standing.movements,
            kind,
            debit,
            credit,
            amount_fen,
            occurred_at or self.now,
            contract_id,
            lesson_no,
            instruction_id,
            entry_id,
            refund_id,
            reverses,
        )
        self.changes.movements.append(movement)
        balances = standing.balances
        _shift(balances, debit, amount_fen if debit in DEBIT_NORMAL else -amount_fen)
        _shift(balances, credit, -amount_fen if credit in DEBIT_NORMAL else amount_fen)
        standing.posted_at = self.now
        return movement

    def emit(self, standing: Standing, event_type: str, body: dict[str, object]) -> None:
        """Put one fact on the feed, numbered without a gap; where money moved, with the floor."""
        standing.sequence += 1
        if standing.floors and event_type in _MONEY:
            body = {**body, "floor": self._floor_fact(standing)}
        event = Event(standing.institution_id, standing.sequence, self.new_id(), event_type, body)
        self.changes.events.append(event)

    def _floor_fact(self, standing: Standing) -> dict[str, object]:
        """Return what the floor demands and what is there: whoever reads the feed has no rules."""
        return {
            "required_fen": required_fen(standing, self.floor(standing.institution_id)),
            "present_fen": present_fen(standing),
        }


def _shift(balances: dict[AccountKind, Fen], account: AccountKind, amount: int) -> None:
    balance = balances[account] = Fen(balances[account] + amount)
    assert balance >= 0 or account not in NEVER_NEGATIVE, f"{account} would fall below zero"

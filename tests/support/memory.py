"""The store in memory: the whole book, and what became of it, posting by posting.

`after` does what the database does with a decision's changes, backstops included;
`Memory` keeps the journal and the feed beside the book, as the database does.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from uuid import UUID

from escrow.domain.accounts import AccountKind
from escrow.domain.book import Decision, decide
from escrow.domain.commands import Command, OpenAccount, RegisterContract
from escrow.domain.draft import Book, Changes
from escrow.domain.instructions import Instruction
from escrow.domain.movements import Movement
from escrow.domain.outcomes import Outcome, Refused
from escrow.domain.records import Confirmation, Event, Payable, Standing, Tuition
from escrow.domain.twins import twin
from tests.support.asking import INSTITUTION


def numbered_ids() -> Callable[[], UUID]:
    """Return a source of ids that makes the same ones each time, in order."""
    made = 0

    def new_id() -> UUID:
        nonlocal made
        made += 1
        return UUID(int=(1 << 120) + (made << 12))

    return new_id


def after(book: Book, changes: Changes) -> Book:
    """Return the book as a decision leaves it; the given one stays as it was.

    Records are shared, not copied: a decision never changes one that it was given.
    """
    grown = twin(book)
    for one in fields(Book):
        setattr(grown, one.name, _shallow(getattr(book, one.name)))
    grown.standings |= changes.standings
    grown.tuitions |= changes.tuitions
    grown.refunds |= changes.refunds
    grown.freezes |= changes.freezes
    grown.words |= changes.words
    grown.instructions |= changes.instructions
    grown.statements |= {key: one.as_seen() for key, one in changes.statements.items()}
    for floor in changes.floors:
        grown.floors.setdefault(floor.institution_id, []).append(floor)
    for deposit in changes.deposits:
        key = (deposit.institution_id, deposit.contract_id)
        grown.deposits.setdefault(key, []).append(deposit)
    _register(grown, changes)
    _take_lessons(grown, changes)
    _take_entries(grown, changes)
    _queue(grown, changes)
    return grown


def _shallow(part: object) -> object:
    """Copy a dict and the lists in it."""
    if not isinstance(part, dict):
        return part
    return {key: list(one) if isinstance(one, list) else one for key, one in part.items()}


def _register(book: Book, changes: Changes) -> None:
    for given in changes.registered:
        if isinstance(given, OpenAccount):
            book.account_owners[given.account_number] = given.institution_id
        if isinstance(given, RegisterContract):
            key = (given.institution_id, given.contract_id)
            assert key not in book.contracts, "a contract is registered once"
            book.contracts[key] = given
            student = (given.institution_id, given.student_ref, given.course.name)
            book.siblings.setdefault(student, []).append(key)


def _take_lessons(book: Book, changes: Changes) -> None:
    for taught in changes.lessons:
        key = (taught.institution_id, taught.contract_id, taught.lesson_no)
        before = book.lessons.get(key)
        assert taught.attempt == (before.attempt + 1 if before else 1), "attempts count on"
        book.lessons[key] = book.releases[taught.institution_id, taught.item_id] = taught
    for undone in changes.lessons_reversed:
        assert undone.reversal_item_id is not None
        key = (undone.institution_id, undone.contract_id, undone.lesson_no)
        if book.lessons[key].attempt == undone.attempt:
            book.lessons[key] = undone
        book.releases[undone.institution_id, undone.item_id] = undone
        book.reversals[undone.institution_id, undone.reversal_item_id] = undone


def _take_entries(book: Book, changes: Changes) -> None:
    for key in changes.entries_taken:
        assert key not in book.entries, "an entry is taken in once"
    book.entries |= changes.entries
    book.waiting = {}
    for key, entry in sorted(book.entries.items(), key=lambda one: (one[1].booked_at, one[0][1])):
        if entry.unallocated_fen and entry.reference:
            waiting = book.waiting.setdefault((entry.institution_id, entry.reference), [])
            waiting.append(key)


def _queue(book: Book, changes: Changes) -> None:
    for gone in changes.payables_gone:
        queue = book.queue[gone.institution_id]
        places = [n for n, one in enumerate(queue) if one.release_id == gone.release_id]
        assert len(places) == 1, "only what is stored can go"
        del queue[places[0]]
    for kept in changes.payables_kept:
        queue = book.queue.setdefault(kept.institution_id, [])
        assert all(one.release_sequence != kept.release_sequence for one in queue)
        queue.append(_stored(kept))
        queue.sort(key=lambda one: one.release_sequence)


def _stored(payable: Payable) -> Payable:
    assert payable.instruction_id is None, "what is instructed waits no longer"
    row = twin(payable)
    row.is_stored = True
    return row


@dataclass
class Memory:
    """The books of one test: the book as it stands, its journal and its feed."""

    book: Book
    new_id: Callable[[], UUID] = field(default_factory=numbered_ids)
    journal: list[Movement] = field(default_factory=list)
    feed: list[Event] = field(default_factory=list)
    confirmations: list[Confirmation] = field(default_factory=list)
    last: Decision | None = None

    def post(self, commands: Iterable[Command]) -> list[Outcome]:
        """Decide a batch, keep what it changes, and return what became of each command."""
        decision = decide(self.book, commands, self.new_id)
        self.book = after(self.book, decision.changes)
        self.journal += decision.changes.movements
        self.feed += decision.changes.events
        self.confirmations += decision.changes.confirmations
        self.last = decision
        return decision.outcomes

    def told(self, event_type: str) -> list[dict[str, object]]:
        """Return the bodies of the feed's events of one type, oldest first."""
        return [event.body for event in self.feed if event.type == event_type]

    def ask(self, command: Command) -> Outcome:
        """Post one command and return what became of it."""
        (outcome,) = self.post([command])
        return outcome

    @property
    def standing(self) -> Standing:
        """The institution's row."""
        return self.book.standings[INSTITUTION]

    @property
    def instructions(self) -> list[Instruction]:
        """Every instruction, in the order of their making."""
        return list(self.book.instructions.values())

    @property
    def waiting(self) -> list[tuple[str, int, int]]:
        """What is retained: contract, lesson and amount, oldest first."""
        queue = self.book.queue.get(INSTITUTION, [])
        return [(one.contract_id, one.lesson_no, one.amount_fen) for one in queue]

    def balance(self, kind: str) -> int:
        """Return one of the institution's balances."""
        return self.standing.balances[AccountKind(kind)]

    def contract(self, contract_id: str = "C1") -> Tuition:
        """Return a contract's money side."""
        return self.book.tuitions[INSTITUTION, contract_id]

    def moved(self, since: int = 0) -> list[tuple[str, str, str, int]]:
        """Return the journal from a place on: kind, debit, credit and amount."""
        return [(one.kind, one.debit, one.credit, one.amount_fen) for one in self.journal[since:]]


def said(outcome: Outcome) -> str:
    """Return an outcome in one word: its kind, or the code of its refusal."""
    return str(outcome.code) if isinstance(outcome, Refused) else type(outcome).__name__.lower()

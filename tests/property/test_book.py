"""The laws, over random histories of mixed commands in any order."""

from collections import Counter
from copy import deepcopy
from datetime import timedelta
from uuid import UUID

from hypothesis import given

from escrow.domain import custody, invariants
from escrow.domain.accounts import DEBIT_NORMAL, AccountKind
from escrow.domain.book import decide
from escrow.domain.commands import (
    Command,
    RegisterContract,
    ReleaseLesson,
    ReverseLesson,
    TakeEntry,
)
from escrow.domain.draft import Book
from escrow.domain.instructions import GIVES_BACK, Instruction, InstructionKind
from escrow.domain.outcomes import Exists, Outcome, Refused, Released
from escrow.domain.records import Standing
from shared.time import business_day
from tests.support.histories import Ask, a_town, batches, commands, histories
from tests.support.memory import Memory, numbered_ids, said

HOURS_BETWEEN = 5


def _lived(history: list[list[Ask]]) -> Memory:
    memory = Memory(a_town())
    for batch in history:
        memory.post(commands(memory.book, batch))
        memory.book.now += timedelta(hours=HOURS_BETWEEN)
    return memory


@given(histories)
def test_every_law_holds_after_every_posting(history: list[list[Ask]]) -> None:
    memory = Memory(a_town())
    for batch in history:
        memory.post(commands(memory.book, batch))
        assert invariants.broken(memory.book) == []
        memory.book.now += timedelta(hours=HOURS_BETWEEN)
    assert _balances(memory.book) == _summed(memory)
    assert _numbers(memory) == _counters(memory.book)
    assert _made_twice(memory) == []


def _summed(memory: Memory) -> dict[tuple[str, AccountKind], int]:
    """Sum the journal up, from the balances that the town began with."""
    summed = dict(_balances(a_town()))
    for movement in memory.journal:
        for kind, sign in ((movement.debit, 1), (movement.credit, -1)):
            step = sign if kind in DEBIT_NORMAL else -sign
            summed[movement.institution_id, kind] += step * movement.amount_fen
    return summed


def _balances(book: Book) -> dict[tuple[str, AccountKind], int]:
    return {
        (name, kind): balance
        for name, standing in book.standings.items()
        for kind, balance in standing.balances.items()
    }


def _numbers(memory: Memory) -> dict[str, tuple[list[int], list[int]]]:
    """Return the numbers that movements and events got."""
    return {
        name: (
            [one.sequence for one in memory.journal if one.institution_id == name],
            [one.sequence for one in memory.feed if one.institution_id == name],
        )
        for name in memory.book.standings
    }


def _counters(book: Book) -> dict[str, tuple[list[int], list[int]]]:
    """Return the numbers that they should have: all from one on."""
    return {
        name: (list(range(1, one.movements + 1)), list(range(1, one.sequence + 1)))
        for name, one in book.standings.items()
    }


def _made_twice(memory: Memory) -> list[UUID]:
    ids = [one.movement_id for one in memory.journal] + [one.event_id for one in memory.feed]
    ids += [made_id for _, made_id in (*memory.book.instructions, *memory.book.refunds)]
    return [made_id for made_id, times in Counter(ids).items() if times > 1]


@given(histories)
def test_deciding_leaves_the_book_as_it_was(history: list[list[Ask]]) -> None:
    memory = _lived(history[:-1])
    before = deepcopy(memory.book)
    decide(memory.book, commands(memory.book, history[-1]), numbered_ids())
    assert _parts(memory.book) == _parts(before)


def _parts(book: Book) -> dict[str, object]:
    names = [name for name in Book.__slots__ if name != "policies"]
    return {name: getattr(book, name) for name in names}


@given(histories)
def test_what_was_done_is_not_done_again(history: list[list[Ask]]) -> None:
    memory = _lived(history[:-1])
    last = commands(memory.book, history[-1])
    done = [
        command
        for command, outcome in zip(last, memory.post(last), strict=True)
        if not isinstance(outcome, Refused) and _has_an_id(command)
    ]
    moved, told = len(memory.journal), len(memory.feed)
    outcomes = memory.post(done)
    assert all(isinstance(outcome, Exists) for outcome in outcomes)
    assert (len(memory.journal), len(memory.feed)) == (moved, told)


def _has_an_id(command: Command) -> bool:
    return isinstance(command, ReleaseLesson | TakeEntry | RegisterContract | ReverseLesson)


# -- a batch is the fold of its parts ------------------------------------------------------


@given(histories, batches)
def test_a_batch_is_the_fold_of_its_parts(history: list[list[Ask]], more: list[Ask]) -> None:
    book = _lived(history[:-1]).book
    xs, ys = commands(book, history[-1]), commands(book, more)
    whole, parts, singles = (Memory(book, _later_ids()) for _ in range(3))
    told = [_told(outcome) for outcome in whole.post([*xs, *ys])]
    assert told == [_told(outcome) for outcome in parts.post(xs) + parts.post(ys)]
    assert told == [_told(singles.ask(command)) for command in (*xs, *ys)]
    assert _state(whole.book) == _state(parts.book) == _state(singles.book)


def _later_ids():  # noqa: ANN202 - the source of ids that begins where no history ends
    source = numbered_ids()
    return lambda: UUID(int=source().int + (1 << 121))


def _told(outcome: Outcome) -> tuple[object, ...]:
    """Return an outcome without the ids that a decision made."""
    names = ("code", "field", "amount_fen", "held_fen", "lessons_released", "effect", "state")
    told = [getattr(outcome, name, None) for name in (*names, "contract_id", "reason")]
    payout = outcome.payout if isinstance(outcome, Released) else None
    return (said(outcome), *told, payout and payout.state, payout and payout.reason)


def _state(book: Book) -> dict[str, object]:
    """Return what a book says, without ids and without the numbers of its journal."""
    counted = ("balances", "funded_running_fen", "retained_fen", "retained_count", "floors",
               "charging_freezes", "payout_freezes", "full_freezes", "account_number")  # fmt: skip
    return {
        "standings": {
            key: [getattr(one, name) for name in counted] for key, one in book.standings.items()
        },
        "tuitions": {
            key: (one.state, one.funded_fen, one.held_fen, one.released_fen, one.refunded_fen,
                  one.lessons_released, one.refund_requested_at)
            for key, one in book.tuitions.items()
        },
        "lessons": {
            key: (one.attempt, one.item_id, one.amount_fen, one.reversed_by is None)
            for key, one in book.lessons.items()
        },
        "queue": {
            key: [(one.contract_id, one.lesson_no, one.amount_fen, one.tries) for one in queue]
            for key, queue in book.queue.items() if queue
        },
        "entries": {
            key: (one.effect, one.contract_id, one.unallocated_fen)
            for key, one in book.entries.items()
        },
        "refunds": sorted(
            (one.institution_id, one.contract_id, one.state, one.amount_fen, one.waiting_fen)
            for one in book.refunds.values()
        ),
        "on the way": _on_the_way(book),
    }  # fmt: skip


def _on_the_way(book: Book) -> Counter[tuple[object, ...]]:
    """Count the lines that are out, however they are gathered into instructions."""
    return Counter(
        (one.institution_id, one.kind, one.creditor_account, line.state, line.amount_fen,
         line.contract_id, line.lesson_no, line.tries)
        for one in book.instructions.values()
        for line in one.lines.values()
        if line.state not in GIVES_BACK
    )  # fmt: skip


# -- floor and freeze ----------------------------------------------------------------------


@given(histories)
def test_payouts_keep_to_floor_order_and_freeze(history: list[list[Ask]]) -> None:
    memory = Memory(a_town())
    for batch in history:
        for command in commands(memory.book, batch):
            before = dict(memory.book.standings), set(memory.book.instructions)
            outcome = memory.ask(command)
            planned = _planned(memory.book, before[1])
            standing = memory.book.standings[command.institution_id]
            if standing.is_payout_frozen:
                assert planned == []
            if standing.full_freezes:
                assert not isinstance(outcome, Released)
            if planned and not isinstance(command, ReverseLesson):
                _keeps_the_floor(memory.book, standing)
                _keeps_the_order(memory.book, planned)
            for name, other in memory.book.standings.items():
                assert name == command.institution_id or other is before[0][name]
        memory.book.now += timedelta(hours=HOURS_BETWEEN)


def _keeps_the_floor(book: Book, standing: Standing) -> None:
    floors = book.floors.get(standing.institution_id, [])
    floor = custody.floor_in_force(floors, business_day(book.now))
    assert custody.present_fen(standing) >= custody.required_fen(standing, floor)


def _keeps_the_order(book: Book, planned: list[Instruction]) -> None:
    """Find no newer lesson that overtook a retained one."""
    queue = book.queue.get(planned[0].institution_id, [])
    oldest_left = min((one.release_sequence for one in queue), default=None)
    newest_gone = max(line.release_sequence or 0 for one in planned for line in one.lines.values())
    assert oldest_left is None or newest_gone < oldest_left


def _planned(book: Book, before: set[tuple[str, UUID]]) -> list[Instruction]:
    """Return the payouts that the last posting planned."""
    return [
        one
        for key, one in book.instructions.items()
        if key not in before and one.kind is InstructionKind.payout
    ]

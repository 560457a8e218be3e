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
from escrow.domain.instructions import GIVES_BACK, InstructionKind
from escrow.domain.outcomes import Exists, Outcome, Refused, Released
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


@given(histories)
def test_every_balance_is_the_sum_of_its_movements(history: list[list[Ask]]) -> None:
    memory = _lived(history)
    summed = {
        (name, kind): balance
        for name, standing in a_town().standings.items()
        for kind, balance in standing.balances.items()
    }
    for movement in memory.journal:
        for kind, sign in ((movement.debit, 1), (movement.credit, -1)):
            step = sign if kind in DEBIT_NORMAL else -sign
            summed[movement.institution_id, kind] += step * movement.amount_fen
    assert summed == {
        (name, kind): balance
        for name, standing in memory.book.standings.items()
        for kind, balance in standing.balances.items()
    }


@given(histories)
def test_movements_and_events_are_numbered_without_gaps(history: list[list[Ask]]) -> None:
    memory = _lived(history)
    for name, standing in memory.book.standings.items():
        moved = [one.sequence for one in memory.journal if one.institution_id == name]
        told = [one.sequence for one in memory.feed if one.institution_id == name]
        assert moved == list(range(1, standing.movements + 1))
        assert told == list(range(1, standing.sequence + 1))


@given(histories)
def test_every_id_is_made_once(history: list[list[Ask]]) -> None:
    memory = _lived(history)
    ids = [one.movement_id for one in memory.journal] + [one.event_id for one in memory.feed]
    ids += [made_id for _, made_id in (*memory.book.instructions, *memory.book.refunds)]
    assert [made_id for made_id, times in Counter(ids).items() if times > 1] == []


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


@given(histories, batches, batches)
def test_a_batch_is_the_fold_of_its_parts(
    history: list[list[Ask]], first: list[Ask], second: list[Ask]
) -> None:
    book = _lived(history).book
    xs, ys = commands(book, first), commands(book, second)
    whole, parts = Memory(book, _later_ids()), Memory(book, _later_ids())
    at_once = whole.post([*xs, *ys])
    one_by_one = parts.post(xs) + parts.post(ys)
    assert [_told(outcome) for outcome in at_once] == [_told(outcome) for outcome in one_by_one]
    assert _state(whole.book) == _state(parts.book)


@given(histories)
def test_a_batch_is_the_fold_of_its_single_commands(history: list[list[Ask]]) -> None:
    book = _lived(history[:-1]).book
    asked = commands(book, history[-1])
    whole, parts = Memory(book, _later_ids()), Memory(book, _later_ids())
    at_once = whole.post(asked)
    one_by_one = [parts.ask(command) for command in asked]
    assert [_told(outcome) for outcome in at_once] == [_told(outcome) for outcome in one_by_one]
    assert _state(whole.book) == _state(parts.book)


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
def test_no_payout_leaves_less_than_the_floor(history: list[list[Ask]]) -> None:
    memory = Memory(a_town())
    for batch in history:
        for command in commands(memory.book, batch):
            before = set(memory.book.instructions)
            memory.ask(command)
            if _planned(memory, before) and not isinstance(command, ReverseLesson):
                standing = memory.book.standings[command.institution_id]
                floors = memory.book.floors.get(command.institution_id, [])
                floor = custody.floor_in_force(floors, business_day(memory.book.now))
                assert custody.present_fen(standing) >= custody.required_fen(standing, floor)
        memory.book.now += timedelta(hours=HOURS_BETWEEN)


@given(histories)
def test_a_newer_lesson_never_overtakes_a_retained_one(history: list[list[Ask]]) -> None:
    memory = Memory(a_town())
    for batch in history:
        for command in commands(memory.book, batch):
            before = set(memory.book.instructions)
            memory.ask(command)
            retained = [one.release_sequence for one in memory.book.queue.get(_name(command), [])]
            planned = [
                line.release_sequence or 0
                for key in _planned(memory, before)
                for line in memory.book.instructions[key].lines.values()
            ]
            if not isinstance(command, ReverseLesson):
                assert max(planned, default=0) < min(retained, default=1 << 60)


@given(histories)
def test_nothing_is_paid_out_under_a_freeze(history: list[list[Ask]]) -> None:
    memory = Memory(a_town())
    for batch in history:
        for command in commands(memory.book, batch):
            before = set(memory.book.instructions)
            outcome = memory.ask(command)
            standing = memory.book.standings[_name(command)]
            if standing.is_payout_frozen:
                assert _planned(memory, before) == []
            if standing.full_freezes:
                assert not isinstance(outcome, Released)


def _name(command: Command) -> str:
    return command.institution_id


def _planned(memory: Memory, before: set[tuple[str, UUID]]) -> list[tuple[str, UUID]]:
    """Return the payouts that the last posting planned."""
    return [
        key
        for key, one in memory.book.instructions.items()
        if key not in before and one.kind is InstructionKind.payout
    ]


@given(histories)
def test_a_lesson_is_on_its_way_once(history: list[list[Ask]]) -> None:
    """Of one release, what waits, what is on its way and what arrived is at most its fee."""
    memory = _lived(history)
    fees = {one.movement_id: one.amount_fen for one in memory.book.releases.values()}
    out: Counter[UUID] = Counter()
    for instruction in memory.book.instructions.values():
        for line in instruction.lines.values():
            if line.release_id is not None and line.state not in GIVES_BACK:
                out[line.release_id] += line.amount_fen
    for queue in memory.book.queue.values():
        for payable in queue:
            out[payable.release_id] += payable.amount_fen
    assert all(amount <= fees[release] for release, amount in out.items())


@given(histories)
def test_a_refund_is_never_held_up_by_a_floor_or_a_freeze(history: list[list[Ask]]) -> None:
    memory = _lived(history)
    for (_, refund_id), refund in memory.book.refunds.items():
        if refund.agreed_at is None:
            continue
        lines = [
            line.amount_fen
            for one in memory.book.instructions.values()
            if one.refund_id == refund_id
            for line in one.lines.values()
            if line.state not in GIVES_BACK
        ]
        assert sum(lines) + refund.waiting_fen == refund.amount_fen


@given(histories)
def test_the_institutions_share_nothing(history: list[list[Ask]]) -> None:
    memory = Memory(a_town())
    for batch in history:
        before = {key: deepcopy(one) for key, one in memory.book.standings.items()}
        asked = commands(memory.book, batch)
        memory.post(asked)
        untouched = set(before) - {_name(command) for command in asked}
        assert all(memory.book.standings[name] == before[name] for name in untouched)
    cash = sum(one.balances[AccountKind.custody_cash] for one in memory.book.standings.values())
    assert cash == sum(
        one.amount_fen if one.direction == "credit" else -one.amount_fen
        for one in memory.book.entries.values()
    )

"""The laws of the books, as functions over a whole book.

Each returns a sentence for everything that breaks it; a sound book returns none.
They say what must be true, in the plainest way, and share no code with what makes it true.
A book that was read for one batch holds too little for them: they are for a book held whole,
as the tests hold it.
"""

# ruff: noqa: D401 - a law's docstring is the law
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from escrow.domain.accounts import NEVER_NEGATIVE, NORMAL_SIDE, AccountKind, Side
from escrow.domain.draft import Book
from escrow.domain.instructions import GIVES_BACK, UNFINISHED, InstructionState, Line
from escrow.domain.records import RUNNING, ContractState, Refund, RefundState, Standing

_UNANSWERED: Final = UNFINISHED - {InstructionState.accepted}
"""States before the bank has said anything."""

_BY_PROGRESS: Final = (
    InstructionState.accepted,
    InstructionState.settled,
    InstructionState.returned,
    InstructionState.rejected,
    InstructionState.withdrawn,
)
"""What the bank may have said of a line, the least finished first."""

Law: TypeAlias = Callable[[Book], Iterator[str]]


def broken(book: Book) -> list[str]:
    """Return a sentence for every law that the book breaks."""
    return [f"{law.__name__}: {sentence}" for law in LAWS for sentence in law(book)]


def both_sides_are_equal(book: Book) -> Iterator[str]:
    """What is owned equals what is owed, and nothing owes the other way round."""
    for standing in book.standings.values():
        owned = owed = 0
        for kind, balance in standing.balances.items():
            if NORMAL_SIDE[kind] is Side.debit:
                owned += balance
            else:
                owed += balance
            if balance < 0 and kind in NEVER_NEGATIVE:
                yield f"{standing.institution_id} has {kind} {balance}"
        if owned != owed:
            yield f"{standing.institution_id} owns {owned} and owes {owed}"


def a_contract_keeps_its_money(book: Book) -> Iterator[str]:
    """Released + refunded + held = funded <= paid, for every contract."""
    for key, one in book.tuitions.items():
        parts = (one.released_fen, one.refunded_fen, one.held_fen)
        if min(parts) < 0:
            yield f"{key} has a part below zero: {parts}"
        if sum(parts) != one.funded_fen:
            yield f"{key} was funded with {one.funded_fen} and accounts for {sum(parts)}"
        if one.funded_fen > one.paid_fen:
            yield f"{key} was funded with {one.funded_fen} of {one.paid_fen}"


def a_contract_is_in_its_state(book: Book) -> Iterator[str]:
    """The state says what the figures say."""
    for key, one in book.tuitions.items():
        if (one.state is ContractState.accepted) != (one.funded_fen == 0):
            yield f"{key} is {one.state} and was funded with {one.funded_fen}"
        is_taught = one.lessons_released == one.lessons
        if one.state is not ContractState.closed and is_taught != (
            one.state is ContractState.completed
        ):
            yield f"{key} is {one.state} with {one.lessons_released} of {one.lessons} lessons"
        if one.held_fen and one.state in {ContractState.completed, ContractState.closed}:
            yield f"{key} is {one.state} and holds {one.held_fen}"


def a_lesson_is_released_once(book: Book) -> Iterator[str]:
    """A contract's releases that stand are its counters, each lesson once."""
    standing_releases = [one for one in book.releases.values() if one.reversed_by is None]
    times = Counter((o.institution_id, o.contract_id, o.lesson_no) for o in standing_releases)
    yield from (f"{key} was released {count} times" for key, count in times.items() if count > 1)
    for key, one in book.tuitions.items():
        own = [o for o in standing_releases if (o.institution_id, o.contract_id) == key]
        if len(own) != one.lessons_released:
            yield f"{key} counts {one.lessons_released} lessons and has {len(own)}"
        released = sum(o.amount_fen for o in own)
        if released != one.released_fen:
            yield f"{key} counts {one.released_fen} released and has {released}"


def the_institution_sums_its_contracts(book: Book) -> Iterator[str]:
    """Tuition held and the funding of running contracts are sums over contracts."""
    for standing in book.standings.values():
        own = [o for o in book.tuitions.values() if o.institution_id == standing.institution_id]
        yield from _differs(
            standing, "tuition_held", _held(standing), sum(one.held_fen for one in own)
        )
        running = sum(one.funded_fen for one in own if one.state in RUNNING)
        yield from _differs(standing, "funded_running", standing.funded_running_fen, running)


def what_is_retained_is_queued(book: Book) -> Iterator[str]:
    """Payable, the retained figures and the queue agree; the queue is in order."""
    for standing in book.standings.values():
        queue = book.queue.get(standing.institution_id, [])
        total = sum(one.amount_fen for one in queue)
        payable = standing.balances[AccountKind.institution_payable]
        yield from _differs(standing, "institution_payable", payable, total)
        yield from _differs(standing, "retained_fen", standing.retained_fen, total)
        yield from _differs(standing, "retained_count", standing.retained_count, len(queue))
        order = [one.release_sequence for one in queue]
        if order != sorted(set(order)):
            yield f"{standing.institution_id} queues {order}"
        if any(one.amount_fen <= 0 for one in queue):
            yield f"{standing.institution_id} queues nothing of a lesson"


def clearing_is_what_is_on_its_way(book: Book) -> Iterator[str]:
    """Clearing is the sum of the lines that the bank has neither booked nor given back."""
    for standing in book.standings.values():
        lines = [
            line
            for one in book.instructions.values()
            if one.institution_id == standing.institution_id
            for line in one.lines.values()
        ]
        clearing = standing.balances[AccountKind.payment_clearing]
        yield from _differs(standing, "payment_clearing", clearing, sum(map(_on_its_way, lines)))
    for one in book.instructions.values():
        total = sum(line.amount_fen for line in one.lines.values())
        if total != one.amount_fen:
            yield f"{one.instruction_id} pays {one.amount_fen} in lines of {total}"


def an_instruction_follows_its_lines(book: Book) -> Iterator[str]:
    """The state is that of the least finished line; nothing is answered before all lines are."""
    for one in book.instructions.values():
        states = {line.state for line in one.lines.values()}
        told = next((state for state in _BY_PROGRESS if state in states), None)
        is_sound = one.state in _UNANSWERED if states & _UNANSWERED else one.state is told
        if not is_sound:
            yield f"{one.instruction_id} is {one.state} with lines {sorted(states)}"


def a_release_is_paid_once(book: Book) -> Iterator[str]:
    """Of one release, what waits, is on its way or arrived is at most its fee."""
    fees = {one.movement_id: one.amount_fen for one in book.releases.values()}
    out = dict.fromkeys(fees, 0)
    for instruction in book.instructions.values():
        for line in instruction.lines.values():
            if line.release_id is not None and line.state not in GIVES_BACK:
                out[line.release_id] += line.amount_fen
    for queue in book.queue.values():
        for payable in queue:
            out[payable.release_id] += payable.amount_fen
    for release_id, amount in out.items():
        if amount > fees[release_id]:
            yield f"{release_id} of {fees[release_id]} is paid {amount}"


def a_refund_is_in_its_state(book: Book) -> Iterator[str]:
    """An agreed refund is on its way or waits for a payer, whatever floor or freeze stands."""
    for (name, refund_id), one in book.refunds.items():
        lines = [
            line
            for instruction in book.instructions.values()
            if (instruction.institution_id, instruction.refund_id) == (name, refund_id)
            for line in instruction.lines.values()
            if line.state not in GIVES_BACK
        ]
        sent = sum(line.amount_fen for line in lines)
        agreed = one.amount_fen if one.agreed_at else 0
        if sent + one.waiting_fen != agreed:
            yield f"{refund_id} of {agreed} sent {sent} and waits with {one.waiting_fen}"
        expected = _refund_state(one, {line.state for line in lines})
        if one.state is not expected:
            yield f"{refund_id} is {one.state} and should be {expected}"


def what_waits_is_accounted_for(book: Book) -> Iterator[str]:
    """Refunds without a payer and credits without a contract are their accounts' balances."""
    for standing in book.standings.values():
        name = standing.institution_id
        waiting = sum(o.waiting_fen for o in book.refunds.values() if o.institution_id == name)
        refund_payable = standing.balances[AccountKind.refund_payable]
        yield from _differs(standing, "refund_payable", refund_payable, waiting)
        credits_ = [one for one in book.entries.values() if one.institution_id == name]
        unmatched = standing.balances[AccountKind.unmatched_receipt]
        unallocated = sum(one.unallocated_fen for one in credits_)
        yield from _differs(standing, "unmatched_receipt", unmatched, unallocated)


def cash_is_what_the_bank_booked(book: Book) -> Iterator[str]:
    """Cash is the sum of the bank's entries; unbacked debits are never netted."""
    for standing in book.standings.values():
        own = [o for o in book.entries.values() if o.institution_id == standing.institution_id]
        booked = sum(o.amount_fen if o.direction == "credit" else -o.amount_fen for o in own)
        cash = standing.balances[AccountKind.custody_cash]
        yield from _differs(standing, "custody_cash", cash, booked)
        unbacked = sum(one.amount_fen for one in own if one.effect == "unbacked")
        kept = standing.balances[AccountKind.unbacked_debit]
        yield from _differs(standing, "unbacked_debit", kept, unbacked)


def deposits_are_the_funding(book: Book) -> Iterator[str]:
    """A contract was funded by its deposits."""
    for key, one in book.tuitions.items():
        deposited = sum(deposit.amount_fen for deposit in book.deposits.get(key, ()))
        if deposited != one.funded_fen:
            yield f"{key} was funded with {one.funded_fen} by deposits of {deposited}"


def flags_are_counted(book: Book) -> Iterator[str]:
    """The counters on the institution's row are its freezes in force and its floors."""
    for standing in book.standings.values():
        scopes = Counter(
            one.scope
            for one in book.freezes.values()
            if one.institution_id == standing.institution_id and one.lifted_at is None
        )
        counted = (standing.charging_freezes, standing.payout_freezes, standing.full_freezes)
        in_force = (scopes["charging"], scopes["payout"], scopes["all"])
        if counted != in_force:
            yield f"{standing.institution_id} counts freezes {counted} and has {in_force}"
        floors = len(book.floors.get(standing.institution_id, ()))
        yield from _differs(standing, "floors", standing.floors, floors)


LAWS: Final[tuple[Law, ...]] = (
    both_sides_are_equal,
    a_contract_keeps_its_money,
    a_contract_is_in_its_state,
    a_lesson_is_released_once,
    the_institution_sums_its_contracts,
    what_is_retained_is_queued,
    clearing_is_what_is_on_its_way,
    an_instruction_follows_its_lines,
    a_release_is_paid_once,
    a_refund_is_in_its_state,
    what_waits_is_accounted_for,
    cash_is_what_the_bank_booked,
    deposits_are_the_funding,
    flags_are_counted,
)


def _on_its_way(line: Line) -> int:
    """Return what a line leaves in clearing: below zero while its money is on the way back."""
    amount = 0 if line.state in GIVES_BACK else line.amount_fen
    amount -= line.amount_fen if line.booked_entry_id else 0
    return amount + (line.amount_fen if line.returned_entry_id else 0)


def _refund_state(refund: Refund, lines: set[InstructionState]) -> RefundState:
    if refund.agreed_at is None:
        return RefundState.contested if refund.contested_at else RefundState.requested
    if refund.waiting_fen:
        return RefundState.payer_unknown
    return RefundState.instructed if lines & UNFINISHED else RefundState.paid


def _held(standing: Standing) -> int:
    return standing.balances[AccountKind.tuition_held]


def _differs(standing: Standing, figure: str, kept: int, found: int) -> Iterator[str]:
    if kept != found:
        yield f"{standing.institution_id} keeps {figure} {kept} and has {found}"

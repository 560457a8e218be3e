"""Histories of a small town: what its institutions, banks, guardians and supervisor ask.

A history is drawn as words and small numbers, so that Hypothesis can shrink and print it.
`commands` turns them into commands against a book: a number picks among what is there, so
that most asks hit something, and pools are small, so that repeats and conflicts are frequent.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeAlias, TypeVar
from uuid import UUID

from hypothesis import strategies as st

from escrow.domain.commands import Command, OpenAccount
from escrow.domain.draft import Book
from escrow.domain.instructions import UNFINISHED, InstructionState
from escrow.domain.registry import TYPES, Effect
from shared.money import Fen
from tests.support import asking
from tests.support.builders import (
    ACCOUNT,
    BANK,
    INSTITUTION,
    TODAY,
    a_book,
    a_contract,
    an_institution,
)

Ask: TypeAlias = tuple[str, int, int, int, int]
"""What is asked, and four numbers below twelve; the last says which institution."""

OTHER = "91320602MA1ABCDE99"
ACCOUNTS = {INSTITUTION: ACCOUNT, OTHER: f"account-{OTHER}"}
CONTRACTS = ("C1", "C2", "C1", "C2", "C3", "C4", "C9", "C1", "C2", "C3", "C4", "C2")
AMOUNTS = (50, 100, 101, 150, 250, 400)
STATES = ("settled", "accepted", "rejected", "returned")
FLOORS = ("fixed", "percent_collected", "cycle_total", "percent_held")
FIGURES = (0, 50, 300, 500, 5_000)

_WEIGHTS = {
    "release": 18, "credit": 8, "debit": 6, "result": 8, "reverse": 5, "lift": 4, "allocate": 4,
    "payer": 4, "agree": 5, "register": 3, "back": 3, "refund": 3, "contest": 2, "freeze": 2,
    "floor": 2, "serve": 2, "claim": 4, "sending": 4, "plan": 1, "account": 1, "hear": 3,
    "confirm": 1,
}  # fmt: skip

_WORDS = [word for word, weight in _WEIGHTS.items() for _ in range(weight)]


_ASKS = len(_WORDS) * 12**4
_STRIDE = 1_000_003
"""Shares no factor with the number of asks; spreads the small numbers that are drawn most."""


def _decoded(number: int) -> Ask:
    """Read one number as a word and four numbers below twelve: drawing five is five times slow."""
    rest, last = divmod(number * _STRIDE % _ASKS, 12)
    rest, three = divmod(rest, 12)
    rest, two = divmod(rest, 12)
    word, one = divmod(rest, 12)
    return _WORDS[word], one, two, three, last


asks: st.SearchStrategy[Ask] = st.integers(0, _ASKS - 1).map(_decoded)
batches = st.lists(asks, min_size=1, max_size=10)
histories = st.lists(batches, min_size=2, max_size=9)

Named = TypeVar("Named")


def a_town() -> Book:
    """Return two institutions: contracts of few lessons, in part unpaid, one not yet there."""
    book = a_book(
        an_institution(),
        an_institution(OTHER),
        a_contract("C1", lessons=3, paid_fen=301),
        a_contract("C2", lessons=4, paid_fen=400, funded_fen=250, student_ref="S2"),
        a_contract("C3", lessons=2, paid_fen=200, funded_fen=0, student_ref="S3"),
        a_contract("C1", lessons=2, paid_fen=200, institution_id=OTHER),
    )
    book.contracts.clear()
    book.deposits[INSTITUTION, "C2"][0].payer_account = None
    return book


def commands(book: Book, batch: Sequence[Ask]) -> list[Command]:
    """Turn a batch of asks into commands; what names nothing that is there is left out."""
    found = []
    for word, one, two, three, last in batch:
        where = OTHER if last == 11 else INSTITUTION
        found.append(_MEANING[word](book, where, one, two, three))
    return [command for command in found if command is not None]


def _pick(of: Sequence[Named], number: int) -> Named | None:
    return of[-1 - number % len(of)] if of else None


def _own(rows: dict[tuple[str, UUID], Named], where: str) -> list[tuple[UUID, Named]]:
    return [(made_id, row) for (name, made_id), row in rows.items() if name == where]


def _release(book: Book, where: str, one: int, two: int, three: int) -> Command:
    ended = book.now + timedelta(hours={10: 1, 9: -30}.get(three, -2))
    return asking.release(
        CONTRACTS[one],
        two % 4 + 1,
        institution_id=where,
        item_id="r" if three == 11 else f"r{one}{two}{three % 2}",
        taught_at=ended - timedelta(hours=1),
        ended_at=ended,
    )


def _reverse(book: Book, where: str, one: int, two: int, three: int) -> Command:
    live = [
        (taught.contract_id, taught.lesson_no)
        for taught in book.releases.values()
        if taught.institution_id == where and taught.reversed_by is None
    ]
    found = _pick(live, one)
    if found is None or two == 11:
        found = (CONTRACTS[one], two % 4 + 1)
    return asking.reverse(*found, institution_id=where, item_id=f"v{one}{two}{three}")


def _register(_: Book, where: str, one: int, __: int, ___: int) -> Command:
    return asking.register(
        "C4", institution_id=where, lessons=3, paid_fen=Fen(310 + one // 9), student_ref="S4"
    )


def _credit(_: Book, where: str, one: int, two: int, three: int) -> Command:
    return asking.credit(
        AMOUNTS[one % 6],
        (CONTRACTS[three] if three else None),
        institution_id=where,
        account_number=ACCOUNTS[where],
        entry_id=f"c{one}{two}",
        counterparty_account=None if two % 4 == 1 else f"payer-{two % 3}",
    )


def _line(book: Book, where: str, one: int, two: int) -> tuple[UUID, int, int] | None:
    """Pick a line of an instruction: whose, which, and how much."""
    found = _pick(_own(book.instructions, where), one)
    if found is None:
        return None
    made_id, instruction = found
    line = _pick(list(instruction.lines.values()), two)
    assert line is not None
    return made_id, line.line_no, line.amount_fen


def _debit(book: Book, where: str, one: int, two: int, three: int) -> Command:
    made_id, line_no, amount = _line(book, where, one, two) or (None, 1, 77)
    return asking.debit(
        amount + (three == 11),
        made_id,
        line_no,
        institution_id=where,
        account_number=ACCOUNTS[where],
        entry_id=f"d{one}{two}{three}",
    )


def _back(book: Book, where: str, one: int, two: int, three: int) -> Command | None:
    found = _line(book, where, one, two)
    if found is None:
        return None
    made_id, line_no, amount = found
    return asking.came_back(
        amount,
        made_id,
        line_no,
        institution_id=where,
        account_number=ACCOUNTS[where],
        entry_id=f"b{one}{two}{three}",
    )


def _allocate(book: Book, where: str, one: int, two: int, three: int) -> Command:
    waiting = [key for key, row in book.entries.items() if row.unallocated_fen]
    found = _pick([key for key in waiting if key[0] == ACCOUNTS[where]], one)
    entry = found[1] if found and three < 11 else f"c{one}{two}"
    contract = CONTRACTS[two] if three % 3 else None
    return asking.allocate(entry, contract, institution_id=where, account_number=ACCOUNTS[where])


def _refund(_: Book, where: str, one: int, __: int, ___: int) -> Command:
    return asking.request_refund(CONTRACTS[one], institution_id=where)


def _of_refund(make: Callable[[UUID], Command]) -> Callable[..., Command | None]:
    def made(book: Book, where: str, one: int, _: int, __: int) -> Command | None:
        found = _pick(_own(book.refunds, where), one)
        return asking.varied(make(found[0]), {"institution_id": where}) if found else None

    return made


def _instruction(
    book: Book, where: str, one: int, two: int, *states: InstructionState
) -> UUID | None:
    """Pick an instruction, mostly one in a state that the ask is meant for."""
    own = _own(book.instructions, where)
    meant = [found for found in own if found[1].state in (states or UNFINISHED)]
    found = _pick(meant if meant and two < 10 else own, one)
    return found[0] if found else None


def _result(book: Book, where: str, one: int, two: int, three: int) -> Command | None:
    found = _instruction(book, where, one, two)
    if found is None:
        return None
    lines = {three % 3 + 1: STATES[(two + three) % 4]} if three > 8 else {}
    return asking.result(found, STATES[two % 4], lines, institution_id=where)


def _serve(book: Book, where: str, one: int, two: int, _: int) -> Command | None:
    found = _instruction(book, where, one, two)
    return asking.varied(asking.serve(found), {"institution_id": where}) if found else None


def _claim(book: Book, where: str, one: int, two: int, _: int) -> Command | None:
    found = _instruction(book, where, one, two)
    until = book.now + timedelta(hours=3)
    return asking.varied(asking.claim(found, until), {"institution_id": where}) if found else None


def _sending(book: Book, where: str, one: int, two: int, three: int) -> Command | None:
    found = _instruction(book, where, one, two, InstructionState.claimed)
    state = ("sent", "unknown", "planned")[three % 3]
    return asking.varied(asking.sending(found, state), {"institution_id": where}) if found else None


def _freeze(_: Book, where: str, one: int, __: int, ___: int) -> Command:
    return asking.freeze(("payout", "all", "charging")[one % 3], institution_id=where)


def _lift(book: Book, where: str, one: int, two: int, _: int) -> Command | None:
    own = _own(book.freezes, where)
    standing = [found for found in own if found[1].lifted_at is None or two == 11]
    found = _pick(standing, one)
    return asking.lift(found[0], institution_id=where) if found else None


def _hear(_: Book, where: str, one: int, two: int, three: int) -> Command:
    return asking.hear(
        TYPES[(one + two) % len(TYPES)],
        institution_id=where,
        event_id=f"reg-{one}-{two % 2}",
        sequence=one + 1,
        effect=list(Effect)[two % len(Effect)].value,
        status=(None, "normal", "revoked", "suspended")[three % 4],
        name="Sunny Ltd" if three == 7 else None,
        is_stale=three == 11,
    )


def _confirm(book: Book, where: str, one: int, _: int, __: int) -> Command | None:
    found = _pick(_own(book.freezes, where), one)
    return asking.confirm(found[0], institution_id=where) if found else None


def _floor(_: Book, where: str, one: int, two: int, three: int) -> Command:
    rule = asking.rule(FLOORS[one % 4], FIGURES[two % 5])
    since = TODAY + timedelta(days=three % 3 - 1)
    return asking.set_floor(rule, institution_id=where, effective_from=since)


def _plan(_: Book, where: str, __: int, ___: int, ____: int) -> Command:
    return asking.varied(asking.plan_payouts(), {"institution_id": where})


def _account(_: Book, where: str, one: int, __: int, ___: int) -> Command:
    return OpenAccount(
        where, BANK, ACCOUNTS[where], "custody", TODAY, f"settle-{one % 2}", "settlement"
    )


_MEANING: dict[str, Callable[..., Command | None]] = {
    "release": _release,
    "reverse": _reverse,
    "register": _register,
    "credit": _credit,
    "debit": _debit,
    "back": _back,
    "allocate": _allocate,
    "refund": _refund,
    "agree": _of_refund(asking.agree),
    "contest": _of_refund(asking.contest),
    "payer": _of_refund(asking.name_payer),
    "freeze": _freeze,
    "lift": _lift,
    "hear": _hear,
    "confirm": _confirm,
    "floor": _floor,
    "result": _result,
    "serve": _serve,
    "claim": _claim,
    "sending": _sending,
    "plan": _plan,
    "account": _account,
}

"""Every law speaks up when it is broken, and only then."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from escrow.domain import invariants
from escrow.domain.accounts import AccountKind
from escrow.domain.draft import Book
from escrow.domain.instructions import Instruction, InstructionState
from escrow.domain.records import ContractState, Refund, RefundState, Standing, Tuition
from shared.money import Fen
from tests.support import tables
from tests.support.asking import (
    ACCOUNT,
    INSTITUTION,
    NOW,
    agree,
    came_back,
    credit,
    debit,
    freeze,
    lift,
    release,
    releases,
    request_refund,
    result,
    reverse,
    rule,
    set_floor,
)
from tests.support.builders import a_contract, an_institution, books
from tests.support.memory import Memory


def _full() -> Memory:
    """Return books in which something of everything has happened."""
    memory = books(
        an_institution(),
        a_contract(),
        a_contract("C2", student_ref="S2"),
        a_contract("C3", student_ref="S3", funded_fen=0),
        a_contract("C4", student_ref="S4", lessons=1, paid_fen=100),
        a_contract("C5", student_ref="S5"),
    )
    memory.post([*releases("C1", 1, 2, 3), release("C4")])
    paid = memory.instructions[0].instruction_id
    memory.post([debit(100, paid, 1), debit(100, paid, 2), debit(55, entry_id="D9")])
    memory.post([came_back(100, paid, 2), credit(70, entry_id="E9"), reverse("C1", 1)])
    memory.post([credit(40, "C2", counterparty_account=None), set_floor(rule("fixed", 5))])
    for contract in ("C2", "C5"):
        refund = memory.ask(request_refund(contract))
        memory.ask(agree(refund.made_id or UUID(int=0)))  # type: ignore[union-attr]
    memory.ask(result(memory.instructions[-1].instruction_id, "rejected"))
    for scope in ("payout", "all", "charging", "payout"):
        memory.ask(freeze(scope))
    memory.post([lift(key[1]) for key in list(memory.book.freezes)[1:2]])
    memory.post(releases("C1", 5, 6))
    return memory


def _standing(book: Book) -> Standing:
    return book.standings[INSTITUTION]


def _contract(book: Book, contract_id: str = "C1") -> Tuition:
    return book.tuitions[INSTITUTION, contract_id]


def _instruction(book: Book, place: int = 0) -> Instruction:
    return list(book.instructions.values())[place]


def _refund(book: Book, place: int = 0) -> Refund:
    return list(book.refunds.values())[place]


def _shift(kind: str, by: int) -> Callable[[Book], object]:
    def plant(book: Book) -> None:
        balances = _standing(book).balances
        balances[AccountKind(kind)] = Fen(balances[AccountKind(kind)] + by)

    return plant


def _set(pick: Callable[[Book], object], name: str, value: object) -> Callable[[Book], object]:
    return lambda book: setattr(pick(book), name, value)


def _twice(book: Book) -> None:
    taught = book.releases[INSTITUTION, "r-C1-2"]
    book.releases[INSTITUTION, "again"] = taught
    contract = _contract(book)
    contract.lessons_released += 1
    contract.released_fen = Fen(contract.released_fen + 100)


def _swap(book: Book) -> None:
    book.queue[INSTITUTION].reverse()


def _nothing_of_a_lesson(book: Book) -> None:
    first, second, *_ = book.queue[INSTITUTION]
    second.amount_fen = Fen(first.amount_fen + second.amount_fen)
    first.amount_fen = Fen(0)


# law: what to do to the books so that it, and nothing before it, is broken
BREAKS: list[tuple[str, Callable[[Book], object]]] = [
    ("both_sides_are_equal", _shift("reserve", 1)),
    ("both_sides_are_equal", _shift("custody_cash", -1)),
    ("both_sides_are_equal", _shift("reserve", -1)),
    ("a_contract_keeps_its_money", _set(_contract, "held_fen", 0)),
    ("a_contract_keeps_its_money", _set(_contract, "funded_fen", 999)),
    ("a_contract_keeps_its_money", _set(_contract, "paid_fen", 999)),
    ("a_contract_keeps_its_money", _set(_contract, "refunded_fen", -1)),
    ("a_contract_is_in_its_state", _set(_contract, "state", ContractState.accepted)),
    ("a_contract_is_in_its_state", _set(_contract, "state", ContractState.completed)),
    ("a_contract_is_in_its_state", _set(_contract, "state", ContractState.closed)),
    (
        "a_contract_is_in_its_state",
        _set(lambda book: _contract(book, "C3"), "state", ContractState.open),
    ),
    (
        "a_contract_is_in_its_state",
        _set(lambda book: _contract(book, "C4"), "state", ContractState.open),
    ),
    ("a_lesson_is_released_once", _twice),
    ("a_lesson_is_released_once", _set(_contract, "lessons_released", 2)),
    ("a_lesson_is_released_once", lambda book: book.releases.pop((INSTITUTION, "r-C1-2"))),
    ("the_institution_sums_its_contracts", _shift("tuition_held", 1)),
    ("the_institution_sums_its_contracts", _set(_standing, "funded_running_fen", 1)),
    ("what_is_retained_is_queued", _shift("institution_payable", 1)),
    ("what_is_retained_is_queued", _set(_standing, "retained_fen", 1)),
    ("what_is_retained_is_queued", _set(_standing, "retained_count", 1)),
    ("what_is_retained_is_queued", lambda book: book.queue.clear()),
    ("what_is_retained_is_queued", _swap),
    ("what_is_retained_is_queued", _nothing_of_a_lesson),
    ("clearing_is_what_is_on_its_way", _shift("payment_clearing", 1)),
    ("clearing_is_what_is_on_its_way", _set(_instruction, "amount_fen", 1)),
    (
        "clearing_is_what_is_on_its_way",
        _set(lambda book: _instruction(book).lines[1], "booked_entry_id", None),
    ),
    (
        "clearing_is_what_is_on_its_way",
        _set(lambda book: _instruction(book).lines[2], "returned_entry_id", None),
    ),
    (
        "clearing_is_what_is_on_its_way",
        _set(lambda book: _instruction(book).lines[3], "state", InstructionState.withdrawn),
    ),
    (
        "an_instruction_follows_its_lines",
        _set(_instruction, "state", InstructionState.settled),
    ),
    (
        "an_instruction_follows_its_lines",
        _set(lambda book: _instruction(book, 1), "state", InstructionState.accepted),
    ),
    (
        "a_release_is_paid_once",
        _set(lambda book: _instruction(book).lines[1], "amount_fen", 101),
    ),
    ("a_release_is_paid_once", _set(lambda book: book.queue[INSTITUTION][0], "amount_fen", 101)),
    ("a_refund_is_in_its_state", _set(_refund, "state", RefundState.paid)),
    ("a_refund_is_in_its_state", _set(_refund, "agreed_at", None)),
    ("a_refund_is_in_its_state", _set(_refund, "waiting_fen", 1)),
    ("a_refund_is_in_its_state", _set(_refund, "amount_fen", 1)),
    ("what_waits_is_accounted_for", _shift("refund_payable", 1)),
    ("what_waits_is_accounted_for", _shift("unmatched_receipt", 1)),
    (
        "what_waits_is_accounted_for",
        lambda book: setattr(book.entries[ACCOUNT, "E9"], "unallocated_fen", 0),
    ),
    ("cash_is_what_the_bank_booked", _shift("custody_cash", 1)),
    ("cash_is_what_the_bank_booked", _shift("unbacked_debit", 1)),
    (
        "cash_is_what_the_bank_booked",
        lambda book: setattr(book.entries[ACCOUNT, "D9"], "direction", "credit"),
    ),
    (
        "cash_is_what_the_bank_booked",
        lambda book: setattr(book.entries[ACCOUNT, "D9"], "effect", "instruction_matched"),
    ),
    ("deposits_are_the_funding", lambda book: book.deposits.pop((INSTITUTION, "C1"))),
    ("flags_are_counted", _set(_standing, "charging_freezes", 2)),
    ("flags_are_counted", _set(_standing, "payout_freezes", 1)),
    ("flags_are_counted", _set(_standing, "full_freezes", 1)),
    ("flags_are_counted", _set(_standing, "floors", 0)),
]


def test_a_sound_book_breaks_no_law() -> None:
    memory = _full()
    assert invariants.broken(memory.book) == []
    assert len(memory.waiting) > 1
    assert memory.balance("refund_payable")
    assert memory.balance("unbacked_debit")
    assert memory.balance("payment_clearing")


@pytest.mark.parametrize(("law", "plant"), BREAKS)
def test_a_broken_law_is_named(law: str, plant: Callable[[Book], object]) -> None:
    memory = _full()
    plant(memory.book)
    found = {sentence.partition(":")[0] for sentence in invariants.broken(memory.book)}
    assert law in found


def test_every_law_has_been_seen_broken() -> None:
    assert {law.__name__ for law in invariants.LAWS} == {law for law, _ in BREAKS}


# What is said of it, figure by figure.
SENTENCES: list[tuple[Callable[[Book], object], str]] = [
    (_shift("reserve", 1), "both_sides_are_equal: {name} owns {owns} and owes {more}"),
    (_shift("reserve", -1), "both_sides_are_equal: {name} has reserve -1"),
    (
        _set(_contract, "held_fen", 0),
        "a_contract_keeps_its_money: ('{name}', 'C1') was funded with 1000 and accounts for 400",
    ),
    (
        _set(_contract, "paid_fen", 999),
        "a_contract_keeps_its_money: ('{name}', 'C1') was funded with 1000 of 999",
    ),
    (
        _set(_contract, "refunded_fen", -1),
        "a_contract_keeps_its_money: ('{name}', 'C1') has a part below zero: (400, -1, 600)",
    ),
    (
        _set(_contract, "state", ContractState.accepted),
        "a_contract_is_in_its_state: ('{name}', 'C1') is accepted and was funded with 1000",
    ),
    (
        _set(_contract, "state", ContractState.completed),
        "a_contract_is_in_its_state: ('{name}', 'C1') is completed with 4 of 10 lessons",
    ),
    (
        _set(_contract, "state", ContractState.closed),
        "a_contract_is_in_its_state: ('{name}', 'C1') is closed and holds 600",
    ),
    (_twice, "a_lesson_is_released_once: ('{name}', 'C1', 2) was released 2 times"),
    (
        _set(_contract, "lessons_released", 3),
        "a_lesson_is_released_once: ('{name}', 'C1') counts 3 lessons and has 4",
    ),
    (
        _set(_contract, "released_fen", 3),
        "a_lesson_is_released_once: ('{name}', 'C1') counts 3 released and has 400",
    ),
    (
        _set(_standing, "funded_running_fen", 1),
        "the_institution_sums_its_contracts: {name} keeps funded_running 1 and has 1000",
    ),
    (
        lambda book: book.deposits.pop((INSTITUTION, "C1")),
        "deposits_are_the_funding: ('{name}', 'C1') was funded with 1000 by deposits of 0",
    ),
    (
        _set(_standing, "full_freezes", 1),
        "flags_are_counted: {name} counts freezes (1, 2, 1) and has (1, 2, 0)",
    ),
    (_set(_standing, "floors", 0), "flags_are_counted: {name} keeps floors 0 and has 1"),
]


@pytest.mark.parametrize(("plant", "sentence"), SENTENCES)
def test_a_sentence_says_what_is_wrong(plant: Callable[[Book], object], sentence: str) -> None:
    memory = _full()
    owns = sum(
        memory.balance(kind)
        for kind in ("custody_cash", "institution_receivable", "unbacked_debit")
    )
    plant(memory.book)
    expected = sentence.format(name=INSTITUTION, owns=owns, more=owns + 1)
    assert expected in invariants.broken(memory.book)


# Every figure that the institution's row keeps, one fen too high.
@tables.cases("""
# law                                 figure               kept in
  the_institution_sums_its_contracts  tuition_held         balances
  the_institution_sums_its_contracts  funded_running       funded_running_fen
  what_is_retained_is_queued          institution_payable  balances
  what_is_retained_is_queued          retained_fen         retained_fen
  what_is_retained_is_queued          retained_count       retained_count
  clearing_is_what_is_on_its_way      payment_clearing     balances
  what_waits_is_accounted_for         refund_payable       balances
  what_waits_is_accounted_for         unmatched_receipt    balances
  cash_is_what_the_bank_booked        custody_cash         balances
  cash_is_what_the_bank_booked        unbacked_debit       balances
  flags_are_counted                   floors               floors
""")
def test_a_figure_that_differs_is_named_with_both_values(row: list[str]) -> None:
    law, figure, place = row
    memory = _full()
    standing = memory.standing
    if place == "balances":
        before = int(standing.balances[AccountKind(figure)])
        standing.balances[AccountKind(figure)] = Fen(before + 1)
    else:
        before = getattr(standing, place)
        setattr(standing, place, before + 1)
    sentence = f"{law}: {INSTITUTION} keeps {figure} {before + 1} and has {before}"
    assert sentence in invariants.broken(memory.book)


def test_a_queue_out_of_order_or_with_nothing_in_it_is_named() -> None:
    memory = _full()
    order = [one.release_sequence for one in memory.book.queue[INSTITUTION]]
    _swap(memory.book)
    found = invariants.broken(memory.book)
    assert found == [f"what_is_retained_is_queued: {INSTITUTION} queues {order[::-1]}"]
    _swap(memory.book)
    _nothing_of_a_lesson(memory.book)
    found = invariants.broken(memory.book)
    assert f"what_is_retained_is_queued: {INSTITUTION} queues nothing of a lesson" in found


def test_a_lesson_queued_twice_is_named() -> None:
    memory = _full()
    queue = memory.book.queue[INSTITUTION]
    queue[1].release_sequence = queue[0].release_sequence
    assert [one.split(":")[0] for one in invariants.broken(memory.book)] == [
        "what_is_retained_is_queued"
    ]


def test_an_instruction_that_is_not_the_sum_of_its_lines_is_named() -> None:
    memory = _full()
    instruction = memory.instructions[0]
    instruction.amount_fen = Fen(7)
    found = invariants.broken(memory.book)
    sentence = f"{instruction.instruction_id} pays 7 in lines of 400"
    assert found == [f"clearing_is_what_is_on_its_way: {sentence}"]


def test_each_institution_is_judged_by_its_own_rows() -> None:
    other = "91320602MA1ABCDE99"
    memory = books(
        an_institution(), an_institution(other), a_contract(), a_contract(institution_id=other)
    )
    account = f"account-{other}"
    memory.post(
        [
            release(institution_id=other),
            freeze(institution_id=other),
            release("C1", 2, institution_id=other),
            credit(5, institution_id=other, account_number=account),
            debit(6, institution_id=other, account_number=account),
            set_floor(institution_id=other),
            request_refund(institution_id=other),
        ]
    )
    assert invariants.broken(memory.book) == []
    assert memory.book.now == NOW + timedelta(0)

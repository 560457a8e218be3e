"""Deciding a batch: in order, over institutions, leaving the book as it was."""

from copy import deepcopy

from escrow.domain.book import decide
from escrow.domain.draft import Book
from escrow.domain.outcomes import Released
from tests.support.asking import (
    INSTITUTION,
    credit,
    freeze,
    lift,
    register,
    release,
    releases,
    reverse,
)
from tests.support.builders import a_book, a_contract, an_institution, books
from tests.support.memory import numbered_ids, said

OTHER = "91320602MA1ABCDE99"


def _parts(book: Book) -> dict[str, object]:
    return {name: getattr(book, name) for name in Book.__slots__ if name != "policies"}


def test_outcomes_come_in_the_order_of_the_commands() -> None:
    memory = books(an_institution(), a_contract(), a_contract("C2", funded_fen=0))
    asked = [release("C2"), credit(1_000, "C2"), release("C2"), release("C9"), reverse("C2")]
    assert [said(one) for one in memory.post(asked)] == [
        "contract_not_funded",
        "accepted",
        "released",
        "contract_unknown",
        "accepted",
    ]


def test_deciding_leaves_the_book_as_it_was() -> None:
    memory = books(an_institution(), a_contract(), a_contract("C2", funded_fen=0))
    memory.post([*releases("C1", 1, 2), freeze(), release("C1", 3), credit(5, entry_id="E1")])
    before = deepcopy(memory.book)
    frozen = next(iter(memory.book.freezes))[1]
    asked = [
        reverse(), lift(frozen), register("C3", student_ref="S3"), credit(10, "C2"),
        *releases("C1", 4, 5), freeze("all"),
    ]  # fmt: skip
    decide(memory.book, asked, numbered_ids())
    assert _parts(memory.book) == _parts(before)


def test_the_same_batch_over_the_same_book_is_decided_the_same() -> None:
    book = a_book(an_institution(), a_contract())
    asked = [*releases("C1", 1, 2, 3), reverse("C1", 2)]
    first, second = (decide(book, asked, numbered_ids()) for _ in range(2))
    assert first == second


def test_an_empty_batch_decides_nothing() -> None:
    memory = books()
    assert memory.post([]) == []
    assert (memory.journal, memory.feed) == ([], [])


def test_a_batch_over_two_institutions_pays_each_its_own() -> None:
    memory = books(
        an_institution(), an_institution(OTHER), a_contract(), a_contract(institution_id=OTHER)
    )
    asked = [release(), release(institution_id=OTHER), release("C1", 2)]
    outcomes = memory.post(asked)
    mine, theirs = memory.instructions
    assert (mine.institution_id, mine.amount_fen) == (INSTITUTION, 200)
    assert (theirs.institution_id, theirs.amount_fen) == (OTHER, 100)
    payouts = [one.payout.instruction_id for one in outcomes if isinstance(one, Released)]
    assert payouts == [mine.instruction_id, theirs.instruction_id, mine.instruction_id]


def test_one_instruction_gathers_a_batch() -> None:
    memory = books()
    memory.post(releases("C1", 1, 2, 3))
    assert [one.kind for one in memory.journal] == ["release", "release", "release", "payout"]
    assert [event.type for event in memory.feed] == ["lessons.released", "payout.planned"]


def test_events_of_a_batch_come_in_one_order() -> None:
    memory = books(an_institution(payout_freezes=1), a_contract(lessons=1, paid_fen=100))
    memory.post([release("C9"), release(), register("C2", student_ref="S2")])
    assert [event.type for event in memory.feed] == [
        "contract.accepted",
        "lessons.released",
        "contract.closed",
        "claim.refused",
        "payout.retained",
    ]
    assert [event.sequence for event in memory.feed] == [1, 2, 3, 4, 5]


def test_what_is_retained_is_stored_once() -> None:
    memory = books(an_institution(payout_freezes=1), a_contract())
    memory.ask(release("C1", 1))
    assert memory.last is not None
    assert [one.lesson_no for one in memory.last.changes.payables_kept] == [1]
    memory.ask(release("C1", 2))
    assert memory.last is not None
    assert [one.lesson_no for one in memory.last.changes.payables_kept] == [2]
    assert memory.last.changes.payables_gone == []


def test_what_goes_out_leaves_the_store() -> None:
    memory = books()
    frozen = memory.ask(freeze()).made_id  # type: ignore[union-attr]
    memory.post(releases("C1", 1, 2))
    assert frozen is not None
    memory.post([release("C1", 3), lift(frozen)])
    assert memory.last is not None
    assert [one.lesson_no for one in memory.last.changes.payables_gone] == [1, 2]
    assert memory.last.changes.payables_kept == []

"""What the auditor found, on the institution's feed."""

from uuid import UUID

from escrow.domain.commands import NoteFindings
from escrow.domain.outcomes import Accepted
from tests.support.asking import INSTITUTION
from tests.support.builders import books
from tests.support.memory import said

FOUND = UUID(int=7)


def test_books_that_do_not_verify_are_told_and_nothing_moves() -> None:
    memory = books()
    outcome = memory.ask(NoteFindings(INSTITUTION, FOUND, 2, "balance reserve of ..."))
    assert outcome == Accepted(made_id=FOUND)
    assert memory.told("verification.failed") == [
        {"verification_id": str(FOUND), "findings": 2, "first": "balance reserve of ..."}
    ]
    assert memory.journal == []


def test_nobody_hears_of_an_institution_that_is_not_in_the_books() -> None:
    memory = books()
    outcome = memory.ask(NoteFindings("91320602MA1ABCDE99", FOUND, 2, "x"))
    assert said(outcome) == "institution_unknown"
    assert memory.feed == []

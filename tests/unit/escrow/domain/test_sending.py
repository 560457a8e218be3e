"""Instructions on their way to the bank: shown, claimed, sent, asked for."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from escrow.domain.outcomes import Accepted, Exists, Released
from tests.support import tables
from tests.support.asking import (
    NOW,
    allocate,
    claim,
    credit,
    debit,
    freeze,
    release,
    releases,
    result,
    reverse,
    sending,
    serve,
)
from tests.support.builders import a_contract, an_institution, books
from tests.support.memory import Memory, said

OTHER = "91320602MA1ABCDE99"


def _planned(*lessons: int) -> tuple[Memory, UUID]:
    """Return books with one planned payout of these lessons, and its id."""
    memory = books()
    outcome = memory.post(releases("C1", *(lessons or (1,))))[0]
    assert isinstance(outcome, Released)
    assert outcome.payout.instruction_id is not None
    return memory, outcome.payout.instruction_id


TO: dict[str, Callable[[Memory, UUID], object]] = {
    "planned": lambda _, __: None,
    "served": lambda memory, paid: memory.ask(serve(paid)),
    "claimed": lambda memory, paid: memory.ask(claim(paid)),
    "sent": lambda memory, paid: memory.post([claim(paid), sending(paid, "sent")]),
    "unknown": lambda memory, paid: memory.post([claim(paid), sending(paid, "unknown")]),
    "accepted": lambda memory, paid: memory.ask(result(paid, "accepted")),
    "settled": lambda memory, paid: memory.ask(result(paid, "settled")),
    "booked": lambda memory, paid: memory.ask(debit(100, paid)),
    "rejected": lambda memory, paid: memory.ask(result(paid, "rejected")),
    "returned": lambda memory, paid: memory.ask(result(paid, "returned")),
    "withdrawn": lambda memory, _: memory.ask(freeze()),
}


def test_a_planned_instruction_is_shown_once() -> None:
    memory, paid = _planned()
    assert memory.ask(serve(paid)) == Accepted(made_id=paid, state="planned")
    assert memory.instructions[0].served_at == NOW
    memory.book.now += timedelta(hours=1)
    assert memory.ask(serve(paid)) == Exists(made_id=paid, state="planned")
    assert memory.instructions[0].served_at == NOW


@pytest.mark.parametrize("before", [one for one in TO if one not in {"planned", "served"}])
def test_what_is_no_longer_planned_is_not_shown(before: str) -> None:
    memory, paid = _planned()
    TO[before](memory, paid)
    assert said(memory.ask(serve(paid))) == "instruction_not_open"


@pytest.mark.parametrize("make", [serve, claim])
def test_a_payout_is_withdrawn_instead_of_shown_under_a_freeze(
    make: Callable[[UUID], object],
) -> None:
    memory, paid = _planned()
    memory.standing.payout_freezes = 1
    assert said(memory.ask(make(paid))) == "instruction_not_open"  # type: ignore[arg-type]
    assert memory.instructions[0].state == "withdrawn"
    assert memory.waiting == [("C1", 1, 100)]


@pytest.mark.parametrize("make", [serve, claim])
def test_money_on_its_way_to_a_payer_is_shown_under_a_freeze(
    make: Callable[[UUID], object],
) -> None:
    memory = books()
    memory.post([credit(250, entry_id="E1"), allocate("E1", None), freeze("all")])
    given = memory.instructions[0].instruction_id
    assert said(memory.ask(make(given))) == "accepted"  # type: ignore[arg-type]


def test_what_was_shown_may_be_claimed_under_a_freeze() -> None:
    memory, paid = _planned()
    memory.post([serve(paid), freeze()])
    assert said(memory.ask(claim(paid))) == "accepted"


@pytest.mark.parametrize("state", ["planned", "claimed", "unknown"])
def test_what_is_new_or_in_doubt_is_claimed_for_a_bounded_time(state: str) -> None:
    memory, paid = _planned()
    TO[state](memory, paid)
    until = NOW + timedelta(minutes=1)
    assert memory.ask(claim(paid, until)) == Accepted(made_id=paid, state=state)
    (instruction,) = memory.instructions
    assert instruction.leased_until == until
    assert instruction.state == ("claimed" if state == "planned" else state)
    memory.book.now = until - timedelta(seconds=1)
    assert said(memory.ask(claim(paid))) == "instruction_not_open"
    memory.book.now = until
    assert said(memory.ask(claim(paid, until + timedelta(minutes=1)))) == "accepted"


@pytest.mark.parametrize(
    "state", ["sent", "accepted", "settled", "rejected", "returned", "withdrawn"]
)
def test_what_the_bank_has_or_is_finished_with_is_not_claimed(state: str) -> None:
    memory, paid = _planned()
    TO[state](memory, paid)
    assert said(memory.ask(claim(paid))) == "instruction_not_open"


def test_claiming_is_told_once() -> None:
    memory, paid = _planned()
    memory.post([claim(paid), claim(paid)])
    assert [one["state"] for one in memory.told("instruction.changed")] == ["claimed"]
    assert memory.instructions[0].changed_at == NOW
    assert memory.instructions[0].lines[1].state == "claimed"


# What sending or asking came to, from every state.
@tables.cases("""
# state      sent    unknown  planned  marked sent
  planned    exists  exists   exists   no
  claimed    moves   moves    moves    yes
  sent       exists  moves    moves    yes
  unknown    moves   exists   moves    yes
  accepted   exists  exists   exists   no
  settled    exists  exists   exists   no
  rejected   exists  exists   exists   no
  withdrawn  exists  exists   exists   no
""")
@pytest.mark.parametrize(("place", "word"), [(1, "sent"), (2, "unknown"), (3, "planned")])
def test_sending_moves_what_no_result_overtook(row: list[str], place: int, word: str) -> None:
    state, verdict = row[0], row[place]
    memory, paid = _planned()
    TO[state](memory, paid)
    memory.instructions[0].leased_until = NOW + timedelta(hours=1)
    outcome = memory.ask(sending(paid, word))
    (instruction,) = memory.instructions
    assert instruction.leased_until is None
    if verdict == "exists":
        assert outcome == Exists(made_id=paid, state=instruction.state)
        assert instruction.state == state
        return
    assert outcome == Accepted(made_id=paid, state=word)
    assert instruction.state == instruction.lines[1].state == word
    assert instruction.sent_at == (None if word == "planned" else NOW)
    assert memory.told("instruction.changed")[-1]["state"] == word


def test_the_first_sending_is_the_one_that_counts() -> None:
    memory, paid = _planned()
    memory.post([claim(paid), sending(paid, "unknown")])
    memory.book.now += timedelta(hours=1)
    memory.ask(sending(paid, "sent"))
    assert memory.instructions[0].sent_at == NOW


def test_lines_the_bank_has_answered_stay_as_the_instruction_moves_on() -> None:
    memory, paid = _planned(1, 2)
    memory.post([debit(100, paid, 1), claim(paid)])
    states = [line.state for line in memory.instructions[0].lines.values()]
    assert states == ["settled", "claimed"]


def test_what_never_arrived_may_be_withdrawn_and_sent_under_a_fresh_id() -> None:
    memory = books(an_institution(), a_contract())
    memory.ask(release())
    paid = memory.instructions[0].instruction_id
    memory.post([claim(paid), sending(paid, "unknown"), sending(paid, "planned")])
    assert memory.instructions[0].is_withdrawable
    memory.ask(reverse())
    assert memory.instructions[0].state == "withdrawn"
    assert memory.balance("institution_receivable") == 0

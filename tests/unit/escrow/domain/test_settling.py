"""What the bank says, in any order and more than once: results, debits, money that returns."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from escrow.domain.commands import LineResult
from escrow.domain.outcomes import Accepted, Exists, Released
from tests.support import tables
from tests.support.asking import (
    INSTITUTION,
    NOW,
    allocate,
    came_back,
    claim,
    credit,
    debit,
    freeze,
    register,
    releases,
    result,
    reverse,
    sending,
    serve,
    varied,
)
from tests.support.builders import an_institution, books
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


# Every state against every result: `moves` on, says nothing new (`exists`), or contradicts.
@tables.cases("""
# state      accepted  settled   rejected  returned
  planned    moves     moves     moves     moves
  served     moves     moves     moves     moves
  claimed    moves     moves     moves     moves
  sent       moves     moves     moves     moves
  unknown    moves     moves     moves     moves
  accepted   exists    moves     moves     moves
  settled    exists    exists    conflict  moves
  booked     exists    exists    conflict  moves
  rejected   exists    conflict  exists    conflict
  returned   exists    exists    conflict  exists
  withdrawn  conflict  conflict  conflict  conflict
""")
@pytest.mark.parametrize(
    ("place", "word"), [(1, "accepted"), (2, "settled"), (3, "rejected"), (4, "returned")]
)
def test_a_result_moves_on_repeats_or_contradicts(row: list[str], place: int, word: str) -> None:
    state, verdict = row[0], row[place]
    memory, paid = _planned()
    TO[state](memory, paid)
    (before,) = memory.instructions
    balances, told = dict(memory.standing.balances), len(memory.feed)
    outcome = memory.ask(result(paid, word))
    (instruction,) = memory.instructions
    if verdict == "moves":
        assert outcome == Accepted(made_id=paid, state=word)
        assert instruction.state == instruction.lines[1].state == word
        assert (instruction.changed_at, instruction.leased_until) == (NOW, None)
        assert [event.type for event in memory.feed[told:]] == ["instruction.changed"]
        return
    assert instruction.state == before.state
    assert memory.standing.balances == balances
    if verdict == "exists":
        assert outcome == Exists(made_id=paid, state=before.state)
        assert memory.feed[told:] == []
    else:
        assert said(outcome) == "result_conflict"
        assert [event.type for event in memory.feed[told:]] == ["instruction.changed"]


@tables.cases("""
# result    clearing  payable  waits
  accepted  100       0        0
  settled   100       0        0
  rejected  0         100      1
  returned  0         100      1
""")
def test_a_result_moves_money_only_where_it_gives_back(row: list[str]) -> None:
    word, clearing, payable, waits = row
    memory, paid = _planned()
    memory.ask(result(paid, word))
    assert memory.balance("payment_clearing") == int(clearing)
    assert memory.balance("institution_payable") == int(payable)
    assert len(memory.waiting) == int(waits)
    given_back = [("reversal", "payment_clearing", "institution_payable", 100)]
    assert memory.moved(2) == given_back * int(waits)


def test_a_result_is_kept_with_its_reference() -> None:
    memory, paid = _planned()
    memory.ask(result(paid, "accepted", bank_reference="B-7", reason="queued", booked_at=None))
    memory.ask(result(paid, "settled", bank_reference=None, booked_at=NOW))
    (instruction,) = memory.instructions
    assert (instruction.bank_reference, instruction.booked_at) == ("B-7", NOW)
    assert (instruction.reason, instruction.lines[1].reason) == ("queued", None)


def test_a_later_result_replaces_reference_time_and_reason() -> None:
    memory, paid = _planned()
    early = NOW - timedelta(days=1)
    memory.ask(result(paid, "accepted", bank_reference="B-1", reason="a", booked_at=early))
    memory.ask(result(paid, "settled", bank_reference="B-2", reason="b", booked_at=NOW))
    (instruction,) = memory.instructions
    assert (instruction.bank_reference, instruction.booked_at) == ("B-2", NOW)
    assert (instruction.reason, instruction.lines[1].reason) == ("b", "b")


def test_a_change_is_told() -> None:
    memory, paid = _planned()
    memory.ask(result(paid, "rejected", reason="closed account"))
    assert memory.told("instruction.changed") == [
        {
            "instruction_id": str(paid),
            "kind": "payout",
            "state": "rejected",
            "amount_fen": 100,
            "reason": "closed account",
            "refund_id": None,
        }
    ]


def test_a_contradiction_is_told_and_changes_nothing() -> None:
    memory, paid = _planned(1, 2)
    memory.ask(result(paid, "settled", bank_reference="B-1"))
    word = result(paid, "settled", {2: "rejected"}, bank_reference="B-2", booked_at=NOW)
    assert said(memory.ask(word)) == "result_conflict"
    (instruction,) = memory.instructions
    assert [line.state for line in instruction.lines.values()] == ["settled", "settled"]
    assert (instruction.bank_reference, instruction.booked_at) == ("B-1", None)
    assert memory.told("instruction.changed")[-1] == {
        "instruction_id": str(paid),
        "kind": "payout",
        "state": "settled",
        "amount_fen": 200,
        "reason": None,
        "refund_id": None,
        "conflict": {
            "state": "settled",
            "bank_reference": "B-2",
            "booked_at": "2026-12-05T12:00:00+08:00",
            "lines": [[2, "rejected"]],
        },
    }


def test_a_contradiction_without_a_time_is_told_without_one() -> None:
    memory, paid = _planned()
    memory.post([result(paid, "settled"), result(paid, "rejected")])
    conflict = memory.told("instruction.changed")[-1]["conflict"]
    assert isinstance(conflict, dict)
    assert conflict["booked_at"] is None


@pytest.mark.parametrize("make", [lambda one: result(one, "settled"), serve, claim,
                                  lambda one: sending(one, "sent")])  # fmt: skip
def test_an_instruction_that_is_not_there_is_unknown(make: Callable[[UUID], object]) -> None:
    memory, paid = _planned()
    memory.book.standings[OTHER] = an_institution(OTHER)
    assert said(memory.ask(make(UUID(int=404)))) == "instruction_unknown"  # type: ignore[arg-type]
    for where in (OTHER, "91320602MA1ABCDE00"):
        command = varied(make(paid), {"institution_id": where})
        assert said(memory.ask(command)) == "instruction_unknown"  # type: ignore[arg-type]


# -- single lines ---------------------------------------------------------------------------


# An instruction of three lines; what is said of the whole and of single ones, and its state.
@tables.cases("""
# whole     lines                  becomes   lines become
  settled   -                      settled   settled settled settled
  settled   2:rejected             settled   settled rejected settled
  rejected  1:settled              settled   settled rejected rejected
  accepted  1:settled              accepted  settled accepted accepted
  returned  1:rejected             returned  rejected returned returned
  rejected  -                      rejected  rejected rejected rejected
  settled   1:returned 3:rejected  settled   returned settled rejected
""")
def test_lines_are_answered_singly_and_the_least_finished_says_the_state(row: list[str]) -> None:
    whole, single, becomes, lines_become = row
    memory, paid = _planned(1, 2, 3)
    lines = {int(one[0]): one[2:] for one in single.split()}
    outcome = memory.ask(result(paid, whole, lines))
    assert outcome == Accepted(made_id=paid, state=becomes)
    instruction = memory.book.instructions[INSTITUTION, paid]
    assert " ".join(line.state for line in instruction.lines.values()) == lines_become
    given_back = [line for line in instruction.lines.values() if line.state != "settled"]
    waiting = [f"{line.lesson_no}" for line in given_back if line.state != "accepted"]
    assert [str(lesson) for _, lesson, _ in memory.waiting] == waiting


def test_a_line_keeps_its_own_reason_or_that_of_the_whole() -> None:
    memory, paid = _planned(1, 2, 3)
    single = (LineResult(1, "rejected", "no such account"), LineResult(2, "rejected"))
    memory.ask(varied(result(paid, "rejected", reason="file refused"), {"lines": single}))
    (instruction,) = memory.instructions
    reasons = [line.reason for line in instruction.lines.values()]
    assert reasons == ["no such account", "file refused", "file refused"]


def test_what_is_new_of_a_result_moves_what_is_old_stays() -> None:
    memory, paid = _planned(1, 2)
    memory.ask(debit(100, paid, 1))
    outcome = memory.ask(result(paid, "settled"))
    assert outcome == Accepted(made_id=paid, state="settled")
    assert memory.balance("payment_clearing") == 100


def test_one_contradicted_line_refuses_the_whole_result() -> None:
    memory, paid = _planned(1, 2)
    memory.ask(debit(100, paid, 1))
    assert said(memory.ask(result(paid, "rejected"))) == "result_conflict"
    assert memory.waiting == []


# -- debits and results in any order --------------------------------------------------------


def test_a_debit_settles_what_the_bank_has_not_answered() -> None:
    memory, paid = _planned()
    memory.ask(debit(100, paid, entry_id="D1"))
    (instruction,) = memory.instructions
    assert (instruction.state, instruction.lines[1].booked_entry_id) == ("settled", "D1")
    assert instruction.changed_at == NOW
    assert [one["state"] for one in memory.told("instruction.changed")] == ["settled"]


@pytest.mark.parametrize("state", ["planned", "served", "claimed", "sent", "unknown", "accepted"])
def test_a_debit_before_its_result_settles_it_from_any_state(state: str) -> None:
    memory, paid = _planned()
    TO[state](memory, paid)
    memory.ask(debit(100, paid))
    assert memory.instructions[0].state == "settled"
    assert memory.balance("payment_clearing") == 0
    assert said(memory.ask(result(paid, "settled"))) == "exists"


def test_a_debit_after_its_result_only_clears() -> None:
    memory, paid = _planned()
    memory.ask(result(paid, "settled"))
    told = len(memory.told("instruction.changed"))
    memory.ask(debit(100, paid))
    assert memory.balance("payment_clearing") == 0
    assert len(memory.told("instruction.changed")) == told


@pytest.mark.parametrize("state", ["rejected", "withdrawn"])
def test_a_debit_of_what_never_left_is_unbacked(state: str) -> None:
    memory, paid = _planned()
    TO[state](memory, paid)
    outcome = memory.ask(debit(100, paid))
    assert isinstance(outcome, Accepted)
    assert outcome.effect == "unbacked"


def test_an_instruction_is_settled_when_its_last_line_is_booked() -> None:
    memory, paid = _planned(1, 2)
    memory.ask(debit(100, paid, 2))
    assert memory.instructions[0].state == "planned"
    memory.ask(debit(100, paid, 1))
    assert memory.instructions[0].state == "settled"


def test_what_the_bank_has_booked_in_part_was_seen_and_is_not_withdrawn() -> None:
    """Found by the laws: the paid line was given back and paid again."""
    memory, paid = _planned(1, 2)
    memory.ask(debit(100, paid, 1))
    assert memory.instructions[0].served_at == NOW
    memory.ask(freeze())
    assert memory.instructions[0].state == "planned"
    memory.ask(reverse("C1", 2))
    assert memory.balance("institution_receivable") == 100


def test_being_booked_does_not_change_when_an_instruction_was_shown() -> None:
    memory, paid = _planned()
    memory.ask(serve(paid))
    memory.book.now += timedelta(hours=1)
    memory.ask(debit(100, paid))
    assert memory.instructions[0].served_at == NOW


def test_money_told_returned_after_it_was_booked_waits_for_the_banks_credit() -> None:
    memory, paid = _planned()
    memory.post([debit(100, paid), result(paid, "returned")])
    assert memory.balance("payment_clearing") == -100
    assert memory.waiting == [("C1", 1, 100)]
    memory.ask(came_back(100, paid))
    assert memory.balance("custody_cash") == 1_000
    assert memory.instructions[0].state == "returned"
    assert memory.waiting == []  # and goes out anew


def effect_of(outcome: object) -> str | None:
    """Return what an entry that was taken in came to."""
    assert isinstance(outcome, Accepted)
    return outcome.effect


@pytest.mark.parametrize("state", ["served", "sent", "unknown", "accepted", "settled"])
def test_a_return_may_be_booked_before_the_debit_it_returns(state: str) -> None:
    """What was taken for a stranger's money could fund a contract that nobody paid for."""
    memory, paid = _planned()
    TO[state](memory, paid)
    assert effect_of(memory.ask(came_back(100, paid))) == "instruction_matched"
    memory.post([debit(100, paid), result(paid, "returned")])
    assert memory.balance("unmatched_receipt") == 0
    assert memory.balance("custody_cash") == 1_000
    again = memory.instructions[-1].instruction_id
    assert again != paid, "the lesson is paid anew"
    memory.post([claim(again), debit(100, again)])
    assert memory.balance("payment_clearing") == 0
    assert memory.balance("custody_cash") == 900


def test_what_nobody_at_the_bank_has_seen_cannot_come_back() -> None:
    memory, paid = _planned()
    assert effect_of(memory.ask(came_back(100, paid))) == "unallocated"


@pytest.mark.parametrize("lines", [{9: "rejected"}, {0: "settled", 1: "settled"}])
def test_a_result_of_a_line_there_is_not_says_nothing_of_the_others(lines: dict[int, str]) -> None:
    """A bank that counts from 0 would have its rejections taken for payments."""
    memory, paid = _planned(1, 2)
    assert said(memory.ask(result(paid, "settled", lines))) == "result_conflict"
    assert {line.state for line in memory.instructions[0].lines.values()} == {"planned"}
    assert "conflict" in memory.told("instruction.changed")[-1]


def test_a_result_that_says_two_things_of_a_line_says_nothing() -> None:
    memory, paid = _planned(1, 2)
    twice = (LineResult(1, "settled", None), LineResult(1, "rejected", None))
    assert said(memory.ask(varied(result(paid, "settled"), {"lines": twice}))) == "result_conflict"
    assert memory.instructions[0].lines[1].state == "planned"


def test_another_accounts_debit_settles_nothing() -> None:
    memory, paid = _planned()
    TO["sent"](memory, paid)
    outcome = memory.ask(debit(100, paid, account_number="622202000000000009"))
    assert effect_of(outcome) == "unbacked"
    assert memory.instructions[0].state == "sent"


def test_one_line_of_several_that_comes_back_leaves_the_others_settled() -> None:
    memory, paid = _planned(1, 2)
    memory.post([debit(100, paid, 1), debit(100, paid, 2)])
    memory.ask(came_back(100, paid, 2))
    first = memory.instructions[0]
    assert [line.state for line in first.lines.values()] == ["settled", "returned"]
    assert first.state == "settled"
    (told,) = memory.told("receipt.returned")
    assert told["instruction_id"] == str(paid)
    assert (told["kind"], told["entry_fen"], told["amount_fen"]) == ("payout", 100, 100)


def test_a_return_that_the_bank_could_not_deliver_waits_for_its_contract_again() -> None:
    memory = books()
    memory.post([credit(250, "C7", entry_id="E1"), allocate("E1", None)])
    given = memory.instructions[0].instruction_id
    memory.post([result(given, "rejected"), register("C7", student_ref="S7")])
    assert memory.contract("C7").funded_fen == 250

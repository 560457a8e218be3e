"""Paying out: what a floor retains, in what order it goes out, and in which instruction."""

from datetime import timedelta
from uuid import UUID

import pytest

from escrow.domain import payouts
from escrow.domain.accounts import AccountKind
from escrow.domain.commands import OpenAccount
from escrow.domain.instructions import Line
from escrow.domain.outcomes import Payout, Released
from shared.money import Fen
from tests.support import tables
from tests.support.asking import (
    ACCOUNT,
    INSTITUTION,
    NOW,
    agree,
    credit,
    plan_payouts,
    release,
    releases,
    request_refund,
    result,
    rule,
    set_floor,
)
from tests.support.builders import BANK, TODAY, a_contract, a_floor, an_institution, books
from tests.support.memory import Memory


def _payouts(memory: Memory, *lessons: int) -> list[Payout]:
    outcomes = memory.post(releases("C1", *lessons))
    return [one.payout for one in outcomes if isinstance(one, Released)]


def _rejected(memory: Memory) -> None:
    """Let the bank reject the newest payout."""
    memory.ask(result(memory.instructions[-1].instruction_id, "rejected"))


# A contract of 1,000 fen, fully paid, 100 a lesson; one lesson is released.
# Present before the payout is 1,000; afterwards 900.
@tables.cases("""
# kind               figure  payout
  fixed              900     instructed
  fixed              901     floor
  percent_collected  9000    instructed
  percent_collected  9009    instructed
  percent_collected  9010    floor
  cycle_total        0       floor
  percent_held       0       instructed
  percent_held       1       instructed
  percent_held       12      floor
""")
def test_a_payout_goes_out_when_what_stays_reaches_the_floor(row: list[str]) -> None:
    kind, figure, payout = row
    memory = books(an_institution(), a_contract(), a_floor(kind, int(figure)))
    (found,) = _payouts(memory, 1)
    assert (found.reason or found.state) == payout
    assert memory.contract().lessons_released == 1


def test_the_reserve_counts_towards_the_floor() -> None:
    memory = books(an_institution(), a_contract(), a_floor("cycle_total"))
    memory.standing.balances[AccountKind.reserve] = Fen(100)
    assert [one.state for one in _payouts(memory, 1)] == ["instructed"]


def test_whole_lessons_go_out_while_there_is_room() -> None:
    memory = books(an_institution(), a_contract(), a_floor("fixed", 750))
    states = [(one.state, one.reason) for one in _payouts(memory, 1, 2, 3, 4)]
    assert states == [("instructed", None)] * 2 + [("retained", "floor")] * 2
    assert memory.waiting == [("C1", 3, 100), ("C1", 4, 100)]
    assert (memory.standing.retained_count, memory.standing.retained_fen) == (2, 200)


def test_a_newer_lesson_never_overtakes_a_retained_one() -> None:
    memory = books(
        an_institution(),
        a_contract("C1"),
        a_contract("C2", lessons=10, paid_fen=100, student_ref="S2"),
        a_floor("fixed", 1_050),
    )
    outcomes = memory.post([release("C1"), release("C2")])
    assert [one.payout.reason for one in outcomes if isinstance(one, Released)] == ["floor"] * 2
    assert memory.waiting == [("C1", 1, 100), ("C2", 1, 10)]


def test_room_is_counted_without_what_the_same_batch_has_planned() -> None:
    one_by_one = books(an_institution(), a_contract(), a_floor("fixed", 850))
    for lesson in (1, 2):
        one_by_one.ask(release("C1", lesson))
    at_once = books(an_institution(), a_contract(), a_floor("fixed", 850))
    at_once.post(releases("C1", 1, 2))
    assert one_by_one.waiting == at_once.waiting == [("C1", 2, 100)]


def test_a_deposit_lets_retained_lessons_go_oldest_first() -> None:
    memory = books(
        an_institution(), a_contract(), a_contract("C2", funded_fen=0), a_floor("fixed", 1_000)
    )
    _payouts(memory, 3, 1, 2)
    memory.ask(credit(250, "C2"))
    assert memory.waiting == [("C1", 2, 100)]
    (instruction,) = memory.instructions
    assert [line.lesson_no for line in instruction.lines.values()] == [3, 1]


def test_what_was_retained_goes_out_before_what_is_released_now() -> None:
    memory = books(
        an_institution(), a_contract(), a_contract("C2", funded_fen=0), a_floor("fixed", 1_000)
    )
    _payouts(memory, 1)
    asked = [credit(200, "C2"), release("C1", 2)]
    memory.post(asked)
    assert memory.waiting == []
    (instruction,) = memory.instructions
    assert [line.lesson_no for line in instruction.lines.values()] == [1, 2]


def test_a_refund_lowers_the_floor_and_what_is_present() -> None:
    memory = books(
        an_institution(), a_contract(), a_contract("C2", student_ref="S2"), a_floor("cycle_total")
    )
    memory.standing.balances[AccountKind.reserve] = Fen(99)
    _payouts(memory, 1)
    assert memory.waiting == [("C1", 1, 100)]
    memory.standing.balances[AccountKind.reserve] = Fen(100)
    refund = memory.ask(request_refund("C2"))
    memory.ask(agree(refund.made_id or UUID(int=0)))  # type: ignore[union-attr]
    assert memory.waiting == []


def test_a_lower_floor_lets_retained_lessons_go() -> None:
    memory = books(an_institution(), a_contract(), a_floor("fixed", 1_000))
    _payouts(memory, 1, 2)
    memory.ask(set_floor(rule("fixed", 900)))
    assert memory.waiting == [("C1", 2, 100)]


def test_a_floor_above_the_balance_retains_until_it_is_covered() -> None:
    memory = books(an_institution(), a_contract(), a_contract("C2", funded_fen=0))
    memory.ask(set_floor(rule("fixed", 1_500)))
    _payouts(memory, 1)
    memory.ask(credit(599, "C2"))
    assert memory.waiting == [("C1", 1, 100)]
    memory.ask(credit(1, "C2"))
    assert memory.waiting == []


def test_a_floor_holds_from_its_day_on() -> None:
    memory = books()
    memory.ask(set_floor(rule("fixed", 950), effective_from=TODAY + timedelta(days=1)))
    assert [one.state for one in _payouts(memory, 1)] == ["instructed"]
    memory.book.now = NOW + timedelta(hours=12)  # midnight in Shanghai
    assert [one.state for one in _payouts(memory, 2)] == ["retained"]


def test_a_floor_that_falls_by_its_date_pays_out_when_the_clock_asks() -> None:
    memory = books(an_institution(), a_contract(), a_floor("fixed", 1_000))
    memory.ask(set_floor(rule("fixed", 0), effective_from=TODAY + timedelta(days=1)))
    _payouts(memory, 1)
    memory.book.now = NOW + timedelta(hours=11, minutes=59)
    memory.ask(plan_payouts())
    assert memory.waiting == [("C1", 1, 100)]
    memory.book.now = NOW + timedelta(hours=12)
    memory.ask(plan_payouts())
    assert memory.waiting == []


@tables.cases("""
# payout  all  account  reason
  1       0    yes      payout_frozen
  0       1    yes      institution_frozen
  1       1    yes      institution_frozen
  0       0    no       account_missing
  1       0    no       payout_frozen
""")
def test_a_payout_is_retained_for_a_reason(row: list[str]) -> None:
    payout, full, account, reason = row
    memory = books(an_institution(), a_contract(), a_floor("fixed", 5_000))
    _payouts(memory, 1)
    standing = memory.standing
    standing.payout_freezes, standing.full_freezes = int(payout), int(full)
    standing.account_number = ACCOUNT if account == "yes" else None
    outcome = memory.ask(plan_payouts())
    assert getattr(outcome, "effect", None) == reason


def test_older_retained_lessons_that_were_not_read_go_first() -> None:
    memory = books()
    memory.book.horizons[INSTITUTION] = 0
    assert _payouts(memory, 1) == [Payout("retained", None, "older_first")]
    memory.book.horizons[INSTITUTION] = 1
    memory.ask(plan_payouts())
    assert memory.waiting == []


# -- the instruction ------------------------------------------------------------------------


def test_an_instruction_carries_a_line_for_each_lesson() -> None:
    memory = books(an_institution(), a_contract("C1", lessons=3, paid_fen=1_000), a_contract("C2"))
    outcomes = memory.post([release("C1", 3), release("C2", 7)])
    first, second = (one.movement_id for one in outcomes if isinstance(one, Released))
    (instruction,) = memory.instructions
    payout = memory.journal[-1]
    assert (instruction.kind, instruction.state) == ("payout", "planned")
    assert (instruction.institution_id, instruction.bank_id) == (INSTITUTION, BANK)
    assert instruction.account_number == ACCOUNT
    assert instruction.creditor_name == "Sunny settlement"
    assert instruction.creditor_account == "settle-1"
    assert (instruction.amount_fen, instruction.created_at) == (434, NOW)
    assert instruction.movement_id == payout.movement_id
    assert payout.instruction_id == instruction.instruction_id
    assert instruction.lines == {
        1: Line(
            1, Fen(334), "C1 3/3", contract_id="C1", lesson_no=3, release_sequence=1,
            release_id=first,
        ),
        2: Line(
            2, Fen(100), "C2 7/10", contract_id="C2", lesson_no=7, release_sequence=2,
            release_id=second,
        ),
    }  # fmt: skip


def test_a_planned_payout_is_told() -> None:
    memory = books()
    _payouts(memory, 1, 2)
    assert memory.told("payout.planned") == [
        {
            "instruction_id": str(memory.instructions[0].instruction_id),
            "kind": "payout",
            "state": "planned",
            "amount_fen": 200,
            "lines": 2,
            "created_at": "2026-12-05T12:00:00+08:00",
        }
    ]


def test_a_planned_refund_is_told_as_a_change() -> None:
    memory = books()
    refund = memory.ask(request_refund())
    memory.ask(agree(refund.made_id or UUID(int=0)))  # type: ignore[union-attr]
    assert memory.told("payout.planned") == []
    assert [one["kind"] for one in memory.told("instruction.changed")] == ["refund"]


def test_a_retained_lesson_is_named_as_when_it_was_released() -> None:
    memory = books(an_institution(), a_contract(), a_floor("fixed", 1_000))
    _payouts(memory, 4)
    contract = memory.book.tuitions.pop((INSTITUTION, "C1"))
    memory.ask(set_floor(rule("fixed", 0)))
    assert memory.instructions[0].lines[1].remittance == "C1 4/10"
    memory.book.tuitions[INSTITUTION, "C1"] = contract


def test_an_instruction_has_a_bounded_number_of_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payouts, "LINES_PER_INSTRUCTION", 2)
    memory = books(an_institution(), a_contract(), a_floor("fixed", 550))
    found = _payouts(memory, 1, 2, 3, 4, 5)
    assert [len(one.lines) for one in memory.instructions] == [2, 2]
    ids = [one.instruction_id for one in memory.instructions]
    assert [one.instruction_id for one in found] == [ids[0], ids[0], ids[1], ids[1], None]
    assert memory.waiting == [("C1", 5, 100)]


# -- what the bank refused ------------------------------------------------------------------


def test_a_rejected_lesson_is_retried_at_the_next_posting_before_newer_ones() -> None:
    memory = books()
    _payouts(memory, 1)
    _payouts(memory, 2)
    memory.ask(result(memory.instructions[0].instruction_id, "rejected"))
    assert memory.waiting == [("C1", 1, 100)]
    _payouts(memory, 3)
    last = memory.instructions[-1]
    assert [(line.lesson_no, line.tries) for line in last.lines.values()] == [(1, 1), (3, 0)]


def test_lessons_come_back_into_the_queue_in_the_order_of_their_release() -> None:
    memory = books()
    for lesson in (5, 4, 3):
        _payouts(memory, lesson)
    ids = [one.instruction_id for one in memory.instructions]
    for instruction in (ids[1], ids[2], ids[0]):
        memory.ask(result(instruction, "rejected"))
    assert memory.waiting == [("C1", 5, 100), ("C1", 4, 100), ("C1", 3, 100)]


def test_after_three_refusals_a_lesson_waits_for_the_account_to_be_filed_anew() -> None:
    memory = books()
    _payouts(memory, 1)
    for _ in range(2):
        _rejected(memory)
        memory.ask(plan_payouts())
        assert memory.waiting == []
    _rejected(memory)
    outcome = memory.ask(plan_payouts())
    assert getattr(outcome, "effect", None) == "payout_rejected"
    assert _payouts(memory, 2) == [Payout("retained", None, "payout_rejected")]
    assert memory.waiting == [("C1", 1, 100), ("C1", 2, 100)]
    memory.ask(OpenAccount(INSTITUTION, BANK, ACCOUNT, "custody", TODAY, "settle-2", "new"))
    assert memory.waiting == []
    last = memory.instructions[-1]
    assert last.creditor_account == "settle-2"
    assert [line.tries for line in last.lines.values()] == [0, 0]

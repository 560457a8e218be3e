"""The working copy of the book: records copied at the first touch, balances moved in pairs."""

from copy import deepcopy
from datetime import timedelta
from uuid import UUID

import pytest

from escrow.domain.accounts import AccountKind
from escrow.domain.draft import Draft
from escrow.domain.movements import Movement, MovementKind
from escrow.domain.records import Event, Payable
from shared.money import Fen
from tests.support.asking import INSTITUTION, NOW
from tests.support.builders import TODAY, a_book, a_contract, a_floor, an_institution
from tests.support.memory import numbered_ids

HELD, PAYABLE = AccountKind.tuition_held, AccountKind.institution_payable


def _draft() -> Draft:
    return Draft(a_book(an_institution(), a_contract(), a_floor("fixed", 5)), numbered_ids())


def test_a_movement_changes_both_balances_on_their_normal_sides() -> None:
    draft = _draft()
    standing = draft.the_standing(INSTITUTION)
    draft.move(MovementKind.release, standing, Fen(300), HELD, PAYABLE)
    assert (standing.balances[HELD], standing.balances[PAYABLE]) == (700, 300)
    cash, unbacked = AccountKind.custody_cash, AccountKind.unbacked_debit
    draft.move(MovementKind.unbacked, standing, Fen(50), unbacked, cash)
    assert (standing.balances[unbacked], standing.balances[cash]) == (50, 950)


def test_a_movement_is_numbered_and_written_in_full() -> None:
    draft = _draft()
    standing = draft.the_standing(INSTITUTION)
    standing.movements = 41
    earlier = NOW - timedelta(days=1)
    made = draft.move(
        MovementKind.release, standing, Fen(300), HELD, PAYABLE, occurred_at=earlier,
        contract_id="C1", lesson_no=2, instruction_id=UUID(int=3), entry_id="E",
        refund_id=UUID(int=4), reverses=UUID(int=5),
    )  # fmt: skip
    assert made == Movement(
        made.movement_id, INSTITUTION, 42, MovementKind.release, HELD, PAYABLE, Fen(300), earlier,
        "C1", 2, UUID(int=3), "E", UUID(int=4), UUID(int=5),
    )  # fmt: skip
    assert draft.changes.movements == [made]
    assert (standing.movements, standing.posted_at) == (42, NOW)


def test_a_movement_happens_now_unless_said_otherwise() -> None:
    draft = _draft()
    made = draft.move(MovementKind.release, draft.the_standing(INSTITUTION), Fen(1), HELD, PAYABLE)
    assert made.occurred_at == NOW


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_moves_by_nothing_or_less(amount: int) -> None:
    draft = _draft()
    with pytest.raises(AssertionError, match="positive"):
        draft.move(
            MovementKind.release, draft.the_standing(INSTITUTION), Fen(amount), HELD, PAYABLE
        )


def test_no_balance_that_may_not_falls_below_zero() -> None:
    draft = _draft()
    standing = draft.the_standing(INSTITUTION)
    with pytest.raises(AssertionError, match="tuition_held would fall below zero"):
        draft.move(MovementKind.release, standing, Fen(1_001), HELD, PAYABLE)


def test_a_balance_may_fall_to_zero_and_clearing_below() -> None:
    draft = _draft()
    standing = draft.the_standing(INSTITUTION)
    draft.move(MovementKind.release, standing, Fen(1_000), HELD, PAYABLE)
    clearing, cash = AccountKind.payment_clearing, AccountKind.custody_cash
    draft.move(MovementKind.booked, standing, Fen(1_001), clearing, cash)
    balances = standing.balances
    assert (balances[HELD], balances[clearing], balances[cash]) == (0, -1_001, -1)


def test_events_are_numbered_without_a_gap() -> None:
    draft = _draft()
    standing = draft.the_standing(INSTITUTION)
    standing.sequence = 7
    draft.emit(standing, "a", {"x": 1})
    draft.emit(standing, "b", {})
    first, second = draft.changes.events
    assert first == Event(INSTITUTION, 8, first.event_id, "a", {"x": 1})
    assert (second.sequence, standing.sequence) == (9, 9)
    assert first.event_id != second.event_id


FLOOR = {"floor": {"required_fen": 5, "present_fen": 1_000}}


@pytest.mark.parametrize(
    ("event_type", "has_floor", "more"),
    [
        ("debit.unbacked", True, FLOOR),
        ("receipt.returned", True, FLOOR),
        ("debit.unbacked", False, {}),
        ("institution.changed", True, {}),
    ],
)
def test_an_event_that_moved_money_says_where_the_floor_stands(
    event_type: str, *, has_floor: bool, more: dict[str, object]
) -> None:
    floor = [a_floor("fixed", 5)] if has_floor else []
    draft = Draft(a_book(an_institution(), a_contract(), *floor), numbered_ids())
    draft.emit(draft.the_standing(INSTITUTION), event_type, {"x": 1})
    assert [one.body for one in draft.changes.events] == [{"x": 1, **more}]


def test_a_record_is_copied_once_and_the_book_stays() -> None:
    draft = _draft()
    before = deepcopy(draft.book.standings)
    standing = draft.the_standing(INSTITUTION)
    assert draft.standing(INSTITUTION) is standing
    standing.balances[HELD] = Fen(1)
    standing.retained_count = 9
    tuition = draft.the_tuition((INSTITUTION, "C1"))
    assert draft.tuition((INSTITUTION, "C1")) is tuition
    tuition.held_fen = Fen(1)
    assert draft.peek_tuition((INSTITUTION, "C1")) is tuition
    assert draft.book.standings == before
    assert draft.book.tuitions[INSTITUTION, "C1"].held_fen == 1_000


def test_looking_changes_nothing() -> None:
    draft = _draft()
    assert draft.peek_tuition((INSTITUTION, "C1")) is draft.book.tuitions[INSTITUTION, "C1"]
    assert draft.peek_tuition((INSTITUTION, "C9")) is None
    assert draft.lesson((INSTITUTION, "C1", 1)) is None
    assert draft.peek_instruction((INSTITUTION, UUID(int=1))) is None
    assert draft.changes.tuitions == {}


def test_what_is_not_in_the_book_is_none() -> None:
    draft = _draft()
    nowhere = UUID(int=404)
    assert draft.standing("nobody") is None
    assert draft.tuition((INSTITUTION, "C9")) is None
    assert draft.entry(("622", "E9")) is None
    assert draft.refund((INSTITUTION, nowhere)) is None
    assert draft.instruction((INSTITUTION, nowhere)) is None
    assert draft.queue(INSTITUTION) == []


def test_what_must_be_there_is_asserted() -> None:
    draft = _draft()
    with pytest.raises(AssertionError, match="was refused before"):
        draft.the_standing("nobody")
    with pytest.raises(AssertionError, match="was refused before"):
        draft.the_tuition((INSTITUTION, "C9"))


def test_a_queue_is_copied_payable_by_payable() -> None:
    draft = _draft()
    read = Payable(INSTITUTION, 1, "C1", 1, UUID(int=1), Fen(100), is_stored=True)
    draft.book.queue[INSTITUTION] = [read]
    queue = draft.queue(INSTITUTION)
    assert draft.queue(INSTITUTION) is queue
    queue[0].amount_fen = Fen(1)
    queue.clear()
    assert draft.book.queue[INSTITUTION] == [read]
    assert read.amount_fen == 100


def test_a_floor_of_this_batch_may_replace_the_one_that_was_read() -> None:
    draft = _draft()
    assert draft.floor("other") is None
    assert draft.floor(INSTITUTION) is draft.book.floors[INSTITUTION][0]
    theirs = a_floor("fixed", 7, institution_id="other", placed_at=NOW)
    draft.add_floor(theirs)
    assert draft.floor(INSTITUTION) is draft.book.floors[INSTITUTION][0]
    assert draft.floor("other") is theirs
    mine = a_floor("fixed", 6, placed_at=NOW)
    draft.add_floor(mine)
    assert draft.floor(INSTITUTION) is mine
    assert draft.changes.floors == [theirs, mine]


def test_the_floor_in_force_is_that_of_the_day_in_shanghai() -> None:
    tomorrow = a_floor("fixed", 6, effective_from=TODAY + timedelta(days=1))
    for now, holds in ((NOW, None), (NOW + timedelta(hours=12), tomorrow)):
        draft = Draft(a_book(an_institution(), tomorrow, now=now), numbered_ids())
        assert draft.floor(INSTITUTION) is holds


def test_a_round_is_one_for_each_institution() -> None:
    draft = _draft()
    assert draft.round(INSTITUTION) is draft.round(INSTITUTION)
    assert draft.round("other") is not draft.round(INSTITUTION)

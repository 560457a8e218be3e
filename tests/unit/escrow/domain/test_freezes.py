"""Freezes and floors as they are placed, lifted and set, and what the clock asks for."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from escrow.domain.accounts import AccountKind
from escrow.domain.freezes import rule_body
from escrow.domain.outcomes import Accepted, Exists
from escrow.domain.records import Floor, Freeze
from shared.money import Fen
from tests.support import tables
from tests.support.asking import (
    INSTITUTION,
    NOW,
    claim,
    freeze,
    lift,
    plan_payouts,
    register,
    release,
    releases,
    rule,
    sending,
    serve,
    set_floor,
)
from tests.support.builders import TODAY, a_contract, an_institution, books
from tests.support.memory import Memory, said

OTHER = "91320602MA1ABCDE99"


def _frozen(memory: Memory, scope: str = "payout", **changes: object) -> UUID:
    outcome = memory.ask(freeze(scope, **changes))
    assert isinstance(outcome, Accepted)
    assert outcome.made_id is not None
    return outcome.made_id


@tables.cases("""
# scope     a new contract   a release           its payout
  -         accepted         released            instructed
  charging  may_not_charge   released            instructed
  payout    accepted         released            payout_frozen
  all       may_not_charge   institution_frozen  -
""")
def test_each_scope_stops_its_own(row: list[str]) -> None:
    scope, charge, claimed, payout = row
    memory = books()
    if scope:
        memory.ask(freeze(scope))
    outcome = memory.ask(release())
    found = getattr(outcome, "payout", None)
    assert said(memory.ask(register("C2", student_ref="S2"))) == charge
    assert said(outcome) == claimed
    assert ((found and (found.reason or found.state)) or "") == payout


def test_a_freeze_is_kept_and_told() -> None:
    memory = books()
    outcome = memory.ask(
        freeze("all", reason="absconded", document_no="F-9", registry_event_id="reg-1")
    )
    (kept,) = memory.book.freezes.values()
    assert outcome == Accepted(made_id=kept.freeze_id, state="placed")
    assert kept == Freeze(
        INSTITUTION, kept.freeze_id, "all", "absconded", "Bureau", "F-9", NOW, "supervisor",
        "reg-1",
    )  # fmt: skip
    assert memory.told("freeze.placed") == [
        {
            "freeze_id": str(kept.freeze_id),
            "scope": "all",
            "reason": "absconded",
            "authority": "Bureau",
            "document_no": "F-9",
            "registry_event_id": "reg-1",
            "lift_reason": None,
            "lift_document_no": None,
        }
    ]


def test_nobody_freezes_an_institution_that_is_not_in_the_books() -> None:
    memory = books()
    assert said(memory.ask(freeze(institution_id=OTHER))) == "institution_unknown"
    assert said(memory.ask(set_floor(institution_id=OTHER))) == "institution_unknown"
    other = replace(plan_payouts(), institution_id=OTHER)
    assert said(memory.ask(other)) == "institution_unknown"


@tables.cases("""
# scope     seen     becomes
  payout    no       withdrawn
  all       no       withdrawn
  charging  no       planned
  payout    served   planned
  payout    claimed  claimed
  payout    sent     sent
  payout    asked    withdrawn
""")
def test_a_freeze_withdraws_what_nobody_at_the_bank_has_seen(row: list[str]) -> None:
    scope, seen, becomes = row
    memory = books()
    memory.ask(release())
    paid = memory.instructions[0].instruction_id
    happened = {
        "no": [],
        "served": [serve(paid)],
        "claimed": [claim(paid)],
        "sent": [claim(paid), sending(paid, "sent")],
        "asked": [claim(paid), sending(paid, "unknown"), sending(paid, "planned")],
    }
    memory.post(happened[seen])
    memory.ask(freeze(scope))
    (instruction,) = memory.instructions
    assert instruction.state == becomes
    retained = [("C1", 1, 100)] if becomes == "withdrawn" else []
    assert memory.waiting == retained


def test_a_withdrawn_payout_gives_its_lessons_back_whole() -> None:
    memory = books()
    memory.post(releases("C1", 1, 2))
    memory.ask(freeze())
    (instruction,) = memory.instructions
    assert (instruction.state, instruction.changed_at) == ("withdrawn", NOW)
    assert [line.state for line in instruction.lines.values()] == ["withdrawn"] * 2
    assert memory.waiting == [("C1", 1, 100), ("C1", 2, 100)]
    assert (memory.standing.retained_count, memory.standing.retained_fen) == (2, 200)
    assert memory.moved(3) == [("reversal", "payment_clearing", "institution_payable", 100)] * 2
    back = memory.journal[-1]
    assert (back.contract_id, back.instruction_id) == ("C1", instruction.instruction_id)
    assert back.reverses == instruction.movement_id
    assert memory.told("instruction.changed") == [
        {
            "instruction_id": str(instruction.instruction_id),
            "kind": "payout",
            "state": "withdrawn",
            "amount_fen": 200,
            "reason": None,
            "refund_id": None,
        }
    ]


def test_what_is_released_and_frozen_in_one_batch_is_withdrawn() -> None:
    memory = books()
    memory.post([release(), freeze()])
    assert [one.state for one in memory.instructions] == ["withdrawn"]
    assert memory.waiting == [("C1", 1, 100)]


def test_another_institutions_payouts_stay() -> None:
    memory = books(
        an_institution(), an_institution(OTHER), a_contract(), a_contract(institution_id=OTHER)
    )
    memory.post([release(), release(institution_id=OTHER)])
    memory.ask(freeze())
    states = {one.institution_id: one.state for one in memory.instructions}
    assert states == {INSTITUTION: "withdrawn", OTHER: "planned"}


def test_lifting_pays_out_what_was_retained_oldest_first() -> None:
    memory = books()
    frozen = _frozen(memory)
    memory.post(releases("C1", 2, 1))
    assert memory.waiting == [("C1", 2, 100), ("C1", 1, 100)]
    outcome = memory.ask(lift(frozen))
    assert outcome == Accepted(made_id=frozen, state="lifted")
    assert memory.waiting == []
    assert [line.lesson_no for line in memory.instructions[-1].lines.values()] == [2, 1]


def test_a_withdrawn_payout_goes_out_again_without_counting_as_a_try() -> None:
    memory = books()
    memory.ask(release())
    for _ in range(5):
        memory.ask(lift(_frozen(memory)))
    assert [one.state for one in memory.instructions] == ["withdrawn"] * 5 + ["planned"]
    assert memory.instructions[-1].lines[1].tries == 0


@tables.cases("""
# first     second    lifted  retained
  payout    payout    1       yes
  payout    payout    2       yes
  payout    all       1       yes
  payout    all       2       yes
  payout    charging  1       no
  payout    charging  2       yes
  all       charging  1       no
""")
def test_freezes_overlap_and_each_is_lifted_by_itself(row: list[str]) -> None:
    first, second, lifted, retained = row
    memory = books()
    memory.ask(release())
    ids = [_frozen(memory, first), _frozen(memory, second)]
    memory.ask(lift(ids[int(lifted) - 1]))
    assert bool(memory.waiting) == (retained == "yes")


def test_a_lifted_freeze_is_kept_with_its_end_and_told() -> None:
    memory = books()
    frozen = _frozen(memory, registry_event_id="reg-1")
    memory.book.now += timedelta(days=1)
    memory.ask(lift(frozen, reason="paid up", document_no="F-3", acted_by="Chen"))
    (kept,) = memory.book.freezes.values()
    assert kept == Freeze(
        INSTITUTION, frozen, "payout", "complaints", "Bureau", "F-1", NOW, "supervisor", "reg-1",
        NOW + timedelta(days=1), "Chen", "paid up", "F-3",
    )  # fmt: skip
    assert memory.told("freeze.lifted") == [
        {
            "freeze_id": str(frozen),
            "scope": "payout",
            "reason": "complaints",
            "authority": "Bureau",
            "document_no": "F-1",
            "registry_event_id": "reg-1",
            "lift_reason": "paid up",
            "lift_document_no": "F-3",
        }
    ]
    assert memory.standing.payout_freezes == 0


def test_a_freeze_is_lifted_once() -> None:
    memory = books()
    frozen = _frozen(memory)
    memory.ask(lift(frozen))
    assert memory.ask(lift(frozen)) == Exists(made_id=frozen, state="lifted")
    assert said(memory.ask(lift(frozen, reason="other"))) == "freeze_lifted"
    assert said(memory.ask(lift(frozen, document_no="other"))) == "freeze_lifted"
    assert memory.standing.payout_freezes == 0
    assert len(memory.told("freeze.lifted")) == 1


def test_a_freeze_is_lifted_once_in_one_batch_too() -> None:
    memory = books()
    frozen = _frozen(memory)
    assert [said(one) for one in memory.post([lift(frozen), lift(frozen)])] == [
        "accepted",
        "exists",
    ]
    assert memory.standing.payout_freezes == 0


def test_a_freeze_that_is_not_there_is_unknown() -> None:
    memory = books(an_institution(), an_institution(OTHER))
    frozen = _frozen(memory)
    assert said(memory.ask(lift(UUID(int=404)))) == "freeze_unknown"
    assert said(memory.ask(lift(frozen, institution_id=OTHER))) == "freeze_unknown"


def test_the_clock_withdraws_what_a_freeze_did_not_reach() -> None:
    """More payouts may be unseen than one posting reads; the rest is withdrawn later."""
    memory = books()
    memory.ask(release())
    held_back = memory.book.instructions.copy()
    memory.book.instructions.clear()
    memory.ask(freeze())
    assert memory.waiting == []
    memory.book.instructions |= held_back
    outcome = memory.ask(plan_payouts())
    assert outcome == Accepted(effect="payout_frozen")
    assert memory.waiting == [("C1", 1, 100)]
    assert [one.state for one in memory.instructions] == ["withdrawn"]


def test_the_clock_leaves_alone_what_no_freeze_stops() -> None:
    memory = books()
    memory.ask(release())
    assert memory.ask(plan_payouts()) == Accepted(effect=None)
    assert [one.state for one in memory.instructions] == ["planned"]


# -- floors ---------------------------------------------------------------------------------


def test_a_floor_is_kept_and_told_with_its_deficit() -> None:
    memory = books()
    rules = (rule("fixed", 700), rule("percent_collected", 500), rule("cycle_total"))
    since = TODAY + timedelta(days=3)
    outcome = memory.ask(set_floor(*rules, effective_from=since, document_no="D-7", acted_by="Li"))
    (kept,) = memory.book.floors[INSTITUTION]
    assert isinstance(kept.floor_id, UUID)
    assert kept == Floor(INSTITUTION, kept.floor_id, rules, since, "D-7", NOW, "Li")
    assert outcome == Accepted(made_id=kept.floor_id, amount_fen=Fen(1_000), state="set")
    assert memory.standing.floors == 1
    assert memory.told("floor.changed") == [
        {
            "floor_id": str(kept.floor_id),
            "rules": [
                {"kind": "fixed", "amount_fen": 700},
                {"kind": "percent_collected", "bps": 500},
                {"kind": "cycle_total"},
            ],
            "effective_from": "2026-12-08",
            "document_no": "D-7",
            "required_fen": 1_000,
            "deficit_fen": 0,
        }
    ]


def test_a_deficit_is_what_is_missing_to_the_floor() -> None:
    memory = books()
    memory.ask(set_floor(rule("fixed", 1_250)))
    assert [one["deficit_fen"] for one in memory.told("floor.changed")] == [250]
    assert memory.balance(AccountKind.tuition_held) == 1_000


def test_floors_set_in_one_batch_hold_in_their_order() -> None:
    memory = books()
    memory.post([set_floor(rule("fixed", 5_000)), set_floor(rule("fixed", 0)), release()])
    assert memory.waiting == []
    assert memory.standing.floors == 2


@pytest.mark.parametrize("kind", ["percent_collected", "percent_held"])
def test_a_percentage_is_told_in_basis_points(kind: str) -> None:
    assert rule_body(rule(kind, 250)) == {"kind": kind, "bps": 250}

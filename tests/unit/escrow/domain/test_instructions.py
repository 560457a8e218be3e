"""States of instructions: which results follow, which are late, and what may be withdrawn."""

from uuid import UUID

import pytest

from escrow.domain.instructions import (
    GIVES_BACK,
    RESULT_FOLLOWS,
    RESULT_STALE,
    UNFINISHED,
    Instruction,
    InstructionKind,
    InstructionState,
    Line,
    follows,
)
from shared.money import Fen
from tests.support import tables
from tests.support.asking import INSTITUTION, NOW


def _instruction(state: str = "planned") -> Instruction:
    return Instruction(
        UUID(int=0x1000), INSTITUTION, InstructionKind.payout, "bank-a", "622", "Sunny",
        "settle-1", NOW, UUID(int=1), InstructionState(state),
    )  # fmt: skip


@pytest.mark.parametrize("state", list(InstructionState))
def test_every_state_says_which_results_follow(state: InstructionState) -> None:
    assert state in RESULT_FOLLOWS
    assert not RESULT_FOLLOWS[state] & RESULT_STALE.get(state, frozenset())


@pytest.mark.parametrize("state", list(InstructionState))
def test_a_state_is_unfinished_or_answered_or_gives_back(state: InstructionState) -> None:
    kinds = (state in UNFINISHED, state is InstructionState.settled, state in GIVES_BACK)
    assert sum(kinds) == 1


@tables.cases("""
# current    result    verdict
  accepted   settled   True
  settled    accepted  False
  settled    settled   False
  settled    rejected  None
  withdrawn  settled   None
""")
def test_a_result_follows_repeats_or_contradicts(row: list[str]) -> None:
    current, result, verdict = row
    found = follows(InstructionState(current), InstructionState(result))
    assert str(found) == verdict


def test_a_state_repeats_itself() -> None:
    for state in InstructionState:
        assert follows(state, state) is False


def test_only_what_is_planned_and_was_not_shown_may_be_withdrawn() -> None:
    assert _instruction().is_withdrawable
    shown = _instruction()
    shown.served_at = NOW
    assert not shown.is_withdrawable
    assert not any(
        _instruction(state).is_withdrawable for state in InstructionState if state != "planned"
    )


def test_a_line_is_booked_under_the_instructions_id_and_its_own_number() -> None:
    line = Line(2, Fen(100), "C1 2/10")
    assert _instruction().end_to_end_id(line) == "00000000000000000000000000001002"

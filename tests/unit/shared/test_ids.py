"""Ids, and the line numbers that an instruction's id leaves room for."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.ids import LINES_MAX, end_to_end_id, instruction_id, new_id, parse_end_to_end_id


def test_an_id_is_a_uuid_of_version_7() -> None:
    made = new_id()
    assert isinstance(made, UUID)
    assert (made.version, made.variant) == (7, UUID(int=made.int).variant)
    assert UUID(str(made)) == made
    assert hash(made) == hash(UUID(str(made)))


def test_no_two_ids_are_alike_and_later_ones_are_larger() -> None:
    made = [new_id() for _ in range(5_000)]
    assert len(set(made)) == len(made)
    assert made == sorted(made)


@given(st.uuids(), st.integers(1, LINES_MAX))
def test_a_lines_id_names_its_instruction(source: UUID, line_no: int) -> None:
    instruction = instruction_id(source)
    text = end_to_end_id(instruction, line_no)
    assert len(text) == 32
    assert parse_end_to_end_id(text) == (instruction, line_no)


@given(st.uuids())
def test_an_instruction_keeps_all_but_its_last_bits(source: UUID) -> None:
    assert instruction_id(source).int >> 12 == source.int >> 12
    assert instruction_id(source).int & 0xFFF == 0


@pytest.mark.parametrize("line_no", [0, -1, LINES_MAX + 1])
def test_a_line_beyond_the_room_is_refused(line_no: int) -> None:
    with pytest.raises(ValueError, match="line_no"):
        end_to_end_id(instruction_id(new_id()), line_no)


@pytest.mark.parametrize(
    "text",
    ["", "x" * 32, "0" * 32, "1" * 31, "1" * 33, "-" + "1" * 31, "1_" * 16],
)
def test_what_is_no_lines_id_is_nothing(text: str) -> None:
    assert parse_end_to_end_id(text) is None

"""The driver's ids are ids like all others."""

import uuid

from shared import ids
from shared.pg.ids import new_id


def test_an_id_is_a_uuid_of_version_7() -> None:
    made = new_id()
    assert isinstance(made, uuid.UUID)
    assert made.version == 7
    other = uuid.UUID(str(made))
    assert made == other
    assert other == made
    assert hash(made) == hash(other)
    assert {made: 1}[other] == 1


def test_no_two_ids_are_alike_and_later_ones_are_larger() -> None:
    made = [new_id() for _ in range(5_000)]
    assert len(set(made)) == len(made)
    assert made == sorted(made)


def test_both_kinds_stand_in_one_order() -> None:
    first, second, third = ids.new_id(), new_id(), ids.new_id()
    assert first < second < third


def test_an_instruction_of_one_is_like_an_instruction_of_the_other() -> None:
    made = new_id()
    assert ids.instruction_id(made) == ids.instruction_id(uuid.UUID(str(made)))
    assert ids.parse_end_to_end_id(ids.end_to_end_id(ids.instruction_id(made), 7)) == (
        ids.instruction_id(made),
        7,
    )

"""A failure planted in the running city: what can be asked for, and what is refused."""

import pytest

from sandbox.city.straying import refuse_unplayable
from sandbox.misbehaving.playing import NotAFailureError


@pytest.mark.parametrize("word", ["", "runaway", "structuring@2026-12-05", "dormant"])
def test_what_the_city_can_play_is_taken(word: str) -> None:
    refuse_unplayable(word)


@pytest.mark.parametrize("word", ["fake_lessons", "runaway@soon", "run", "away@2026-12-05", "@"])
def test_anything_else_is_refused_with_what_to_write(word: str) -> None:
    with pytest.raises(NotAFailureError, match="runaway@2026-12-05"):
        refuse_unplayable(word)

"""What votes come to: two persons open, one closes."""

import pytest

from registry_sync.domain.holds import Vote, decided


@pytest.mark.parametrize(
    ("votes", "state"),
    [
        ([], "open"),
        ([("a", "approve")], "open"),
        ([("a", "approve"), ("a", "approve")], "open"),
        ([("a", "approve"), ("b", "approve")], "approved"),
        ([("a", "approve"), ("b", "approve"), ("c", "approve")], "approved"),
        ([("a", "reject")], "rejected"),
        ([("a", "approve"), ("b", "reject")], "rejected"),
        ([("a", "approve"), ("b", "approve"), ("c", "reject")], "rejected"),
    ],
)
def test_votes_come_to_a_state(votes: list[tuple[str, str]], state: str) -> None:
    assert decided([Vote(*one) for one in votes]) == state

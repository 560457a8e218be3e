"""Copies of records."""

from escrow.domain.records import Standing
from escrow.domain.twins import twin
from tests.support.builders import a_contract, an_institution


def test_a_twin_is_equal_and_changes_by_itself() -> None:
    contract = a_contract()
    other = twin(contract)
    assert other == contract
    other.lessons = 99
    assert contract.lessons == 10
    assert twin(contract) == contract


def test_twins_of_two_kinds_are_of_their_kinds() -> None:
    assert type(twin(a_contract())) is type(a_contract())
    assert isinstance(twin(an_institution()), Standing)


def test_a_standing_is_copied_with_its_balances() -> None:
    standing = an_institution()
    other = standing.copy()
    assert other == standing
    assert other.balances is not standing.balances

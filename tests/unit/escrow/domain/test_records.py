"""What records say of themselves."""

from dataclasses import fields

from escrow.domain.records import RUNNING, UNDER_WAY, ContractState, Tuition
from tests.support import tables
from tests.support.builders import a_contract, an_institution


@tables.cases("""
# charging  payout  all  payout frozen  charging frozen
  0         0       0    no             no
  1         0       0    no             yes
  0         1       0    yes            no
  0         0       1    yes            yes
  2         2       0    yes            yes
""")
def test_freezes_are_flags_while_any_is_counted(row: list[str]) -> None:
    charging, payout, full, is_payout_frozen, is_charging_frozen = row
    standing = an_institution(
        charging_freezes=int(charging), payout_freezes=int(payout), full_freezes=int(full)
    )
    assert standing.is_payout_frozen is (is_payout_frozen == "yes")
    assert standing.is_charging_frozen is (is_charging_frozen == "yes")


@tables.cases("""
# state      running  under way
  accepted   no       yes
  open       yes      yes
  refunding  yes      yes
  completed  no       no
  closed     no       no
""")
def test_states_count_for_floors_and_for_caps(row: list[str]) -> None:
    name, running, under_way = row
    state = ContractState(name)
    assert (state in RUNNING) is (running == "yes")
    assert (state in UNDER_WAY) is (under_way == "yes")


def test_a_contract_is_copied_with_every_field() -> None:
    contract = a_contract()
    for place, one in enumerate(fields(Tuition)):
        setattr(contract, one.name, place)
    other = contract.copy()
    assert other == contract
    assert other is not contract


def test_lessons_remaining_are_those_not_released() -> None:
    assert a_contract(lessons=10, lessons_released=4).lessons_remaining == 6

"""The three flags, and what a floor requires."""

from datetime import timedelta
from uuid import UUID

import pytest

from escrow.domain.accounts import AccountKind
from escrow.domain.custody import (
    Flag,
    count_freeze,
    floor_in_force,
    may_be_paid,
    may_charge,
    may_refund,
    present_fen,
    required_fen,
)
from escrow.domain.records import Floor
from shared.money import Fen
from tests.support import tables
from tests.support.asking import NOW, rule
from tests.support.builders import TODAY, a_floor, an_institution


# Numbers of freezes by scope; whether there is an account.
@tables.cases("""
# charging  payout  all  account  charge                            paid
  0         0       0    yes      -                                 -
  1         0       0    yes      charging_frozen                   -
  0         2       0    yes      -                                 payout_frozen
  0         0       1    yes      institution_frozen                institution_frozen
  1         0       1    yes      charging_frozen institution_frozen  institution_frozen
  0         1       1    yes      institution_frozen  payout_frozen institution_frozen
  0         0       0    no       account_missing                   account_missing
  1         1       0    no       account_missing charging_frozen   account_missing payout_frozen
""")
def test_flags_say_what_is_allowed_and_why_not(row: list[str]) -> None:
    charging, payout, full, account, charge, paid = row
    standing = an_institution(
        charging_freezes=int(charging),
        payout_freezes=int(payout),
        full_freezes=int(full),
        account_number="622" if account == "yes" else None,
    )
    assert may_charge(standing) == Flag(not charge, tuple(charge.split()))
    assert may_be_paid(standing) == Flag(not paid, tuple(paid.split()))
    assert may_refund(standing) == Flag(allowed=True)


@tables.cases("""
# scope     step  charging  payout  all
  charging  1     6         5       5
  payout    1     5         6       5
  all       1     5         5       6
  charging  -1    4         5       5
  payout    -1    5         4       5
  all       -1    5         5       4
""")
def test_a_freeze_is_counted_by_its_scope(row: list[str]) -> None:
    scope, step, *counts = row
    standing = an_institution(charging_freezes=5, payout_freezes=5, full_freezes=5)
    count_freeze(standing, scope, int(step))
    kept = [standing.charging_freezes, standing.payout_freezes, standing.full_freezes]
    assert kept == [int(count) for count in counts]


# Tuition held 800, running contracts funded with 1,001.
@tables.cases("""
# rules                                     required
  -                                         0
  fixed:0                                   0
  fixed:700                                 700
  percent_collected:2000                    200
  percent_collected:10000                   1001
  percent_collected:9999                    1000
  cycle_total:0                             1001
  percent_held:0                            800
  percent_held:1                            800
  percent_held:13                           801
  percent_held:2500                         1000
  fixed:700 percent_held:0                  800
  percent_held:0 fixed:900                  900
  fixed:900 cycle_total:0 percent_held:100  1001
""")
def test_the_highest_rule_is_required(row: list[str]) -> None:
    text, required = row
    given = [one.split(":") for one in text.split()]
    standing = an_institution(funded_running_fen=Fen(1_001))
    standing.balances[AccountKind.tuition_held] = Fen(800)
    floor = a_floor("fixed", rules=tuple(rule(kind, int(figure)) for kind, figure in given))
    assert required_fen(standing, floor) == int(required)


def test_without_a_floor_nothing_is_required() -> None:
    assert required_fen(an_institution(funded_running_fen=Fen(5)), None) == 0


def test_an_unknown_rule_is_a_fault_of_ours() -> None:
    with pytest.raises(ValueError, match="unknown floor rule moon"):
        required_fen(an_institution(), a_floor("moon"))


def test_held_and_payable_and_reserve_are_present() -> None:
    standing = an_institution()
    for place, kind in enumerate(AccountKind):
        standing.balances[kind] = Fen(10**place)
    held, payable, reserve = (
        standing.balances[kind]
        for kind in (
            AccountKind.tuition_held, AccountKind.institution_payable, AccountKind.reserve
        )
    )  # fmt: skip
    assert present_fen(standing) == held + payable + reserve


def _floor(days: int, hours: int, document_no: str) -> Floor:
    return a_floor(
        "fixed",
        floor_id=UUID(int=ord(document_no)),
        effective_from=TODAY + timedelta(days=days),
        placed_at=NOW + timedelta(hours=hours),
        document_no=document_no,
    )


# Floors by (day they begin, hour they were set), a name each; A's id was made before B's.
@tables.cases("""
# floors          holds
  -               -
  A:1:0           -
  A:0:0           A
  A:-1:0          A
  A:-2:0 B:-1:0   B
  A:-1:0 B:-2:5   A
  A:-1:0 B:1:5    A
  A:-1:0 B:-1:5   B
  A:-1:5 B:-1:0   A
  A:-1:0 B:-1:0   B
  B:-1:0 A:-1:0   B
""")
def test_the_latest_begun_floor_holds_and_of_those_the_latest_set(row: list[str]) -> None:
    text, holds = row
    given = [one.split(":") for one in text.split()]
    floors = [_floor(int(days), int(hours), name) for name, days, hours in given]
    found = floor_in_force(floors, TODAY)
    assert (found.document_no if found else "") == holds


def test_what_the_registry_holds_against_new_contracts_is_said_last() -> None:
    objections = ("black_listed", "licence_revoked")
    standing = an_institution(objections=objections)
    assert may_charge(standing) == Flag(allowed=False, reasons=objections)
    standing.charging_freezes = 1
    assert may_charge(standing) == Flag(allowed=False, reasons=("charging_frozen", *objections))
    assert may_be_paid(standing) == Flag(allowed=True)
    assert may_refund(standing) == Flag(allowed=True)

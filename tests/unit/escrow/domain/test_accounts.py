"""The chart of accounts."""

import pytest

from escrow.domain.accounts import DEBIT_NORMAL, NEVER_NEGATIVE, NORMAL_SIDE, AccountKind, Side
from tests.support import tables


@tables.cases("""
# account                 side    below zero
  custody_cash            debit   yes
  tuition_held            credit  no
  institution_payable     credit  no
  institution_receivable  debit   no
  payment_clearing        credit  yes
  refund_payable          credit  no
  unmatched_receipt       credit  no
  unbacked_debit          debit   no
  reserve                 credit  no
""")
def test_every_account_has_its_side_and_its_bound(row: list[str]) -> None:
    name, side, below = row
    account = AccountKind(name)
    assert NORMAL_SIDE[account] is Side(side)
    assert (account in DEBIT_NORMAL) is (side == "debit")
    assert (account in NEVER_NEGATIVE) is (below == "no")


@pytest.mark.parametrize("account", list(AccountKind))
def test_no_account_is_without_a_side(account: AccountKind) -> None:
    assert account in NORMAL_SIDE

"""The chart of accounts of one institution.

`tuition_held` and `refund_payable` belong to one contract each; the institution's figure is
their sum. Every balance is kept positive on its normal side.
"""

from enum import StrEnum
from typing import Final


class Side(StrEnum):
    """The two sides of a movement."""

    debit = "debit"
    credit = "credit"


class AccountKind(StrEnum):
    """What an account stands for."""

    custody_cash = "custody_cash"
    """Money at the custodian bank; equals the bank's closing balance."""

    tuition_held = "tuition_held"
    """Owed to guardians: paid for lessons not yet taught."""

    institution_payable = "institution_payable"
    """Owed to the institution: lessons taught, not yet instructed."""

    institution_receivable = "institution_receivable"
    """Owed by the institution: lessons put back after they were paid out."""

    payment_clearing = "payment_clearing"
    """Instructed, not yet booked by the bank; may run below zero while money comes back."""

    refund_payable = "refund_payable"
    """Owed to guardians: agreed refunds not yet instructed."""

    unmatched_receipt = "unmatched_receipt"
    """Money that came in and belongs to no contract yet."""

    unbacked_debit = "unbacked_debit"
    """Money the bank let go without an instruction; never netted."""

    reserve = "reserve"
    """The institution's own deposit against failure."""


NORMAL_SIDE: Final[dict[AccountKind, Side]] = {
    AccountKind.custody_cash: Side.debit,
    AccountKind.tuition_held: Side.credit,
    AccountKind.institution_payable: Side.credit,
    AccountKind.institution_receivable: Side.debit,
    AccountKind.payment_clearing: Side.credit,
    AccountKind.refund_payable: Side.credit,
    AccountKind.unmatched_receipt: Side.credit,
    AccountKind.unbacked_debit: Side.debit,
    AccountKind.reserve: Side.credit,
}

DEBIT_NORMAL: Final = frozenset(kind for kind, side in NORMAL_SIDE.items() if side is Side.debit)
"""The accounts that a debit makes larger."""

NEVER_NEGATIVE: Final = frozenset(AccountKind) - {
    AccountKind.custody_cash,
    AccountKind.payment_clearing,
}
"""Accounts that cannot owe the other way round; the database refuses it as well."""

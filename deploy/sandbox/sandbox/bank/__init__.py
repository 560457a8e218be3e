"""A custodian bank to try the escrow service against.

It holds accounts, books what customers pay in, takes payment instructions by pull and by push,
pays each line once, reports entries and results, and sends the day's statement.
Its fault switches make it as slow, silent, forgetful and confused as real banks are.
"""

from sandbox.bank.app import BankOptions, create_bank
from sandbox.bank.faults import Faults

__all__ = ["BankOptions", "Faults", "create_bank"]

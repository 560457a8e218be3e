"""Rows to records and back: arrays in, arrays out, the same statements for one and for many.

| step | statements | why apart |
|---|---|---|
| lock | open_balance, lock | a wait for a lock does not refresh a statement's snapshot |
| read | standing, tuition, lesson; others where a command needs them | after the wait |
| write | one per table, empty ones left out | every count is held against the decision |
"""

from escrow.ledger.store.keys import Keys
from escrow.ledger.store.locking import lock
from escrow.ledger.store.reading import read
from escrow.ledger.store.writing import write

__all__ = ["Keys", "lock", "read", "write"]

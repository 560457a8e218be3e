"""Step one: serialise the institutions of a posting, always in the same order."""

from escrow.ledger.store.keys import Keys
from escrow.ledger.store.statements import rows
from shared.pg.database import LedgerConnection


async def lock(tx: LedgerConnection, keys: Keys) -> None:
    """Wait for the institutions of a posting; rows of new ones are made first.

    The registry speaks of institutions that have no row yet: what it says of one, and its
    registration, wait for each other by the institution's number.
    """
    assert tx.is_in_transaction(), "a lock outside a transaction is gone at once"
    spoken_of = sorted(keys.heard | keys.opened)
    if spoken_of:
        await rows(tx, "lock_heard", spoken_of, [one in keys.heard for one in spoken_of])
    if keys.opened:
        await rows(tx, "open_balance", sorted(keys.opened))
    if keys.institutions:
        await rows(tx, "lock", sorted(keys.institutions))

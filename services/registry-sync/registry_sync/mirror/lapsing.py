"""Licences that ended with the day, though no source said a word."""

from typing import Final
from uuid import UUID

from registry_sync.mirror import applying
from registry_sync.mirror.chunk import Source
from registry_sync.mirror.sources import LATE, clock
from shared.pg.database import Database
from shared.pg.sql import statement
from shared.time import business_day

LAPSED_MAX: Final = 1_000
"""Institutions of one round: well within a statement's time."""

_NOBODY: Final = UUID(int=0)


async def lapse(database: Database, ranks: dict[str, int]) -> int:
    """Work out anew how institutions stand whose validity ended; return how many changed."""
    now = await clock(database)
    today = business_day(now)
    async with database.ledger() as tx:
        await applying.lock(tx)
        rows = await tx.fetch(
            statement("registry_sync.mirror.sql", "read_lapsed"),
            today.isoformat(),
            LAPSED_MAX,
            LATE,
        )
        names = [row["institution_id"] for row in rows]
        if not names:
            return 0
        source = Source("", ranks, _NOBODY, "", today, now, today)
        return (await applying.look_again(tx, source, names)).changed

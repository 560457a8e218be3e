"""Institutions that a source left out for days: told of once, never acted upon."""

from datetime import timedelta
from typing import Final

from registry_sync.domain import telling
from registry_sync.mirror.applying import Source, read_chunk, tell_of
from shared.pg.database import LedgerConnection
from shared.pg.sql import statement

FULLS: Final = 3
"""Full batches in a row that must have left an institution out."""

LONG_ENOUGH: Final = timedelta(hours=72)
"""And for so long: a source that publishes hourly may be wrong for an afternoon."""

TOLD_MAX: Final = 1_000
"""Institutions told of at once; the others follow with the next full batch."""

_SQL: Final = "registry_sync.mirror.sql"


async def tell_missing(tx: LedgerConnection, source: Source) -> None:
    """Put `institution.missing` on the feed, once per absence."""
    rows = await tx.fetch(
        statement(_SQL, "read_absent"), source.name, FULLS, source.now - LONG_ENOUGH, TOLD_MAX
    )
    names = [row["institution_id"] for row in rows]
    if not names:
        return
    chunk = await read_chunk(tx, source.ranks, names)
    told = [
        (
            name,
            chunk.sequences[name] + 1,
            telling.tell_missing(chunk.views[name], is_stale=source.is_stale),
        )
        for name in names
    ]
    await tx.execute(statement(_SQL, "write_absent"), names)
    await tell_of(tx, told, source.now)

"""Institutions that a source left out for days: told of once, never acted upon."""

from typing import Final

from registry_sync.domain import telling
from registry_sync.domain.changes import GONE_AFTER, GONE_FULLS
from registry_sync.mirror.applying import read_chunk, tell_of
from registry_sync.mirror.chunk import Source, event_rows
from shared.pg.database import LedgerConnection
from shared.pg.sql import statement

TOLD_MAX: Final = 1_000
"""Institutions told of at once; the others follow with the next full batch."""

_SQL: Final = "registry_sync.mirror.sql"


async def tell_missing(tx: LedgerConnection, source: Source) -> None:
    """Put `institution.missing` on the feed, once per absence."""
    rows = await tx.fetch(
        statement(_SQL, "read_absent"), source.name, GONE_FULLS, source.now - GONE_AFTER, TOLD_MAX
    )
    names = [row["institution_id"] for row in rows]
    if not names:
        return
    chunk = await read_chunk(tx, names)
    told = []
    for name in names:
        event = telling.tell_missing(chunk.views[name])
        told += event_rows(name, chunk.sequences[name] + 1, [event])
    await tx.execute(statement(_SQL, "write_absent"), names)
    await tell_of(tx, told, source.now)

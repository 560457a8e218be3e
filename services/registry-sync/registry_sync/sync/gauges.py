"""The gauges of mirroring, read from the database: they outlive a restart."""

from collections.abc import Sequence

from sqlalchemy import text

from registry_sync.domain.words import HoldReason, RowFault, Status
from registry_sync.mirror import sources
from registry_sync.mirror.sources import State
from registry_sync.settings import SourceSettings
from registry_sync.sync import metrics
from shared.pg.database import Database

_COUNTS = {
    "records": text(
        "SELECT source, coalesce(said[5], 'unknown') AS word, count(*) AS number"
        " FROM registry.site GROUP BY 1, 2"
    ),
    "held": text(
        "SELECT source, reason AS word, sum(changes) AS number FROM registry.hold"
        " WHERE state IN ('open', 'approved') GROUP BY 1, 2"
    ),
    "set_aside": text(
        "SELECT source, reason AS word, count(*) AS number FROM registry.set_aside"
        " WHERE fetch_id IN (SELECT DISTINCT ON (source) fetch_id FROM registry.fetch"
        " WHERE result IN ('applied', 'withheld') ORDER BY source, started_at DESC)"
        " GROUP BY 1, 2"
    ),
}


async def refresh(database: Database, named: Sequence[SourceSettings]) -> None:
    """Read everything once and show it; what is not there is zero."""
    found: dict[str, dict[tuple[str, str], int]] = {}
    async with database.connect() as connection:
        for name, query in _COUNTS.items():
            rows = await connection.execute(query)
            found[name] = {(row.source, row.word): int(row.number) for row in rows}
    states = await sources.states(database)
    for source in named:
        for status in Status:
            number = found["records"].get((source.name, status.value), 0)
            metrics.RECORDS.labels(source.name, status.value).set(number)
        for reason in HoldReason:
            number = found["held"].get((source.name, reason.value), 0)
            metrics.HELD.labels(source.name, reason.value).set(number)
        for fault in RowFault:
            number = found["set_aside"].get((source.name, fault.value), 0)
            metrics.SET_ASIDE.labels(source.name, fault.value).set(number)
        _show_state(states[source.name], source)


def _show_state(state: State, source: SourceSettings) -> None:
    metrics.EXPECTED.labels(source.name).set(state.cadence_s or source.cadence_s)
    if state.version is not None:
        metrics.CURSOR.labels(source.name).set(state.version)
    if state.last_success_at is not None:
        metrics.LAST_SUCCESS.labels(source.name).set(state.last_success_at.timestamp())
    if state.last_change_at is not None:
        metrics.LAST_CHANGE.labels(source.name).set(state.last_change_at.timestamp())

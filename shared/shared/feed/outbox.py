"""Pages out of a feed, in an order that no late commit can slip into.

Neither a sequence nor a transaction's id is commit order. So every event stores
`order_xid`, the greatest of its transaction's id and its institution's last, and a page
shows only what is older than every transaction still running: nothing can appear before
an event that was shown. A long transaction holds the feed back and loses nothing; `lag`
says by how much.
"""

import asyncio
import base64
import binascii
import json
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import RowMapping, Table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.errors import FieldError, Malformed, StartupRefused
from shared.feed.tables import EPOCH_TABLE
from shared.pg.database import Database
from shared.time import rfc3339

WAIT_MAX_S: Final = 30
"""A long poll shorter than the idle time-outs of common proxies."""

POLL_S: Final = 0.25
"""How late an event may be for one who waits; four cheap probes a second."""

HELD_MAX: Final = 10_000
"""Held events are counted to here: beyond it the figure says enough."""

CURSOR_MAX: Final = 200
"""Characters of a cursor; ours have about sixty."""

_BIGINT_MAX: Final = 2**63 - 1
_INT_MAX: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it was written; `body` is the JSON text of its data."""

    event_id: UUID
    type: str
    institution_id: str
    time: datetime
    sequence: int
    body: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some events in feed order, and where to go on; None when there was nothing."""

    items: list[Event]
    next: str | None


@dataclass(frozen=True, slots=True)
class Lag:
    """What an old transaction holds back."""

    held_events: int
    oldest_transaction_s: float


@dataclass(frozen=True, slots=True)
class _Place:
    """The feed order of one event."""

    epoch: int
    order_xid: int
    institution_id: str
    sequence: int


_START: Final = _Place(0, 0, "", 0)


async def page(connection: AsyncConnection, table: Table, after: str | None, limit: int) -> Page:
    """Return the events that follow a cursor, as many as `limit`, in one statement.

    Raises:
        Malformed: `cursor_invalid`.

    """
    place = _START if after is None else _decoded(after)
    rows = await connection.execute(
        text(_PAGE_SQL.format(event=table.fullname, epochs=_epochs(table))),
        {
            "epoch": place.epoch,
            "order_xid": str(place.order_xid),
            "institution_id": place.institution_id,
            "sequence": place.sequence,
            "limit": limit,
        },
    )
    found = rows.mappings().all()
    return Page([_event(row) for row in found], _encoded(found[-1]) if found else None)


async def wait(
    database: Database, table: Table, *, after: str | None, limit: int, wait_s: float
) -> Page:
    """Return the next page, waiting for it at most `wait_s`; no connection is held meanwhile."""
    deadline = time.monotonic() + min(wait_s, WAIT_MAX_S)
    while True:
        async with database.connect() as connection:
            found = await page(connection, table, after, limit)
        left_s = deadline - time.monotonic()
        if found.items or left_s <= 0:
            return found
        await asyncio.sleep(min(POLL_S, left_s))


def rendered(found: Page, source: str) -> bytes:
    """Return a page as JSON: CloudEvents 1.0 with `sequence`, data spliced in as it is stored."""
    items = ",".join(_cloud_event(event, source) for event in found.items)
    return f'{{"items":[{items}],"next":{json.dumps(found.next)}}}'.encode()


async def lag(connection: AsyncConnection, table: Table) -> Lag:
    """Return how many events wait behind an old transaction, and how old the oldest is."""
    statement = text(_LAG_SQL.format(event=table.fullname, epochs=_epochs(table)))
    row = (await connection.execute(statement, {"held_max": HELD_MAX})).one()
    return Lag(int(row.held), int(row.oldest_ms) / 1000)


async def check_epoch(connection: AsyncConnection, table: Table, command: str) -> None:
    """Refuse to start where events were numbered by another server.

    Raises:
        StartupRefused: naming `command`, which opens a new epoch.

    """
    statement = text(_AHEAD_SQL.format(event=table.fullname, epochs=_epochs(table)))
    if await connection.scalar(statement):
        message = (
            "The feed holds transaction ids that this server has not reached: "
            f"the database was restored elsewhere. Run `{command}` first."
        )
        raise StartupRefused(message)


async def open_epoch(connection: AsyncConnection, table: Table) -> int:
    """Open a new epoch and return its number; nothing may write events meanwhile."""
    statement = text(_OPEN_SQL.format(epochs=_epochs(table)))
    return int((await connection.execute(statement)).scalar_one())


_PAGE_SQL: Final = """
SELECT event_id, type, institution_id, time, sequence, body, epoch, order_xid::text AS shown_xid
FROM {event}
WHERE (epoch, order_xid, institution_id, sequence)
    > (CAST(:epoch AS int), CAST(CAST(:order_xid AS text) AS xid8),
       CAST(:institution_id AS text), CAST(:sequence AS bigint))
  AND (order_xid < pg_snapshot_xmin(pg_current_snapshot())
       OR epoch < (SELECT max(epoch) FROM {epochs}))
ORDER BY epoch, order_xid, institution_id, sequence
LIMIT CAST(:limit AS int)
"""

_LAG_SQL: Final = """
SELECT
  (SELECT count(*) FROM (
     SELECT FROM {event}
     WHERE epoch = (SELECT max(epoch) FROM {epochs})
       AND order_xid >= pg_snapshot_xmin(pg_current_snapshot())
     LIMIT CAST(:held_max AS int)) AS held) AS held,
  access.oldest_transaction_ms() AS oldest_ms
"""

_AHEAD_SQL: Final = """
SELECT EXISTS (
  SELECT FROM {event}
  WHERE epoch = (SELECT max(epoch) FROM {epochs})
    AND order_xid >= pg_snapshot_xmax(pg_current_snapshot()))
"""

_OPEN_SQL: Final = """
INSERT INTO {epochs} (epoch) SELECT coalesce(max(epoch), 0) + 1 FROM {epochs} RETURNING epoch
"""


def _epochs(table: Table) -> str:
    return f"{table.schema}.{EPOCH_TABLE}" if table.schema else EPOCH_TABLE


def _event(row: RowMapping) -> Event:
    return Event(
        event_id=row["event_id"],
        type=row["type"],
        institution_id=row["institution_id"],
        time=row["time"],
        sequence=row["sequence"],
        body=row["body"],
    )


def _cloud_event(event: Event, source: str) -> str:
    attributes = json.dumps(
        {
            "specversion": "1.0",
            "id": str(event.event_id),
            "source": source,
            "type": event.type,
            "subject": event.institution_id,
            "time": rfc3339(event.time),
            "datacontenttype": "application/json",
            "sequence": str(event.sequence),
        },
        ensure_ascii=False,
    )
    return f'{attributes[:-1]},"data":{event.body}}}'


def _encoded(row: RowMapping) -> str:
    place = (row["epoch"], int(row["shown_xid"]), row["institution_id"], row["sequence"])
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _decoded(cursor: str) -> _Place:
    try:
        padded = cursor[:CURSOR_MAX] + "=" * (-len(cursor[:CURSOR_MAX]) % 4)
        parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        parts = None
    match parts:
        case [int(epoch), int(order_xid), str(institution_id), int(sequence)] if (
            0 <= epoch <= _INT_MAX
            and 0 <= order_xid <= _BIGINT_MAX
            and 0 <= sequence <= _BIGINT_MAX
            and institution_id.isascii()
            and institution_id.isalnum()
        ):
            return _Place(epoch, order_xid, institution_id, sequence)
    fault = FieldError("/query/after", "cursor_invalid", "Is not a cursor of this feed.")
    message = "`after` is not a cursor that this feed gave."
    raise Malformed(message, code="cursor_invalid", errors=(fault,))

"""The tables of a feed: its events, and the epochs of the server they were numbered by."""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    Uuid,
    func,
)
from sqlalchemy.types import UserDefinedType

EVENT_TABLE: Final = "event"
EPOCH_TABLE: Final = "feed_epoch"
FIRST_EPOCH: Final = 1


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id, which never wraps round."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:  # noqa: ANN401 - the library's signature
        """Return the type's name."""
        return "xid8"


def event_table(metadata: MetaData) -> Table:
    """Return the feed's table in a service's metadata: append-only, one row per posting.

    `sequence` is gapless per institution; `order_xid` is the greatest of the writing
    transaction's id and the institution's last one, see `outbox`.
    """
    table = Table(
        EVENT_TABLE,
        metadata,
        Column("institution_id", Text(collation="C"), primary_key=True),
        Column("sequence", BigInteger, primary_key=True, autoincrement=False),
        Column("event_id", Uuid, nullable=False),
        Column("type", Text, nullable=False),
        Column("time", DateTime(timezone=True), nullable=False),
        Column("epoch", Integer, nullable=False),
        Column("order_xid", Xid8, nullable=False),
        Column("body", Text, nullable=False, comment="The event's `data`, as JSON text."),
        CheckConstraint("sequence >= 1", name="sequence"),
        comment="The feed's outbox; pages are cut by feed order, never by sequence alone.",
    )
    columns = table.c
    order = (columns.epoch, columns.order_xid, columns.institution_id, columns.sequence)
    Index(f"{EVENT_TABLE}_order_idx", *order)
    return table


def epoch_table(metadata: MetaData) -> Table:
    """Return the table of epochs; the migration inserts `FIRST_EPOCH`.

    A dump restored on another server starts again with small transaction ids; a new epoch
    puts what is written there after what was written before.
    """
    return Table(
        EPOCH_TABLE,
        metadata,
        Column("epoch", Integer, primary_key=True, autoincrement=False),
        Column("opened_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        CheckConstraint(f"epoch >= {FIRST_EPOCH}", name="epoch"),
        comment="One row per server that numbered this feed's transactions.",
    )

"""The feed's table for those who page it and those who open a new epoch."""

from typing import Final

from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from escrow.ledger.tables import event
from shared.feed import outbox

FEED: Final[Table] = event

OPEN_EPOCH: Final = "python -m escrow open-epoch"


async def check_epoch(connection: AsyncConnection) -> None:
    """Refuse to run where the events were numbered by another server."""
    await outbox.check_epoch(connection, FEED, OPEN_EPOCH)


async def open_epoch(connection: AsyncConnection) -> int:
    """Open a new epoch as the owner: orders begin anew, and nothing may post meanwhile."""
    await connection.execute(text("LOCK TABLE escrow.balance IN EXCLUSIVE MODE"))
    number = await outbox.open_epoch(connection, FEED)
    await connection.execute(text("UPDATE escrow.balance SET order_xid = '0'"))
    return number

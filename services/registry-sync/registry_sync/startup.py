"""registry-sync as a process that starts."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from registry_sync.tables import FEED
from shared.feed import outbox
from shared.service.startup import Service

OPEN_EPOCH: Final = "python -m registry_sync open-epoch"


async def check_epoch(connection: AsyncConnection) -> None:
    """Refuse to run where the events were numbered by another server."""
    await outbox.check_epoch(connection, FEED, OPEN_EPOCH)


SERVICE: Final = Service("registry", "registry_sync", check_epoch)

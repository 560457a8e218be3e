"""alerts as a process that starts."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.service.startup import Service


async def check_feed(_: AsyncConnection) -> None:
    """Refuse nothing: alerts reads feeds and has none of its own."""


SERVICE: Final = Service("alerts", "alerts", check_feed)

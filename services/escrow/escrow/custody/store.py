"""What stands about an institution beside its books: its place in the registry, its freezes."""

from collections.abc import Sequence

from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection

from escrow.tables import freeze, institution


async def read_status(connection: AsyncConnection, institution_id: str) -> str | None:
    """Return an institution's place in the registry; unlisted where it never was there."""
    status: str | None = await connection.scalar(
        select(institution.c.status).where(institution.c.institution_id == institution_id)
    )
    return status


async def active_freezes(connection: AsyncConnection, institution_id: str) -> Sequence[RowMapping]:
    """Return the freezes in force, oldest first."""
    query = (
        select(freeze)
        .where(freeze.c.institution_id == institution_id, freeze.c.lifted_at.is_(None))
        .order_by(freeze.c.placed_at, freeze.c.freeze_id)
    )
    return (await connection.execute(query)).mappings().all()

"""What stands about an institution beside its books: the registry's word, its freezes."""

from collections.abc import Sequence

from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection

from escrow.tables import freeze, freeze_confirmation, registry_word


async def read_word(connection: AsyncConnection, institution_id: str) -> RowMapping | None:
    """Return what the registry said last of an institution, or None where it never did."""
    query = select(registry_word).where(registry_word.c.institution_id == institution_id)
    return (await connection.execute(query)).mappings().first()


async def active_freezes(connection: AsyncConnection, institution_id: str) -> Sequence[RowMapping]:
    """Return the freezes in force, oldest first, with who confirmed them."""
    confirmed = freeze_confirmation
    query = (
        select(freeze, confirmed.c.confirmed_at, confirmed.c.confirmed_by)
        .outerjoin(
            confirmed,
            (confirmed.c.institution_id == freeze.c.institution_id)
            & (confirmed.c.freeze_id == freeze.c.freeze_id),
        )
        .where(freeze.c.institution_id == institution_id, freeze.c.lifted_at.is_(None))
        .order_by(freeze.c.placed_at, freeze.c.freeze_id)
    )
    return (await connection.execute(query)).mappings().all()

"""Verifications as they were written down, and whose district their findings lie in."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import RowMapping, select

from escrow.tables import institution, verification
from shared.pg.database import Database


async def latest_verification(database: Database, scope: str) -> RowMapping | None:
    """Return the latest run of a scope that came to its end, or None."""
    query = (
        select(verification)
        .where(verification.c.scope == scope)
        .order_by(verification.c.finished_at.desc())
        .limit(1)
    )
    async with database.connect() as connection:
        return (await connection.execute(query)).mappings().one_or_none()


async def districts_of(database: Database, institution_ids: Iterable[str]) -> dict[str, str]:
    """Return the district of each institution that is registered."""
    asked = sorted(set(institution_ids))
    if not asked:
        return {}
    query = select(institution.c.institution_id, institution.c.district_code).where(
        institution.c.institution_id.in_(asked)
    )
    async with database.connect() as connection:
        rows: Any = await connection.execute(query)
        return {row.institution_id: row.district_code for row in rows}

"""What institutions are called, for lists that name them by their codes."""

from collections.abc import Collection

from sqlalchemy import ARRAY, Text, bindparam, text

from shared.pg.database import Database


async def names_of(database: Database, institution_ids: Collection[str]) -> dict[str, str]:
    """Return the names of those that are mirrored; the code itself where none was ever told."""
    query = text(
        "SELECT institution_id, coalesce(name, institution_id) AS name FROM registry.institution"
        " WHERE institution_id = ANY (:ids)"
    ).bindparams(bindparam("ids", type_=ARRAY(Text)))
    if not institution_ids:
        return {}
    async with database.connect() as connection:
        found = await connection.execute(query, {"ids": sorted(institution_ids)})
        return {row.institution_id: row.name for row in found}

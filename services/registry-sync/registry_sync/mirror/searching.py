"""Finding institutions by a part of their name, by code, by district and by status.

A name is found by its pairs of neighbouring characters, which are indexed; that the pairs
stand together is checked here, by the spelling the pairs were made from.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text

from registry_sync.mirror.reading import Seen, seen_of
from registry_sync.mirror.terms import plain, terms_of
from shared.pg.database import Database

ROUNDS_MAX: Final = 5
"""Reads of one page: names that have all pairs and not the word are rare, so one will do."""

_BEYOND: Final = "999999999999"
"""Sorts after whatever a code goes on with: codes have at most twelve digits."""

_PAGE: Final = (
    "SELECT i.*, now() + make_interval(secs => c.offset_s) AS now, s.source, s.rank, s.version,"
    " s.as_of, s.valid_until, s.cadence_s, s.last_success_at"
    " FROM (SELECT q.institution_id, q.name, q.body, q.changed_at FROM registry.institution AS q"
    " WHERE {conditions} ORDER BY q.institution_id LIMIT :limit) AS i"
    " CROSS JOIN access.clock AS c"
    " LEFT JOIN registry.source AS s ON s.source = (i.body::json ->> 'source')"
    " ORDER BY i.institution_id"
)

_CONDITIONS: Final = {
    "code": "q.institution_id = :code",
    "terms": "q.terms @> CAST(:terms AS text[])",
    "low": "q.district_code BETWEEN :low AND :high",
    "status": "q.status = :status",
    "after": "q.institution_id > :after",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; what is None does not matter."""

    name: str | None = None
    """A part of the name, two characters at least."""
    code: str | None = None
    area: str | None = None
    """What the district's code begins with."""
    status: str | None = None


async def search(
    database: Database, wanted: Wanted, *, after: str | None, limit: int
) -> tuple[list[Seen], str | None]:
    """Return a page of institutions in the order of their codes, and where the next begins."""
    found: list[Seen] = []
    for _ in range(ROUNDS_MAX):
        rows = await _page(database, wanted, after, limit + 1)
        for row in _named(rows, wanted.name):
            if len(found) == limit:
                return found, found[-1].view.institution_id
            found.append(seen_of(row))
        if len(rows) <= limit:
            return found, None
        after = rows[-1]["institution_id"]
    return found, after


def _named(rows: list[dict[str, Any]], name: str | None) -> Iterator[dict[str, Any]]:
    """Yield the rows whose name has the word asked for in one piece."""
    word = plain(name or "")
    return (row for row in rows if word in plain(row["name"] or ""))


async def _page(
    database: Database, wanted: Wanted, after: str | None, limit: int
) -> list[dict[str, Any]]:
    bound = _bound(wanted, after)
    conditions = [sentence for name, sentence in _CONDITIONS.items() if name in bound]
    query = _PAGE.format(conditions=" AND ".join(conditions) or "true")
    async with database.connect() as connection:
        # How many names have a pair decides the plan: hundreds (the index) or all (none).
        await connection.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
        rows = await connection.execute(text(query), {**bound, "limit": limit})
        return [dict(row) for row in rows.mappings()]


def _bound(wanted: Wanted, after: str | None) -> dict[str, object]:
    bound: dict[str, object] = {}
    if wanted.code is not None:
        bound["code"] = wanted.code
    if wanted.name is not None:
        bound["terms"] = terms_of(wanted.name)
    if wanted.area is not None:
        bound["low"], bound["high"] = wanted.area, wanted.area + _BEYOND
    if wanted.status is not None:
        bound["status"] = wanted.status
    if after is not None:
        bound["after"] = after
    return bound

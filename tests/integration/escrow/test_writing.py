"""A write that is not what was decided: noticed, rolled back, and nobody else's trouble."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from escrow.domain import commands as ask
from escrow.domain.book import decide
from escrow.ledger import store
from escrow.ledger.gather import Poster
from shared.errors import InvariantBroken
from shared.ids import new_id
from shared.pg.database import Database
from tests.integration.escrow.books import Books, poster_on
from tests.integration.escrow.locks import SEEN_S, holding
from tests.integration.escrow.offices import findings, offices
from tests.support.client import City, Place
from tests.support.postgres import run_sql


async def books_of(owner_url: str, institution_id: str) -> str:
    """Return everything an institution has, as text."""
    found = {}
    connection = await asyncpg.connect(owner_url)
    try:
        for row in await connection.fetch(
            "SELECT table_name FROM information_schema.columns WHERE table_schema = 'escrow'"
            " AND column_name = 'institution_id' ORDER BY 1"
        ):
            table = row["table_name"]
            found[table] = await connection.fetchval(
                f"SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY to_jsonb(t)::text), '[]')"
                f" FROM escrow.{table} AS t WHERE t.institution_id = $1",
                institution_id,
            )
    finally:
        await connection.close()
    return json.dumps(found, indent=1)


async def test_a_standing_that_changed_since_it_was_read_is_not_written(
    database_url: str, owner_url: str
) -> None:
    """A posting that forgot the lock must not write over another's."""
    async with offices(database_url, 1) as office:
        books = await office.institution()
        await office.contract(books, "C1", 5, 5)
        later: list[ask.Command] = [books.contract("C2", 2, 200), books.lesson("C1", 1)]
        with pytest.raises(InvariantBroken, match="write_balance wrote 0 rows"):
            await _post_late(office.database, books, later)
        await books.post(books.lesson("C1", 3))
        found = await findings(office.database)  # the rows planted above are found, of others
        assert [one for one in found if books.institution_id in one] == []
        dumped = await books_of(owner_url, books.institution_id)
    assert '"contract_id": "C2"' not in dumped
    assert '\\"lesson_no\\": 1' not in dumped


async def _post_late(database: Database, books: Books, later: list[ask.Command]) -> None:
    """Read and decide, let another post, and only then write."""
    policies = poster_on(database).policies
    async with database.ledger() as tx:
        book = await store.read(tx, store.Keys.of(later, policies), policies)
        decision = decide(book, later, new_id)
        await books.post(books.lesson("C1", 2))
        await store.write(tx, book, decision.changes)


@pytest.fixture
def swallowed(owner_url: str) -> Iterator[Any]:
    """Yield a function that lets a table swallow an institution's rows; the end undoes it."""
    made: list[str] = []

    def swallow(table: str, institution_id: str) -> None:
        run_sql(owner_url, _SWALLOW_SQL)
        run_sql(
            owner_url,
            f"CREATE TRIGGER swallow BEFORE INSERT OR UPDATE ON escrow.{table} FOR EACH ROW"
            f" WHEN (NEW.institution_id = '{institution_id}') EXECUTE FUNCTION escrow.swallow()",
        )
        made.append(table)

    yield swallow
    for table in made:
        run_sql(owner_url, f"DROP TRIGGER swallow ON escrow.{table}")


_SWALLOW_SQL = """
CREATE OR REPLACE FUNCTION escrow.swallow() RETURNS trigger LANGUAGE plpgsql
AS 'BEGIN RETURN NULL; END'
"""


@pytest.mark.parametrize(
    "table",
    [
        *("movement", "lesson", "instruction_line"),  # by COPY
        *("balance", "tuition", "instruction", "event"),  # by arrays
    ],
)
async def test_a_row_that_is_not_written_is_noticed(
    city: City,
    place: Place,
    owner_url: str,
    swallowed: Any,  # noqa: ANN401
    table: str,
) -> None:
    await place.fund("C1")
    before = await books_of(owner_url, place.id)
    swallowed(table, place.id)
    body = {"institution_id": place.id, "items": [place.lesson("C1", 1)]}
    answer = await place.billing.post("/v1/releases", body)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert await books_of(owner_url, place.id) == before


async def test_a_constraint_that_fires_spares_those_gathered_with_it(
    city: City, owner_url: str
) -> None:
    """Two wait for one posting; the fault of the one is its own."""
    poster = city.app.state.escrow.poster
    first, second, broken, spared = [await city.place() for _ in range(4)]
    for place in (first, second, broken, spared):
        await place.fund("C1")
    before = await books_of(owner_url, broken.id)
    await asyncio.to_thread(
        run_sql,
        owner_url,
        "ALTER TABLE escrow.movement ADD CONSTRAINT planted"
        f" CHECK (institution_id <> '{broken.id}') NOT VALID",
    )

    async def claim(place: Place) -> int:
        body = {"institution_id": place.id, "items": [place.lesson("C1", 1)]}
        return (await place.billing.post("/v1/releases", body)).status_code

    async with holding(owner_url, first.id, second.id) as hand:
        busy = [asyncio.create_task(claim(place)) for place in (first, second)]
        await hand.see_waiting(2)  # both lanes wait for their rows
        gathered = [asyncio.create_task(claim(place)) for place in (broken, spared)]
        await _queued(poster, 2)
    assert await asyncio.gather(*busy, *gathered) == [200, 200, 500, 200]
    assert await books_of(owner_url, broken.id) == before
    await asyncio.to_thread(
        run_sql, owner_url, "ALTER TABLE escrow.movement DROP CONSTRAINT planted"
    )
    assert await claim(broken) == 200, "nothing is left behind: the same claim goes through"


async def _queued(poster: Poster, number: int) -> None:
    async with asyncio.timeout(SEEN_S):
        while poster._queued < number:  # noqa: ASYNC110 - nobody else would tell
            await asyncio.sleep(0)  # one turn of the loop

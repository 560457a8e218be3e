"""Several processes on one database: each office has its own pools and its own door.

What gathers requests in one process knows nothing of the others, so what two offices do at
once meets in the database alone.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

from sqlalchemy import text

from escrow.domain.outcomes import Outcome, Refused
from escrow.ledger.gather import Poster
from escrow.ledger.verify import verify
from shared.ids import new_id
from shared.pg.database import Database
from tests.integration.escrow.books import Books, add_bank, poster_on

FEE_FEN = 8_000


class Offices:
    """So many doors to one ledger."""

    def __init__(self, databases: list[Database]) -> None:
        """Take open databases."""
        self.databases = databases
        self.posters = [poster_on(database) for database in databases]

    @property
    def database(self) -> Database:
        """Return the first one, for looking."""
        return self.databases[0]

    async def institution(self) -> Books:
        """Register an institution that nobody had before, through the first office."""
        books = Books(self.posters[0], self.database, f"I{new_id().hex[-16:].upper()}")
        await books.open()
        return books

    async def contract(self, books: Books, name: str, lessons: int, funded: int) -> None:
        """Register a contract, and let the money for some of its lessons come in."""
        await books.post(books.contract(name, lessons, lessons * FEE_FEN))
        if funded:
            await books.post(books.credit(f"D-{name}", funded * FEE_FEN, name))


@asynccontextmanager
async def offices(database_url: str, number: int) -> AsyncIterator[Offices]:
    """Open so many offices on a migrated database with a bank."""
    async with AsyncExitStack() as stack:
        databases = []
        for _ in range(number):
            database = Database(database_url, application="tests")
            stack.push_async_callback(database.close)
            databases.append(await database.open())
        await add_bank(databases[0])
        yield Offices(databases)


def poster_of(offices: Offices, number: int) -> Poster:
    """Return an office's door, counting round."""
    return offices.posters[number % len(offices.posters)]


def words(outcomes: Iterable[Outcome]) -> Counter[str]:
    """Count outcomes by their kind, or the code of their refusal."""
    return Counter(
        one.code.value if isinstance(one, Refused) else type(one).__name__.lower()
        for one in outcomes
    )


async def released_rows(database: Database, institution_id: str) -> list[tuple[str, int]]:
    """Return the lessons whose release stands, one row each."""
    query = text(
        "SELECT contract_id, lesson_no FROM escrow.lesson"
        " WHERE institution_id = :me AND reversed_by IS NULL ORDER BY 1, 2"
    )
    async with database.connect() as connection:
        rows = await connection.execute(query, {"me": institution_id})
        return [(row.contract_id, row.lesson_no) for row in rows]


async def findings(database: Database) -> list[str]:
    """Verify the whole of the books; return what was found in words."""
    report = await verify(database, scope="whole")
    return [
        f"{one.table} {one.key} {one.rule}: {one.expected} {one.found}" for one in report.findings
    ]

"""Two ways to one database.

`Database.begin` and `connect` give SQLAlchemy connections, for reads and the control plane.
`Database.ledger` gives driver connections with pinned plans, for the hot statements alone:
generic plans and index probes, so that neither an empty, never-analysed table nor a
grown one can turn a probe into a scan.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final, Self, TypeAlias

import asyncpg
from asyncpg.transaction import Transaction
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncTransaction,
    create_async_engine,
)

from shared.errors import StartupRefused
from shared.pg.faults import DoubtfulCommit, Unreachable, fault_of, translated
from shared.pg.instants import speak_instants

LOCK_TIMEOUT_MS: Final = 2_000
"""Longer than any posting takes, shorter than a caller's patience."""

STATEMENT_TIMEOUT_MS: Final = 5_000
"""A statement of ours that runs longer is a fault, not work."""

IDLE_TIMEOUT_MS: Final = 10_000
"""A transaction left open holds back the event feed; the server ends it."""

ANSWER_TIMEOUT_S: Final = 10.0
"""Twice what a statement may take: past it the server is lost, not slow."""

POOL_MAX: Final = 8
"""Reads per process at once; more only queue on two cores."""

LEDGER_POOL_MAX: Final = 4
"""Postings per process at once: waiters gather in memory and hold no connection."""

_TIMEOUTS: Final = {
    "lock_timeout": str(LOCK_TIMEOUT_MS),
    "statement_timeout": str(STATEMENT_TIMEOUT_MS),
    "idle_in_transaction_session_timeout": str(IDLE_TIMEOUT_MS),
    # The wait for a lock must not keep an old snapshot, whatever the server's default is.
    "default_transaction_isolation": "read committed",
    "timezone": "UTC",
    "jit": "off",
}

_PINNED_PLANS: Final = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_material": "off",
}

LedgerConnection: TypeAlias = asyncpg.Connection


class Database:
    """The pools of one process on one database."""

    def __init__(self, url: str, *, application: str) -> None:
        """Take a `postgresql://` URL; nothing is opened before `open`."""
        try:
            self._dsn = make_url(url).set(drivername="postgresql")
        except (ArgumentError, ValueError):  # the latter: a port that is no number
            message = (
                "The database's URL cannot be read: postgresql://user:password@host:port/name."
            )
            raise StartupRefused(message) from None  # the cause would repeat a password
        self._application = application
        self._pool: asyncpg.Pool | None = None
        self.engine: AsyncEngine = create_async_engine(
            self._dsn.set(drivername="postgresql+asyncpg"),
            pool_size=POOL_MAX,
            max_overflow=0,
            pool_timeout=5,
            pool_pre_ping=True,
            connect_args={
                "timeout": 5,
                "server_settings": {**_TIMEOUTS, "application_name": application},
            },
        )

    async def open(self) -> Self:
        """Open the ledger's pool."""
        self._pool = await asyncpg.create_pool(
            self._dsn.render_as_string(hide_password=False),
            min_size=1,
            max_size=LEDGER_POOL_MAX,
            max_inactive_connection_lifetime=0,
            init=speak_instants,
            timeout=5,
            command_timeout=ANSWER_TIMEOUT_S,
            reset=_nothing,
            server_settings={**_TIMEOUTS, **_PINNED_PLANS, "application_name": self._application},
        )
        return self

    async def close(self) -> None:
        """Close both pools; running transactions are rolled back."""
        if self._pool is not None:
            self._pool.terminate()
        await self.engine.dispose()

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection for reading."""
        with translated():
            async with self.engine.connect() as connection:
                yield connection

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection in a transaction that commits when the block ends."""
        with translated():
            async with self.engine.connect() as connection:
                transaction = await connection.begin()
                yield connection
                await _commit(transaction)

    @asynccontextmanager
    async def ledger(self) -> AsyncIterator[LedgerConnection]:
        """Give a driver connection with pinned plans, in a transaction of its own."""
        assert self._pool is not None, "open() comes first"
        with translated():
            async with self._pool.acquire(timeout=5) as connection:
                transaction = connection.transaction()
                await transaction.start()
                try:
                    yield connection
                except BaseException:
                    await _roll_back(connection, transaction)
                    raise
                await _commit(transaction)

    async def probe(self, query: str, *values: object) -> list[asyncpg.Record]:
        """Return what one reading statement finds, by its pinned plan and in one round trip.

        A statement alone needs no transaction, and beginning and ending one would be two
        thirds of what it costs.
        """
        assert self._pool is not None, "open() comes first"
        with translated():
            async with self._pool.acquire(timeout=5) as connection:
                found: list[asyncpg.Record] = await connection.fetch(query, *values)
                return found


async def _nothing(_: LedgerConnection) -> None:
    """Leave the session as it is: the ledger's statements set nothing that outlives a commit.

    The driver would ask the server to reset it, and a server lost at that question would make
    a transaction look failed that was committed before.
    """


async def _commit(transaction: Transaction | AsyncTransaction) -> None:
    """Commit; a server lost on the way leaves the answer unknown, never "nothing written"."""
    try:
        await transaction.commit()
    except Exception as error:
        if isinstance(fault_of(error), Unreachable):
            raise DoubtfulCommit from error
        raise


async def _roll_back(connection: LedgerConnection, transaction: Transaction) -> None:
    """Roll back where there is still a server to tell; a closed connection did it already."""
    if not connection.is_closed():
        with suppress(asyncpg.InterfaceError, asyncpg.PostgresError, OSError):
            await transaction.rollback()

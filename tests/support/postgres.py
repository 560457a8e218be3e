"""A migrated database for every test module, copied from a template in milliseconds.

Without `DATABASE_URL` one embedded cluster is started per pytest run, fast and unsafe, and
shared by all xdist workers: the controller starts it and hands its URL on in the environment.
With `DATABASE_URL` that server is used; only databases named `yike_test_*` are made there,
and those of crashed runs are dropped by the next run.

Fixtures (a test that asks for one of them is marked `postgres` by itself):

- `owner_url`: the module's own migrated database, as its owner;
- `database_url`: the same database, as the service's login;
- `fresh_database`: a function that makes one more migrated database, returns its owner's URL;
- `empty_database`: the same without any schema, for the tests of migrations.
"""

import asyncio
import contextlib
import fcntl
import os
import secrets
import threading
import zlib
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from sandbox import postgres

PREFIX = "yike_test_"
FIXTURES = frozenset({"owner_url", "database_url", "fresh_database", "empty_database"})
MakeDatabase = Callable[[], str]

_SERVER = "YIKE_TEST_SERVER_URL"
_RUN = "YIKE_TEST_RUN"
_RUNS = Path(__file__).parents[2] / ".data" / "tests"
_SETTINGS = {"shared_buffers": "128MB", "wal_level": "minimal", "max_wal_senders": "0"}

T = TypeVar("T")


def pytest_configure(config: pytest.Config) -> None:
    """In the controller of a run with xdist: start the server for all of its workers."""
    if hasattr(config, "workerinput") or not config.getoption("numprocesses", default=None):
        return  # a worker inherits the URL; a run without workers starts at the first need
    if "not postgres" not in (config.getoption("markexpr") or ""):
        config.add_cleanup(_started().close)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that needs a database with `postgres`."""
    for test in items:
        if FIXTURES & set(getattr(test, "fixturenames", ())):
            test.add_marker(pytest.mark.postgres)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Yield the server's URL, as one who may create databases; start it where none runs yet."""
    with contextlib.ExitStack() as stack:
        if _SERVER not in os.environ:
            stack.callback(_started().close)
        yield os.environ[_SERVER]


@pytest.fixture(scope="session")
def template(postgres_server: str) -> str:
    """Migrate one template database for the whole run, by whoever comes first; return its name."""
    run = os.environ[_RUN]
    name = f"{PREFIX}template_{run}"
    with (_RUNS / run / "template").open("a+") as mark_file:
        fcntl.flock(mark_file, fcntl.LOCK_EX)  # the other workers wait here
        mark_file.seek(0)
        if mark_file.read() != name:
            create_database(postgres_server, name)
            _migrate(at_database(postgres_server, name))
            mark_file.write(name)
    return name


@pytest.fixture(scope="module")
def owner_url(postgres_server: str, template: str) -> Iterator[str]:
    """Yield the URL of the module's own database, as its owner."""
    with _databases(postgres_server, template) as make:
        yield make()


@pytest.fixture(scope="module")
def database_url(owner_url: str) -> str:
    """Return the URL of the module's own database, as the service's login."""
    return service_url(owner_url)


@pytest.fixture
def fresh_database(postgres_server: str, template: str) -> Iterator[MakeDatabase]:
    """Yield a function that makes one more migrated database for this test alone."""
    with _databases(postgres_server, template) as make:
        yield make


@pytest.fixture
def empty_database(postgres_server: str) -> Iterator[MakeDatabase]:
    """Yield a function that makes a database without any schema for this test alone."""
    with _databases(postgres_server, "template0") as make:
        yield make


def service_url(owner_url: str) -> str:
    """Return the URL under which the escrow service logs in to the owner's database."""
    from escrow import migrations  # noqa: PLC0415 - only tests with a database need it

    return migrations.service_url(owner_url)


def registry_url(owner_url: str) -> str:
    """Return the URL under which registry-sync logs in to the owner's database."""
    from registry_sync import migrations  # noqa: PLC0415 - only tests with a database need it

    return migrations.service_url(owner_url)


def alerts_url(owner_url: str) -> str:
    """Return the URL under which alerts logs in to the owner's database."""
    from alerts import migrations  # noqa: PLC0415 - only tests with a database need it

    return migrations.service_url(owner_url)


def at_database(url: str, name: str) -> str:
    """Return the same server's URL with another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def create_database(url: str, name: str, source: str = "template0") -> None:
    """Create one database as a copy of another, through the write-ahead log: the quick way."""
    run_sql(url, f'CREATE DATABASE "{name}" TEMPLATE "{source}" STRATEGY wal_log ENCODING \'UTF8\'')


def drop_database(url: str, name: str) -> None:
    """Drop a test's database with whoever is still connected; refuse any other."""
    assert name.startswith(PREFIX), name
    run_sql(url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def run_sql(url: str, statement: str) -> list[asyncpg.Record]:
    """Run one statement on a connection of its own, outside any transaction."""

    async def run() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(url)
        try:
            return list(await connection.fetch(statement))
        finally:
            await connection.close()

    return in_thread(run)


def in_thread(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine on a loop of its own, whether or not this thread runs one."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(lambda: asyncio.run(work())).result()


@contextlib.contextmanager
def _databases(server: str, source: str) -> Iterator[MakeDatabase]:
    """Yield a maker of databases; drop all it made at the end."""
    made: list[str] = []

    def make() -> str:
        name = f"{PREFIX}{os.environ[_RUN]}_{secrets.token_hex(4)}"
        create_database(server, name, source)
        made.append(name)
        return at_database(server, name)

    try:
        yield make
    finally:
        for name in made:
            drop_database(server, name)


def _migrate(owner_url: str) -> None:
    """Bring an empty database to the newest schema, in a thread without a running loop."""
    from alerts import migrations as alerts  # noqa: PLC0415 - only tests with a database need it
    from escrow import migrations as escrow  # noqa: PLC0415 - the same
    from registry_sync import migrations as registry  # noqa: PLC0415 - the same

    with ThreadPoolExecutor(max_workers=1) as pool:
        for one in (escrow, registry, alerts):
            pool.submit(one.migrate, owner_url).result()


def _started() -> contextlib.ExitStack:
    """Start or find the server of this run, name it in the environment, return its undoing."""
    stack = contextlib.ExitStack()
    run = secrets.token_hex(4)
    named = os.environ.get("DATABASE_URL")
    folder = stack.enter_context(_run_folder(run))
    try:
        url = stack.enter_context(_borrowed(named, run) if named else _embedded(folder))
    except postgres.PostgresUnavailable as error:
        pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)
    os.environ.update({_SERVER: url, _RUN: run})
    stack.callback(lambda: [os.environ.pop(name, None) for name in (_SERVER, _RUN)])
    return stack


@contextlib.contextmanager
def _run_folder(run: str) -> Iterator[Path]:
    """Yield a folder for this run; delete it after, and those that crashed runs left before.

    A run locks its folder as long as it lives.
    """
    _RUNS.mkdir(parents=True, exist_ok=True)
    for folder in _RUNS.iterdir():
        with (folder / "lock").open("ab") as lock:
            if _locks(lock):
                postgres.remove(folder)
    folder = _RUNS / run
    folder.mkdir(mode=0o700)
    with (folder / "lock").open("ab") as lock:
        _locks(lock)
        yield folder
        postgres.remove(folder)


@contextlib.contextmanager
def _embedded(folder: Path) -> Iterator[str]:
    """Yield the URL of a cluster made for this run, fast and unsafe."""
    with postgres.start(folder, durable=False, settings=_SETTINGS) as server:
        yield server.url


def _locks(file: IO[bytes]) -> bool:
    """Take a lock that ends with this process; say whether it was free."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def _borrowed(url: str, run: str) -> Iterator[str]:
    """Yield a given server's URL; drop what this run made, and what crashed runs left.

    A run holds an advisory lock as long as it lives, on whatever machine it runs.
    """
    done = threading.Event()
    locked = threading.Event()
    keeper = threading.Thread(
        target=lambda: asyncio.run(_hold_lock(url, run, locked, done)), daemon=True
    )
    keeper.start()
    if not locked.wait(timeout=20):
        message = "The server that DATABASE_URL names does not answer."
        raise postgres.PostgresUnavailable(message)
    try:
        in_thread(lambda: _drop_orphans(url))
        yield url
    finally:
        done.set()
        keeper.join()
        in_thread(lambda: _drop_orphans(url))


async def _hold_lock(url: str, run: str, locked: threading.Event, done: threading.Event) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("SELECT pg_advisory_lock($1)", _lock_key(run))
    locked.set()
    await asyncio.to_thread(done.wait)
    await connection.close()


async def _drop_orphans(url: str) -> None:
    """Drop the test databases whose run no longer holds its lock."""
    connection = await asyncpg.connect(url)
    pattern = PREFIX.replace("_", r"\_") + "%"
    rows = await connection.fetch("SELECT datname FROM pg_database WHERE datname LIKE $1", pattern)
    for row in rows:
        name = str(row["datname"])
        key = _lock_key(name.removeprefix(PREFIX).removeprefix("template_").split("_")[0])
        if await connection.fetchval("SELECT pg_try_advisory_lock($1)", key):
            await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            await connection.execute("SELECT pg_advisory_unlock($1)", key)
    await connection.close()


def _lock_key(run: str) -> int:
    """Return the advisory lock's number for a run: any fixed mapping will do."""
    return (0x59494B45 << 32 >> 1) + zlib.crc32(run.encode())

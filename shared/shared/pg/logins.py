"""A login of its own for each service, made by the database's owner.

The password is derived from the owner's, so that every run and every machine that knows the
owner's URL finds the same one, and nothing has to be kept.
An owner without one is refused: what anybody can derive is no password.
"""

import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

import asyncpg
from sqlalchemy.engine import URL, make_url

from shared.errors import StartupRefused

_LOCK: Final = 7_316_802
"""Advisory lock of granting: two who migrate at once would meet in the catalogue."""

_DUPLICATE: Final = (asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError)


def login_url(owner_url: str, role: str) -> str:
    """Return the URL under which a service's role logs in to the owner's database.

    Raises:
        StartupRefused: the owner's URL has no password to derive another from.

    """
    owner = make_url(owner_url)
    return _plain(owner.set(username=role, password=_password(owner, role)))


async def ensure_login(owner_url: str, role: str) -> None:
    """Make a service's role where it is missing, and let it log in."""
    owner = make_url(owner_url)
    connection = await asyncpg.connect(_plain(owner), timeout=10)
    password = _password(owner, role)
    try:
        exists = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
        if not exists:
            try:
                await connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'")
            except _DUPLICATE:
                exists = True
        if exists and not await _can_log_in(login_url(owner_url, role)):
            await connection.execute(f"ALTER ROLE {role} LOGIN PASSWORD '{password}'")
        database = await connection.fetchval("SELECT quote_ident(current_database())")
        await connection.execute(f"GRANT CONNECT ON DATABASE {database} TO {role}")
    finally:
        await connection.close()


async def grant(owner_url: str, statements: Sequence[str]) -> None:
    """Run statements that say what logins may do, in one transaction, one runner at a time."""
    connection = await asyncpg.connect(_plain(make_url(owner_url)), timeout=10)
    try:
        async with connection.transaction():
            await connection.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
            for statement in statements:
                await connection.execute(statement)
    finally:
        await connection.close()


async def _can_log_in(url: str) -> bool:
    try:
        connection = await asyncpg.connect(url, timeout=10)
    except asyncpg.PostgresError:
        return False
    await connection.close()
    return True


def _password(owner: URL, role: str) -> str:
    if not owner.password:
        message = (
            "The owner's URL in DATABASE_URL has no password, and the service's own is derived"
            " from it: give the owner one (`ALTER ROLE ... PASSWORD ...`) and name it in the URL."
        )
        raise StartupRefused(message)
    secret = str(owner.password).encode()
    return hmac.new(secret, f"yike login {role}".encode(), hashlib.sha256).hexdigest()


def _plain(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)

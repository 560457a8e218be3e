"""API keys: made, kept as digests, looked up at most once a second.

A key is `yk_<prefix>_<secret>`: the prefix is shown and finds the row, the secret proves it.
Stored is the SHA-256 of the secret, without a slow hash and without a salt: a secret is
256 random bits, so there is nothing to guess and nothing to share, and a slow hash would
only be a way to keep our own processors busy.
"""

import asyncio
import hashlib
import hmac
import re
import secrets
import string
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from sqlalchemy import RowMapping, select
from starlette.requests import Request

from shared.errors import Unauthenticated
from shared.pg.database import Database
from shared.web.principals import Principal, Role
from shared.web.tables import api_key

PREFIX_LENGTH: Final = 8
"""Shown characters: 62**8 make a clash between keys a curiosity."""

SECRET_BYTES: Final = 32
"""256 bits: as hard to guess as the digest is to invert."""

TTL_S: Final = 1.0
"""A revoked key lives at most this long in other processes."""

KEYS_MAX: Final = 10_000
"""Prefixes remembered, known and unknown alike: a few megabytes at most."""

_ALPHABET: Final = string.ascii_letters + string.digits
_BEARER: Final = re.compile(
    r"bearer +yk_([A-Za-z0-9]{8})_([A-Za-z0-9_-]{32,128})", re.IGNORECASE | re.ASCII
)
_NOBODY: Final = bytes(32)


def mint() -> tuple[str, str, bytes]:
    """Return a new key, its prefix and the digest to store; the key is shown this once."""
    prefix = "".join(secrets.choice(_ALPHABET) for _ in range(PREFIX_LENGTH))
    secret = secrets.token_urlsafe(SECRET_BYTES)
    return f"yk_{prefix}_{secret}", prefix, digest_of(secret)


def digest_of(secret: str) -> bytes:
    """Return what is stored of a secret."""
    return hashlib.sha256(secret.encode()).digest()


@dataclass(frozen=True, slots=True)
class _Known:
    """What one look at the table found for a prefix, and until when it counts."""

    digest: bytes
    principal: Principal | None
    until: float


class KeyDirectory:
    """The keys of one process: the table behind a small cache that forgets after a second."""

    def __init__(self, database: Database) -> None:
        """Take the database whose `access.api_key` is read."""
        self._database = database
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._looking: dict[str, asyncio.Task[_Known]] = {}

    async def authenticate(self, request: Request) -> Principal | None:
        """Return the caller whose key the request carries; None where it carries none.

        Raises:
            Unauthenticated: when the key is unknown, revoked or wrong.

        """
        given = _BEARER.fullmatch(request.headers.get("authorization", ""))
        if given is None:
            return None
        prefix, secret = given.groups()
        known = self._known.get(prefix)
        if known is None or known.until < time.monotonic():
            known = await self._look(prefix)
        if not hmac.compare_digest(known.digest, digest_of(secret)) or known.principal is None:
            raise Unauthenticated
        return known.principal

    def forget(self, prefix: str) -> None:
        """Drop what is remembered of a prefix: this process revoked or made its key."""
        self._known.pop(prefix, None)
        self._looking.pop(prefix, None)

    async def _look(self, prefix: str) -> _Known:
        """Read the table once for all who wait; one who gives up does not stop the others."""
        looking = self._looking.get(prefix)
        if looking is None:
            looking = asyncio.create_task(self._read(prefix))
            self._looking[prefix] = looking
            looking.add_done_callback(lambda done: self._remember(prefix, done))
        return await asyncio.shield(looking)

    def _remember(self, prefix: str, done: asyncio.Task[_Known]) -> None:
        if self._looking.get(prefix) is not done:
            return  # forgotten meanwhile: what was read may be out of date
        del self._looking[prefix]
        if done.cancelled() or done.exception() is not None:
            return
        self._known.pop(prefix, None)
        self._known[prefix] = done.result()
        if len(self._known) > KEYS_MAX:
            self._known.popitem(last=False)

    async def _read(self, prefix: str) -> _Known:
        query = select(api_key).where(api_key.c.prefix == prefix, api_key.c.revoked_at.is_(None))
        async with self._database.connect() as connection:
            row = (await connection.execute(query)).mappings().one_or_none()
        until = time.monotonic() + TTL_S
        if row is None:
            return _Known(_NOBODY, None, until)
        return _Known(row["digest"], _principal(row), until)


def _principal(row: RowMapping) -> Principal:
    return Principal(
        key_id=row["id"],
        role=Role(row["role"]),
        label=row["label"],
        institution_id=row["institution_id"],
        bank_id=row["bank_id"],
        district_code=row["district_code"],
        guardian_ref=row["guardian_ref"],
    )

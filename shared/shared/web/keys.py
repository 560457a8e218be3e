"""API keys: made, kept as digests, looked up once and then asked after once a second.

A key is `yk_<prefix>_<secret>`: the prefix is shown and finds the row, the secret proves it.
Stored is the SHA-256 of the secret, without a slow hash and without a salt: a secret is
256 random bits, so there is nothing to guess and nothing to share, and a slow hash would
only be a way to keep our own processors busy.

A thousand institutions that send once a second each would be a thousand reads a second, more
work than what they send.
So those in use are asked after together: one statement says which of them still hold.
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

from sqlalchemy import ARRAY, RowMapping, Text, any_, bindparam, select
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

IN_USE_S: Final = 60.0
"""A key used this recently is asked after with the others: callers that come every few
seconds would each find theirs out of date, and ask by itself."""

KEYS_MAX: Final = 10_000
"""Prefixes remembered, known and unknown alike: a few megabytes at most."""

_ALPHABET: Final = string.ascii_letters + string.digits
_BEARER: Final = re.compile(
    r"bearer +yk_([A-Za-z0-9]{8})_([A-Za-z0-9_-]{32,128})", re.IGNORECASE | re.ASCII
)
_NOBODY: Final = bytes(32)
_STILL_VALID: Final = select(api_key.c.prefix).where(
    api_key.c.prefix == any_(bindparam("prefixes", type_=ARRAY(Text))),
    api_key.c.revoked_at.is_(None),
)


def mint() -> tuple[str, str, bytes]:
    """Return a new key, its prefix and the digest to store; the key is shown this once."""
    prefix = "".join(secrets.choice(_ALPHABET) for _ in range(PREFIX_LENGTH))
    secret = secrets.token_urlsafe(SECRET_BYTES)
    return f"yk_{prefix}_{secret}", prefix, digest_of(secret)


def digest_of(secret: str) -> bytes:
    """Return what is stored of a secret."""
    return hashlib.sha256(secret.encode()).digest()


@dataclass(slots=True)
class _Known:
    """What the table said of a prefix, and until when it counts."""

    digest: bytes
    principal: Principal | None
    until: float


class KeyDirectory:
    """The keys of one process: the table behind a small cache that asks again every second."""

    def __init__(self, database: Database) -> None:
        """Take the database whose `access.api_key` is read."""
        self._database = database
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._looking: dict[str, asyncio.Task[_Known]] = {}
        self._used: dict[str, float] = {}
        self._renewing: asyncio.Task[None] | None = None

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
            known = await self._ask(prefix, known)
        if not hmac.compare_digest(known.digest, digest_of(secret)) or known.principal is None:
            raise Unauthenticated
        self._used[prefix] = time.monotonic()
        return known.principal

    def forget(self, prefix: str) -> None:
        """Drop what is remembered of a prefix: this process revoked or made its key."""
        self._known.pop(prefix, None)
        self._looking.pop(prefix, None)

    async def _ask(self, prefix: str, stale: _Known | None) -> _Known:
        """Ask whether a key still holds, with the others in use; else look it up by itself."""
        if stale is not None and stale.principal is not None:
            await self._renew(prefix)
            known = self._known.get(prefix)
            if known is not None and known.until >= time.monotonic():
                return known
        return await self._look(prefix)

    async def _renew(self, prefix: str) -> None:
        """Ask after the keys in use, once for all who wait for it."""
        if self._renewing is None:
            since = time.monotonic() - IN_USE_S
            self._used = {one: at for one, at in self._used.items() if at >= since}
            self._renewing = asyncio.create_task(self._read_valid({*self._used, prefix}))
            self._renewing.add_done_callback(self._renewed)
        await asyncio.shield(self._renewing)

    def _renewed(self, done: asyncio.Task[None]) -> None:
        self._renewing = None
        if not done.cancelled():
            done.exception()  # who waits for it hears of it; nobody may be left to

    async def _read_valid(self, prefixes: set[str]) -> None:
        """Let those that still hold count for another second, and forget the others."""
        asked = {one: self._known[one] for one in prefixes if one in self._known}
        until = time.monotonic() + TTL_S
        async with self._database.connect() as connection:
            valid = set(await connection.scalars(_STILL_VALID, {"prefixes": list(asked)}))
        for prefix, known in asked.items():
            if prefix in valid:
                known.until = until
            elif self._known.get(prefix) is known:
                del self._known[prefix]

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
        until = time.monotonic() + TTL_S
        async with self._database.connect() as connection:
            row = (await connection.execute(query)).mappings().one_or_none()
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

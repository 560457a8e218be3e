"""Stored answers: the same request again gets the same answer.

A request is who, what method, which path and which `Idempotency-Key`, byte by byte; its
content is the digest of the body as it came. The answer is written in the transaction of the
effect. Kept 90 days; ids of items are for ever.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from sqlalchemy import delete, func, select

from escrow.ledger.store.statements import count_rows, rows, transposed
from escrow.tables import request
from shared.errors import Malformed
from shared.pg.database import Database, LedgerConnection
from shared.pg.faults import Contended

KEPT: Final = timedelta(days=90)
"""How long an answer can be asked for again: a quarter's billing run and its corrections."""


@dataclass(frozen=True, slots=True)
class RequestKey:
    """A request's identity and its content, as digests."""

    digest: bytes
    body_digest: bytes

    @classmethod
    def of(cls, principal: str, method: str, path: str, key: bytes, body: bytes) -> "RequestKey":
        """Make the key of one HTTP request; lengths keep the parts apart."""
        parts = (principal.encode(), method.encode(), path.encode(), key)
        scope = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        return cls(sha256(scope).digest(), sha256(body).digest())


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP status and body."""

    status: int
    body: bytes
    is_replayed: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer given before, and the content it was given to."""

    body_digest: bytes
    answer: Answer

    def for_body(self, request: RequestKey) -> Answer:
        """Return the answer, or refuse a key that comes back with other content."""
        if request.body_digest != self.body_digest:
            return KEY_REUSED
        return self.answer


KEY_REUSED = Answer(422, b"", is_replayed=False)
"""Marks a key that was used before with another body; the edge renders the problem."""


def refuse_reused(answer: Answer) -> Answer:
    """Raise the documented refusal where a key was used before with another body."""
    if answer is KEY_REUSED:
        message = "This Idempotency-Key was used before with another body: use a fresh key."
        raise Malformed(message, code="idempotency_key_reused")
    return answer


async def claim(tx: LedgerConnection, requests: Sequence[RequestKey]) -> set[bytes]:
    """Mark requests as running; return the digests of those that run elsewhere already."""
    if not requests:
        return set()
    numbers = [int.from_bytes(one.digest[:8], "big", signed=True) for one in requests]
    found = await rows(tx, "claim_request", [one.digest for one in requests], numbers)
    return {row["request_digest"] for row in found}


async def read(tx: LedgerConnection, requests: Sequence[RequestKey]) -> dict[bytes, Stored]:
    """Return the answers that were stored before, by the request's digest."""
    if not requests:
        return {}
    found = await rows(tx, "read_request", [one.digest for one in requests])
    return {
        row["request_digest"]: Stored(
            row["body_digest"],
            Answer(row["status"], zlib.decompress(row["answer"]), is_replayed=True),
        )
        for row in found
    }


async def write(
    tx: LedgerConnection,
    answered: Sequence[tuple[RequestKey, Answer | None]],
    now: datetime,
) -> None:
    """Store answers; a request that another posting stored meanwhile is read anew instead."""
    found = [
        (request.digest, request.body_digest, answer.status, zlib.compress(answer.body, 1))
        for request, answer in answered
        if answer is not None
    ]
    if found and await count_rows(tx, "write_request", transposed(found), now) != len(found):
        raise Contended


async def drop_old(database: Database, limit: int) -> int:
    """Drop answers older than their keeping, a bounded number; return how many."""
    old = (
        select(request.c.request_digest)
        .where(request.c.answered_at < func.now() - KEPT)
        .limit(limit)
    )
    async with database.begin() as connection:
        dropped = await connection.execute(delete(request).where(request.c.request_digest.in_(old)))
    return int(dropped.rowcount)

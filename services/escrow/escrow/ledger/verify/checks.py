"""The checks, each one statement, run on a chunk of institutions under its snapshot.

Every statement returns the rows that disagree: `rule`, the row by table and key, what was
`found` and `expected`; and, where another row says otherwise and might be the wrong one
itself, that `other` row.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from escrow.ledger.verify.chunks import Chunk, query
from escrow.ledger.verify.report import Finding

CHECKS: Final = (
    "verify_journal",
    "verify_chart",
    "verify_balance",
    "verify_standing",
    "verify_release",
    "verify_lesson",
    "verify_reversal",
    "verify_tuition",
    "verify_state",
    "verify_terms",
    "verify_funding",
    "verify_payable",
    "verify_queue",
    "verify_planning",
    "verify_line",
    "verify_single",
    "verify_tries",
    "verify_progress",
    "verify_settling",
    "verify_given_back",
    "verify_entry",
    "verify_unallocated",
    "verify_matched",
    "verify_deposit",
    "verify_refund",
    "verify_custody",
    "verify_creditor",
    "verify_events",
    "verify_verified",
)
"""Records against the journal and against one another."""

TOLD: Final = (
    "verify_told_lessons",
    "verify_told_reversals",
    "verify_told_money",
    "verify_told_waiting",
    "verify_told_contracts",
    "verify_told_terms",
    "verify_told_closed",
    "verify_told_instructions",
    "verify_told_refunds",
    "verify_told_freezes",
    "verify_told_identity",
    "verify_told_registry",
    "verify_told_statements",
    "verify_statement",
)
"""Records against what the feed told of them."""

EVENT_TYPES: Final = (
    "institution.changed",
    "account.changed",
    "floor.changed",
    "freeze.placed",
    "freeze.confirmed",
    "freeze.lifted",
    "contract.accepted",
    "contract.closed",
    "receipt.matched",
    "receipt.unmatched",
    "receipt.returned",
    "lessons.released",
    "lessons.reversed",
    "claim.refused",
    "payout.planned",
    "payout.retained",
    "instruction.changed",
    "debit.booked",
    "debit.unbacked",
    "refund.changed",
    "statement.received",
    "verification.failed",
)
"""What the feed may tell of, as the wire contract lists it."""

STRAYS: Final = "verify_strays"
"""Rows that belong to no institution known; asked once for all."""

_UNREADABLE: Final = "22"
"""The class of SQL states that say a value is not what it should be."""


async def find(connection: AsyncConnection, chunk: Chunk) -> AsyncIterator[Finding]:
    """Run every check on a chunk and give what they find."""
    for name in CHECKS:
        for finding in await _rows(connection, name, chunk.binds):
            yield finding
    for name in TOLD:
        try:
            async with connection.begin_nested():
                found = await _rows(connection, name, chunk.binds)
        except DBAPIError as error:
            if not str(getattr(error.orig, "sqlstate", "")).startswith(_UNREADABLE):
                raise
            found = [await _unreadable(connection, name, chunk)]
        for finding in found:
            yield finding


async def find_strays(connection: AsyncConnection, most: int) -> list[Finding]:
    """Return rows of institutions that have no balance row."""
    return await _rows(connection, STRAYS, {"most": most})


async def _rows(connection: AsyncConnection, name: str, binds: Mapping[str, Any]) -> list[Finding]:
    bound = {**binds, "types": list(EVENT_TYPES)}
    rows = (await connection.execute(query(name), bound)).all()
    return [finding for row in rows for finding in _sides(row)]


def _sides(row: Any) -> Iterator[Finding]:  # noqa: ANN401 - a row of any check
    """Name a row, and the one that contradicts it where either may be wrong.

    A row that is missing is named by the key that another row refers to it by; that one may
    have changed as well.
    """
    if row.key:
        yield Finding(row.named, row.key, row.rule, row.expected, row.found)
    if row.other and row.other_key:
        if row.rule == "missing":
            yield Finding(row.other, row.other_key, row.named, row.expected, row.found)
        else:
            yield Finding(row.other, row.other_key, row.rule, row.found, row.expected)


async def _unreadable(connection: AsyncConnection, name: str, chunk: Chunk) -> Finding:
    """Find the first event of a chunk whose body can no longer be read, by halving."""
    for institution_id in chunk.binds["ids"]:
        low = chunk.binds["told"][chunk.binds["ids"].index(institution_id)]
        high = int(chunk.standings[institution_id]["sequence"])
        if await _is_readable(connection, name, chunk.narrowed(institution_id, low, high)):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            lower = chunk.narrowed(institution_id, low, middle)
            if await _is_readable(connection, name, lower):
                low = middle
            else:
                high = middle
        return Finding("event", f"{institution_id}/{high}", "body", "a body of its type", "other")
    message = f"{name} fails on a chunk and on none of its events"
    raise AssertionError(message)


async def _is_readable(connection: AsyncConnection, name: str, chunk: Chunk) -> bool:
    try:
        async with connection.begin_nested():
            await _rows(connection, name, chunk.binds)
    except DBAPIError:
        return False
    return True

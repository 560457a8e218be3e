"""The same rows with no rules: what this machine and this driver can write at most.

Bare copies of three tables take what a batch of releases writes of money: the movements of
its lessons and of their payout, the balances of its contracts, the institution's row.
One transaction for each batch, durable, over the driver the service uses, with the plans
pinned as the service pins them. No lock, no reading, no decision, no lesson, no instruction,
no event, no stored answer, no HTTP.
"""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Final
from uuid import UUID

import asyncpg
import uvloop

from shared.ids import new_id
from shared.money import lesson_fee
from tests.bench.seed import BATCH, PAID
from tests.bench.town import LESSONS, Town

CONNECTIONS: Final = (1, 2, 4)

_PINNED: Final = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_material": "off",
}
_TABLES: Final = ("movement", "tuition", "balance")

_MOVEMENTS: Final = """
INSERT INTO bare.movement (
  institution_id, sequence, movement_id, kind, debit, credit, amount_fen, occurred_at,
  contract_id, lesson_no, instruction_id, posted_at)
SELECT v.*, $12::timestamptz FROM unnest(
  $1::text[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::bigint[],
  $8::timestamptz[], $9::text[], $10::int[], $11::uuid[]) AS v
"""
_TUITIONS: Final = """
UPDATE bare.tuition AS t
SET held_fen = v.held_fen, released_fen = v.released_fen, lessons_released = v.lessons_released
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::int[])
  AS v (institution_id, contract_id, held_fen, released_fen, lessons_released)
WHERE t.institution_id = v.institution_id AND t.contract_id = v.contract_id
"""
_BALANCE: Final = """
UPDATE bare.balance
SET movements = $2, tuition_held_fen = $3, payment_clearing_fen = $4, posted_at = $5
WHERE institution_id = $1
"""

_KINDS: Final = [*["release"] * BATCH, "payout"]
_DEBITS: Final = [*["tuition_held"] * BATCH, "institution_payable"]
_CREDITS: Final = [*["institution_payable"] * BATCH, "payment_clearing"]
_FEE: Final = lesson_fee(PAID, LESSONS, 1)


async def prepare(owner_url: str) -> None:
    """Make the bare tables: the same columns, keys, checks and room on the page."""
    connection = await asyncpg.connect(owner_url)
    try:
        await connection.execute("CREATE SCHEMA bare")
        for table in _TABLES:
            named = f"bare.{table}"
            await connection.execute(f"CREATE TABLE {named} (LIKE escrow.{table} INCLUDING ALL)")
            options = await connection.fetchval(
                "SELECT array_to_string(reloptions, ', ') FROM pg_class WHERE oid = $1::regclass",
                f"escrow.{table}",
            )
            if options:
                await connection.execute(f"ALTER TABLE {named} SET ({options})")
        for table in ("tuition", "balance"):
            await connection.execute(f"INSERT INTO bare.{table} SELECT * FROM escrow.{table}")
    finally:
        await connection.close()


def run(
    owner_url: str, town: Town, connections: int, seconds: float, first: int
) -> tuple[int, int]:
    """Write batches for some seconds; return lessons written and the next batch's number."""
    return uvloop.run(_run(owner_url, town, connections, seconds, first))


async def _run(
    owner_url: str, town: Town, connections: int, seconds: float, first: int
) -> tuple[int, int]:
    numbers = count(first)
    opened = [
        await asyncpg.connect(owner_url, server_settings={**_PINNED, "jit": "off"})
        for _ in range(connections)
    ]
    until = asyncio.get_running_loop().time() + seconds
    try:
        written = await asyncio.gather(*(_write(one, town, numbers, until) for one in opened))
    finally:
        for one in opened:
            await one.close()
    return sum(written) * BATCH, next(numbers)


async def _write(
    connection: asyncpg.Connection, town: Town, numbers: Iterator[int], until: float
) -> int:
    loop = asyncio.get_running_loop()
    written = 0
    while loop.time() < until:
        await _write_batch(connection, town, next(numbers))
        written += 1
    return written


async def _write_batch(connection: asyncpg.Connection, town: Town, number: int) -> None:
    turn, at = divmod(number, len(town.places))
    named = town.places[at].institution_id
    lesson = 1 + turn % LESSONS
    rows = BATCH + 1
    # The copies start from the same contracts: their first movements are already counted.
    first = 1_000_000 + turn * rows
    contracts = _contracts()
    paid_out = new_id()
    async with connection.transaction():
        await connection.execute(
            _MOVEMENTS,
            [named] * rows,
            range(first, first + rows),
            [new_id() for _ in range(rows)],
            _KINDS,
            _DEBITS,
            _CREDITS,
            [*[_FEE] * BATCH, _FEE * BATCH],
            [town.bell] * rows,
            [*contracts, None],
            [*[lesson] * BATCH, None],
            _instructions(paid_out),
            town.bell,
        )
        await connection.execute(
            _TUITIONS,
            [named] * BATCH,
            contracts,
            [PAID - _FEE * lesson] * BATCH,
            [_FEE * lesson] * BATCH,
            [lesson] * BATCH,
        )
        await connection.execute(_BALANCE, named, first + rows, *_left(lesson), town.bell)


def _contracts() -> Sequence[str]:
    return [f"K0-{seat:03d}" for seat in range(BATCH)]


def _instructions(paid_out: UUID) -> list[UUID | None]:
    return [*[None] * BATCH, paid_out]


def _left(lesson: int) -> tuple[int, int]:
    released = _FEE * BATCH * lesson
    return PAID * BATCH - released, released

"""Filling a database before a run: one institution is played, the others are its copies.

The pattern goes through the ledger like any institution: registered, funded, taught.
Its rows are then copied under other names by SQL, so that the copies are as consistent as
what the ledger writes and the independent check of the books accepts them.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

import asyncpg

from escrow.domain.commands import (
    Command,
    Course,
    OpenAccount,
    RegisterContract,
    RegisterInstitution,
    ReleaseLesson,
    TakeEntry,
)
from escrow.domain.outcomes import Refused
from escrow.ledger.gather import Poster
from escrow.migrations import service_url
from escrow.policies.store import policies_of, read_documents
from shared.ids import new_id
from shared.money import Fen
from shared.pg.database import Database
from shared.time import business_day
from shared.web.keys import mint
from tests.bench.town import LESSONS, Class, Place, Timetable, Town, institution_id, last_bell

BATCH: Final = 30
HOT_BATCH: Final = 100
BANK: Final = "bench"
PAID: Final = Fen(480_000)

_COPIERS: Final = 2
"""Connections that copy at once: one for each core."""

_ACCOUNT: Final = "62220200000"
_HOT: Final = 999_999
_PATTERN: Final = 0
_ID: Final = "([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab])[0-9a-f]{3}(-[0-9a-f]{12})"
_MOVEMENTS_OF_CLASS: Final = BATCH * 2  # each contract's receipt and allocation
_MOVEMENTS_OF_LESSON: Final = BATCH + 1  # the releases and their payout


@dataclass(frozen=True, slots=True)
class Plan:
    """How large a town is to be."""

    institutions: int
    classes: int
    """Classes of every institution that are still to be taught."""
    hot_classes: int
    """Classes of the hot institution."""
    movements: int = 0
    """Movements of history, over all institutions."""


async def seed(owner_url: str, plan: Plan, say: Callable[[str], None]) -> Town:
    """Fill a migrated, empty database; return the town that lives in it."""
    database = await Database(service_url(owner_url), application="bench-seed").open()
    try:
        await _add_bank(owner_url)
        poster = Poster(database, policies_of(read_documents()))
        classes, past = await _play_pattern(poster, plan)
        hot = [f"H{number:03d}" for number in range(plan.hot_classes)]
        await _open(poster, _HOT)
        await _enrol(poster, _HOT, hot, HOT_BATCH)
    finally:
        await database.close()
    say(f"copying {past:,} movements of the pattern {plan.institutions - 1:,} times")
    await _copy(owner_url, plan.institutions)
    numbers = [*range(plan.institutions), _HOT]
    *places, hot_place = await _make_keys(owner_url, [institution_id(one) for one in numbers])
    return Town(
        places,
        Timetable([Class(place, name, BATCH) for name in classes for place in places]),
        Timetable([Class(hot_place, name, HOT_BATCH) for name in hot]),
    )


async def _play_pattern(poster: Poster, plan: Plan) -> tuple[list[str], int]:
    """Play the institution that the others copy; return its open classes, and its movements."""
    await _open(poster, _PATTERN)
    names = [f"K{number}" for number in range(plan.classes)]
    await _enrol(poster, _PATTERN, names, BATCH)
    wanted = -(-plan.movements // plan.institutions)
    made = len(names) * _MOVEMENTS_OF_CLASS
    number = 0
    while made < wanted:
        name = f"P{number}"
        await _enrol(poster, _PATTERN, [name], BATCH)
        made += _MOVEMENTS_OF_CLASS
        for lesson in range(1, LESSONS + 1):
            if made >= wanted:
                break
            await _teach(poster, name, lesson)
            made += _MOVEMENTS_OF_LESSON
        number += 1
    return names, made


async def _add_bank(owner_url: str) -> None:
    connection = await asyncpg.connect(owner_url)
    try:
        await connection.execute(
            "INSERT INTO escrow.bank (bank_id, name, delivery, finality_s, changed_by)"
            " VALUES ($1, $1, 'pull', 60, 'bench')",
            BANK,
        )
    finally:
        await connection.close()


async def _open(poster: Poster, number: int) -> None:
    named = institution_id(number)
    opened = business_day(last_bell())
    await _ask(
        poster,
        [
            RegisterInstitution(named, "Bench", "320602", "non_subject", "offline", "national"),
            OpenAccount(named, BANK, _account(number), "Bench", opened, "6210000001", "Bench"),
        ],
    )


async def _enrol(poster: Poster, number: int, classes: Sequence[str], size: int) -> None:
    """Register and fund the contracts of classes, a class at a time."""
    named = institution_id(number)
    signed = last_bell()
    starts = business_day(signed)
    course = Course("Go", "non_subject", "offline")
    for name in classes:
        contracts = [f"{name}-{seat:03d}" for seat in range(size)]
        terms = (LESSONS, PAID, PAID, 0, Fen(0), signed, starts, starts + timedelta(days=80))
        await _ask(
            poster,
            [
                RegisterContract(named, one, f"S-{one}", f"G-{one}", course, *terms)
                for one in contracts
            ],
        )
        await _ask(poster, [_deposit(named, number, one, signed) for one in contracts])


def _deposit(named: str, number: int, contract: str, booked: datetime) -> TakeEntry:
    return TakeEntry(
        named,
        _account(number),
        f"E-{contract}",
        "credit",
        PAID,
        booked,
        business_day(booked),
        reference=contract,
        counterparty_account="6217000000000001",
    )


async def _teach(poster: Poster, name: str, lesson: int) -> None:
    named = institution_id(_PATTERN)
    ended = last_bell()
    taught = ended - timedelta(hours=1)
    contracts = [f"{name}-{seat:03d}" for seat in range(BATCH)]
    await _ask(
        poster,
        [
            ReleaseLesson(named, f"r-{one}-{lesson}", one, lesson, taught, ended, "T-1", "R-1")
            for one in contracts
        ],
    )


async def _ask(poster: Poster, commands: Sequence[Command]) -> None:
    refused = [one for one in await poster.ask(commands) if isinstance(one, Refused)]
    assert not refused, f"the seed was refused: {refused[0].detail}"


def _account(number: int) -> str:
    return f"{_ACCOUNT}{number:06d}"


async def _copy(owner_url: str, institutions: int) -> None:
    """Copy the pattern's rows of every table, by as many connections as there are cores."""
    connection = await asyncpg.connect(owner_url)
    columns = await connection.fetch(_COLUMNS)
    await connection.close()
    tables: dict[str, list[tuple[str, str]]] = {}
    for row in columns:
        tables.setdefault(row["table_name"], []).append((row["column_name"], row["data_type"]))
    edges = [1 + (institutions - 1) * part // _COPIERS for part in range(_COPIERS + 1)]
    await asyncio.gather(
        *(_copy_part(owner_url, tables, first, last) for first, last in pairwise(edges))
    )


async def _copy_part(
    owner_url: str, tables: dict[str, list[tuple[str, str]]], first: int, last: int
) -> None:
    numbers = list(range(first, last))
    names = [institution_id(number) for number in numbers]
    connection = await asyncpg.connect(owner_url)
    try:
        for table, columns in tables.items():
            copied = _copying(table, columns)
            await connection.execute(copied, numbers, names, institution_id(_PATTERN), timeout=600)
    finally:
        await connection.close()


_COLUMNS: Final = """
SELECT c.table_name, c.column_name, c.data_type
FROM information_schema.columns AS c
JOIN information_schema.columns AS k USING (table_schema, table_name)
WHERE c.table_schema = 'escrow' AND k.column_name = 'institution_id'
  AND c.table_name NOT IN ('verified_balance', 'bank_statement')
ORDER BY c.table_name, c.ordinal_position
"""


def _copying(table: str, columns: Sequence[tuple[str, str]]) -> str:
    """Return the statement that copies the pattern's rows of a table under other names.

    A copied id keeps its order in time and differs from its pattern in three digits.
    """
    chosen = []
    for name, kind in columns:
        if name == "institution_id":
            chosen.append("n.institution_id")
        elif name == "account_number":
            chosen.append(f"left(t.{name}, -6) || lpad(n.number::text, 6, '0')")
        elif kind == "uuid":
            chosen.append(f"overlay(t.{name}::text PLACING n.digits FROM 21 FOR 3)::uuid")
        elif name == "body":  # an event tells of ids
            told = rf"regexp_replace(t.{name}, '{_ID}', '\1' || n.digits || '\2', 'g')"
            chosen.append(told)
        else:
            chosen.append(f"t.{name}")
    named = ", ".join(name for name, _ in columns)
    return f"""
        INSERT INTO escrow.{table} ({named})
        SELECT {", ".join(chosen)}
        FROM (
          SELECT number, institution_id, lpad(to_hex(number), 3, '0') AS digits
          FROM unnest($1::int[], $2::text[]) AS u (number, institution_id)
        ) AS n CROSS JOIN (SELECT * FROM escrow.{table} WHERE institution_id = $3) AS t
        """


async def _make_keys(owner_url: str, institutions: Sequence[str]) -> list[Place]:
    made = [(one, *mint()) for one in institutions]
    connection = await asyncpg.connect(owner_url)
    try:
        await connection.executemany(
            "INSERT INTO access.api_key (id, prefix, digest, role, institution_id, created_by)"
            " VALUES ($1, $2, $3, 'institution', $4, 'bench')",
            [(new_id(), prefix, digest, one) for one, _, prefix, digest in made],
        )
    finally:
        await connection.close()
    return [Place(one, key) for one, key, _, _ in made]

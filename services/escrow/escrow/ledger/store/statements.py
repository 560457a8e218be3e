"""Running the statements of `ledger/sql` on a driver connection."""

from collections.abc import Sequence
from typing import Any

import asyncpg

from shared.errors import InvariantBroken
from shared.pg.database import LedgerConnection
from shared.pg.sql import statement


async def rows(tx: LedgerConnection, name: str, *arrays: object) -> list[asyncpg.Record]:
    """Run a reading statement; the connection prepares each once and keeps it."""
    found: list[asyncpg.Record] = await tx.fetch(statement("escrow.ledger.sql", name), *arrays)
    return found


async def write_rows(
    tx: LedgerConnection,
    name: str,
    columns: Sequence[Sequence[Any]],
    *constants: object,
    expected: int,
) -> None:
    """Run a writing statement and hold its count against the decision."""
    written = await count_rows(tx, name, columns, *constants)
    if written != expected:
        message = f"{name} wrote {written} rows where {expected} were decided"
        raise InvariantBroken(message)


async def count_rows(
    tx: LedgerConnection, name: str, columns: Sequence[Sequence[Any]], *constants: object
) -> int:
    """Run a writing statement and return how many rows it wrote."""
    tag = await tx.execute(statement("escrow.ledger.sql", name), *columns, *constants)
    return int(tag.rsplit(" ", 1)[1])


async def copy_rows(
    tx: LedgerConnection, table: str, columns: Sequence[str], found: Sequence[Sequence[Any]]
) -> None:
    """Append rows by COPY, the cheapest way in: no plan to go wrong, no arrays to unpack."""
    tag = await tx.copy_records_to_table(
        table, schema_name="escrow", columns=columns, records=found
    )
    written = int(tag.rsplit(" ", 1)[1])
    if written != len(found):
        message = f"{table} took {written} rows where {len(found)} were decided"
        raise InvariantBroken(message)


def transposed(records: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
    """Turn rows into columns; there is at least one row."""
    return list(zip(*records, strict=True))


def literals(found: Sequence[Sequence[Any]]) -> list[str]:
    """Turn rows into columns, each as the text of one PostgreSQL array; there is at least one row.

    The driver asks of every element of an array whether it is an array itself, which costs
    more than all the rest; the hot statements take text and cast it.
    """
    return [_literal(column) for column in zip(*found, strict=True)]


def _literal(column: Sequence[Any]) -> str:
    if isinstance(column[0], int):
        return f"{{{','.join(map(str, column))}}}"
    if isinstance(column[0], str):
        joined = '","'.join(column)
        if "\\" in joined or joined.count('"') != 2 * (len(column) - 1):
            joined = '","'.join(map(_escaped, column))
        return f'{{"{joined}"}}'
    return f"{{{','.join('NULL' if one is None else _quoted(one) for one in column)}}}"


def _quoted(value: object) -> str:
    return f'"{_escaped(str(value))}"'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')

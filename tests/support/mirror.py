"""The rows of the database and the records of the book in memory, in one form to compare.

Every column that a posting writes is there, apart from those that only say when.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any, Final, TypeAlias

from pydantic_core import to_json
from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from escrow.domain.accounts import AccountKind
from escrow.domain.commands import RegisterContract
from escrow.domain.freezes import rule_body
from escrow.ledger import tables as data_plane
from escrow.tables import (
    BALANCES,
    custody_account,
    floor,
    freeze,
    freeze_confirmation,
    institution,
    registry_word,
)
from tests.support.memory import Memory

Row: TypeAlias = tuple[Any, ...]

_UNTOLD: Final = frozenset(
    {"posted_at", "order_xid", "epoch", "time", "taken_at", "registered_at", "filed_at"}
    | {"changed_at"}
)
"""Columns that the book does not know: when a row was written, and the feed's order."""


async def rows_of(connection: AsyncConnection, table: Table) -> list[Row]:
    """Return a table's rows as the mirror shows them, sorted."""
    columns = columns_of(table)
    found = await connection.execute(select(*(table.c[name] for name in columns)))
    return _sorted(tuple(row) for row in found)


def columns_of(table: Table) -> list[str]:
    """Return the columns of a table that the book knows as well."""
    untold = _UNTOLD - {"changed_at"} if table.name == "instruction" else _UNTOLD
    if table.name == "institution":
        untold |= {"status"}
    return [column.name for column in table.columns if column.name not in untold]


def records_of(memory: Memory, table: Table) -> list[Row]:
    """Return what the same rows are in memory, sorted."""
    return _sorted(_RECORDS[table.name](memory, columns_of(table)))


def _sorted(rows: Iterable[Row]) -> list[Row]:
    return sorted((tuple(map(_plain, row)) for row in rows), key=repr)


def _plain(value: object) -> object:
    """Return strings of enumerations as strings, and JSON parsed."""
    if isinstance(value, str):
        return json.loads(value) if value.startswith("{") else str(value)
    return value


def _by_name(records: Iterable[object], names: Sequence[str]) -> list[Row]:
    return [tuple(attrgetter(name)(one) for name in names) for one in records]


def _balances(memory: Memory, names: Sequence[str]) -> list[Row]:
    kinds = dict(zip(BALANCES, AccountKind, strict=True))
    return [
        tuple(one.balances[kinds[name]] if name in kinds else getattr(one, name) for name in names)
        for one in memory.book.standings.values()
    ]


def _contracts(memory: Memory, _: Sequence[str]) -> list[Row]:
    rows = []
    for one in memory.book.contracts.values():
        assert isinstance(one, RegisterContract)
        course = one.course
        named = (course.name, course.category, course.delivery, course.teacher_ref)
        plain = [getattr(one, name) for name in one.__slots__ if name != "course"]
        rows.append((*plain[:4], *named, *plain[4:]))
    return rows


def _lines(memory: Memory, names: Sequence[str]) -> list[Row]:
    return [
        (one.institution_id, one.instruction_id, *(getattr(line, name) for name in names[2:]))
        for one in memory.book.instructions.values()
        for line in one.lines.values()
    ]


def _floors(memory: Memory, names: Sequence[str]) -> list[Row]:
    return [
        tuple(
            [rule_body(rule) for rule in one.rules] if name == "rules" else getattr(one, name)
            for name in names
        )
        for floors in memory.book.floors.values()
        for one in floors
    ]


def _events(memory: Memory, names: Sequence[str]) -> list[Row]:
    return [
        tuple(
            to_json(one.body).decode() if name == "body" else getattr(one, name) for name in names
        )
        for one in memory.feed
    ]


def _deposits(memory: Memory, names: Sequence[str]) -> list[Row]:
    found = [one for some in memory.book.deposits.values() for one in some]
    return _by_name(found, names)


def _queued(memory: Memory, names: Sequence[str]) -> list[Row]:
    return _by_name([one for queue in memory.book.queue.values() for one in queue], names)


def _accounts(memory: Memory, _: Sequence[str]) -> list[Row]:
    """Return the account that each institution filed last; the books here file no second one."""
    return [
        (
            *(one.account_number, one.institution_id, one.bank_id, "custody", one.account_name),
            *(one.opened_on, one.settlement_account_number, one.settlement_account_name),
        )
        for one in memory.book.standings.values()
        if one.account_number is not None
    ]


def _words(memory: Memory, names: Sequence[str]) -> list[Row]:
    return [
        tuple(
            list(one.objections) if name == "objections" else getattr(one, name) for name in names
        )
        for one in memory.book.words.values()
    ]


def _described(memory: Memory, names: Sequence[str]) -> list[Row]:
    return _by_name([one for one in memory.book.standings.values() if one.name], names)


_RECORDS: Final[dict[str, Callable[[Memory, Sequence[str]], list[Row]]]] = {
    "balance": _balances,
    "contract": _contracts,
    "tuition": lambda memory, names: _by_name(memory.book.tuitions.values(), names),
    "lesson": lambda memory, names: _by_name(memory.book.releases.values(), names),
    "movement": lambda memory, names: _by_name(memory.journal, names),
    "payable": _queued,
    "instruction": lambda memory, names: _by_name(memory.book.instructions.values(), names),
    "instruction_line": _lines,
    "bank_entry": lambda memory, names: _by_name(memory.book.entries.values(), names),
    "deposit": _deposits,
    "refund": lambda memory, names: _by_name(memory.book.refunds.values(), names),
    "event": _events,
    "freeze": lambda memory, names: _by_name(memory.book.freezes.values(), names),
    "freeze_confirmation": lambda memory, names: _by_name(memory.confirmations, names),
    "registry_word": _words,
    "floor": _floors,
    "institution": _described,
    "custody_account": _accounts,
}

_CONTROLLED: Final = frozenset(
    {"freeze", "freeze_confirmation", "registry_word", "floor", "institution", "custody_account"}
)

MIRRORED: Final[tuple[Table, ...]] = (
    *(getattr(data_plane, name) for name in _RECORDS if name not in _CONTROLLED),
    freeze,
    freeze_confirmation,
    registry_word,
    floor,
    institution,
    custody_account,
)
"""The tables that a posting writes."""

"""One changed row in each of many copies of a sound day, and what the auditor said of it.

The day's institutions are copied as often as there are things to change: each copy gets one
change, and one verification looks at many copies. Changes are made as the owner, with the
constraints out of the way that would refuse them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, TypeAlias
from unittest.mock import patch

import asyncpg
from sqlalchemy import Column, Table

from escrow import tables as control
from escrow.ledger import tables as data
from escrow.ledger.verify import Finding, Report, chunks, report, run, verify
from escrow.migrations import service_url
from shared.pg.database import Database
from tests.integration.escrow.books import post_a_day, post_yesterday

How: TypeAlias = Literal["change", "delete", "add"]
Key: TypeAlias = tuple[Any, ...]
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

COPIED: Final[tuple[Table, ...]] = (
    control.institution,
    control.custody_account,
    control.freeze,
    control.freeze_confirmation,
    control.registry_word,
    control.floor,
    control.bank_statement,
    data.balance,
    data.contract,
    data.tuition,
    data.lesson,
    data.movement,
    data.payable,
    data.instruction,
    data.instruction_line,
    data.bank_entry,
    data.deposit,
    data.refund,
    data.event,
    control.verified_balance,
)
"""Every table of the books; the last is the auditor's own."""

CHANGED: Final = COPIED[:-1]

_SORTS: Final[dict[str, str]] = {
    "movement": "concat(kind, debit, credit, contract_id IS NULL)",
    "instruction": "concat(kind, state)",
    "instruction_line": "concat(state, booked_entry_id IS NULL, returned_entry_id IS NULL,"
    " lesson_no IS NULL)",
    "bank_entry": "concat(effect, direction)",
    "tuition": "state",
    "lesson": "concat(attempt, reversed_by IS NULL)",
    "event": "concat(type, sequence = 1)",
    "refund": "state",
    "freeze": "concat(scope, lifted_at IS NULL)",
}
"""What makes two rows of a table of one sort: of each sort a row is changed."""

_TELLING: Final = frozenset(
    {"amount_fen", "unallocated_fen", "waiting_fen", "state", "kind", "effect", "scope"}
    | {"debit", "credit", "sequence", "movement_id", "contract_id", "lesson_no", "attempt"}
    | {"instruction_id", "entry_id", "refund_id", "reverses", "occurred_at", "posted_at", "body"}
    | {"booked_entry_id", "returned_entry_id", "lifted_at", "reversed_by", "order_xid"}
)
"""Columns that mean something else in each sort of row; others are changed in one sort alone."""

_OTHER: Final[dict[tuple[str, str], str]] = {
    ("movement", "kind"): "CASE kind WHEN 'booked' THEN 'came_back' ELSE 'booked' END",
    ("movement", "debit"): "CASE debit WHEN 'reserve' THEN 'custody_cash' ELSE 'reserve' END",
    ("movement", "credit"): "CASE credit WHEN 'reserve' THEN 'custody_cash' ELSE 'reserve' END",
    ("instruction", "kind"): "CASE kind WHEN 'payout' THEN 'refund' ELSE 'payout' END",
    ("instruction", "state"): "CASE state WHEN 'settled' THEN 'rejected' ELSE 'settled' END",
    ("instruction_line", "state"): "CASE state WHEN 'settled' THEN 'rejected' ELSE 'settled' END",
    ("bank_entry", "effect"): "CASE effect WHEN 'unallocated' THEN 'over_funded'"
    " WHEN 'unbacked' THEN 'instruction_matched' ELSE 'unallocated' END",
    ("bank_entry", "direction"): "CASE direction WHEN 'debit' THEN 'credit' ELSE 'debit' END",
    ("tuition", "state"): "CASE state WHEN 'open' THEN 'completed' ELSE 'open' END",
    ("refund", "state"): "CASE state WHEN 'paid' THEN 'instructed' ELSE 'paid' END",
    ("freeze", "scope"): "CASE scope WHEN 'payout' THEN 'charging' ELSE 'payout' END",
    ("contract", "signed_at"): "signed_at + interval '1 day'",
    ("balance", "order_xid"): "'1'::xid8",
    ("event", "order_xid"): "'1'::xid8",
    ("event", "body"): "CASE type WHEN 'contract.closed' THEN replace(body, 'e\":\"', 'e\":\"7')"
    " ELSE regexp_replace(body, '\"(amount_fen|paid_fen|bank_id|name|document_no"
    "|opening_balance_fen)\":\"?', '\\&7') END",
    ("bank_statement", "entries"): "jsonb_set(entries, '{0,amount_fen}', '1')",
    ("bank_statement", "findings"): "jsonb_set(findings, '{matched}', '0')",
    ("bank_statement", "content_digest"): "'other'",
    ("registry_word", "objections"): "array_append(objections, 'other')",
}
"""What a column is changed to, where one more or another id would not do."""

_EVERY: Final = 1_000_000

_PARTED: Final = "account_number"
"""A key that is unique over all institutions: a copy's accounts get its number."""

_TOLD_ID: Final = "split_part(split_part(t.body, 'reconciliation_id\":\"', 2), '\"', 1)"

_RENAMED: Final = {
    "bank_statement.reconciliation_id": "md5(concat(t.reconciliation_id, '-', n.copy))::uuid",
    "event.body": f"CASE t.type WHEN 'statement.received' THEN replace(t.body, {_TOLD_ID},"
    f" md5(concat({_TOLD_ID}, '-', n.copy))::uuid::text) ELSE t.body END",
}
"""Ids that no two copies may share, wherever they stand."""


@dataclass(frozen=True, slots=True)
class Case:
    """One change of one row of one copy, and what was found there."""

    table: str
    column: str
    how: How
    source: str
    key: dict[str, Any]
    is_fresh: bool
    copy: int = 0
    keys: frozenset[str] = frozenset()
    """The row's key before and after the change, as a finding would name it."""
    new: tuple[Finding, ...] = field(default=(), compare=False)
    whole: tuple[Finding, ...] = field(default=(), compare=False)

    @property
    def institution_id(self) -> str:
        """Return the copy's institution."""
        return f"{self.source}-{self.copy}"

    def is_named(self, findings: Sequence[Finding]) -> bool:
        """Tell whether the changed row is among what was found."""
        return any(one.table == self.table and one.key in self.keys for one in findings)


async def corrupt(owner_url: str) -> list[Case]:
    """Build the day, copy it, change one row in each copy, verify what is new and then all."""
    owner = await asyncpg.connect(owner_url)
    database = await Database(service_url(owner_url), application="corruptions").open()
    try:
        day = await post_yesterday(database)
        assert (await verify(database, scope="new")).is_clean
        before = {table.name: await _keys(owner, table) for table in COPIED}
        await post_a_day(database, day)
        cases = await _cases(owner, before)
        await _loosen(owner)
        await _copy(owner, cases)
        cases = [await _change(owner, case) for case in cases]
        return await _verify(database, cases)
    finally:
        await database.close()
        await owner.close()


def columns(table: Table) -> list[str]:
    """Return the columns of a table that a change is made to."""
    return [column.name for column in table.columns if column.name != "institution_id"]


async def _keys(owner: Connection, table: Table) -> set[Key]:
    names = ", ".join(_key_names(table))
    return {tuple(row) for row in await owner.fetch(f"SELECT {names} FROM escrow.{table.name}")}


def _key_names(table: Table) -> list[str]:
    """Return the columns that name a row, the institution first whatever the table."""
    key = [column.name for column in table.primary_key]
    return ["institution_id", *(name for name in key if name != "institution_id")]


async def _cases(owner: Connection, before: Mapping[str, set[Key]]) -> list[Case]:
    """Choose what to change: every column in one sort of row, telling ones in every sort."""
    cases = []
    for table in CHANGED:
        seen: set[str] = set()
        for sort, key in await _samples(owner, table, before[table.name]):
            is_fresh = tuple(key.values()) not in before[table.name]
            case = Case(table.name, "", "change", key["institution_id"], key, is_fresh)
            for column in columns(table):
                if column not in seen or (column in _TELLING and sort):
                    cases.append(replace(case, column=column))
                    seen.add(column)
            cases.append(replace(case, column="(delete)", how="delete"))
            if "(add)" not in seen and len(key) > 1:
                cases.append(replace(case, column="(add)", how="add"))
                seen.add("(add)")
    return cases


async def _samples(
    owner: Connection, table: Table, before: set[Key]
) -> list[tuple[str, dict[str, Any]]]:
    """Return one row of each sort, a fresh one where there is one, and first one of before."""
    names = _key_names(table)
    sort = _SORTS.get(table.name, "''")
    rows = await owner.fetch(
        f"SELECT {', '.join(names)}, {sort} AS sort FROM escrow.{table.name}"
        f" ORDER BY {', '.join(names)}"
    )
    chosen: dict[str, dict[str, Any]] = {}
    for row in rows:
        key = {name: row[name] for name in names}
        is_fresh = tuple(key.values()) not in before
        if row["sort"] not in chosen or is_fresh:
            chosen[row["sort"]] = key
    return list(chosen.items())


async def _loosen(owner: Connection) -> None:
    """Drop what would refuse a wrong row: the auditor does not lean on it."""
    found = await owner.fetch(
        "SELECT conrelid::regclass::text AS named, conname FROM pg_constraint"
        " WHERE connamespace = 'escrow'::regnamespace AND contype = 'c'"
    )
    for row in found:
        await owner.execute(f"ALTER TABLE {row['named']} DROP CONSTRAINT {row['conname']}")
    await owner.execute(
        "DROP INDEX IF EXISTS escrow.lesson_reversal_item_id_key, escrow.lesson_item_id_key,"
        " escrow.freeze_registry_event_id_key"
    )


async def _copy(owner: Connection, cases: list[Case]) -> None:
    """Give every case an institution of its own."""
    for number, case in enumerate(cases, start=1):
        cases[number - 1] = replace(case, copy=number)
    for table in COPIED:
        chosen = ", ".join(_copied(column) for column in table.columns)
        await owner.execute(
            f"INSERT INTO escrow.{table.name} ({', '.join(c.name for c in table.columns)})"
            f" SELECT {chosen} FROM escrow.{table.name} AS t"
            " JOIN unnest($1::text[], $2::int[]) AS n (source, copy)"
            " ON n.source = t.institution_id",
            [case.source for case in cases],
            [case.copy for case in cases],
        )
    await owner.execute("ANALYZE")


def _copied(column: Column[Any]) -> str:
    if column.name in {"institution_id", _PARTED}:
        return f"t.{column.name} || '-' || n.copy"
    return _RENAMED.get(f"{column.table.name}.{column.name}", f"t.{column.name}")


async def _change(owner: Connection, case: Case) -> Case:
    """Change, delete or add one row and note how a finding would name it."""
    table = next(one for one in COPIED if one.name == case.table)
    names = _key_names(table)
    values = [_own(case, name, value) for name, value in case.key.items()]
    where = " AND ".join(f"{name} = ${n}" for n, name in enumerate(names, start=1))
    keys = {_named(table, case, dict(zip(names, values, strict=True)))}
    if case.how == "delete":
        await owner.execute(f"DELETE FROM escrow.{table.name} WHERE {where}", *values)
    elif case.how == "add":
        await _add(owner, table, case, where, values, keys)
    else:
        other = _OTHER.get((table.name, case.column)) or _another(table.columns[case.column])
        row = await owner.fetchrow(
            f"UPDATE escrow.{table.name} SET {case.column} = {other} WHERE {where}"
            f" RETURNING {', '.join(names)}",
            *values,
        )
        keys.add(_named(table, case, dict(row)))
    return replace(case, keys=frozenset(keys))


async def _add(
    owner: Connection,
    table: Table,
    case: Case,
    where: str,
    values: list[Any],
    keys: set[str],
) -> None:
    """Add a row like the given one, with the last part of its key changed."""
    last = list(table.primary_key)[-1]
    differs = {last.name, "reconciliation_id"}
    chosen = ", ".join(
        f"({_another(one)})" if one.name in differs else one.name for one in table.columns
    )
    row = await owner.fetchrow(
        f"INSERT INTO escrow.{table.name} ({', '.join(one.name for one in table.columns)})"
        f" SELECT {chosen} FROM escrow.{table.name} WHERE {where}"
        f" RETURNING {', '.join(_key_names(table))}",
        *values,
    )
    keys.clear()
    keys.add(_named(table, case, dict(row)))


def _own(case: Case, name: str, value: object) -> object:
    return f"{value}-{case.copy}" if name in {"institution_id", _PARTED} else value


def _named(table: Table, case: Case, key: dict[str, Any]) -> str:
    """Return a row's key as a finding names it: the institution, then the rest."""
    rest = [str(value) for name, value in key.items() if name != "institution_id"]
    return "/".join([key["institution_id"], *rest])


def _another(column: Column[Any]) -> str:
    """Return an expression for another value of a column's type."""
    name = column.name
    match str(column.type):
        case "BIGINT" | "INTEGER" | "SMALLINT":
            return (
                f"coalesce({name}, 0) + 1000" if column.primary_key else f"coalesce({name}, 0) + 1"
            )
        case "UUID" | "CHAR(32)":
            return "gen_random_uuid()"
        case "BOOLEAN":
            return f"NOT {name}"
        case "DATE":
            return f"{name} + 1"
        case "DATETIME" | "TIMESTAMP":
            return f"coalesce({name}, now()) + interval '1 second'"
        case "JSONB":
            return f"jsonb_build_array({name}, 1)"
        case _:
            return f"coalesce({name}, '') || 'x'"


async def _verify(database: Database, cases: list[Case]) -> list[Case]:
    """Verify what is new, and then whole; every finding of every copy is wanted."""
    ids = [case.institution_id for case in cases]
    with (
        patch.object(report, "FINDINGS_MAX", _EVERY),
        patch.object(chunks, "FINDINGS_MAX", _EVERY),
        patch.object(run, "LOOKED_AT_MAX", _EVERY),
    ):
        new = _by_copy(await verify(database, scope="new", institution_ids=ids))
        whole = _by_copy(await verify(database, scope="whole", institution_ids=ids))
    return [
        replace(
            case,
            new=tuple(new.get(case.institution_id, ())),
            whole=tuple(whole.get(case.institution_id, ())),
        )
        for case in cases
    ]


def _by_copy(found: Report) -> dict[str, list[Finding]]:
    by_copy: dict[str, list[Finding]] = {}
    for finding in found.findings:
        by_copy.setdefault(finding.institution_id, []).append(finding)
    return by_copy

"""Plans of the ledger's statements on tables that are empty, never analysed or just analysed.

Never analysed, every index looks as good as any other to the planner; analysed, reading the
whole table looks cheapest of all. The plan is kept either way: one that reads an institution's
whole history, or everybody's, and filters would be run for every lesson.
"""

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import asyncpg
import pytest

from shared.pg.database import _PINNED_PLANS
from tests.support.postgres import MakeDatabase, service_url

SQL = files("escrow.ledger.sql")
NAMES = sorted(
    path.name.removesuffix(".sql")
    for path in SQL.iterdir()
    if path.name.endswith(".sql") and not path.name.startswith("verify_")
)

SCANNED = {"clock"}
"""Tables of a single row."""

FILTERED = {
    "read_freeze": "a freeze's id is its own",
    "read_refund": "a refund's id is its own",
    "read_unseen": "what a bank has not seen is few",
    "write_balance": "the counters that were read are compared, not looked for",
}
"""Statements whose plan compares with what was asked beside the index, and why they may."""


async def plan_of(url: str, name: str) -> dict[str, Any]:
    statement = SQL.joinpath(f"{name}.sql").read_text()
    asked = max((int(number) for number in re.findall(r"\$(\d+)", statement)), default=0)
    values = f"({', '.join(['NULL'] * asked)})" if asked else ""
    connection = await asyncpg.connect(url, server_settings=dict(_PINNED_PLANS))
    try:
        await connection.execute(f"PREPARE asked AS {statement}")
        found = await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE asked{values}")
    finally:
        await connection.close()
    plan: dict[str, Any] = json.loads(found)[0]["Plan"]
    return plan


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes(inner)


WHOLE = {
    "read_instruction": "a refund's other instruction, for the few instructions named",
    "read_sibling": "a student's other contracts, when one is registered",
    "read_unseen": "what a bank has not seen is few",
    "read_waiting": "receipts that wait for a contract are few",
    "drop_payable": "what was retained is few",
    "write_account": "an account is filed once",
} | {
    f"write_{table}": "an UPDATE's own table cannot be told its place; rows to update were"
    " inserted before, and the first automatic analysis plans anew within a minute"
    for table in ("balance", "entry", "instruction", "lesson", "line", "tuition")
}
"""Statements that may begin with a table that was analysed while empty, and why."""


async def test_a_table_analysed_while_empty_is_probed_all_the_same(
    fresh_database: MakeDatabase,
) -> None:
    owner_url = fresh_database()
    connection = await asyncpg.connect(owner_url)
    try:
        await connection.execute("VACUUM (ANALYZE)")
    finally:
        await connection.close()
    for name in NAMES:
        for node in nodes(await plan_of(service_url(owner_url), name)):
            is_whole = node["Node Type"].endswith("Scan") and "Index Cond" not in node
            table = node.get("Relation Name", "clock")
            if is_whole and table not in {*SCANNED, "feed_epoch"} and name not in WHOLE:
                pytest.fail(f"{name} reads all of {table}")


@pytest.mark.parametrize("name", NAMES)
async def test_an_empty_table_is_probed_by_the_whole_key(database_url: str, name: str) -> None:
    for node in nodes(await plan_of(database_url, name)):
        table = node.get("Relation Name")
        if node["Node Type"] == "Seq Scan":
            assert table in SCANNED
        compared = re.search(r"\b[knv](_\d+)?\.", node.get("Filter", ""))
        if table is not None and compared and name not in FILTERED:
            pytest.fail(f"{table} is read through {node.get('Index Name')} and filtered")

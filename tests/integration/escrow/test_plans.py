"""Plans of the ledger's statements on tables that are empty and were never analysed.

Then every index looks as good as any other to the planner, and the plan is kept: one that
finds an institution's whole history and filters would be run for every lesson.
"""

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import asyncpg
import pytest

from shared.pg.database import _PINNED_PLANS

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


@pytest.mark.parametrize("name", NAMES)
async def test_an_empty_table_is_probed_by_the_whole_key(database_url: str, name: str) -> None:
    for node in nodes(await plan_of(database_url, name)):
        table = node.get("Relation Name")
        if node["Node Type"] == "Seq Scan":
            assert table in SCANNED
        compared = re.search(r"\b[knv](_\d+)?\.", node.get("Filter", ""))
        if table is not None and compared and name not in FILTERED:
            pytest.fail(f"{table} is read through {node.get('Index Name')} and filtered")

"""Running backtests: institution by institution, in a process of its own, with its progress kept.

It takes a whole core for a minute, which the worker that judges cannot spare.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import structlog

from alerts.casebook import prior_confirmed
from alerts.domain.backtest import Backtest, needless
from alerts.domain.judging import Edition, edition_of
from alerts.domain.rules.catalogue import RULES
from alerts.judging import views
from alerts.judging.presets import Presets
from shared.pg.database import Database, LedgerConnection

CHUNK: Final = 500
"""Institutions read at once: some megabytes."""

LOST_AFTER_S: Final = 600
"""A backtest that showed no progress for so long was broken off: it is begun anew."""

_TAKE: Final = (
    "UPDATE alerts.backtest AS b SET state = 'running', done = 0, seen_at = now()"
    " WHERE b.backtest_id = (SELECT w.backtest_id FROM alerts.backtest AS w"
    " WHERE w.state = 'waiting' OR w.state = 'running'"
    " AND w.seen_at < now() - make_interval(secs => $1)"
    " ORDER BY w.made_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING b.backtest_id"
)
_READ: Final = (
    "SELECT b.*, p.params FROM alerts.backtest AS b JOIN alerts.parameters AS p"
    " USING (rule, district_code, version) WHERE b.backtest_id = $1"
)
_NAMES: Final = (
    "SELECT institution_id FROM alerts.institution"
    " WHERE coalesce(district_code, '') LIKE $1 || '%' ORDER BY institution_id"
)
_PROGRESS: Final = (
    "UPDATE alerts.backtest SET done = $2, total = $3, seen_at = now() WHERE backtest_id = $1"
)
_DONE: Final = (
    "UPDATE alerts.backtest SET state = $2, result = $3::text::jsonb, result_hash = $4,"
    " ended_at = now() WHERE backtest_id = $1"
)
_log = structlog.get_logger("alerts.backtest")


async def start_waiting(database: Database) -> int:
    """Run the backtest that waits longest, in a process of its own; return how many there were."""
    async with database.ledger() as tx:
        backtest_id = await tx.fetchval(_TAKE, LOST_AFTER_S)
    if backtest_id is None:
        return 0
    command = (sys.executable, "-m", "alerts", "backtest", str(backtest_id))
    child = await asyncio.create_subprocess_exec(*command)
    try:
        code = await child.wait()
    except asyncio.CancelledError:
        child.terminate()
        raise
    if code:
        _log.error("backtest_failed", backtest_id=str(backtest_id), code=code)
        async with database.ledger() as tx:
            await tx.execute(_DONE, backtest_id, "failed", None, None)
    return 1


async def run(database: Database, backtest_id: UUID) -> Mapping[str, Any]:
    """Run one backtest to its end and keep its result with its hash."""
    backtest, names = await _begin(database, backtest_id)
    rule = backtest.candidate.rule.key
    async with database.ledger() as tx:
        around = await views.read_surroundings(tx)
    for place in range(0, len(names), CHUNK):
        chunk = names[place : place + CHUNK]
        async with database.ledger() as tx:
            facts = await views.read_facts(
                tx, chunk, backtest.from_at, as_told=True, without=needless(rule)
            )
            await tx.execute(_PROGRESS, backtest_id, place, len(names))
        for name in chunk:
            backtest.take(name, facts.get(name, ()), around.calendar, around.campaigns)
    async with database.ledger() as tx:
        result = backtest.result(await prior_confirmed(tx, names, backtest.to_at))
        await _end(tx, backtest_id, result, len(names))
    return result


async def _begin(database: Database, backtest_id: UUID) -> tuple[Backtest, list[str]]:
    async with database.ledger() as tx:
        row = await tx.fetchrow(_READ, backtest_id)
        presets = await Presets.read(tx)
        names = [one["institution_id"] for one in await tx.fetch(_NAMES, _stem(row))]
    candidate = edition_of(
        RULES[row["rule"]], json.loads(row["params"]), row["district_code"], row["version"]
    )
    current = _current(presets, row["rule"], row["district_code"])
    return Backtest(candidate, current, row["from_at"], row["to_at"]), names


def _current(presets: Presets, rule: str, district_code: str) -> Edition:
    return next(one for one in presets.editions(district_code) if one.rule.key == rule)


def _stem(row: Mapping[str, Any]) -> str:
    code: str = row["district_code"]
    while code.endswith("00"):
        code = code[:-2]
    return code


async def _end(
    tx: LedgerConnection, backtest_id: UUID, result: Mapping[str, Any], total: int
) -> None:
    said = json.dumps(result, ensure_ascii=False, sort_keys=True)
    await tx.execute(_PROGRESS, backtest_id, total, total)
    await tx.execute(_DONE, backtest_id, "done", said, sha256(said.encode()).hexdigest())

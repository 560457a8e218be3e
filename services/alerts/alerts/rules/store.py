"""Values and backtests between HTTP and the tables; nothing is decided here."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from alerts.domain.judging import hash_of
from alerts.domain.promotion import Proof, State, Values
from alerts.domain.rule import Rule
from shared.pg.database import Database, LedgerConnection
from shared.pg.ids import new_id

VERSIONS_MAX: Final = 1_000
"""Versions of one rule in one district: three a day for a year."""

_CLOCK: Final = "SELECT now() + make_interval(secs => offset_s) FROM access.clock"
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended($1, 7316802))"
_LIST: Final = (
    "SELECT * FROM alerts.parameters WHERE rule = $1 ORDER BY district_code, version DESC LIMIT $2"
)
_ONE: Final = (
    "SELECT * FROM alerts.parameters WHERE rule = $1 AND district_code = $2 AND version = $3"
)
_NEXT: Final = (
    "SELECT coalesce(max(version), 0) + 1 FROM alerts.parameters"
    " WHERE rule = $1 AND district_code = $2"
)
_ADD: Final = (
    "INSERT INTO alerts.parameters (rule, district_code, version, state, params, params_hash,"
    " made_by, made_at, reason) VALUES ($1, $2, $3, 'draft', $4::text::jsonb, $5, $6, $7, $8)"
)
_RETIRE: Final = (
    "UPDATE alerts.parameters SET state = 'retired'"
    " WHERE rule = $1 AND district_code = $2 AND state = $3"
)
_MOVE: Final = (
    "UPDATE alerts.parameters SET state = $4, approvals = $5::text::jsonb,"
    " shadow_since = CASE WHEN $4 = 'shadow' AND state <> 'shadow' THEN $6 ELSE shadow_since END,"
    " live_since = CASE WHEN $4 = 'live' AND state <> 'live' THEN $6 ELSE live_since END"
    " WHERE rule = $1 AND district_code = $2 AND version = $3"
)
_ADD_BACKTEST: Final = (
    "INSERT INTO alerts.backtest (backtest_id, rule, district_code, version, params_hash,"
    " from_at, to_at, made_by, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
)
_WAITING: Final = "SELECT count(*) FROM alerts.backtest WHERE state IN ('waiting', 'running')"
_BACKTEST: Final = "SELECT * FROM alerts.backtest WHERE backtest_id = $1"


async def clock(tx: LedgerConnection) -> datetime:
    """Return the time, as raised."""
    now: datetime = await tx.fetchval(_CLOCK)
    return now


async def list_values(database: Database, rule: str) -> Sequence[Mapping[str, Any]]:
    """Return the versions of a rule's values, by district, the newest first."""
    return [dict(row) for row in await database.probe(_LIST, rule, VERSIONS_MAX)]


async def hold(tx: LedgerConnection, rule: str, district_code: str) -> None:
    """Let nobody else change a rule's values in a district until the transaction ends."""
    await tx.execute(_LOCK, f"{rule}/{district_code}")


async def add(
    tx: LedgerConnection, rule: Rule, district_code: str, params: Mapping[str, int], word: "Word"
) -> int:
    """Keep a new version as a draft; return its number."""
    version: int = await tx.fetchval(_NEXT, rule.key, district_code)
    held = json.dumps(dict(params))
    named = (rule.key, district_code, version, held, hash_of(rule, params))
    await tx.execute(_ADD, *named, word[0], word[2], word[1])
    return version


Word = tuple[str, str, datetime]
"""Who says so, why, and when."""


async def read(
    tx: LedgerConnection, rule: str, district_code: str, version: int
) -> Mapping[str, Any] | None:
    """Return one version of values."""
    row = await tx.fetchrow(_ONE, rule, district_code, version)
    return dict(row) if row else None


def values_of(row: Mapping[str, Any]) -> Values:
    """Return the values that a row holds, as the domain decides on them."""
    return Values(
        row["rule"],
        row["district_code"],
        row["version"],
        State(row["state"]),
        row["params_hash"],
        row["made_by"],
        row["shadow_since"],
        json.loads(row["approvals"]),
    )


async def move(
    tx: LedgerConnection,
    values: Values,
    state: State,
    approvals: Sequence[Mapping[str, Any]],
    now: datetime,
) -> None:
    """Move values on; what was in that place before is retired."""
    key = (values.rule, values.district_code)
    if state in {State.live, State.shadow} and state is not values.state:
        await tx.execute(_RETIRE, *key, state.value)
    said = json.dumps(list(approvals), ensure_ascii=False)
    await tx.execute(_MOVE, *key, values.version, state.value, said, now)


async def waiting(tx: LedgerConnection) -> int:
    """Return how many backtests are not done."""
    number: int = await tx.fetchval(_WAITING)
    return number


async def ask(
    tx: LedgerConnection,
    values: Values,
    *,
    from_at: datetime,
    to_at: datetime,
    by: str,
    now: datetime,
) -> UUID:
    """Ask for a backtest; the worker takes it up."""
    made = new_id()
    key = (values.rule, values.district_code, values.version, values.params_hash)
    await tx.execute(_ADD_BACKTEST, made, *key, from_at, to_at, by, now)
    return made


async def backtest(tx: LedgerConnection, backtest_id: UUID) -> Mapping[str, Any] | None:
    """Return one backtest."""
    row = await tx.fetchrow(_BACKTEST, backtest_id)
    return dict(row) if row else None


def proof_of(row: Mapping[str, Any]) -> Proof | None:
    """Return a finished backtest as proof; None where it is not finished."""
    if row["result"] is None:
        return None
    span = (row["from_at"], row["to_at"])
    return Proof(row["rule"], row["params_hash"], *span, json.loads(row["result"]))

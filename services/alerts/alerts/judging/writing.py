"""What was found, into the database: once for what it rests on."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from alerts.domain.cases import Hit
from alerts.judging.looking import Found, Round
from alerts.judging.views import SQL, Known
from shared.pg.database import LedgerConnection
from shared.pg.ids import new_id
from shared.pg.sql import statement

AMOUNTS: Final = (
    "amount_fen",
    "left_fen",
    "spent_fen",
    "sum_fen",
    "missing_fen",
    "stuck_fen",
    "overdue_fen",
    "remainder_fen",
)
"""Of a rule's inputs: what a case is about, by the first of these words that the rule uses."""

PLAN: Final = "clear_by"
"""Of a rule's inputs: the day a campaign wants the case settled by."""


async def write(tx: LedgerConnection, came: Round, now: datetime) -> list[Hit]:
    """Write what was found and where institutions stand; return the hits that are new."""
    written = await _write_found(tx, came.found, now) if came.found else []
    await _write_standing(tx, came, now)
    await _count(tx, came, now)
    return [_hit_of(found, evaluation_id) for evaluation_id, found in written if found.opens_a_case]


async def _write_found(
    tx: LedgerConnection, found: list[Found], now: datetime
) -> list[tuple[UUID, Found]]:
    by_id = {new_id(): one for one in found}
    rows = [_row(evaluation_id, one) for evaluation_id, one in by_id.items()]
    *columns, newest = (list(column) for column in zip(*rows, strict=True))
    added = await tx.fetch(statement(SQL, "add_evaluation"), *columns, now, newest)
    new = {row["evaluation_id"] for row in added}
    return [(evaluation_id, one) for evaluation_id, one in by_id.items() if evaluation_id in new]


def _row(evaluation_id: UUID, found: Found) -> tuple[Any, ...]:
    outcome, edition = found.outcome, found.edition
    return (
        found.institution_id,
        evaluation_id,
        edition.rule.key,
        edition.rule.version,
        edition.district_code,
        edition.version,
        edition.params_hash,
        edition.mode.value,
        outcome.verdict.value,
        outcome.severity.value if outcome.severity else "",
        outcome.scope,
        outcome.reason,
        json.dumps(dict(outcome.inputs), ensure_ascii=False),
        "{" + ",".join(map(str, sorted(outcome.fact_ids))) + "}",
        outcome.sentence,
        max(outcome.fact_ids, default=0),
    )


def _hit_of(found: Found, evaluation_id: UUID) -> Hit:
    outcome = found.outcome
    assert outcome.severity is not None
    plan = outcome.inputs.get(PLAN)
    return Hit(
        found.institution_id,
        found.district_code,
        found.edition.rule.key,
        outcome.scope,
        outcome.severity,
        outcome.sentence,
        tuple(sorted(outcome.fact_ids)),
        evaluation_id,
        amount_of(outcome.inputs),
        date.fromisoformat(plan) if isinstance(plan, str) else None,
    )


def amount_of(inputs: Mapping[str, int | str]) -> int:
    """Return the amount that a hit is about; 0 where it is about none."""
    told = (inputs.get(word) for word in AMOUNTS)
    return next((one for one in told if isinstance(one, int)), 0)


async def _write_standing(tx: LedgerConnection, came: Round, now: datetime) -> None:
    rows = [_standing(one, came.risks[one.institution_id]) for one in came.known]
    columns = [list(column) for column in zip(*rows, strict=True)]
    await tx.execute(statement(SQL, "judged"), *columns, now)


def _standing(known: Known, risk: str) -> tuple[str, int, int, int, int, int, str]:
    view = known.view
    floor = view.floor
    return (
        known.institution_id,
        view.balance_fen,
        view.held_fen,
        floor.required_fen if floor else 0,
        view.outflows.total_fen,
        view.refunded_fen,
        risk,
    )


async def _count(tx: LedgerConnection, came: Round, now: datetime) -> None:
    rows = [(*key, number) for key, number in came.counts.items()]
    columns = [list(column) for column in zip(*rows, strict=True)]
    await tx.execute(statement(SQL, "count"), *columns, now)

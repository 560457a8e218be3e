"""Backtests over HTTP: asked for here, run by a process of their own, shown with their progress."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field
from starlette.requests import Request

from alerts.edge import Shared
from alerts.rules import store
from alerts.rules.api import Key, Officer, Reader, known, own_district
from shared.errors import Conflict, FieldError, Malformed, NotKnown
from shared.web.limits import DistrictCode, Instant, Shape, json_body, read_body
from shared.web.problems import problem_responses
from shared.web.shown import Moment

router = APIRouter(tags=["rules"])

WAITING_MAX: Final = 10
"""Backtests that wait at once: each is a minute of one core."""

SPAN_MAX: Final = timedelta(days=400)
"""The longest span of a backtest: a year and a month."""


class BacktestBody(Shape):
    """Which values to try, over which span."""

    district_code: DistrictCode | None = None
    version: Annotated[int, Field(ge=1, le=store.VERSIONS_MAX)]
    from_at: Instant
    to_at: Instant


class BacktestAnswer(BaseModel):
    """One backtest: how far it is, and what it found."""

    id: str
    rule: str
    district_code: str
    version: int
    params_hash: str
    from_at: Moment
    to_at: Moment
    made_by: str
    made_at: Moment
    state: str = Field(description="waiting, running, done or failed")
    institutions_done: int
    institutions: int | None
    result: dict[str, Any] | None
    result_hash: str | None


@router.post(
    "/v1/rules/{rule}/backtests",
    status_code=202,
    openapi_extra=json_body(BacktestBody, None),
    responses=problem_responses(404, 409),
)
async def ask_for_backtest(
    request: Request, alerts: Shared, officer: Officer, rule: Key
) -> BacktestAnswer:
    """Ask what values would have found, beside what is live; read how far it is by its id."""
    body = await read_body(request, BacktestBody)
    district = own_district(officer, body.district_code)
    async with alerts.database.ledger() as tx:
        row = await store.read(tx, known(rule).key, district, body.version)
        if row is None:
            raise NotKnown
        now = await store.clock(tx)
        _refuse_span(body, now)
        if await store.waiting(tx) >= WAITING_MAX:
            message = f"{WAITING_MAX} backtests wait already: ask again when one is done."
            raise Conflict(message, code="too_many_backtests")
        made = await store.ask(
            tx,
            store.values_of(row),
            from_at=body.from_at,
            to_at=body.to_at,
            by=officer.name,
            now=now,
        )
        found = await store.backtest(tx, made)
    assert found is not None
    return _answer(found)


@router.get("/v1/backtests/{backtest_id}", responses=problem_responses(404))
async def read_backtest(
    alerts: Shared, _: Reader, backtest_id: Annotated[UUID, Path()]
) -> BacktestAnswer:
    """Show a backtest: its progress, then its figures and their hash."""
    async with alerts.database.ledger() as tx:
        found = await store.backtest(tx, backtest_id)
    if found is None:
        raise NotKnown
    return _answer(found)


def _refuse_span(body: BacktestBody, now: Any) -> None:  # noqa: ANN401 - the clock's instant
    if body.to_at <= body.from_at:
        wrong = "Must be later than from_at."
    elif body.to_at > now:
        wrong = "Must not lie in the future: nothing is known of it yet."
    elif body.to_at - body.from_at > SPAN_MAX:
        wrong = f"Must be at most {SPAN_MAX.days} days after from_at."
    else:
        return
    raise Malformed(errors=(FieldError("/to_at", "out_of_range", wrong),))


def _answer(row: Mapping[str, Any]) -> BacktestAnswer:
    named = {name: row[name] for name in BacktestAnswer.model_fields if name in row}
    result = json.loads(row["result"]) if row["result"] else None
    more = {"id": str(row["backtest_id"]), "institutions_done": row["done"]}
    return BacktestAnswer(**{**named, **more, "institutions": row["total"], "result": result})

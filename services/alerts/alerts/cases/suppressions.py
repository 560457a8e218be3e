"""Suppressions over HTTP: a rule silenced for one institution, with a reason and an end.

Never of a red hit, and the rule is evaluated all the same; whoever ends one early is named.
"""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field
from sqlalchemy import Row, text
from starlette.requests import Request

from alerts.domain.rules.catalogue import RULES
from alerts.domain.suppressions import fault_of
from alerts.edge import Shared
from shared.errors import FieldError, Malformed, NotKnown
from shared.ids import new_id
from shared.web import fields
from shared.web.limits import (
    LIMIT_DEFAULT,
    After,
    Instant,
    InstitutionIdField,
    Limit,
    Shape,
    encode_cursor,
    json_body,
    read_body,
)
from shared.web.paging import decode_id
from shared.web.principals import Principal, Role, allow, area_covers, area_stem
from shared.web.problems import problem_responses
from shared.web.shown import Moment

router = APIRouter(tags=["suppressions"])

Officer = Annotated[Principal, Depends(allow(Role.supervisor))]
Reader = Annotated[Principal, Depends(allow(Role.supervisor, Role.auditor, Role.operator))]

_SEEN: Final = (
    "SELECT s.suppression_id, s.institution_id, s.rule, s.reason, s.made_by, s.made_at, s.ends_at,"
    " s.ended_at, s.ended_by, now() + make_interval(secs => k.offset_s) AS now"
    " FROM alerts.suppression AS s CROSS JOIN access.clock AS k"
    " LEFT JOIN alerts.institution AS i ON i.institution_id = s.institution_id"
    " WHERE coalesce(i.district_code, '') LIKE :stem || '%'"
)
_PLACE: Final = (
    "SELECT i.district_code, now() + make_interval(secs => k.offset_s) AS now"
    " FROM alerts.institution AS i CROSS JOIN access.clock AS k WHERE i.institution_id = :me"
)
_MAKE: Final = (
    "INSERT INTO alerts.suppression (institution_id, suppression_id, rule, reason,"
    " made_by, made_at, ends_at) VALUES (:me, :id, :rule, :reason, :by, :now, :ends)"
)
_END: Final = (
    "UPDATE alerts.suppression AS s SET ended_by = coalesce(s.ended_by, :by),"
    " ended_at = coalesce(s.ended_at, now() + make_interval(secs => k.offset_s))"
    " FROM alerts.institution AS i CROSS JOIN access.clock AS k"
    " WHERE s.suppression_id = :id AND i.institution_id = s.institution_id"
    " AND coalesce(i.district_code, '') LIKE :stem || '%' RETURNING s.suppression_id"
)


class SuppressionBody(Shape):
    """What to silence, why, and until when."""

    institution_id: InstitutionIdField
    rule: Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,63}$", description="A rule's key.")]
    reason: Annotated[str, fields.text(500)]
    ends_at: Annotated[Instant, Field(description="At most 30 days away.")]


class SuppressionAnswer(BaseModel):
    """One rule silenced for one institution."""

    id: str
    institution_id: str
    rule: str
    reason: str
    made_by: str
    made_at: Moment
    ends_at: Moment
    ended_at: Moment | None = Field(description="When a person ended it before its time.")
    ended_by: str | None
    holds: bool = Field(description="Whether it silences anything now.")


class SuppressionPage(BaseModel):
    """Suppressions, the newest first."""

    items: list[SuppressionAnswer]
    next: str | None


@router.get("/v1/suppressions")
async def read_suppressions(
    alerts: Shared,
    reader: Reader,
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
    institution_id: Annotated[InstitutionIdField | None, Query()] = None,
) -> SuppressionPage:
    """List suppressions of the reader's districts, those that ended included."""
    query = text(
        f"{_SEEN} AND (CAST(:me AS text) IS NULL OR s.institution_id = CAST(:me AS text))"
        " AND (CAST(:after AS uuid) IS NULL OR s.suppression_id < CAST(:after AS uuid))"
        " ORDER BY s.suppression_id DESC LIMIT :limit"
    )
    bound = {
        "stem": area_stem(reader.district_code),
        "me": institution_id,
        "after": decode_id(after) if after else None,
        "limit": limit,
    }
    async with alerts.database.connect() as connection:
        rows = (await connection.execute(query, bound)).all()
    last = encode_cursor(str(rows[-1].suppression_id)) if len(rows) == limit else None
    return SuppressionPage(items=[_answer(row) for row in rows], next=last)


@router.post(
    "/v1/suppressions",
    status_code=201,
    openapi_extra=json_body(SuppressionBody, None),
    responses=problem_responses(404),
)
async def suppress(request: Request, alerts: Shared, officer: Officer) -> SuppressionAnswer:
    """Silence a rule for an institution of the officer's district; a red hit is never silenced."""
    body = await read_body(request, SuppressionBody)
    _check_rule(body.rule)
    suppression_id = new_id()
    async with alerts.database.begin() as connection:
        place = (await connection.execute(text(_PLACE), {"me": body.institution_id})).one_or_none()
        if place is None or not area_covers(officer.district_code, place.district_code):
            raise NotKnown
        _check_end(place.now, body.ends_at)
        bound = {
            "me": body.institution_id,
            "id": suppression_id,
            "rule": body.rule,
            "reason": body.reason,
            "by": officer.name,
            "now": place.now,
            "ends": body.ends_at,
        }
        await connection.execute(text(_MAKE), bound)
        found = await connection.execute(
            text(f"{_SEEN} AND s.suppression_id = :id"), {"id": suppression_id, "stem": ""}
        )
        return _answer(found.one())


@router.delete(
    "/v1/suppressions/{suppression_id}", status_code=204, responses=problem_responses(404)
)
async def end_suppression(
    alerts: Shared, officer: Officer, suppression_id: Annotated[UUID, Path()]
) -> None:
    """End a suppression before its time; it stays on record, with who ended it."""
    bound = {
        "id": suppression_id,
        "by": officer.name,
        "stem": area_stem(officer.district_code),
    }
    async with alerts.database.begin() as connection:
        if (await connection.execute(text(_END), bound)).one_or_none() is None:
            raise NotKnown


def _check_rule(key: str) -> None:
    """Refuse what is no rule's key: tips, inspections and banks' warnings are not silenced."""
    if key not in RULES:
        fault = "Is no rule's key: name one that `GET /v1/rules` lists."
        raise Malformed(fault, errors=(FieldError("/rule", "rule_unknown", fault),))


def _check_end(now: datetime, ends_at: datetime) -> None:
    fault = fault_of(now, ends_at)
    if fault is not None:
        raise Malformed(fault, errors=(FieldError("/ends_at", "end_unfit", fault),))


def _answer(row: Row[Any]) -> SuppressionAnswer:
    ends = row.ends_at if row.ended_at is None else min(row.ended_at, row.ends_at)
    return SuppressionAnswer(
        id=str(row.suppression_id),
        institution_id=row.institution_id,
        rule=row.rule,
        reason=row.reason,
        made_by=row.made_by,
        made_at=row.made_at,
        ends_at=row.ends_at,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
        holds=row.made_at <= row.now < ends,
    )

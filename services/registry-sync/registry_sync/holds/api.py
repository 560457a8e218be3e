"""Holds over HTTP: what was withheld and why, and the word of two persons on it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field
from starlette.requests import Request

from registry_sync.edge import Shared
from registry_sync.mirror import holding, withheld
from registry_sync.mirror.withheld import Kept
from shared.web.limits import (
    LIMIT_DEFAULT,
    After,
    Limit,
    Shape,
    encode_cursor,
    json_body,
    read_body,
    text,
)
from shared.web.paging import decode_id
from shared.web.principals import Principal, Role, allow
from shared.web.problems import problem_responses
from shared.web.shown import Moment

router = APIRouter(tags=["holds"])

Officer = Annotated[Principal, Depends(allow(Role.supervisor))]
Reader = Annotated[Principal, Depends(allow(Role.supervisor, Role.auditor, Role.operator))]


class VerdictBody(Shape):
    """Why one decides so."""

    reason: Annotated[str, text(500)]


class HoldAnswer(BaseModel):
    """One hold: what was withheld, why, and who said what of it."""

    id: str
    source: str
    reason: str = Field(
        description="empty, shrink, mass_revocation, mass_closing, fill_rate, schema_drift,"
        " fast_forward, flapping, renamed, conflict or clock"
    )
    state: str = Field(description="open, approved, applied, rejected, expired or replaced")
    changes: int = Field(description="How many; the ceiling of what an approval lets through.")
    detail: str
    fetch_id: str
    version: int | None
    made_at: Moment
    expires_at: Moment
    ended_at: Moment | None
    districts: dict[str, int] = Field(description="Withheld sites by district.")
    sample: list[dict[str, Any]] = Field(description="Some of the sites concerned.")
    votes: list[dict[str, Any]]


class HoldPage(BaseModel):
    """Holds, the newest first."""

    items: list[HoldAnswer]
    next: str | None


class VerdictAnswer(BaseModel):
    """What the votes come to."""

    id: str
    state: str


@router.get("/v1/holds", responses=problem_responses(400))
async def read_holds(
    registry: Shared,
    _: Reader,
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
    state: Annotated[
        str | None,
        Query(pattern="^(open|approved|applied|rejected|expired|replaced)$"),
    ] = None,
) -> HoldPage:
    """List holds, the newest first."""
    place = decode_id(after) if after else None
    rows = await withheld.list_holds(registry.database, after=place, limit=limit, state=state)
    last = encode_cursor(str(rows[-1].hold_id)) if len(rows) == limit else None
    return HoldPage(items=[_shown(row) for row in rows], next=last)


@router.post(
    "/v1/holds/{hold_id}/approve",
    openapi_extra=json_body(VerdictBody, None),
    responses=problem_responses(404, 409),
)
async def approve(
    request: Request, registry: Shared, principal: Officer, hold_id: Annotated[UUID, Path()]
) -> VerdictAnswer:
    """Let what was withheld through, once a second person says so too.

    Then the source is fetched anew, and what is withheld again acts: what was seen, and never
    more than was seen. A district's supervisor decides what lies wholly within the district;
    what concerns a batch as such is decided for the whole country.
    """
    body = await read_body(request, VerdictBody)
    return await _vote(registry, principal, hold_id, "approve", body.reason)


@router.post(
    "/v1/holds/{hold_id}/reject",
    openapi_extra=json_body(VerdictBody, None),
    responses=problem_responses(404, 409),
)
async def reject(
    request: Request, registry: Shared, principal: Officer, hold_id: Annotated[UUID, Path()]
) -> VerdictAnswer:
    """End a hold: what was withheld does not act; one person is enough."""
    body = await read_body(request, VerdictBody)
    return await _vote(registry, principal, hold_id, "reject", body.reason)


async def _vote(
    registry: Shared, principal: Principal, hold_id: UUID, verdict: str, reason: str
) -> VerdictAnswer:
    word = holding.Word(principal.name, verdict, reason, principal.district_code)
    state = await holding.vote(registry.database, hold_id, word)
    return VerdictAnswer(id=str(hold_id), state=state)


def _shown(hold: Kept) -> HoldAnswer:
    sample = [
        {"institution_id": name, "licence_no": licence_no, "district_code": district}
        for name, licence_no, district in hold.sample
    ]
    said = {name: getattr(hold, name) for name in HoldAnswer.model_fields if hasattr(hold, name)}
    told = {"id": str(hold.hold_id), "fetch_id": str(hold.fetch_id), "sample": sample}
    return HoldAnswer.model_validate({**said, **told})

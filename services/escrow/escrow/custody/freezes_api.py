"""Freezes: a person places and lifts them, and confirms those that the registry placed."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from escrow.custody import banks
from escrow.domain.commands import ConfirmFreeze, LiftFreeze, PlaceFreeze
from escrow.edge import may_act_on, single, submit
from shared.web.limits import InstitutionIdField, Shape, json_body, read_body, text
from shared.web.principals import Principal, Role, allow
from shared.web.problems import problem_responses

router = APIRouter(tags=["custody"])

InstitutionPath = Annotated[InstitutionIdField, Path()]


class FreezeBody(Shape):
    """A freeze to place."""

    scope: Literal["charging", "payout", "all"]
    reason: Annotated[str, text(500)]
    authority: Annotated[str, text(200)]
    document_no: Annotated[str, text(100)]


class ConfirmBody(Shape):
    """Why a protective freeze stands."""

    reason: Annotated[str, text(500)]
    document_no: Annotated[str, text(100)]


class LiftBody(Shape):
    """Why a freeze is lifted."""

    reason: Annotated[str, text(500)]
    document_no: Annotated[str, text(100)]


class FreezeAnswer(BaseModel):
    """A freeze and its state."""

    id: str
    institution_id: str
    scope: str
    state: str


@router.post(
    "/v1/institutions/{institution_id}/freezes",
    status_code=201,
    response_model=FreezeAnswer,
    openapi_extra=json_body(FreezeBody, "required"),
    responses=problem_responses(404, 409, 429),
)
async def place_freeze(
    request: Request,
    institution_id: InstitutionPath,
    principal: Annotated[Principal, Depends(allow(Role.supervisor))],
) -> Response:
    """Freeze charging, payouts, or everything but refunds."""
    body = await read_body(request, FreezeBody)
    await may_act_on(request, principal, institution_id)
    command = PlaceFreeze(
        institution_id, body.scope, body.reason, body.authority, body.document_no, principal.name
    )
    shown = {"institution_id": institution_id, "scope": body.scope, "state": "placed"}
    render = single(request, 201, lambda done: {"id": done.made_id, **shown})
    return await submit(request, principal, [command], render, required=True)


@router.post(
    "/v1/freezes/{id}/confirm",
    response_model=FreezeAnswer,
    openapi_extra=json_body(ConfirmBody, "honoured"),
    responses=problem_responses(404, 409, 429),
)
async def confirm_freeze(
    request: Request,
    id: Annotated[UUID, Path()],  # noqa: A002 - the wire's word
    principal: Annotated[Principal, Depends(allow(Role.supervisor))],
) -> Response:
    """Confirm a freeze that the registry placed; it stays until it is lifted."""
    body = await read_body(request, ConfirmBody)
    found = await banks.freeze_of(request, id)
    await may_act_on(request, principal, found.institution_id)
    command = ConfirmFreeze(found.institution_id, id, body.reason, body.document_no, principal.name)
    shown = {"institution_id": found.institution_id, "scope": found.scope, "state": "confirmed"}
    render = single(request, 200, lambda _: {"id": id, **shown})
    return await submit(request, principal, [command], render, required=False)


@router.post(
    "/v1/freezes/{id}/lift",
    response_model=FreezeAnswer,
    openapi_extra=json_body(LiftBody, "honoured"),
    responses=problem_responses(404, 409, 429),
)
async def lift_freeze(
    request: Request,
    id: Annotated[UUID, Path()],  # noqa: A002 - the wire's word
    principal: Annotated[Principal, Depends(allow(Role.supervisor))],
) -> Response:
    """Lift one freeze; what it retained is paid out, if nothing else retains it."""
    body = await read_body(request, LiftBody)
    found = await banks.freeze_of(request, id)
    await may_act_on(request, principal, found.institution_id)
    command = LiftFreeze(found.institution_id, id, body.reason, body.document_no, principal.name)
    shown = {"institution_id": found.institution_id, "scope": found.scope, "state": "lifted"}
    render = single(request, 200, lambda _: {"id": id, **shown})
    return await submit(request, principal, [command], render, required=False)

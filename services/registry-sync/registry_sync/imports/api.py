"""Sheets over HTTP: a file in, its difference out; then an officer's word."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field
from starlette.requests import Request

from registry_sync.domain.words import BatchFault
from registry_sync.edge import Shared
from registry_sync.pulling.api import SourcePath
from registry_sync.source.refusals import BatchRefused
from registry_sync.sync import sheets
from shared.errors import Conflict, FieldError, Malformed, NotAllowed, ServiceError
from shared.web.fields import text
from shared.web.principals import Principal, Role, allow
from shared.web.problems import problem_responses

router = APIRouter(tags=["imports"])

Officer = Annotated[Principal, Depends(allow(Role.supervisor))]

_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class PreviewAnswer(BaseModel):
    """What a sheet would change."""

    id: str
    fetch_id: str
    counts: dict[str, int] = Field(
        description="added, modified, revoked, restored, missing, unchanged, set_aside"
    )
    added: list[dict[str, Any]]
    modified: list[dict[str, Any]]
    revoked: list[dict[str, Any]]
    restored: list[dict[str, Any]]
    missing: list[dict[str, Any]]
    set_aside: list[dict[str, Any]] = Field(description="By sheet and cell: `白名单!C17`.")
    unknown_columns: int
    remarks: list[str]


class AcceptedAnswer(BaseModel):
    """What a sheet changed."""

    id: str
    result: str = Field(description="applied, or withheld where some of it waits for two persons")
    changed: int
    set_aside: int
    withheld: dict[str, int]


@router.post(
    "/v1/sources/{source}/imports",
    status_code=201,
    openapi_extra=_BODY,
    responses=problem_responses(404, 409, 413, 422),
)
async def preview(
    request: Request,
    registry: Shared,
    principal: Officer,
    source: SourcePath,
    file_name: Annotated[str, text(200), Query(description="As published: ends in .xlsx or .csv.")],
) -> PreviewAnswer:
    """Read a bureau's sheet and show what it would change; nothing changes yet."""
    found = registry.source(source)
    if found.kind != "sheet":
        message = "This source is a platform: it is pulled, not brought."
        raise Conflict(message, code="not_a_sheet_source")
    uploaded = sheets.Uploaded(file_name, await request.body(), _officer(principal))
    try:
        made = await sheets.preview(registry.database, found, uploaded)
    except BatchRefused as refused:
        raise _refusal(refused) from None
    return PreviewAnswer(id=str(made.import_id), fetch_id=str(made.fetch_id), **made.shown)


@router.post("/v1/imports/{import_id}/accept", responses=problem_responses(404, 409, 422))
async def accept(
    registry: Shared, principal: Officer, import_id: Annotated[UUID, Path()]
) -> AcceptedAnswer:
    """Apply a sheet that was previewed; the safeguards judge it like any batch."""
    ranks, officer = registry.syncing.ranks, _officer(principal)
    try:
        done = await sheets.accept_import(
            registry.database, ranks, import_id, officer, registry.sources
        )
    except BatchRefused as refused:
        raise _refusal(refused) from None
    return AcceptedAnswer(
        id=str(import_id),
        result=done.result,
        changed=done.changed,
        set_aside=done.set_aside,
        withheld={reason.value: number for reason, number in done.withheld.items()},
    )


def _officer(principal: Principal) -> sheets.Officer:
    return sheets.Officer(principal.name, principal.district_code)


def _refusal(refused: BatchRefused) -> ServiceError:
    """Return what a sheet that is refused whole is answered with."""
    code, detail = refused.fault.value, refused.detail
    match refused.fault:
        case BatchFault.outside_district:
            return NotAllowed(detail)
        case BatchFault.overtaken:
            return Conflict(detail, code=code)
        case _:
            return Malformed(detail, code=code, errors=(FieldError("", code, detail),))

"""Look-ups over HTTP: one institution, now or as of any time, and searching for some.

Without a key everybody is told what everybody may know, at a bounded rate; a key of any role
is told everything, with its evidence.
"""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from registry_sync.domain.words import Status
from registry_sync.lookup import showing
from registry_sync.lookup.asking import LINE_MAX, wanted_of
from registry_sync.lookup.desk import AtDesk, Desk
from registry_sync.lookup.shapes import Institution, InstitutionPage, PublicInstitution
from registry_sync.mirror.reading import Seen, Told, read_as_of, read_current, read_told
from registry_sync.mirror.searching import search
from shared.errors import NotKnown
from shared.time import business_day
from shared.web.limits import (
    LIMIT_DEFAULT,
    After,
    DistrictCode,
    InstitutionIdField,
    Limit,
    Until,
    decode_cursor,
    encode_cursor,
)
from shared.web.principals import Principal, allow_anyone
from shared.web.problems import problem_responses

router = APIRouter(tags=["institutions"])

Caller = Annotated[Principal | None, Depends(allow_anyone())]

_JSON: Final = "application/json"
_NOTHING_SAID: Final = "No source had said anything of it by then."


@router.get(
    "/v1/institutions/{institution_id}",
    response_model=Institution | PublicInstitution,
    responses=problem_responses(404, 429),
)
async def read_institution(
    request: Request,
    desk: AtDesk,
    caller: Caller,
    institution_id: Annotated[InstitutionIdField, Path()],
    as_of_valid: Annotated[
        Until | None, Query(description="The day on which it holds: a day, or a moment of it.")
    ] = None,
    as_of_recorded: Annotated[
        Until | None, Query(description="What was known then: a moment, or the end of a day.")
    ] = None,
) -> Response:
    """Read how an institution stands: now, or on a day and as far as it was known at a moment.

    Without a key it is what everybody may know. How fresh the source is, is always said of now.
    """
    if caller is None:
        desk.admit(request)
    told: Told | None = None
    if as_of_valid is None and as_of_recorded is None:
        seen = await read_current(desk.database, institution_id)
        if caller is not None:
            told = await read_told(desk.database, institution_id)
    else:
        valid = business_day(as_of_valid) if as_of_valid else None
        found = await read_as_of(
            desk.database, institution_id, valid=valid, recorded=as_of_recorded
        )
        if found is None:
            raise NotKnown(_NOTHING_SAID)
        seen, told = found
    if seen is None:
        raise NotKnown
    return await _shown(desk, seen, told if caller is not None else None)


@dataclass(frozen=True, slots=True)
class Asked:
    """What one searches for."""

    q: Annotated[
        str | None,
        Query(
            max_length=LINE_MAX,
            description="A part of the name, two characters at least, or a credit code.",
        ),
    ] = None
    district_code: Annotated[
        DistrictCode | None, Query(description="An area: trailing pairs of 00 mean all within.")
    ] = None
    status: Annotated[Status | None, Query(description="How it stands.")] = None


@router.get("/v1/institutions", response_model=InstitutionPage, responses=problem_responses(429))
async def search_institutions(
    request: Request,
    desk: AtDesk,
    caller: Caller,
    asked: Annotated[Asked, Depends()],
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
) -> Response:
    """Search by name or code, area and status; in the order of the codes."""
    if caller is None:
        desk.admit(request)
    wanted = wanted_of(asked.q, district_code=asked.district_code, status=asked.status)
    place = decode_cursor(after, str)[0] if after else None
    found, last = await search(desk.database, wanted, after=place, limit=limit)
    page = InstitutionPage(
        items=[showing.listed(one) for one in found], next=encode_cursor(last) if last else None
    )
    return Response(page.model_dump_json(), media_type=_JSON)


async def _shown(desk: Desk, seen: Seen, told: Told | None) -> Response:
    is_current = seen.changed_at is not None
    account = await desk.accounts.find(seen.view.institution_id) if is_current else None
    shown = (
        showing.in_full(seen, told, account, desk.complaint_line)
        if told is not None
        else showing.public(seen, account, desk.complaint_line)
    )
    return Response(shown.model_dump_json(), media_type=_JSON)

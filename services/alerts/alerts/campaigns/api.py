"""Clearance campaigns over HTTP (清零行动): begun by a district, followed per institution.

A campaign of a city is seen by its counties, each with its own institutions alone; the totals are
the sums over the rows that the reader may see. `pending` institutions are not counted yet.
"""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field
from sqlalchemy import RowMapping
from starlette.requests import Request

from alerts.campaigns import store
from alerts.campaigns.store import Place, Plan, Shown
from alerts.domain.clearances import STATES_ZH, State
from alerts.edge import Shared
from shared.errors import NotAllowed, NotKnown
from shared.web.limits import (
    LIMIT_DEFAULT,
    After,
    Day,
    DistrictCode,
    Limit,
    Shape,
    decode_cursor,
    encode_cursor,
    json_body,
    read_body,
    text,
)
from shared.web.paging import decode_id
from shared.web.principals import Principal, Role, allow, area_covers, area_stem
from shared.web.problems import problem_responses
from shared.web.shown import Moment

router = APIRouter(tags=["campaigns"])

Officer = Annotated[Principal, Depends(allow(Role.supervisor))]
Reader = Annotated[Principal, Depends(allow(Role.supervisor, Role.auditor, Role.operator))]


class CampaignBody(Shape):
    """A campaign that is to begin."""

    name: Annotated[str, text(100)]
    district_code: DistrictCode
    category: Literal["subject", "non_subject"] | None = Field(
        None, description="None: institutions of both."
    )
    clear_by: Annotated[Day, Field(description="The day by which every fee is taught (清零).")]
    refund_by: Annotated[
        Day, Field(description="The day by which what cannot be taught is given back.")
    ]


class CampaignAnswer(BaseModel):
    """One campaign."""

    id: str
    name: str
    district_code: str
    category: str | None
    clear_by: date
    refund_by: date
    made_by: str
    made_at: Moment


class CampaignPage(BaseModel):
    """Campaigns, the newest first."""

    items: list[CampaignAnswer]
    next: str | None


class TotalsAnswer(BaseModel):
    """What the reader's institutions come to."""

    institutions: int
    pending: int = Field(description="Not counted yet: in none of the sums.")
    as_of: Moment | None = Field(description="When the oldest of the counts was taken.")
    states: dict[str, int]
    start_fen: int
    came_fen: int
    taught_fen: int
    refunded_fen: int
    held_fen: int
    remainder_fen: int


class ClearanceAnswer(BaseModel):
    """One institution under the campaign; start + came - taught - refunded = held."""

    institution_id: str
    institution_name: str | None
    district_code: str
    as_of: Moment
    start_fen: int = Field(description="Held when the campaign began.")
    came_fen: int = Field(description="Fees that came, or became known, since.")
    taught_fen: int = Field(description="Taught since, less what was put back.")
    refunded_fen: int
    held_fen: int
    days_left: int = Field(description="On which teaching is permitted, today included.")
    rate_fen: int = Field(description="Taught on a permitted day of the last weeks.")
    required_fen: int = Field(description="What each day left would need.")
    remainder_fen: int = Field(description="What will be left untaught at this rate.")
    state: str = Field(description="clear, on_track, at_risk, overdue")
    state_text: str
    sentence: str = Field(description="What R11 or R12 says of it; empty where nothing.")


class CampaignDetailAnswer(CampaignAnswer):
    """One campaign with its progress."""

    days_to_refund_by: int = Field(description="Negative once it is over.")
    days_to_clear_by: int
    totals: TotalsAnswer
    items: list[ClearanceAnswer]
    next: str | None


@router.post(
    "/v1/campaigns",
    status_code=201,
    openapi_extra=json_body(CampaignBody, None),
    responses=problem_responses(403, 409, 422),
)
async def begin(request: Request, alerts: Shared, officer: Officer) -> CampaignAnswer:
    """Begin a campaign in one's own district; at most five of a district are open at once."""
    body = await read_body(request, CampaignBody)
    if not area_covers(officer.district_code, body.district_code):
        raise NotAllowed
    made = await store.begin(alerts.database, Plan(**body.model_dump(), made_by=officer.name))
    return _answer(made)


@router.get("/v1/campaigns")
async def read_campaigns(
    alerts: Shared,
    reader: Reader,
    district_code: Annotated[
        DistrictCode | None, Query(description="And every district within it.")
    ] = None,
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
) -> CampaignPage:
    """List campaigns that concern the reader's districts, the newest first."""
    rows = await store.list_campaigns(
        alerts.database,
        stem=area_stem(reader.district_code),
        area=area_stem(district_code) if district_code else None,
        after=decode_id(after) if after else None,
        limit=limit,
    )
    last = encode_cursor(str(rows[-1]["campaign_id"])) if len(rows) == limit else None
    return CampaignPage(items=[_answer(row) for row in rows], next=last)


@router.get("/v1/campaigns/{campaign_id}", responses=problem_responses(404))
async def read_campaign(
    alerts: Shared,
    reader: Reader,
    campaign_id: Annotated[UUID, Path(description="The campaign's id.")],
    state: Annotated[State | None, Query()] = None,
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
) -> CampaignDetailAnswer:
    """Show a campaign: totals, and institutions with the most left untaught first."""
    shown = await store.show(
        alerts.database,
        campaign_id,
        stem=area_stem(reader.district_code),
        state=state,
        place=Place(*decode_cursor(after, int, str)) if after else Place(),
        limit=limit,
    )
    if shown is None:
        raise NotKnown
    return _detail(shown, limit)


def _answer(row: RowMapping) -> CampaignAnswer:
    named = {name: row[name] for name in CampaignAnswer.model_fields if name != "id"}
    return CampaignAnswer(id=str(row["campaign_id"]), **named)


def _detail(shown: Shown, limit: int) -> CampaignDetailAnswer:
    campaign, rows = shown.campaign, shown.rows
    last = rows[-1] if len(rows) == limit else None
    return CampaignDetailAnswer(
        **_answer(campaign).model_dump(mode="python"),
        days_to_refund_by=(campaign["refund_by"] - shown.today).days,
        days_to_clear_by=(campaign["clear_by"] - shown.today).days,
        totals=_totals(shown.totals),
        items=[_clearance(row) for row in rows],
        next=encode_cursor(last["remainder_fen"], last["institution_id"]) if last else None,
    )


def _totals(row: RowMapping) -> TotalsAnswer:
    sums = {name: row[name] for name in TotalsAnswer.model_fields if name.endswith("_fen")}
    return TotalsAnswer(
        institutions=row["institutions"],
        pending=row["institutions"] - row["counted"],
        as_of=row["as_of"],
        states={state.value: row[state.value] for state in State},
        **sums,
    )


def _clearance(row: RowMapping) -> ClearanceAnswer:
    own = {"institution_name", "state_text"}
    named = {name: row[name] for name in ClearanceAnswer.model_fields if name not in own}
    text = STATES_ZH[State(row["state"])]
    return ClearanceAnswer(institution_name=row["name"], state_text=text, **named)

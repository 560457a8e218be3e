"""The feed over HTTP: CloudEvents in feed order, one page after another.

`next` is where the following page begins; on an empty page it is null, and the reader keeps
the cursor it has.
"""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from pydantic_core import core_schema as schemas
from starlette.requests import Request
from starlette.responses import Response

from escrow.edge import Shared
from escrow.ledger.feed import FEED
from shared.feed import outbox
from shared.web.fields import Spelled
from shared.web.limits import LIMIT_DEFAULT, After, Limit
from shared.web.principals import Principal, Role, allow

router = APIRouter(tags=["events"])

Wait = Annotated[
    int,
    Spelled(
        pattern=r"^[0-9]{1,2}$",
        value=schemas.int_schema(strict=False, ge=0, le=outbox.WAIT_MAX_S),
        code="wait_out_of_range",
        sentence="Must be a whole number of seconds from 0 to 30.",
        shown={"type": "integer", "minimum": 0, "maximum": outbox.WAIT_MAX_S},
    ),
    Query(description="Seconds to wait for an event where there is none yet."),
]

_TYPES: Final = (
    "institution.changed, account.changed, floor.changed, freeze.placed, freeze.confirmed,"
    " freeze.lifted, contract.accepted, contract.closed, receipt.matched, receipt.unmatched,"
    " lessons.released, lessons.reversed, claim.refused, payout.planned, payout.retained,"
    " instruction.changed, debit.booked, debit.unbacked, refund.changed, statement.received,"
    " verification.failed"
)


class CloudEvent(BaseModel):
    """One fact, as CloudEvents 1.0 with the extension `sequence`."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str = Field(description=f"One of: {_TYPES}.")
    subject: str = Field(description="The institution.")
    time: str = Field(json_schema_extra={"format": "date-time"})
    datacontenttype: Literal["application/json"]
    sequence: str = Field(
        description="A decimal number, gapless per institution.", pattern="^[0-9]+$"
    )
    data: dict[str, Any]  # tidy: allow banned-name - CloudEvents' own word


class EventPage(BaseModel):
    """Events in feed order, and where to go on; null when there were none."""

    items: list[CloudEvent]
    next: str | None


@router.get("/v1/events", response_model=EventPage)
async def read_events(
    request: Request,
    escrow: Shared,
    _: Annotated[Principal, Depends(allow(Role.service, Role.operator))],
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
    wait_s: Wait = 0,
) -> Response:
    """Read the feed from a cursor on; an institution's events never out of sequence."""
    page = await outbox.wait(escrow.database, FEED, after=after, limit=limit, wait_s=wait_s)
    source = request.app.state.settings.source
    return Response(outbox.rendered(page, source), media_type="application/json")

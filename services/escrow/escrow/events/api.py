"""The feed over HTTP: CloudEvents in feed order, one page after another.

`next` is where the following page begins; on an empty page it is null, and the reader keeps
the cursor it has.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from escrow.edge import Shared
from escrow.ledger.feed import FEED
from shared.feed import outbox
from shared.web import events
from shared.web.events import Wait
from shared.web.limits import LIMIT_DEFAULT, After, Limit
from shared.web.principals import Principal, Role, allow

router = APIRouter(tags=["events"])

_TYPES: Final = (
    "institution.changed, account.changed, floor.changed, freeze.placed, freeze.confirmed,"
    " freeze.lifted, contract.accepted, contract.closed, receipt.matched, receipt.unmatched,"
    " receipt.returned, lessons.released, lessons.reversed, claim.refused, payout.planned,"
    " payout.retained, instruction.changed, debit.booked, debit.unbacked, refund.changed,"
    " statement.received, verification.failed"
)


class CloudEvent(events.CloudEvent):
    """One fact, as CloudEvents 1.0 with the extension `sequence`."""

    type: str = Field(description=f"One of: {_TYPES}.")


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

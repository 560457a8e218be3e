"""The feed over HTTP: CloudEvents in feed order, one page after another.

`next` is where the following page begins; on an empty page it is null, and the reader keeps
the cursor it has.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from registry_sync.edge import Shared
from registry_sync.tables import FEED
from shared.feed import outbox
from shared.web.events import EventPage, Wait
from shared.web.limits import LIMIT_DEFAULT, After, Limit
from shared.web.principals import Principal, Role, allow

router = APIRouter(tags=["events"])

TYPES: Final = (
    "institution.listed, institution.changed, licence.revoked, licence.suspended,"
    " licence.expired, list.white.removed, list.black.added, list.black.removed,"
    " institution.restored, institution.missing"
)


@router.get("/v1/events", response_model=EventPage)
async def read_events(
    registry: Shared,
    _: Annotated[Principal, Depends(allow(Role.service, Role.operator))],
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
    wait_s: Wait = 0,
) -> Response:
    """Read the feed from a cursor on; an institution's events never out of sequence."""
    page = await outbox.wait(registry.database, FEED, after=after, limit=limit, wait_s=wait_s)
    return Response(outbox.rendered(page, registry.settings.source), media_type="application/json")

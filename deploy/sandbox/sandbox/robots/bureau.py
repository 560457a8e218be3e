"""A bureau's own system: it believes what is signed as Standard Webhooks says, once per id."""

import json
from typing import Final

from fastapi import APIRouter, FastAPI, HTTPException, Request, Response
from standardwebhooks import Webhook, WebhookVerificationError

from sandbox.robots.desk import Received
from sandbox.robots.faults import Fault
from sandbox.robots.groups import desk_of

BUREAU_SECRET: Final = "whsec_c2FuZGJveC1idXJlYXUtc2VjcmV0LTAwMQ=="  # noqa: S105 - made up

router = APIRouter()


def include(app: FastAPI) -> None:
    """Put the routes on an application."""
    app.include_router(router)


@router.post("/bureau/notices")
async def take_event(request: Request) -> Response:
    """Take an event: 204, also for one that is known."""
    desk = desk_of(request)
    raw = await request.body()
    try:
        Webhook(BUREAU_SECRET).verify(raw, dict(request.headers), json_parse=False)
    except WebhookVerificationError as error:
        desk.reject("signature")
        raise HTTPException(401, "the signature does not match") from error
    statuses = {Fault.TOO_LONG: 413, Fault.RATE_LIMITED: 429, Fault.REFUSED: 403}
    for fault, status in statuses.items():
        if desk.dice.strikes(fault, "bureau"):
            desk.reject(status)
            raise HTTPException(status, "made up")
    body = json.loads(raw)
    desk.keep(
        Received(
            place="bureau",
            form="event",
            title=body["data"]["title"],
            text=body["data"]["text"],
            bytes=len(raw),
            id=request.headers["webhook-id"],
            body=body,
        )
    )
    return Response(status_code=204)

"""The doorbell over HTTP: the receiver of Alertmanager's webhook."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.requests import Request

from alerts.notices.doorbell import Doorbell
from alerts.notices.payload import Payload
from shared.web.limits import json_body, read_body
from shared.web.principals import Principal, Role, allow

router = APIRouter(tags=["notices"])

Ringer = Annotated[Principal, Depends(allow(Role.service, Role.operator))]


def doorbell_of(request: Request) -> Doorbell:
    """Return what turns a ring into notices."""
    doorbell: Doorbell = request.app.state.doorbell
    return doorbell


Bell = Annotated[Doorbell, Depends(doorbell_of)]


class RungAnswer(BaseModel):
    """What came of a ring."""

    written: int = Field(description="Notices that were new: one for each channel concerned.")
    known: int = Field(description="Notices that had been written before.")
    unknown_cases: int = Field(description="Cases that the alerts name and nobody knows.")


@router.post("/v1/notices/alertmanager", openapi_extra=json_body(Payload, None))
async def ring(request: Request, doorbell: Bell, _: Ringer) -> RungAnswer:
    """Take Alertmanager's webhook, version 4, and write notices to the channels concerned.

    The payload only rings: what is said of cases is read from the database. The same group of
    alerts again writes nothing for an hour, so that a retry is no second message. A silence in
    Alertmanager keeps it from ringing and is no evidence of anything.
    """
    rung = await doorbell.ring(await read_body(request, Payload))
    return RungAnswer(written=rung.written, known=rung.known, unknown_cases=rung.unknown_cases)

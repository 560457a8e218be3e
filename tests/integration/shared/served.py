"""A small service as a process, for the tests of serving: `python served.py PORT METRICS_PORT`."""

import asyncio
import sys

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from shared import log
from shared.web.app import create_app
from shared.web.bodies import json_body, read_body
from shared.web.fields import CallerId, Shape
from shared.web.principals import Principal
from shared.web.serve import serve

router = APIRouter(prefix="/v1")


class Note(Shape):
    """A body."""

    id: CallerId


class Nobody:
    """Lets nobody in."""

    async def authenticate(self, _: Request) -> Principal | None:
        """Know nobody."""
        return None


@router.post("/notes", openapi_extra=json_body(Note, None))
async def take_note(request: Request) -> Response:
    """Take a note."""
    note = await read_body(request, Note)
    return Response(note.id)


@router.get("/notes/{note_id}")
async def read_note(note_id: CallerId) -> str:
    """Read a note."""
    return note_id


@router.get("/slow/{seconds}")
async def rest(seconds: int) -> str:
    """Answer after a while."""
    await asyncio.sleep(seconds)
    return "rested"


async def _ready() -> None:
    await asyncio.sleep(0)


if __name__ == "__main__":
    log.configure("served", "info")
    app = create_app(
        title="Served",
        description="For tests.",
        version="1",
        service="served",
        routers=[router],
        lifespan=None,
        access=Nobody(),
        ready=_ready,
    )
    serve(app, "127.0.0.1", int(sys.argv[1]), int(sys.argv[2]))

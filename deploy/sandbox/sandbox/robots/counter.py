"""The robots' counter for the sandbox and its tests: what came, and the switches.

Nothing needs a key, because the robots listen on this machine alone.
"""

import os
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Query, Request

from sandbox.robots.desk import KEPT_MAX, Received
from sandbox.robots.faults import Faults, Place
from sandbox.robots.groups import desk_of

router = APIRouter()


def include(app: FastAPI) -> None:
    """Put the routes on an application."""
    app.include_router(router)


@router.get("/desk/received")
async def read_received(
    request: Request, place: Place | None = None, limit: Annotated[int, Query(le=KEPT_MAX)] = 500
) -> dict[str, list[Received]]:
    """Return the last messages, in the order they came."""
    came = [one for one in desk_of(request).received if place in {None, one.place}]
    return {"items": came[-limit:]}


@router.delete("/desk/received", status_code=204)
async def forget(request: Request) -> None:
    """Forget what came, and how much of it of late."""
    desk_of(request).forget()


@router.get("/desk/faults")
async def read_faults(request: Request) -> Faults:
    """Return the fault switches."""
    return desk_of(request).dice.faults


@router.put("/desk/faults")
async def set_faults(faults: Faults, request: Request) -> Faults:
    """Turn the fault switches; what is not named is off."""
    desk_of(request).dice.set(faults)
    return faults


@router.get("/desk/report")
async def report(request: Request) -> dict[str, Any]:
    """Count what came, what was refused by the rules of a place, and which faults struck."""
    desk = desk_of(request)
    places = [one.place for one in desk.received]
    return {
        "received": {place: places.count(place) for place in sorted(set(places))},
        "repeated": desk.repeated,
        "rejected": desk.rejected,
        "faults_struck": desk.dice.struck,
    }


@router.get("/healthz")
async def healthz() -> dict[str, str | int]:
    """Say that the process answers, and which one it is."""
    return {"status": "ok", "pid": os.getpid()}

"""The platform's HTTP interface: what mirrors read, and a desk for the city and the tests.

Nothing needs a key, because the platform listens on this machine alone.
"""

import hashlib
import os
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Header, HTTPException, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from sandbox.platform.answers import Download
from sandbox.platform.desk import FIRST_VERSION, Platform
from sandbox.platform.faults import Fault, Faults
from sandbox.platform.listings import Listing, site_of
from sandbox.platform.register import AmbiguousError
from sandbox.platform.releases import Archive

CHANGES_MAX = 10_000
"""Sites changed in one request, and so in one version."""

PAGE_MAX = 1_000

router = APIRouter()


class Asked(BaseModel):
    """A request to the desk: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class Changes(Asked):
    """What is to be listed from now on."""

    items: list[Listing] = Field(min_length=1, max_length=CHANGES_MAX)


class ClockOffset(Asked):
    """How far the platform's clock is ahead of the machine's."""

    offset_s: int = Field(ge=0)


def platform_of(request: Request) -> Platform:
    """Return the platform that this application fronts."""
    platform: Platform = request.app.state.platform
    return platform


def include(app: FastAPI) -> None:
    """Put the routes on an application."""
    app.include_router(router)


@router.get("/manifest")
async def read_manifest(
    request: Request, if_none_match: Annotated[str | None, Header()] = None
) -> Response:
    """Say what there is to fetch; 304 where the reader has seen it."""
    platform = platform_of(request)
    body = platform.manifest()
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    known = {seen.strip().removeprefix("W/") for seen in (if_none_match or "").split(",")}
    if tag in known or "*" in known:
        return Response(status_code=304, headers={"ETag": tag})
    return Download(body, platform.dice, tag=tag, breaks=False)


@router.get("/full/{number:int}/{place:int}")
async def read_part(number: int, place: int, request: Request) -> Response:
    """Serve a part of a version; 410 where the version is no longer kept."""
    platform = platform_of(request)
    return _download(platform, platform.part(number, place), number)


@router.get("/delta/{start:int}-{end:int}")
async def read_delta(start: int, end: int, request: Request) -> Response:
    """Serve the delta from one version to the next; 410 where it is no longer kept."""
    platform = platform_of(request)
    if platform.dice.strikes(Fault.GONE):
        raise HTTPException(410, "the delta is gone")
    return _download(platform, platform.delta(start, end), end)


@router.post("/desk/change", status_code=201)
async def change(body: Changes, request: Request) -> dict[str, int]:
    """Change sites, enter those not known, and publish the next version."""
    platform = platform_of(request)
    try:
        entered = platform.change(body.items)
    except AmbiguousError as error:
        raise HTTPException(422, str(error)) from error
    counts = {"changed": len(body.items) - entered, "entered": entered}
    return {"version": platform.press.current.number, **counts}


@router.post("/desk/publish", status_code=201)
async def publish(request: Request) -> dict[str, int]:
    """Publish the next version, changed or not."""
    return {"version": platform_of(request).publish()}


@router.get("/desk/institutions")
async def read_institutions(
    request: Request,
    uscc: str | None = None,
    status: str | None = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 20,
) -> dict[str, Any]:
    """Return sites as they truly stand, whatever the switches say."""
    register = platform_of(request).register
    found = register.of(uscc) if uscc else (site_of(line) for line in register.lines)
    wanted = (site for site in found if status in {None, site["orgStatus"]})
    sites = [site for site, _ in zip(wanted, range(limit), strict=False)]
    return {"items": sites, "total": len(register.lines)}


@router.get("/desk/key")
async def read_key(request: Request) -> dict[str, str]:
    """Return the public key that manifests are signed with, in base64."""
    return {"algorithm": "Ed25519", "public_key": platform_of(request).signer.public_key}


@router.get("/desk/faults")
async def read_faults(request: Request) -> Faults:
    """Return the fault switches."""
    return platform_of(request).dice.faults


@router.put("/desk/faults")
async def set_faults(faults: Faults, request: Request) -> Faults:
    """Turn the fault switches; what is not named is off."""
    platform_of(request).turn(faults)
    return faults


@router.delete("/desk/faults")
async def clear_faults(request: Request) -> Faults:
    """Turn every switch off."""
    return await set_faults(Faults(), request)


@router.put("/desk/clock")
async def set_clock(body: ClockOffset, request: Request) -> dict[str, datetime]:
    """Move the platform's clock with the sandbox's; it never goes back."""
    platform = platform_of(request)
    platform.clock_offset_s = max(platform.clock_offset_s, body.offset_s)
    return {"now": platform.now()}


@router.get("/desk/report")
async def report(request: Request) -> dict[str, Any]:
    """Say how far the platform has come, and which faults struck."""
    platform = platform_of(request)
    current = platform.press.current
    return {
        "version": current.number,
        "listed": current.count,
        "registered": len(platform.register.lines),
        "parts": len(current.parts),
        "now": platform.now(),
        "faults_struck": platform.dice.struck,
    }


@router.get("/healthz")
async def healthz() -> dict[str, str | int]:
    """Say that the process answers, and which one it is."""
    return {"status": "ok", "pid": os.getpid()}


def _download(platform: Platform, archive: Archive | None, version: int) -> Response:
    if archive is not None:
        return Download(archive.content, platform.dice, tag=f'"{archive.sha256}"')
    if FIRST_VERSION <= version <= platform.press.current.number:
        raise HTTPException(410, "no longer kept")
    raise HTTPException(404, "never published")

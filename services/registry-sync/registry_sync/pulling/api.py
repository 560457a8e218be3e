"""Sources over HTTP: where each stands, and pulling one now."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from registry_sync.edge import Shared
from registry_sync.mirror import sources
from registry_sync.pulling.freshness import Freshness, read_freshness
from shared.errors import Conflict
from shared.web.principals import Principal, Role, allow
from shared.web.problems import problem_responses
from shared.web.shown import Moment

router = APIRouter(tags=["sources"])

SourcePath = Annotated[str, Path(pattern="^[a-z][a-z0-9_]{0,39}$")]


class SourceAnswer(BaseModel):
    """Where one source stands."""

    source: str
    kind: str
    rank: int = Field(description="1 is believed most.")
    version: int | None
    as_of: Moment | None
    valid_until: Moment | None
    cadence_s: int
    last_success_at: Moment | None
    last_change_at: Moment | None
    last_full_at: Moment | None
    last_result: str | None
    stale: bool


class SourceList(BaseModel):
    """Every source."""

    items: list[SourceAnswer]


class SyncAnswer(BaseModel):
    """What one sync came to."""

    source: str
    result: str = Field(description="unchanged, applied, withheld, or the fault it was refused for")
    detail: str
    version: int | None
    changed: int
    set_aside: int
    withheld: dict[str, int]


@router.get("/v1/sources")
async def read_sources(
    registry: Shared,
    _: Annotated[Principal, Depends(allow(Role.supervisor, Role.auditor, Role.operator))],
) -> SourceList:
    """List the sources, and how fresh each is."""
    now = await sources.clock(registry.database)
    return SourceList(items=[_shown(one) for one in await read_freshness(registry, now)])


def _shown(one: Freshness) -> SourceAnswer:
    state = one.state
    return SourceAnswer(
        source=one.source.name,
        kind=one.source.kind,
        rank=one.source.rank,
        version=state.version,
        as_of=state.as_of,
        valid_until=state.valid_until,
        cadence_s=one.cadence_s,
        last_success_at=state.last_success_at,
        last_change_at=state.last_change_at,
        last_full_at=state.last_full_at,
        last_result=state.last_result,
        stale=one.is_stale,
    )


@router.post("/v1/sources/{source}/sync", responses=problem_responses(404, 409))
async def sync_now(
    registry: Shared,
    _: Annotated[Principal, Depends(allow(Role.operator))],
    source: SourcePath,
) -> SyncAnswer:
    """Pull a platform now, and say what it came to."""
    found = registry.source(source)
    if found.kind != "platform":
        message = "A sheet is not pulled: send it to /v1/sources/{source}/imports."
        raise Conflict(message, code="not_a_platform")
    outcome = await registry.syncing.sync(found)
    return SyncAnswer(
        source=outcome.source,
        result=outcome.result,
        detail=outcome.detail,
        version=outcome.version,
        changed=outcome.changed,
        set_aside=outcome.set_aside,
        withheld={reason.value: number for reason, number in outcome.withheld.items()},
    )

"""Fetches over HTTP: which there were, and what the source really said."""

from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel
from sqlalchemy import text
from starlette.responses import StreamingResponse

from registry_sync.edge import Shared
from registry_sync.mirror import fetched
from registry_sync.mirror.fetched import Fetched
from shared.errors import NotKnown
from shared.pg.database import Database
from shared.web.limits import LIMIT_DEFAULT, After, Limit, encode_cursor
from shared.web.paging import decode_id
from shared.web.principals import Principal, Role, allow
from shared.web.problems import problem_responses
from shared.web.shown import Moment

router = APIRouter(tags=["fetches"])


class FetchAnswer(BaseModel):
    """One fetch and what it came to."""

    id: str
    source: str
    kind: str
    version: int | None
    started_at: Moment
    finished_at: Moment | None
    result: str
    detail: str | None
    records: int | None
    sha256: str | None
    set_aside: int


class FetchPage(BaseModel):
    """Fetches, the newest first."""

    items: list[FetchAnswer]
    next: str | None


@router.get("/v1/fetches", responses=problem_responses(400))
async def read_fetches(
    registry: Shared,
    _: Annotated[Principal, Depends(allow(Role.auditor, Role.supervisor, Role.operator))],
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
) -> FetchPage:
    """List fetches, the newest first."""
    place = decode_id(after) if after else None
    found = await fetched.list_fetches(registry.database, after=place, limit=limit)
    items = [_shown(one) for one in found]
    last = encode_cursor(items[-1].id) if len(items) == limit else None
    return FetchPage(items=items, next=last)


def _shown(one: Fetched) -> FetchAnswer:
    said = {**asdict(one), "id": str(one.fetch_id)}
    return FetchAnswer.model_validate(said)


class RowSetAside(BaseModel):
    """One row that was not believed."""

    place: str
    reason: str
    field: str | None
    institution_id: str | None


class SetAsidePage(BaseModel):
    """Rows of one fetch that were not believed, in the order they stood."""

    items: list[RowSetAside]


@router.get("/v1/fetches/{fetch_id}/set-aside", responses=problem_responses(404))
async def read_set_aside(
    registry: Shared,
    _: Annotated[Principal, Depends(allow(Role.auditor, Role.supervisor, Role.operator))],
    fetch_id: Annotated[UUID, Path()],
) -> SetAsidePage:
    """List the rows of a fetch that were not believed, by where they stood and why."""
    rows = await fetched.read_set_aside(registry.database, fetch_id)
    return SetAsidePage(items=[RowSetAside(**asdict(row)) for row in rows])


@router.get(
    "/v1/fetches/{fetch_id}/raw",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"application/octet-stream": {}}, "description": "The bytes."},
        **problem_responses(404),
    },
)
async def read_raw(
    registry: Shared,
    _: Annotated[Principal, Depends(allow(Role.auditor))],
    fetch_id: Annotated[UUID, Path()],
) -> StreamingResponse:
    """Return what the source really said: its files as they came, one after the other."""
    numbers = await _parts(registry.database, fetch_id)
    if not numbers:
        raise NotKnown
    return StreamingResponse(
        _content(registry.database, fetch_id, numbers), media_type="application/octet-stream"
    )


async def _parts(database: Database, fetch_id: UUID) -> list[int]:
    query = text("SELECT part_no FROM registry.fetch_part WHERE fetch_id = :id ORDER BY part_no")
    async with database.connect() as connection:
        return list(await connection.scalars(query, {"id": fetch_id}))


async def _content(database: Database, fetch_id: UUID, numbers: list[int]) -> AsyncIterator[bytes]:
    query = text("SELECT content FROM registry.fetch_part WHERE fetch_id = :id AND part_no = :no")
    for number in numbers:
        async with database.connect() as connection:
            content: bytes = (
                await connection.execute(query, {"id": fetch_id, "no": number})
            ).scalar_one()
        yield content

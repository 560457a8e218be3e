"""The rules of a place, as their files write them: every version with its sources."""

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel

from escrow.edge import Escrow, Shared
from escrow.policies.store import Document
from shared.errors import NotKnown
from shared.web.limits import (
    LIMIT_DEFAULT,
    After,
    CallerId,
    Limit,
    decode_cursor,
    encode_cursor,
)
from shared.web.principals import Principal, Role, allow
from shared.web.problems import problem_responses

router = APIRouter(tags=["policies"])

Anyone = Annotated[Principal, Depends(allow(*Role))]


class PolicyPage(BaseModel):
    """Some policies, and where to go on."""

    items: list[Document]
    next: str | None


@router.get("/v1/policies")
async def list_policies(
    escrow: Shared, _: Anyone, limit: Limit = LIMIT_DEFAULT, after: After = None
) -> PolicyPage:
    """List the policies by name, each with all its versions."""
    (place,) = decode_cursor(after, str) if after is not None else ("",)
    found = [one for one in _by_name(escrow) if one.name > place]
    page = found[:limit]
    more = encode_cursor(page[-1].name) if len(found) > limit else None
    return PolicyPage(items=page, next=more)


@router.get("/v1/policies/{name}", responses=problem_responses(404))
async def read_policy(escrow: Shared, name: Annotated[CallerId, Path()], _: Anyone) -> Document:
    """Read one policy; the version in force is the latest whose day has come."""
    found = next((one for one in _by_name(escrow) if one.name == name), None)
    if found is None:
        raise NotKnown
    return found


def _by_name(escrow: Escrow) -> list[Document]:
    documents = cast("list[Document]", escrow.documents)  # what app.build read is these
    return sorted(documents, key=lambda one: one.name)

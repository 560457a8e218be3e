"""A tiny application with one route of each kind, and a client that calls it in memory."""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated
from uuid import UUID

import httpx
import pytest
import structlog
from fastapi import APIRouter, Depends, FastAPI
from starlette.requests import Request
from starlette.responses import Response

from shared.errors import Conflict, InvariantBroken, NotKnown, Unauthenticated, Unavailable
from shared.web.app import create_app
from shared.web.bodies import json_body, read_body
from shared.web.fields import (
    AccountNumber,
    Batch,
    CallerId,
    Day,
    FenField,
    Instant,
    InstitutionIdField,
    LessonNo,
    Shape,
    text,
)
from shared.web.idempotency import idempotency_key
from shared.web.paging import LIMIT_DEFAULT, After, Limit
from shared.web.principals import Principal, Role, allow
from shared.web.problems import problem_responses

INSTITUTION = "91320602MA1ABCDE16"


class Lesson(Shape):
    """One line of a batch, with a field of every kind."""

    id: CallerId
    lesson_no: LessonNo
    paid_fen: FenField | None = None
    taught_at: Instant | None = None
    starts_on: Day | None = None
    account_number: AccountNumber | None = None
    title: Annotated[str, text(20)] | None = None
    tags: list[str] | None = None


class Lessons(Shape):
    """A batch."""

    institution_id: InstitutionIdField
    items: Batch[Lesson]


class Answer(Shape):
    """What the routes answer."""

    said: str


Caller = Annotated[Principal, Depends(allow(Role.institution))]
Reader = Annotated[Principal, Depends(allow(Role.auditor, Role.supervisor))]

router = APIRouter(prefix="/v1")


@router.post(
    "/lessons",
    openapi_extra=json_body(Lessons, "required"),
    responses={200: {"model": Answer}, **problem_responses(409)},
)
async def post_lessons(request: Request, principal: Caller) -> Response:
    """Take a batch."""
    key = idempotency_key(request, required=True)
    body = await read_body(request, Lessons)
    answer = Answer(said=f"{principal.name} {key} {len(body.items)}")
    return Response(answer.model_dump_json(), media_type="application/json")


@router.get("/lessons")
async def list_lessons(_: Reader, limit: Limit = LIMIT_DEFAULT, after: After = None) -> Answer:
    """List lessons."""
    return Answer(said=f"{limit} {after}")


@router.get("/lessons/latest")
async def read_latest() -> Answer:
    """Answer without a key."""
    return Answer(said="latest")


@router.get("/lessons/{lesson_id}")
async def read_lesson(lesson_id: CallerId, _: Reader) -> Answer:
    """Read one."""
    return Answer(said=lesson_id)


@router.put("/lessons/{lesson_id}", openapi_extra=json_body(Lesson, None))
async def put_lesson(lesson_id: CallerId, request: Request, _: Reader) -> Answer:
    """Put one."""
    body = await read_body(request, Lesson)
    return Answer(said=f"{lesson_id} {body.lesson_no}")


@router.delete("/lessons/{lesson_id}", status_code=204)
async def drop_lesson(lesson_id: UUID) -> None:
    """Drop one."""
    assert lesson_id.int >= 0


_FAULTS: dict[str, Exception] = {
    "conflict": Conflict("Frozen.", code="illegal_transition"),
    "unknown": NotKnown(),
    "unavailable": Unavailable(retry_after_s=3),
    "broken": InvariantBroken("6222020000000000011 does not balance"),
    "unforeseen": RuntimeError("account 6222020000000000011 of 张三"),
}


@router.get("/faults/{kind}")
async def fail(kind: str) -> Answer:
    """Fail as asked."""
    raise _FAULTS[kind]


class KeyRing:
    """Knows a few keys by heart; stands for the table of keys."""

    def __init__(self) -> None:
        self.callers = {
            role.value: Principal(UUID(int=number), role, institution_id=INSTITUTION)
            for number, role in enumerate(Role, start=1)
        }

    async def authenticate(self, request: Request) -> Principal | None:
        """Take the role's name as the key."""
        way, _, key = request.headers.get("authorization", "").partition(" ")
        if way != "Bearer":
            return None
        if key not in self.callers:
            raise Unauthenticated
        return self.callers[key]


class Readiness:
    """Says whether the service can do its work."""

    def __init__(self) -> None:
        self.fault: Exception | None = None

    async def __call__(self) -> None:
        if self.fault is not None:
            raise self.fault


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Keep what is logged out of the terminal."""
    with structlog.testing.capture_logs():
        yield


@pytest.fixture
def readiness() -> Readiness:
    """Return the switch of `/readyz`."""
    return Readiness()


@pytest.fixture
def app(readiness: Readiness) -> FastAPI:
    """Return the application under test."""
    return create_app(
        title="Lessons",
        description="For tests.",
        version="1.2.3",
        service="tried",
        routers=[router],
        lifespan=None,
        access=KeyRing(),
        ready=readiness,
    )


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client whose faults would surface, were they not answered."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://tried") as client:
        yield client

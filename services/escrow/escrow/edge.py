"""Between HTTP and the ledger: who asks, under which key, and the answer as bytes.

A route turns its body into commands; `submit` posts them and returns the response, the
stored one where the request is repeated. What a batch says per item is 200; what a single
command refuses becomes the documented 404 or 409, stored like any other answer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeAlias

from fastapi import Depends, Query
from pydantic import BaseModel
from pydantic_core import to_json
from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import Response

from escrow.domain.commands import Command
from escrow.domain.outcomes import Outcome, Refusal, Refused
from escrow.ledger.gather import Poster
from escrow.ledger.post import Submission
from escrow.ledger.requests import Answer, RequestKey, refuse_reused
from escrow.tables import institution
from shared.errors import Conflict, NotAllowed, NotKnown, ServiceError
from shared.pg.database import Database
from shared.web import problems
from shared.web.fields import InstitutionIdField
from shared.web.idempotency import idempotency_key
from shared.web.keys import KeyDirectory
from shared.web.principals import Principal, Role, area_covers

UNKNOWN: Final = frozenset(
    {
        Refusal.institution_unknown,
        Refusal.contract_unknown,
        Refusal.refund_unknown,
        Refusal.freeze_unknown,
        Refusal.instruction_unknown,
        Refusal.entry_unknown,
    }
)
"""Refusals that say there is no such thing: 404 where a single command asked."""

InstitutionAsked = Annotated[
    InstitutionIdField | None,
    Query(description="The institution; its own key may leave it out."),
]
"""`?institution_id=` of the paths whose id a caller made."""

Render: TypeAlias = Callable[[Sequence[Outcome]], Answer]


@dataclass(frozen=True, slots=True)
class Escrow:
    """What the routes of one process share."""

    database: Database
    poster: Poster
    documents: Sequence[BaseModel]
    """The policies as their files write them."""
    keys: KeyDirectory


def escrow_of(request: Request) -> Escrow:
    """Return what the process shares."""
    shared: Escrow = request.app.state.escrow
    return shared


Shared = Annotated[Escrow, Depends(escrow_of)]


async def submit(
    request: Request,
    principal: Principal,
    commands: Sequence[Command],
    render: Render,
    *,
    required: bool,
) -> Response:
    """Post a request's commands and return its response."""
    poster = escrow_of(request).poster
    key = idempotency_key(request, required=required)
    if key is None:
        return respond(render(await poster.ask(commands)))
    asked = RequestKey.of(
        principal.name,
        request.method,
        request.url.path,
        key.encode(),
        request.url.query.encode() + b"\0" + await request.body(),
    )
    return respond(await poster.answer(Submission(tuple(commands), asked, render)))


def respond(answer: Answer) -> Response:
    """Turn an answer into a response; a replayed one says so."""
    refuse_reused(answer)
    headers = {"Idempotent-Replayed": "true"} if answer.is_replayed else None
    media_type = "application/json" if answer.status < 400 else problems.MEDIA_TYPE  # noqa: PLR2004
    return Response(answer.body, answer.status, headers, media_type=media_type)


def batch(items: Sequence[dict[str, Any]], *outcomes: str) -> Answer:
    """Render a batch's items, in the order of the request, with their counts."""
    counts = dict.fromkeys(outcomes, 0)
    for number, one in enumerate(items):
        one["index"] = number
        counts[one["outcome"]] += 1
    return Answer(200, to_json({"items": items, "counts": counts}, exclude_none=False))


def single(request: Request, status: int, body: Callable[[Any], dict[str, Any]]) -> Render:
    """Render one command's outcome: a body, or the problem that its refusal stands for."""

    def render(outcomes: Sequence[Outcome]) -> Answer:
        outcome = outcomes[-1]
        if isinstance(outcome, Refused):
            fault = fault_of(outcome)
            found = problems.rendered(fault, problems.request_id_of(request))
            return Answer(fault.status, bytes(found.body))
        return Answer(status, to_json(body(outcome)))

    return render


def fault_of(refused: Refused) -> ServiceError:
    """Return the whole-request refusal that a single command's refusal stands for."""
    kind = NotKnown if refused.code in UNKNOWN else Conflict
    return kind(refused.detail, code=refused.code.value)


async def may_act_on(
    request: Request, principal: Principal, institution_id: str, *, bank_id: str | None = None
) -> None:
    """Let a principal act on one institution, or refuse.

    Raises:
        NotAllowed: outside the key's scope.
        NotKnown: a district's key asks for an institution that is not registered.

    """
    match principal.role:
        case Role.operator | Role.service:
            return
        case Role.institution | Role.guardian if principal.institution_id is not None:
            if principal.institution_id != institution_id:
                raise NotAllowed
        case Role.bank:
            if principal.bank_id != bank_id:
                raise NotAllowed
        case _:
            await _in_district(request, principal, institution_id)


async def _in_district(request: Request, principal: Principal, institution_id: str) -> None:
    if area_covers(principal.district_code, ""):
        return
    query = select(institution.c.district_code).where(
        institution.c.institution_id == institution_id
    )
    async with escrow_of(request).database.connect() as connection:
        district = await connection.scalar(query)
    if district is None:
        raise NotKnown
    if not area_covers(principal.district_code, district):
        raise NotAllowed

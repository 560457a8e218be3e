"""Instructions out by pull, and the bank's word on them."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field
from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import Response

from escrow.domain.commands import LineResult, RecordResult, ServeInstruction
from escrow.domain.outcomes import Refused
from escrow.edge import Escrow, InstitutionAsked, Shared, escrow_of, single, submit
from escrow.ledger.finding import find_instruction
from escrow.ledger.instructions import Shown, list_instructions
from escrow.tables import bank
from shared.errors import Conflict, Malformed, NotKnown
from shared.ids import LINES_MAX, parse_end_to_end_id
from shared.web.limits import (
    LIMIT_DEFAULT,
    After,
    Instant,
    Limit,
    Shape,
    decode_cursor,
    encode_cursor,
    json_body,
    read_body,
    text,
)
from shared.web.principals import Principal, Role, allow
from shared.web.problems import problem_responses

router = APIRouter(tags=["bank"])

ResultState = Literal["accepted", "settled", "rejected", "returned"]
State = Literal[
    "planned",
    "claimed",
    "sent",
    "unknown",
    "accepted",
    "settled",
    "rejected",
    "returned",
    "withdrawn",
]


class LineShown(BaseModel):
    """One transfer."""

    end_to_end_id: str
    amount_fen: int
    remittance: str
    state: str


class InstructionShown(BaseModel):
    """An instruction as the bank is given it."""

    id: str
    kind: str
    state: str
    institution_id: str
    bank_id: str
    account_number: str
    creditor_name: str
    creditor_account: str
    amount_fen: int
    created_at: str
    lines: list[LineShown]


class InstructionPage(BaseModel):
    """Some instructions, and where to go on."""

    items: list[InstructionShown]
    next: str | None


class LineResultBody(Shape):
    """What the bank says of one line."""

    end_to_end_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    state: ResultState
    reason: Annotated[str, text(500)] | None = None


class ResultBody(Shape):
    """What the bank says of an instruction, and of single lines where they differ."""

    state: ResultState
    bank_reference: Annotated[str, text(64)]
    booked_at: Instant | None = None
    reason: Annotated[str, text(500)] | None = None
    lines: Annotated[list[LineResultBody], Field(max_length=LINES_MAX)] | None = None


class ResultAnswer(BaseModel):
    """The instruction's state after the result."""

    id: str
    state: str


@router.get("/v1/bank/instructions", responses=problem_responses(409))
async def list_for_bank(
    escrow: Shared,
    principal: Annotated[Principal, Depends(allow(Role.bank))],
    state: Annotated[State | None, Query()] = None,
    institution_id: InstitutionAsked = None,
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
) -> InstructionPage:
    """List the bank's instructions; what is planned and shown here may be paid from now on."""
    assert principal.bank_id is not None
    await _refuse_push(escrow, principal.bank_id)
    page = await list_instructions(
        escrow.database,
        bank_id=principal.bank_id,
        state=state,
        institution_id=institution_id,
        after=_place(after),
        limit=limit,
    )
    served = await _serve(escrow, page)
    more = encode_cursor(str(page[-1].instruction_id)) if len(page) == limit else None
    return InstructionPage.model_validate({"items": served, "next": more})


async def _refuse_push(escrow: Escrow, bank_id: str) -> None:
    """Keep a bank that is pushed to from pulling as well."""
    query = select(bank.c.delivery).where(bank.c.bank_id == bank_id)
    async with escrow.database.connect() as connection:
        delivery = await connection.scalar(query)
    if delivery == "push":
        message = "This bank is pushed to; a bank pulls its instructions or is pushed to."
        raise Conflict(message, code="delivery_is_push")


async def _serve(escrow: Escrow, page: list[Shown]) -> list[dict[str, Any]]:
    """Note what is shown for the first time; leave out what a freeze withdrew meanwhile."""
    fresh = [one for one in page if one.state == "planned" and not one.is_served]
    asked = [ServeInstruction(one.institution_id, one.instruction_id) for one in fresh]
    outcomes = await escrow.poster.ask(asked) if asked else ()
    gone = {
        one.instruction_id
        for one, outcome in zip(fresh, outcomes, strict=True)
        if isinstance(outcome, Refused)
    }
    return [one.body for one in page if one.instruction_id not in gone]


def _place(after: str | None) -> UUID | None:
    if after is None:
        return None
    (given,) = decode_cursor(after, str)
    try:
        return UUID(given)
    except ValueError:
        message = "`after` is not a cursor that this list gave."
        raise Malformed(message, code="cursor_invalid") from None


@router.post(
    "/v1/bank/instructions/{id}/result",
    response_model=ResultAnswer,
    openapi_extra=json_body(ResultBody, "honoured"),
    responses=problem_responses(404, 409, 429),
)
async def record_result(
    request: Request,
    id: Annotated[UUID, Path()],  # noqa: A002 - the wire's word
    principal: Annotated[Principal, Depends(allow(Role.bank))],
) -> Response:
    """Record what the bank says; the same again changes nothing, a contradiction is 409."""
    body = await read_body(request, ResultBody)
    institution_id = await find_instruction(escrow_of(request).database, principal.bank_id, id)
    if institution_id is None:
        raise NotKnown
    command = RecordResult(
        institution_id,
        id,
        body.state,
        body.bank_reference,
        body.booked_at,
        body.reason,
        tuple(_line(id, one) for one in body.lines or ()),
    )
    render = single(request, 200, lambda done: {"id": id, "state": done.state})
    return await submit(request, principal, [command], render, required=False)


def _line(instruction_id: UUID, said: LineResultBody) -> LineResult:
    named = parse_end_to_end_id(said.end_to_end_id)
    if named is None or named[0] != instruction_id:
        message = "A line's end_to_end_id is not one of this instruction's."
        raise Malformed(message)
    return LineResult(named[1], said.state, said.reason)

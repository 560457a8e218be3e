"""Quotes, requests, agreement and the payer's account."""

from collections.abc import Callable
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from escrow.domain.commands import AgreeRefund, Command, ContestRefund, NamePayer, RequestRefund
from escrow.domain.refunds import quote
from escrow.edge import InstitutionAsked, escrow_of, may_act_on, single, submit
from escrow.ledger.finding import RefundFound, find_contract, find_refund
from shared.errors import FieldError, Malformed, NotAllowed, NotKnown
from shared.time import business_day
from shared.web.limits import (
    AccountNumber,
    CallerId,
    Day,
    InstitutionIdField,
    Shape,
    json_body,
    read_body,
    text,
)
from shared.web.principals import Principal, Role, allow, institution_asked
from shared.web.problems import problem_responses

router = APIRouter(tags=["refunds"])

Cause = Literal["institution", "guardian", "neutral"]
PARTIES = (Role.guardian, Role.institution, Role.supervisor)
RefundPath = Annotated[UUID, Path()]
GuardianAsked = Annotated[
    Annotated[str, text(128)] | None,
    Query(description="The guardian a city's app speaks for."),
]


class RefundBody(Shape):
    """A refund to ask for."""

    institution_id: InstitutionIdField
    contract_id: CallerId
    cause: Cause
    reason: Annotated[str, text(500)] | None = None


class AgreementBody(Shape):
    """Nothing needs saying to agree."""


class ContestBody(Shape):
    """Why a refund is contested."""

    reason: Annotated[str, text(500)] | None = None


class PayerBody(Shape):
    """The account that the refund goes to."""

    account_number: AccountNumber
    account_name: Annotated[str, text(200)]


class QuoteStep(BaseModel):
    """One step of the formula."""

    rule: str
    amount_fen: int


class QuoteAnswer(BaseModel):
    """What a refund would come to, and how."""

    institution_id: str
    contract_id: str
    cause: str | None
    formula: str
    on: str | None
    steps: list[QuoteStep]
    refund_fen: int


class RefundAnswer(BaseModel):
    """A refund and its state."""

    id: str
    institution_id: str
    contract_id: str
    cause: str
    state: str
    amount_fen: int
    waiting_fen: int = 0


@router.get("/v1/contracts/{id}/refund-quote", responses=problem_responses(404))
async def quote_refund(  # noqa: PLR0913, PLR0917 - one parameter a word of the query
    request: Request,
    id: Annotated[CallerId, Path()],  # noqa: A002 - the wire's word
    principal: Annotated[Principal, Depends(allow(*PARTIES))],
    institution_id: InstitutionAsked = None,
    guardian_ref: GuardianAsked = None,
    cause: Cause | None = None,
    on: Day | None = None,
) -> QuoteAnswer:
    """Say what a refund would come to now, each step with its figure."""
    asked = institution_asked(principal, institution_id)
    await _may_see(request, principal, asked, id, guardian_ref)
    found = await find_contract(escrow_of(request).database, asked, id)
    if found is None:
        raise NotKnown
    if on is not None and on != business_day(found.now):
        sentence = "A quote is made as of today: leave `on` out, or give today's date."
        raise Malformed(sentence, errors=(FieldError("/query/on", "not_today", sentence),))
    quoted = quote(found.tuition)
    return QuoteAnswer(
        institution_id=asked,
        contract_id=id,
        cause=cause,
        formula="pro_rata",
        on=on.isoformat() if on else None,
        steps=[QuoteStep(rule=one.rule, amount_fen=one.amount_fen) for one in quoted.steps],
        refund_fen=quoted.refund_fen,
    )


@router.post(
    "/v1/refunds",
    status_code=201,
    response_model=RefundAnswer,
    openapi_extra=json_body(RefundBody, "required"),
    responses=problem_responses(404, 409, 429),
)
async def request_refund(
    request: Request,
    principal: Annotated[Principal, Depends(allow(*PARTIES))],
    guardian_ref: GuardianAsked = None,
) -> Response:
    """Ask for a contract's remaining money; it is held at once."""
    body = await read_body(request, RefundBody)
    await _may_see(request, principal, body.institution_id, body.contract_id, guardian_ref)
    command = RequestRefund(
        body.institution_id, body.contract_id, body.cause, body.reason, principal.name
    )
    shown = body.model_dump(exclude={"reason"})
    render = single(
        request,
        201,
        lambda done: {
            "id": done.made_id,
            **shown,
            "state": done.state,
            "amount_fen": done.amount_fen,
        },
    )
    return await submit(request, principal, [command], render, required=True)


@router.post(
    "/v1/refunds/{id}/agree",
    response_model=RefundAnswer,
    openapi_extra=json_body(AgreementBody, "honoured"),
    responses=problem_responses(404, 409, 429),
)
async def agree_refund(
    request: Request,
    id: RefundPath,  # noqa: A002 - the wire's word
    principal: Annotated[Principal, Depends(allow(Role.institution, Role.supervisor))],
) -> Response:
    """Agree: what is still held leaves for the accounts it came from."""
    if await request.body():
        await read_body(request, AgreementBody)
    return await _step(
        request, principal, id, lambda found: AgreeRefund(found.institution_id, id, principal.name)
    )


@router.post(
    "/v1/refunds/{id}/contest",
    response_model=RefundAnswer,
    openapi_extra=json_body(ContestBody, "honoured"),
    responses=problem_responses(404, 409, 429),
)
async def contest_refund(
    request: Request,
    id: RefundPath,  # noqa: A002 - the wire's word
    principal: Annotated[Principal, Depends(allow(Role.institution))],
) -> Response:
    """Contest: the money stays held until a supervisor agrees."""
    body = await read_body(request, ContestBody) if await request.body() else ContestBody()
    return await _step(
        request,
        principal,
        id,
        lambda found: ContestRefund(found.institution_id, id, body.reason, principal.name),
    )


@router.put(
    "/v1/refunds/{id}/payer-account",
    response_model=RefundAnswer,
    openapi_extra=json_body(PayerBody, None),
    responses=problem_responses(404, 409, 429),
)
async def put_payer_account(
    request: Request,
    id: RefundPath,  # noqa: A002 - the wire's word
    principal: Annotated[Principal, Depends(allow(Role.supervisor))],
) -> Response:
    """Name the account for what the bank could not send back by itself."""
    body = await read_body(request, PayerBody)
    return await _step(
        request,
        principal,
        id,
        lambda found: NamePayer(
            found.institution_id, id, body.account_number, body.account_name, principal.name
        ),
    )


@router.get("/v1/refunds/{id}", responses=problem_responses(404))
async def read_refund(
    request: Request,
    id: RefundPath,  # noqa: A002 - the wire's word
    principal: Annotated[Principal, Depends(allow(*PARTIES))],
    guardian_ref: GuardianAsked = None,
) -> RefundAnswer:
    """Say where a refund stands."""
    found = await _found(request, id)
    await _may_see(request, principal, found.institution_id, found.contract_id, guardian_ref)
    return RefundAnswer(
        id=str(id),
        institution_id=found.institution_id,
        contract_id=found.contract_id,
        cause=found.cause,
        state=found.state,
        amount_fen=found.amount_fen,
        waiting_fen=found.waiting_fen,
    )


async def _step(
    request: Request,
    principal: Principal,
    refund_id: UUID,
    make: Callable[[RefundFound], Command],
) -> Response:
    """Post one step of a refund by one of its parties."""
    found = await _found(request, refund_id)
    await may_act_on(request, principal, found.institution_id)

    def body(done: Any) -> dict[str, Any]:  # noqa: ANN401 - accepted or exists alike
        return {
            "id": refund_id,
            "institution_id": found.institution_id,
            "contract_id": found.contract_id,
            "cause": found.cause,
            "state": done.state,
            "amount_fen": found.amount_fen if done.amount_fen is None else done.amount_fen,
        }

    return await submit(
        request, principal, [make(found)], single(request, 200, body), required=False
    )


async def _found(request: Request, refund_id: UUID) -> RefundFound:
    found = await find_refund(escrow_of(request).database, refund_id)
    if found is None:
        raise NotKnown
    return found


async def _may_see(
    request: Request,
    principal: Principal,
    institution_id: str,
    contract_id: str,
    guardian_ref: str | None,
) -> None:
    """Let a party of the contract in: a guardian only to contracts of its own."""
    await may_act_on(request, principal, institution_id)
    if principal.role is not Role.guardian:
        return
    own = principal.guardian_ref or guardian_ref
    found = await find_contract(escrow_of(request).database, institution_id, contract_id)
    if found is None:
        raise NotKnown
    if own is None or found.guardian_ref != own:
        raise NotAllowed

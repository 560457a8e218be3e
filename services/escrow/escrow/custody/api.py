"""What supervisors and operators set: institutions, accounts, floors, banks."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field, model_validator
from starlette.requests import Request
from starlette.responses import Response

from escrow.custody import banks
from escrow.domain.commands import (
    FloorRule,
    OpenAccount,
    RegisterInstitution,
    SetFloor,
)
from escrow.edge import Shared, may_act_on, single, submit
from shared.errors import NotAllowed, NotKnown
from shared.money import ZERO, Bps
from shared.web.limits import (
    AccountNumber,
    CallerId,
    Day,
    DistrictCode,
    FenOrZero,
    InstitutionIdField,
    Shape,
    json_body,
    read_body,
    refusal,
    text,
)
from shared.web.principals import Principal, Role, allow, area_covers
from shared.web.problems import problem_responses

router = APIRouter(tags=["custody"])

Line = Annotated[str, text(200)]
InstitutionPath = Annotated[InstitutionIdField, Path()]
RULES_MAX = 8
"""Rules of one floor: each kind twice."""


class InstitutionBody(Shape):
    """How an institution is described."""

    name: Line
    district_code: DistrictCode
    category: Literal["subject", "non_subject"]
    delivery: Literal["offline", "online", "both"]
    policy: CallerId


class AccountBody(Shape):
    """A custody account, and where its payouts go."""

    bank_id: CallerId
    account_number: AccountNumber
    account_name: Line
    opened_on: Day
    settlement_account_number: AccountNumber
    settlement_account_name: Line


class FloorRuleBody(Shape):
    """One rule of a minimum balance."""

    kind: Literal["fixed", "percent_collected", "percent_held", "cycle_total"]
    amount_fen: FenOrZero | None = Field(None, description="For `fixed`; 0 ends a floor.")
    bps: Annotated[int, Field(ge=1, le=100_000, strict=True)] | None = None

    @model_validator(mode="after")
    def has_its_figure(self) -> "FloorRuleBody":
        """Refuse a rule without its figure, or with another's."""
        wants_amount = self.kind == "fixed"
        wants_bps = self.kind in {"percent_collected", "percent_held"}
        if (self.amount_fen is not None) != wants_amount or (self.bps is not None) != wants_bps:
            code = "wrong_figure"
            sentence = "fixed takes amount_fen, percentages take bps, cycle_total takes neither."
            raise refusal(code, sentence)
        return self


class FloorBody(Shape):
    """A minimum balance from a day on: the highest rule wins."""

    rules: Annotated[list[FloorRuleBody], Field(min_length=1, max_length=RULES_MAX)]
    effective_from: Day
    document_no: Annotated[str, text(100)]


class BankBody(Shape):
    """A custodian bank and how it gets its instructions."""

    name: Line
    delivery: Literal["pull", "push"]
    endpoint: Annotated[str, Field(pattern=r"^https?://[!-~]{1,500}$")] | None = None
    finality_s: Annotated[int, Field(ge=0, le=2_592_000, strict=True)]

    @model_validator(mode="after")
    def can_be_pushed(self) -> "BankBody":
        """Refuse a push bank without an address, and a pull bank with one."""
        if (self.delivery == "push") != (self.endpoint is not None):
            code, sentence = "endpoint_needed", "A push bank needs an endpoint, a pull bank none."
            raise refusal(code, sentence)
        return self


class InstitutionAnswer(BaseModel):
    """What was registered."""

    institution_id: str
    name: str
    district_code: str
    category: str
    delivery: str
    policy: str


class AccountAnswer(BaseModel):
    """What was filed."""

    institution_id: str
    bank_id: str
    account_number: str
    account_name: str
    opened_on: str
    settlement_account_number: str
    settlement_account_name: str


class FloorAnswer(BaseModel):
    """The floor that was set, with what it requires now."""

    institution_id: str
    floor_id: str
    rules: list[dict[str, Any]]
    effective_from: str
    document_no: str
    required_fen: int


class BankAnswer(BaseModel):
    """A bank as it stands."""

    bank_id: str
    name: str
    delivery: str
    endpoint: str | None
    finality_s: int


@router.put(
    "/v1/institutions/{institution_id}",
    response_model=InstitutionAnswer,
    openapi_extra=json_body(InstitutionBody, None),
    responses=problem_responses(404, 409, 429),
)
async def put_institution(
    request: Request,
    institution_id: InstitutionPath,
    principal: Annotated[Principal, Depends(allow(Role.supervisor, Role.operator))],
) -> Response:
    """Register an institution, or change how it is described."""
    body = await read_body(request, InstitutionBody)
    if principal.role is Role.supervisor:
        if not area_covers(principal.district_code, body.district_code):
            raise NotAllowed
        await _may_move_here(request, principal, institution_id)
    command = RegisterInstitution(
        institution_id, body.name, body.district_code, body.category, body.delivery, body.policy
    )
    described = {"institution_id": institution_id, **body.model_dump()}
    render = single(request, 200, lambda _: described)
    return await submit(request, principal, [command], render, required=False)


async def _may_move_here(request: Request, principal: Principal, institution_id: str) -> None:
    """Let a district describe what is new, and what is its own already."""
    try:
        await may_act_on(request, principal, institution_id)
    except NotKnown:
        return


@router.put(
    "/v1/institutions/{institution_id}/custody-account",
    response_model=AccountAnswer,
    openapi_extra=json_body(AccountBody, None),
    responses=problem_responses(404, 409, 429),
)
async def put_account(
    request: Request,
    institution_id: InstitutionPath,
    principal: Annotated[Principal, Depends(allow(Role.supervisor, Role.bank))],
) -> Response:
    """File the institution's custody account and where its payouts go."""
    body = await read_body(request, AccountBody)
    await may_act_on(request, principal, institution_id, bank_id=body.bank_id)
    if principal.role is Role.bank:
        await banks.refuse_anothers(request, principal, institution_id)
    command = OpenAccount(
        institution_id,
        body.bank_id,
        body.account_number,
        body.account_name,
        body.opened_on,
        body.settlement_account_number,
        body.settlement_account_name,
    )
    filed = {"institution_id": institution_id, **body.model_dump(mode="json")}
    render = single(request, 200, lambda _: filed)
    return await submit(request, principal, [command], render, required=False)


@router.put(
    "/v1/institutions/{institution_id}/floor",
    response_model=FloorAnswer,
    openapi_extra=json_body(FloorBody, None),
    responses=problem_responses(404, 409, 429),
)
async def put_floor(
    request: Request,
    institution_id: InstitutionPath,
    principal: Annotated[Principal, Depends(allow(Role.supervisor))],
) -> Response:
    """Set the minimum balance from a day on; it may lie above today's balance."""
    body = await read_body(request, FloorBody)
    await may_act_on(request, principal, institution_id)
    rules = tuple(
        FloorRule(rule.kind, rule.amount_fen or ZERO, Bps(rule.bps or 0)) for rule in body.rules
    )
    command = SetFloor(institution_id, rules, body.effective_from, body.document_no, principal.name)
    shown = {
        "institution_id": institution_id,
        **body.model_dump(mode="json", exclude_none=True),
    }
    render = single(
        request,
        200,
        lambda done: {**shown, "floor_id": done.made_id, "required_fen": done.amount_fen},
    )
    return await submit(request, principal, [command], render, required=False)


@router.put(
    "/v1/banks/{bank_id}",
    openapi_extra=json_body(BankBody, None),
    responses=problem_responses(),
)
async def put_bank(
    request: Request,
    escrow: Shared,
    bank_id: Annotated[CallerId, Path()],
    principal: Annotated[Principal, Depends(allow(Role.operator))],
) -> BankAnswer:
    """Register a bank, or change how it gets its instructions."""
    body = await read_body(request, BankBody)
    await banks.put(escrow.database, bank_id, body.model_dump(), principal.name)
    return BankAnswer(bank_id=bank_id, **body.model_dump())

"""Registering contracts: the billing system's first call."""

import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, JsonValue, model_validator
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from escrow.domain.commands import Course, RegisterContract
from escrow.domain.outcomes import Exists, Outcome, Refused, is_transient
from escrow.edge import batch, submit
from escrow.ledger.requests import Answer
from shared.errors import NotAllowed
from shared.money import ZERO
from shared.web.limits import (
    Batch,
    CallerId,
    Day,
    FenField,
    FenOrZero,
    Instant,
    InstitutionIdField,
    LessonNo,
    Shape,
    json_body,
    read_body,
    refusal,
    text,
)
from shared.web.principals import Principal, Role, allow
from shared.web.problems import problem_responses

router = APIRouter(tags=["contracts"])

Reference = Annotated[str, text(128)]

TERMS_MAX = 20_000
"""Bytes of a contract's slots or refund terms: a long clause, not a document."""


class CourseShape(Shape):
    """What is taught."""

    name: Annotated[str, text(200)]
    category: Literal["subject", "non_subject"]
    delivery: Literal["offline", "online", "both"]
    teacher_ref: Reference | None = None


class ContractSigned(Shape):
    """One contract as it was signed."""

    id: CallerId
    institution_id: InstitutionIdField
    student_ref: Reference
    guardian_ref: Reference
    course: CourseShape
    lessons: LessonNo
    paid_fen: FenField
    list_fen: FenField
    gift_lessons: Annotated[int, Field(ge=0, le=10_000, strict=True)] = 0
    gift_fen: FenOrZero = ZERO
    signed_at: Instant
    starts_on: Day
    ends_on: Day
    slots: JsonValue = None
    refund_terms: JsonValue = None

    @model_validator(mode="after")
    def fits(self) -> "ContractSigned":
        """Refuse more gift lessons than lessons, and terms that are a document."""
        if self.gift_lessons > self.lessons:
            code, sentence = "too_many_gift_lessons", "gift_lessons are part of lessons."
            raise refusal(code, sentence)
        if any(len(to_json(part)) > TERMS_MAX for part in (self.slots, self.refund_terms)):
            code, sentence = "terms_too_long", "slots and refund_terms hold 20,000 bytes each."
            raise refusal(code, sentence)
        if not all(map(_is_finite, (self.slots, self.refund_terms))):
            code, sentence = "number_not_finite", "slots and refund_terms hold finite numbers."
            raise refusal(code, sentence)
        return self


def _is_finite(terms: JsonValue) -> bool:
    """Tell whether terms come back as they came: what overflows would be kept as null."""
    try:
        json.dumps(terms, allow_nan=False)
    except ValueError:
        return False
    return True


class ContractBatch(Shape):
    """Contracts to register."""

    items: Batch[ContractSigned]


class ContractOutcome(BaseModel):
    """What became of one contract."""

    index: int
    id: str
    outcome: str = Field(description="accepted, exists or refused")
    code: str | None = None
    retryable: bool | None = None
    detail: str | None = None


class ContractAnswer(BaseModel):
    """A batch's outcomes in request order."""

    items: list[ContractOutcome]
    counts: dict[str, int]


@router.post(
    "/v1/contracts",
    response_model=ContractAnswer,
    openapi_extra=json_body(ContractBatch, "required"),
    responses=problem_responses(400, 409, 413, 422, 429),
)
async def register_contracts(
    request: Request, principal: Annotated[Principal, Depends(allow(Role.institution))]
) -> Response:
    """Register contracts; deposits that name them fund them."""
    body = await read_body(request, ContractBatch)
    if any(signed.institution_id != principal.institution_id for signed in body.items):
        raise NotAllowed
    commands = [_command(signed) for signed in body.items]

    def render(outcomes: Sequence[Outcome]) -> Answer:
        items = [_told(one.contract_id, got) for one, got in zip(commands, outcomes, strict=True)]
        return batch(items, "accepted", "exists", "refused")

    return await submit(request, principal, commands, render, required=True)


def _command(signed: ContractSigned) -> RegisterContract:
    course = signed.course
    return RegisterContract(
        signed.institution_id,
        signed.id,
        signed.student_ref,
        signed.guardian_ref,
        Course(course.name, course.category, course.delivery, course.teacher_ref),
        signed.lessons,
        signed.paid_fen,
        signed.list_fen,
        signed.gift_lessons,
        signed.gift_fen,
        signed.signed_at,
        signed.starts_on,
        signed.ends_on,
        _kept(signed.slots),
        _kept(signed.refund_terms),
    )


def _kept(terms: JsonValue) -> str | None:
    """Keep free terms as they came, as JSON text."""
    return None if terms is None else to_json(terms).decode()


def _told(contract_id: str, outcome: Outcome) -> dict[str, Any]:
    body: dict[str, Any] = {"index": 0, "id": contract_id}
    match outcome:
        case Refused():
            return body | {
                "outcome": "refused",
                "code": outcome.code,
                "retryable": is_transient(outcome.code),
                "detail": outcome.detail,
            }
        case Exists():
            return body | {"outcome": "exists"}
        case _:
            return body | {"outcome": "accepted"}

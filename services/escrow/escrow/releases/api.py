"""The release call of billing systems, and the supervisor's reversal."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, model_validator
from starlette.requests import Request
from starlette.responses import Response

from escrow.domain.commands import ReleaseLesson, ReverseLesson
from escrow.domain.outcomes import (
    Accepted,
    Exists,
    Outcome,
    Refused,
    Released,
    is_transient,
)
from escrow.edge import batch, may_act_on, submit
from escrow.ledger.requests import Answer
from shared.errors import NotAllowed
from shared.web.limits import (
    Batch,
    CallerId,
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

router = APIRouter(tags=["releases"])

Reference = Annotated[str, text(128)]


class LessonTaught(Shape):
    """One lesson taught."""

    id: CallerId
    contract_id: CallerId
    lesson_no: LessonNo
    taught_at: Instant
    ended_at: Instant | None = None
    teacher_ref: Reference | None = None
    room_ref: Reference | None = None
    evidence_ref: Reference | None = None

    @model_validator(mode="after")
    def ends_after_it_starts(self) -> "LessonTaught":
        """Refuse a lesson that ends before it starts."""
        if self.ended_at is not None and self.ended_at < self.taught_at:
            code, sentence = "ends_before_start", "ended_at lies before taught_at."
            raise refusal(code, sentence)
        return self


class ReleaseBatch(Shape):
    """Lessons of one institution, in the order they are to be released."""

    institution_id: InstitutionIdField
    items: Batch[LessonTaught]


class ReleasedContract(BaseModel):
    """What is left of the contract."""

    held_fen: int
    lessons_released: int
    lessons_remaining: int


class ReleasedPayout(BaseModel):
    """Whether the fee is on its way to the institution, or retained and why."""

    state: str
    instruction_id: str | None = None
    reason: str | None = None


class ReleaseOutcome(BaseModel):
    """What became of one lesson."""

    index: int
    id: str
    outcome: str = Field(description="released, awaiting_confirmation, exists or refused")
    amount_fen: int | None = None
    movement_id: str | None = None
    contract: ReleasedContract | None = None
    payout: ReleasedPayout | None = None
    code: str | None = None
    retryable: bool | None = None
    detail: str | None = None


class ReleaseAnswer(BaseModel):
    """A batch's outcomes in request order."""

    items: list[ReleaseOutcome]
    counts: dict[str, int]


class LessonReversed(Shape):
    """One wrong release to put back."""

    id: CallerId
    contract_id: CallerId
    lesson_no: LessonNo
    reason: Annotated[str, text(500)]
    document_no: Annotated[str, text(100)] | None = None


class ReversalBatch(Shape):
    """Releases of one institution to put back."""

    institution_id: InstitutionIdField
    items: Batch[LessonReversed]


@router.post(
    "/v1/releases",
    response_model=ReleaseAnswer,
    openapi_extra=json_body(ReleaseBatch, "required"),
    responses=problem_responses(400, 409, 413, 422, 429),
)
async def release_lessons(
    request: Request, principal: Annotated[Principal, Depends(allow(Role.institution))]
) -> Response:
    """Release the fees of lessons taught; each lesson has an outcome of its own."""
    body = await read_body(request, ReleaseBatch)
    if body.institution_id != principal.institution_id:
        raise NotAllowed
    commands = [
        ReleaseLesson(
            body.institution_id,
            asked.id,
            asked.contract_id,
            asked.lesson_no,
            asked.taught_at,
            asked.ended_at,
            asked.teacher_ref,
            asked.room_ref,
            asked.evidence_ref,
        )
        for asked in body.items
    ]

    def render(outcomes: Sequence[Outcome]) -> Answer:
        items = [_told(one.item_id, got) for one, got in zip(commands, outcomes, strict=True)]
        return batch(items, "released", "awaiting_confirmation", "exists", "refused")

    return await submit(request, principal, commands, render, required=True)


@router.post(
    "/v1/lessons/reversals",
    response_model=ReleaseAnswer,
    openapi_extra=json_body(ReversalBatch, "required"),
    responses=problem_responses(400, 404, 409, 413, 422, 429),
)
async def reverse_lessons(
    request: Request, principal: Annotated[Principal, Depends(allow(Role.supervisor))]
) -> Response:
    """Put wrong releases back; what was paid out already, the institution owes."""
    body = await read_body(request, ReversalBatch)
    await may_act_on(request, principal, body.institution_id)
    commands = [
        ReverseLesson(
            body.institution_id,
            asked.id,
            asked.contract_id,
            asked.lesson_no,
            asked.reason,
            asked.document_no,
        )
        for asked in body.items
    ]

    def render(outcomes: Sequence[Outcome]) -> Answer:
        items = [_told(one.item_id, got) for one, got in zip(commands, outcomes, strict=True)]
        return batch(items, "reversed", "exists", "refused")

    return await submit(request, principal, commands, render, required=True)


def _told(item_id: str, outcome: Outcome) -> dict[str, Any]:
    match outcome:
        case Released():
            return {
                "index": 0,
                "id": item_id,
                "outcome": "released",
                "amount_fen": outcome.amount_fen,
                "movement_id": str(outcome.movement_id),
                "contract": {
                    "held_fen": outcome.held_fen,
                    "lessons_released": outcome.lessons_released,
                    "lessons_remaining": outcome.lessons_remaining,
                },
                "payout": _payout(outcome),
            }
        case Accepted():
            return {
                "index": 0,
                "id": item_id,
                "outcome": "reversed",
                "amount_fen": outcome.amount_fen,
                "movement_id": outcome.made_id,
            }
        case Exists():
            return {
                "index": 0,
                "id": item_id,
                "outcome": "exists",
                "amount_fen": outcome.amount_fen,
                "movement_id": outcome.movement_id,
            }
        case Refused():
            return told_refused(item_id, outcome)


def _payout(outcome: Released) -> dict[str, Any]:
    payout = outcome.payout
    if payout.instruction_id is not None:
        return {"state": payout.state, "instruction_id": str(payout.instruction_id)}
    return {"state": payout.state, "reason": payout.reason}


def told_refused(item_id: str, outcome: Refused) -> dict[str, Any]:
    """Render a refused lesson: its code, a sentence, and whether asking again may help."""
    body: dict[str, Any] = {
        "index": 0,
        "id": item_id,
        "outcome": "refused",
        "code": outcome.code,
        "retryable": is_transient(outcome.code),
        "detail": outcome.detail,
    }
    if outcome.movement_id is not None:
        body["movement_id"] = outcome.movement_id
    return body

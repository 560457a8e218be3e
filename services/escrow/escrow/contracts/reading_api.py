"""What the parties of a contract read: its terms, its money, its lessons.

A guardian sees the contracts that carry its reference and no others; a city's app says with
each call whom it speaks for.
"""

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field, JsonValue
from sqlalchemy import RowMapping
from starlette.requests import Request

from escrow.edge import Escrow, InstitutionAsked, Shared, may_act_on
from escrow.ledger.read_contracts import list_contracts, list_lessons, read_contract
from shared.errors import Malformed, NotAllowed, NotKnown
from shared.money import lesson_fee
from shared.web.limits import (
    LIMIT_DEFAULT,
    After,
    CallerId,
    Limit,
    decode_cursor,
    encode_cursor,
    text,
)
from shared.web.principals import Principal, Role, allow, institution_asked
from shared.web.problems import problem_responses
from shared.web.shown import Moment

router = APIRouter(tags=["contracts"])

Party = Annotated[Principal, Depends(allow(Role.institution, Role.supervisor, Role.guardian))]
ContractPath = Annotated[CallerId, Path()]
GuardianAsked = Annotated[
    Annotated[str, text(128)] | None,
    Query(description="The guardian that a city's app speaks for."),
]
State = Literal["accepted", "open", "refunding", "completed", "closed"]


class CourseShown(BaseModel):
    """What is taught."""

    name: str
    category: str
    delivery: str
    teacher_ref: str | None


class SignedUnder(BaseModel):
    """The policy, and its version, that held when the contract was signed."""

    name: str
    version: int


class ContractShown(BaseModel):
    """A contract as it was signed, and as it stands."""

    id: str
    institution_id: str
    student_ref: str
    guardian_ref: str
    course: CourseShown
    lessons: int
    paid_fen: int
    list_fen: int
    gift_lessons: int
    gift_fen: int
    signed_at: Moment
    starts_on: str
    ends_on: str
    slots: JsonValue
    refund_terms: JsonValue
    registered_at: Moment
    policy: SignedUnder
    state: State
    is_frozen: bool = Field(description="Disputed or in transfer.")
    funded_fen: int
    held_fen: int
    released_fen: int
    refunded_fen: int
    lessons_released: int
    lessons_remaining: int
    refund_id: str | None
    refund_requested_at: Moment | None


class ContractPage(BaseModel):
    """Some contracts, and where to go on."""

    items: list[ContractShown]
    next: str | None


class LessonShown(BaseModel):
    """One lesson of a contract; its latest release, where there was one."""

    lesson_no: int
    fee_fen: int
    state: Literal["planned", "released", "reversed"]
    item_id: str | None = None
    movement_id: str | None = Field(None, description="The release.")
    reversed_by: str | None = Field(None, description="The movement that put it back.")
    taught_at: Moment | None = None
    ended_at: Moment | None = None
    teacher_ref: str | None = None
    room_ref: str | None = None
    evidence_ref: str | None = None
    payout: Literal["instructed", "retained"] | None = None


class LessonPage(BaseModel):
    """Some lessons by number, and where to go on."""

    items: list[LessonShown]
    next: str | None


@router.get("/v1/contracts", responses=problem_responses(404))
async def list_of_contracts(  # noqa: PLR0913, PLR0917 - one parameter a word of the query
    request: Request,
    escrow: Shared,
    principal: Party,
    state: Annotated[State | None, Query()] = None,
    institution_id: InstitutionAsked = None,
    guardian_ref: GuardianAsked = None,
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
) -> ContractPage:
    """List an institution's contracts by id; a guardian's key lists its own alone."""
    asked = institution_asked(principal, institution_id)
    await may_act_on(request, principal, asked)
    (place,) = decode_cursor(after, str) if after is not None else ("",)
    async with escrow.database.connect() as connection:
        found = await list_contracts(
            connection,
            asked,
            state=state,
            guardian_ref=_guardian(principal, guardian_ref),
            after=place,
            limit=limit,
        )
    more = encode_cursor(found[-1]["contract_id"]) if len(found) == limit else None
    return ContractPage(items=[_shown(row) for row in found], next=more)


@router.get("/v1/contracts/{id}", responses=problem_responses(404))
async def read_one_contract(
    request: Request,
    escrow: Shared,
    id: ContractPath,  # noqa: A002 - the wire's word
    principal: Party,
    institution_id: InstitutionAsked = None,
    guardian_ref: GuardianAsked = None,
) -> ContractShown:
    """Read a contract's terms and money."""
    asked = institution_asked(principal, institution_id)
    await may_act_on(request, principal, asked)
    return _shown(await _found(escrow, asked, id, _guardian(principal, guardian_ref)))


@router.get("/v1/contracts/{id}/lessons", responses=problem_responses(404))
async def list_of_lessons(  # noqa: PLR0913, PLR0917 - one parameter a word of the query
    request: Request,
    escrow: Shared,
    id: ContractPath,  # noqa: A002 - the wire's word
    principal: Party,
    institution_id: InstitutionAsked = None,
    guardian_ref: GuardianAsked = None,
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
) -> LessonPage:
    """List a contract's lessons by number: planned, released, or put back."""
    asked = institution_asked(principal, institution_id)
    await may_act_on(request, principal, asked)
    contract = await _found(escrow, asked, id, _guardian(principal, guardian_ref))
    (place,) = decode_cursor(after, int) if after is not None else (0,)
    first = max(place, 0) + 1
    last = min(max(place, 0) + limit, contract["lessons"])
    async with escrow.database.connect() as connection:
        taught = await list_lessons(connection, asked, id, first=first, last=last)
    found = [_lesson(contract, number, taught.get(number)) for number in range(first, last + 1)]
    more = encode_cursor(last) if last < contract["lessons"] else None
    return LessonPage(items=found, next=more)


def _guardian(principal: Principal, named: str | None) -> str | None:
    """Return whose contracts a call is about; None for those who see all of an institution's.

    Raises:
        NotAllowed: a family's key names another guardian.
        Malformed: a city's app names none.

    """
    if principal.role is not Role.guardian:
        return named
    own = principal.guardian_ref
    if own is not None and named not in {None, own}:
        raise NotAllowed
    if own is None and named is None:
        message = "Name the guardian: `?guardian_ref=`."
        raise Malformed(message)
    return own or named


async def _found(
    escrow: Escrow, institution_id: str, contract_id: str, guardian_ref: str | None
) -> RowMapping:
    """Return a contract, where it is the guardian's.

    Raises:
        NotKnown: `contract_unknown`; another guardian's contract is unknown to this one.

    """
    async with escrow.database.connect() as connection:
        found = await read_contract(connection, institution_id, contract_id)
    if found is None or guardian_ref not in {None, found["guardian_ref"]}:
        raise NotKnown(code="contract_unknown")
    return found


def _shown(row: RowMapping) -> ContractShown:
    """Show a contract: most columns are called on the wire as they are here."""
    shown: dict[str, Any] = {name: row[name] for name in ContractShown.model_fields if name in row}
    return ContractShown.model_validate(
        {
            **shown,
            "id": row["contract_id"],
            "course": {
                "name": row["course_name"],
                "category": row["course_category"],
                "delivery": row["course_delivery"],
                "teacher_ref": row["teacher_ref"],
            },
            "starts_on": row["starts_on"].isoformat(),
            "ends_on": row["ends_on"].isoformat(),
            "slots": _terms(row["slots"]),
            "refund_terms": _terms(row["refund_terms"]),
            "policy": {"name": row["policy"], "version": row["policy_version"]},
            "lessons_remaining": row["lessons"] - row["lessons_released"],
            "refund_id": _id(row["refund_id"]),
        }
    )


def _terms(kept: str | None) -> JsonValue:
    """Return free terms as they came."""
    terms: JsonValue = None if kept is None else json.loads(kept)
    return terms


def _lesson(contract: RowMapping, number: int, taught: RowMapping | None) -> LessonShown:
    fee = lesson_fee(contract["paid_fen"], contract["lessons"], number)
    if taught is None:
        return LessonShown(lesson_no=number, fee_fen=fee, state="planned")
    is_back = taught["reversed_by"] is not None
    return LessonShown(
        lesson_no=number,
        fee_fen=fee,
        state="reversed" if is_back else "released",
        item_id=taught["item_id"],
        movement_id=_id(taught["movement_id"]),
        reversed_by=_id(taught["reversed_by"]),
        taught_at=taught["taught_at"],
        ended_at=taught["ended_at"],
        teacher_ref=taught["teacher_ref"],
        room_ref=taught["room_ref"],
        evidence_ref=taught["evidence_ref"],
        payout=None if is_back else _payout(taught),
    )


def _payout(taught: RowMapping) -> Literal["instructed", "retained"]:
    return "retained" if taught["is_retained"] else "instructed"


def _id(made: object) -> str | None:
    return None if made is None else str(made)

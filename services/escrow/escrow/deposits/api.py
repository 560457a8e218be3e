"""Entries in from the bank, and waiting money to its contract or back to its payer."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field, model_validator
from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import Response

from escrow.domain.commands import AllocateReceipt, TakeEntry
from escrow.domain.outcomes import Accepted, Exists, Outcome, Refusal, Refused, is_transient
from escrow.edge import batch, escrow_of, may_act_on, single, submit
from escrow.ledger.requests import Answer
from escrow.tables import custody_account
from shared.errors import NotKnown
from shared.money import FEN_MAX
from shared.web.limits import (
    AccountNumber,
    Batch,
    CallerId,
    Day,
    FenField,
    Instant,
    Shape,
    json_body,
    read_body,
    refusal,
    text,
)
from shared.web.principals import Principal, Role, allow
from shared.web.problems import problem_responses

router = APIRouter(tags=["bank"])

Balance = Annotated[int, Field(ge=-FEN_MAX, le=FEN_MAX, strict=True)]


class EntryBooked(Shape):
    """One entry that the bank booked on a custody account."""

    id: CallerId
    account_number: AccountNumber
    direction: Literal["credit", "debit"]
    amount_fen: FenField
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "CNY"
    booked_at: Instant
    value_on: Day
    balance_after_fen: Balance | None = None
    counterparty_name: Annotated[str, text(200)] | None = None
    counterparty_account: Annotated[str, text(64)] | None = None
    purpose: Annotated[str, text(200)] | None = None
    reference: Annotated[str, text(140)] | None = None
    end_to_end_id: Annotated[str, text(35)] | None = None


class EntryBatch(Shape):
    """Entries in the order they were booked."""

    items: Batch[EntryBooked]


class EntryOutcome(BaseModel):
    """What became of one entry."""

    index: int
    id: str
    outcome: str = Field(description="accepted, exists or refused")
    effect: str | None = None
    contract_id: str | None = None
    code: str | None = None
    retryable: bool | None = None
    detail: str | None = None


class EntryAnswer(BaseModel):
    """A batch's outcomes in request order."""

    items: list[EntryOutcome]
    counts: dict[str, int]


class AllocationBody(Shape):
    """A contract for the money, or back to its payer."""

    contract_id: CallerId | None = None
    return_: Literal[True] | None = Field(None, alias="return")

    @model_validator(mode="after")
    def says_one_thing(self) -> "AllocationBody":
        """Refuse both and neither."""
        if (self.contract_id is None) == (self.return_ is None):
            code, sentence = "one_of_two", "Give either contract_id or return: true."
            raise refusal(code, sentence)
        return self


class AllocationAnswer(BaseModel):
    """Where the money went."""

    id: str
    account_number: str
    state: str
    effect: str | None
    contract_id: str | None
    instruction_id: str | None
    amount_fen: int


@router.post(
    "/v1/bank/entries",
    response_model=EntryAnswer,
    openapi_extra=json_body(EntryBatch, "required"),
    responses=problem_responses(400, 409, 413, 422, 429),
)
async def take_entries(
    request: Request, principal: Annotated[Principal, Depends(allow(Role.bank))]
) -> Response:
    """Take in entries; the same entry again changes nothing."""
    body = await read_body(request, EntryBatch)
    owners = await _owners(request, principal, {booked.account_number for booked in body.items})
    refused = [_refused(booked, owners) for booked in body.items]
    commands = [
        _command(owners[booked.account_number], booked)
        for booked, code in zip(body.items, refused, strict=True)
        if code is None
    ]

    def render(outcomes: Sequence[Outcome]) -> Answer:
        decided = iter(outcomes)
        items = [
            _told(booked.id, Refused(code) if code else next(decided))
            for booked, code in zip(body.items, refused, strict=True)
        ]
        return batch(items, "accepted", "exists", "refused")

    return await submit(request, principal, commands, render, required=True)


async def _owners(request: Request, principal: Principal, numbers: set[str]) -> dict[str, str]:
    """Return whose each account is, of those that this bank holds."""
    query = select(custody_account.c.account_number, custody_account.c.institution_id).where(
        custody_account.c.account_number.in_(numbers),
        custody_account.c.bank_id == principal.bank_id,
    )
    async with escrow_of(request).database.connect() as connection:
        return {row.account_number: row.institution_id for row in await connection.execute(query)}


def _refused(booked: EntryBooked, owners: dict[str, str]) -> Refusal | None:
    if booked.account_number not in owners:
        return Refusal.account_unknown
    return None if booked.currency == "CNY" else Refusal.currency_not_supported


def _command(institution_id: str, booked: EntryBooked) -> TakeEntry:
    return TakeEntry(
        institution_id,
        booked.account_number,
        booked.id,
        booked.direction,
        booked.amount_fen,
        booked.booked_at,
        booked.value_on,
        booked.balance_after_fen,
        booked.counterparty_name,
        booked.counterparty_account,
        booked.purpose,
        booked.reference,
        booked.end_to_end_id,
    )


def _told(entry_id: str, outcome: Outcome) -> dict[str, Any]:
    body: dict[str, Any] = {"index": 0, "id": entry_id}
    match outcome:
        case Refused():
            return body | {
                "outcome": "refused",
                "code": outcome.code,
                "retryable": is_transient(outcome.code),
                "detail": outcome.detail,
            }
        case Exists():
            body["outcome"] = "exists"
        case _:
            body["outcome"] = "accepted"
    assert isinstance(outcome, Accepted | Exists)
    body["effect"] = outcome.effect
    if outcome.contract_id is not None:
        body["contract_id"] = outcome.contract_id
    return body


@router.post(
    "/v1/bank/entries/{id}/allocation",
    response_model=AllocationAnswer,
    openapi_extra=json_body(AllocationBody, "required"),
    responses=problem_responses(404, 409, 429),
)
async def allocate_receipt(
    request: Request,
    id: Annotated[CallerId, Path()],  # noqa: A002 - the wire's word
    account_number: Annotated[AccountNumber, Query()],
    principal: Annotated[Principal, Depends(allow(Role.supervisor, Role.institution))],
) -> Response:
    """Give waiting money to a contract, or back to its payer."""
    body = await read_body(request, AllocationBody)
    institution_id = await _owner(request, account_number)
    await may_act_on(request, principal, institution_id)
    command = AllocateReceipt(institution_id, account_number, id, body.contract_id)
    render = single(
        request,
        200,
        lambda done: {
            "id": id,
            "account_number": account_number,
            "state": done.state,
            "effect": done.effect,
            "contract_id": done.contract_id,
            "instruction_id": done.made_id,
            "amount_fen": done.amount_fen,
        },
    )
    return await submit(request, principal, [command], render, required=True)


async def _owner(request: Request, account_number: str) -> str:
    query = select(custody_account.c.institution_id).where(
        custody_account.c.account_number == account_number
    )
    async with escrow_of(request).database.connect() as connection:
        owner: str | None = await connection.scalar(query)
    if owner is None:
        raise NotKnown
    return owner

"""Statements in from the bank, and what comparing them with the books comes to."""

from hashlib import sha256
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field, model_validator
from pydantic_core import to_json
from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import Response

from escrow.bank.reconcile import reconcile
from escrow.bank.reconciliation_shapes import ReconciliationShown, shown, span_ends
from escrow.bank.statements import find_statement
from escrow.domain.commands import ReceiveStatement, StatementEntry
from escrow.domain.outcomes import Refusal
from escrow.domain.reconciliation import arithmetic_gap_fen
from escrow.edge import Shared, escrow_of, may_act_on, single, submit
from escrow.tables import custody_account
from shared.errors import NotKnown
from shared.money import FEN_MAX
from shared.time import rfc3339
from shared.web.limits import (
    AccountNumber,
    CallerId,
    Day,
    FenField,
    Instant,
    Shape,
    Since,
    Until,
    json_body,
    read_body,
    refusal,
    text,
)
from shared.web.principals import Principal, Role, allow
from shared.web.problems import problem_responses

router = APIRouter(tags=["bank"])

ENTRIES_MAX: Final = 5_000
"""Entries of one statement: what fits in the largest body; a larger day is sent in parts."""

Balance = Annotated[int, Field(ge=-FEN_MAX, le=FEN_MAX, strict=True, description="Whole fen.")]


class StatementEntryBody(Shape):
    """One entry, as the bank reports it singly; the account is the statement's."""

    id: CallerId
    account_number: AccountNumber | None = None
    direction: Literal["credit", "debit"]
    amount_fen: FenField
    currency: Literal["CNY"] = "CNY"
    booked_at: Instant
    value_on: Day
    balance_after_fen: Balance | None = None
    counterparty_name: Annotated[str, text(200)] | None = None
    counterparty_account: Annotated[str, text(64)] | None = None
    purpose: Annotated[str, text(200)] | None = None
    reference: Annotated[str, text(140)] | None = None
    end_to_end_id: Annotated[str, text(35)] | None = None


class StatementBody(Shape):
    """What a bank says of one account over some time."""

    id: CallerId
    account_number: AccountNumber
    from_: Since = Field(alias="from")
    to: Until
    opening_balance_fen: Balance
    closing_balance_fen: Balance
    entries: Annotated[list[StatementEntryBody], Field(max_length=ENTRIES_MAX)]

    @model_validator(mode="after")
    def is_of_one_account(self) -> Self:
        """Refuse a span that ends before it begins, another account's entry, one listed twice."""
        if self.to < self.from_:
            code, sentence = "ends_before_start", "`to` lies before `from`."
            raise refusal(code, sentence)
        if any(one.account_number not in {None, self.account_number} for one in self.entries):
            code, sentence = "account_differs", "An entry names another account."
            raise refusal(code, sentence)
        if len({one.id for one in self.entries}) != len(self.entries):
            code, sentence = "entry_repeated", "An entry is listed twice."
            raise refusal(code, sentence)
        return self


class StatementAnswer(BaseModel):
    """A statement that was received, and where to read what it was compared to."""

    id: str
    reconciliation_id: str
    institution_id: str
    bank_id: str
    account_number: str
    from_: str = Field(alias="from")
    to: str
    opening_balance_fen: int
    closing_balance_fen: int
    entry_count: int
    arithmetic_gap_fen: int = Field(
        description="Closing balance less what the opening balance and the entries come to."
    )


@router.post(
    "/v1/bank/statements",
    status_code=201,
    response_model=StatementAnswer,
    openapi_extra=json_body(StatementBody, "required"),
    responses=problem_responses(404, 409, 429),
)
async def receive_statement(
    request: Request, principal: Annotated[Principal, Depends(allow(Role.bank))]
) -> Response:
    """Receive a statement and start its reconciliation; nothing is taken in from it."""
    body = await read_body(request, StatementBody)
    institution_id = await _owner(request, principal, body.account_number)
    command = _command(institution_id, principal.bank_id or "", body)
    answer = _answer(command)
    render = single(request, 201, lambda done: {**answer, "reconciliation_id": str(done.made_id)})
    return await submit(request, principal, [command], render, required=True)


@router.get("/v1/bank/reconciliations/{id}", responses=problem_responses(404))
async def read_reconciliation(
    request: Request,
    escrow: Shared,
    id: Annotated[UUID, Path()],  # noqa: A002 - the wire's word
    principal: Annotated[Principal, Depends(allow(Role.bank, Role.supervisor))],
) -> ReconciliationShown:
    """Read how a statement compares with the books by now; each difference with its age."""
    async with escrow.database.connect() as connection:
        found = await find_statement(connection, id)
    if found is None or principal.bank_id not in {None, found.bank_id}:
        raise NotKnown
    await may_act_on(request, principal, found.span.institution_id, bank_id=found.bank_id)
    return shown(await reconcile(escrow.database, found))


async def _owner(request: Request, principal: Principal, account_number: str) -> str:
    """Return whose account it is, of those that this bank holds.

    Raises:
        NotKnown: `account_unknown`.

    """
    query = select(custody_account.c.institution_id).where(
        custody_account.c.account_number == account_number,
        custody_account.c.bank_id == principal.bank_id,
    )
    async with escrow_of(request).database.connect() as connection:
        owner: str | None = await connection.scalar(query)
    if owner is None:
        raise NotKnown(Refusal.account_unknown.sentence, code=Refusal.account_unknown.value)
    return owner


def _command(institution_id: str, bank_id: str, body: StatementBody) -> ReceiveStatement:
    listed = [_listed(one) for one in body.entries]
    ends = [rfc3339(body.from_), rfc3339(body.to)]
    content = to_json([*ends, body.opening_balance_fen, body.closing_balance_fen, listed])
    return ReceiveStatement(
        institution_id,
        body.account_number,
        body.id,
        bank_id,
        body.from_,
        body.to,
        body.opening_balance_fen,
        body.closing_balance_fen,
        tuple(_entry(one) for one in body.entries),
        to_json(listed).decode(),
        sha256(content).digest(),
    )


def _listed(one: StatementEntryBody) -> dict[str, Any]:
    """Return an entry as it is kept: what was given, times in one spelling."""
    given = one.model_dump(exclude={"account_number"}, exclude_none=True)
    return {**given, "booked_at": rfc3339(one.booked_at)}


def _entry(one: StatementEntryBody) -> StatementEntry:
    return StatementEntry(
        one.id, one.direction, one.amount_fen, one.booked_at, one.value_on, one.end_to_end_id
    )


def _answer(command: ReceiveStatement) -> dict[str, Any]:
    first, last = span_ends(command.from_at, command.to_at)
    balances = (command.opening_balance_fen, command.closing_balance_fen)
    return {
        "id": command.statement_id,
        "institution_id": command.institution_id,
        "bank_id": command.bank_id,
        "account_number": command.account_number,
        "from": first,
        "to": last,
        "opening_balance_fen": command.opening_balance_fen,
        "closing_balance_fen": command.closing_balance_fen,
        "entry_count": len(command.entries),
        "arithmetic_gap_fen": arithmetic_gap_fen(balances, command.entries),
    }

"""The bank's own HTTP interface: instructions by push, and a counter for its customers and tests.

`/instructions` is what the wire contract asks of a bank that is pushed to; everything else is
the sandbox's and needs no key, because the bank listens on this machine alone.
"""

import os
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Header, HTTPException, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from sandbox.bank.desk import Bank
from sandbox.bank.faults import Faults
from sandbox.bank.records import AMOUNT_MAX_FEN, Entry, Instruction

DEPOSITS_MAX = 1_000
"""Deposits in one request: as many as the wire contract takes entries."""

router = APIRouter()


class Asked(BaseModel):
    """A request to the bank's counter: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class NewAccount(Asked):
    """Who an account is for."""

    name: str = Field(min_length=1, max_length=200)
    opened_on: date


class Booking(Asked):
    """Money a customer pays in, or the bank takes out without an instruction."""

    id: str | None = Field(default=None, min_length=1, max_length=64)
    account_number: str
    amount_fen: int = Field(ge=1, le=AMOUNT_MAX_FEN)
    booked_at: AwareDatetime | None = None
    counterparty_name: str | None = None
    counterparty_account: str | None = None
    purpose: str | None = None
    reference: str | None = None


class Bookings(Asked):
    """Several bookings at once."""

    items: list[Booking] = Field(min_length=1, max_length=DEPOSITS_MAX)


class ClockOffset(Asked):
    """How far the bank's clock is ahead of the machine's."""

    offset_s: int = Field(ge=0)


def bank_of(request: Request) -> Bank:
    """Return the bank that this application fronts."""
    bank: Bank = request.app.state.bank
    return bank


def include(app: FastAPI) -> None:
    """Put the routes on an application."""
    app.include_router(router)


@router.post("/instructions", status_code=202)
async def push_instruction(
    instruction: Instruction,
    request: Request,
    response: Response,
    idempotency_key: Annotated[str | None, Header()] = None,
) -> dict[str, str]:
    """Take a pushed instruction: 202 for a fresh one, 200 for one already known."""
    if (idempotency_key or "").strip('"') != instruction.id:
        raise HTTPException(400, "Idempotency-Key must be the instruction's id")
    bank = bank_of(request)
    if bank.options.is_idle:
        raise HTTPException(503, "this bank is idle")
    if instruction.account_number not in bank.books.accounts:
        raise HTTPException(422, "this bank does not hold the account")
    order, is_known = bank.take(instruction)
    if is_known:
        if order.instruction != instruction:
            raise HTTPException(409, "the id is known with other content")
        response.status_code = 200
    return {"id": instruction.id, "state": order.state.value}


@router.get("/instructions/{instruction_id}")
async def look_up_instruction(instruction_id: str, request: Request) -> dict[str, str]:
    """Say where an instruction stands; 404 means that it was never received."""
    order = bank_of(request).books.orders.get(instruction_id)
    if order is None:
        raise HTTPException(404, "never received")
    return {"state": order.state.value}


@router.put("/accounts/{number}")
async def open_account(number: str, body: NewAccount, request: Request) -> dict[str, Any]:
    """Open an account, or answer the one that stands."""
    bank_of(request).books.open_account(number, body.name, body.opened_on)
    return await read_account(number, request)


@router.get("/accounts/{number}")
async def read_account(number: str, request: Request) -> dict[str, Any]:
    """Return an account's balance."""
    account = bank_of(request).books.accounts.get(number)
    if account is None:
        raise HTTPException(404, "no such account")
    return {
        "account_number": account.number,
        "name": account.name,
        "opened_on": account.opened_on,
        "balance_fen": account.balance_fen,
        "entries": len(account.entries),
        "statements": account.said_statements,
    }


@router.post("/deposits", status_code=201)
async def deposit(body: Bookings, request: Request) -> dict[str, Any]:
    """Book what customers pay in; the entries travel with the next round."""
    return _booked(bank_of(request), body, "credit")


@router.post("/debits", status_code=201)
async def debit(body: Bookings, request: Request) -> dict[str, Any]:
    """Take money out with no instruction behind it, as a court or a mistake would."""
    return _booked(bank_of(request), body, "debit")


@router.post("/statements", status_code=201)
async def close_day(request: Request, on: date | None = None) -> dict[str, Any]:
    """Send every account's statement up to a day, today if none is given."""
    return {"items": await bank_of(request).close_day(on)}


@router.get("/faults")
async def read_faults(request: Request) -> Faults:
    """Return the fault switches."""
    return bank_of(request).dice.faults


@router.put("/faults")
async def set_faults(faults: Faults, request: Request) -> Faults:
    """Turn the fault switches; what is not named is off."""
    bank_of(request).dice.set(faults)
    return faults


@router.put("/clock")
async def set_clock(body: ClockOffset, request: Request) -> dict[str, datetime]:
    """Move the bank's clock with the sandbox's; it never goes back."""
    bank = bank_of(request)
    bank.clock_offset_s = max(bank.clock_offset_s, body.offset_s)
    return {"now": bank.now()}


@router.get("/payments")
async def count_payments(request: Request) -> dict[str, Any]:
    """Count what was paid; `paid_twice` names every end-to-end id debited more than once."""
    bank = bank_of(request)
    paid = bank.books.payments
    amounts = (
        e.amount_fen
        for e in bank.books.entries.values()
        if e.end_to_end_id in paid and e.direction == "debit"
    )
    return {
        "payments": sum(paid.values()),
        "end_to_end_ids": len(paid),
        "amount_fen": sum(amounts),
        "paid_twice": sorted(name for name, times in paid.items() if times > 1),
    }


@router.get("/payments/{end_to_end_id}")
async def count_payment(end_to_end_id: str, request: Request) -> dict[str, Any]:
    """Say how often one line was paid: nought or once."""
    times = bank_of(request).books.payments.get(end_to_end_id, 0)
    return {"end_to_end_id": end_to_end_id, "payments": times}


@router.get("/report")
async def report(request: Request) -> dict[str, Any]:
    """Say how far the bank has come: rounds, what waits, what was counted, what went wrong."""
    bank = bank_of(request)
    return {
        "bank_id": bank.options.bank_id,
        "idle": bank.options.is_idle,
        "now": bank.now(),
        "rounds": bank.rounds,
        "pending": len(bank.outbox) + len(bank.books.unpaid),
        "accounts": len(bank.books.accounts),
        "counts": bank.client.counts,
        "faults_struck": bank.dice.struck,
    }


@router.get("/healthz")
async def healthz() -> dict[str, str | int]:
    """Say that the process answers, and which one it is."""
    return {"status": "ok", "pid": os.getpid()}


def _booked(bank: Bank, body: Bookings, direction: str) -> dict[str, Any]:
    """Book all, or nothing where an account is unknown."""
    if unknown := {b.account_number for b in body.items} - set(bank.books.accounts):
        raise HTTPException(404, f"{len(unknown)} of the accounts are not held here")
    entries = bank.book(_entry(bank, booking, direction) for booking in body.items)
    return {"items": [entry.model_dump(mode="json", exclude_none=True) for entry in entries]}


def _entry(bank: Bank, booking: Booking, direction: str) -> Entry:
    at = booking.booked_at or bank.now()
    day = bank.books.value_day(booking.account_number, at)
    asked = booking.model_dump(exclude_none=True, exclude={"booked_at"})
    return Entry.model_validate(
        {
            "id": bank.books.next_entry_id(day),
            **asked,
            "direction": direction,
            "booked_at": at,
            "value_on": day,
        }
    )

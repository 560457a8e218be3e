"""Books to begin a test with, in the words of the domain.

`a_book(an_institution(), a_contract("C1", lessons=10))` is a book whose figures agree:
what a contract holds has come in by one entry of the bank.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from uuid import UUID

from escrow.domain.accounts import AccountKind
from escrow.domain.commands import FloorRule, RegisterContract
from escrow.domain.draft import Book
from escrow.domain.policy import Policies, Policy, SlotRule
from escrow.domain.records import RUNNING, ContractState, Deposit, Entry, Floor, Standing, Tuition
from shared.money import Bps, Fen
from tests.support import asking
from tests.support.memory import Memory

INSTITUTION = asking.INSTITUTION
ACCOUNT = asking.ACCOUNT
BANK = "bank-a"
NOW = asking.NOW
TODAY = date(2026, 12, 5)
PAYER = "6217000000000000077"


Built = TypeVar("Built")


def _built(
    kind: Callable[..., Built], values: dict[str, object], changes: dict[str, object]
) -> Built:
    return kind(**{**values, **changes})


def national(version: int = 1, **changes: object) -> Policy:
    """Return the national rules, or a variation of them."""
    values: dict[str, object] = {
        "name": "national",
        "version": version,
        "effective_from": date(2021, 1, 1),
        "span_months_max": 3,
        "lessons_max": 60,
        "amount_max_fen": {"non_subject": Fen(500_000)},
        "charge_months_before": 1,
        "renew_lessons_left": 20,
        "forbidden_slots": (),
    }
    return _built(Policy, values, changes)


def a_slot(starts: str, ends: str, *weekdays: int, **changes: str) -> SlotRule:
    """Return hours in which no lesson may be, on these weekdays or (without any) on all."""
    since, until = (time.fromisoformat(one) for one in (starts, ends))
    days = frozenset(weekdays or range(7))
    return SlotRule(changes.get("category"), changes.get("delivery"), days, since, until)


def an_institution(institution_id: str = INSTITUTION, **changes: object) -> Standing:
    """Return an institution with a custody account."""
    own = ACCOUNT if institution_id == INSTITUTION else f"account-{institution_id}"
    values: dict[str, object] = {
        "name": "Sunny",
        "district_code": "320602",
        "category": "non_subject",
        "delivery": "offline",
        "policy": "national",
        "bank_id": BANK,
        "account_number": own,
        "account_name": "Sunny custody",
        "opened_on": date(2026, 1, 5),
        "settlement_account_number": "settle-1",
        "settlement_account_name": "Sunny settlement",
    }
    return _built(Standing, {"institution_id": institution_id, **values}, changes)


def a_contract(
    contract_id: str = "C1",
    *,
    lessons: int = 10,
    paid_fen: int = 1_000,
    funded_fen: int | None = None,
    **changes: object,
) -> Tuition:
    """Return a contract that was paid in full, unless told otherwise, and not yet used."""
    funded = paid_fen if funded_fen is None else funded_fen
    values: dict[str, object] = {
        "institution_id": INSTITUTION,
        "student_ref": "S1",
        "course_name": "piano",
        "category": "non_subject",
        "delivery": "offline",
        "policy": "national",
        "policy_version": 1,
        "state": ContractState.open if funded else ContractState.accepted,
        "funded_fen": Fen(funded),
        "held_fen": Fen(funded),
    }
    terms = {"contract_id": contract_id, "lessons": lessons, "paid_fen": Fen(paid_fen)}
    return _built(Tuition, {**values, **terms}, changes)


def a_floor(kind: str, figure: int = 0, **changes: object) -> Floor:
    """Return a floor of one rule, in force since the summer; `figure` is fen or basis points."""
    fen, bps = (figure, 0) if kind == "fixed" else (0, figure)
    values: dict[str, object] = {
        "institution_id": INSTITUTION,
        "floor_id": UUID(int=77),
        "rules": (FloorRule(kind, Fen(fen), Bps(bps)),),
        "effective_from": date(2026, 7, 1),
        "document_no": "D-1",
        "placed_at": NOW - timedelta(days=9),
        "placed_by": "supervisor",
    }
    return _built(Floor, values, changes)


def a_book(
    *rows: Standing | Tuition | Floor, policies: Policies | None = None, now: datetime = NOW
) -> Book:
    """Return a book of institutions, contracts and floors whose figures agree."""
    book = Book(now, policies or Policies((national(),)), banks={BANK})
    for row in rows:
        match row:
            case Standing():
                book.standings[row.institution_id] = row
                if row.account_number:
                    book.account_owners[row.account_number] = row.institution_id
            case Tuition():
                _add_contract(book, row)
            case Floor():
                book.floors.setdefault(row.institution_id, []).append(row)
                book.standings[row.institution_id].floors += 1
    return book


def books(
    *rows: Standing | Tuition | Floor, policies: Policies | None = None, now: datetime = NOW
) -> Memory:
    """Return such a book with a journal and a feed, ready to be posted to."""
    some = rows or (an_institution(), a_contract())
    return Memory(a_book(*some, policies=policies, now=now))


def _add_contract(book: Book, tuition: Tuition) -> None:
    key = (tuition.institution_id, tuition.contract_id)
    book.tuitions[key] = tuition
    book.contracts[key] = _terms(tuition)
    student = (tuition.institution_id, tuition.student_ref, tuition.course_name)
    book.siblings.setdefault(student, []).append(key)
    if not tuition.funded_fen:
        return
    standing = book.standings[tuition.institution_id]
    for account in (AccountKind.custody_cash, AccountKind.tuition_held):
        standing.balances[account] = Fen(standing.balances[account] + tuition.held_fen)
    if tuition.state in RUNNING:
        standing.funded_running_fen = Fen(standing.funded_running_fen + tuition.funded_fen)
    _add_deposit(book, tuition)


def _add_deposit(book: Book, tuition: Tuition) -> None:
    """Let the contract's money have come in by one entry, named after the contract."""
    amount, booked_at = tuition.funded_fen, NOW - timedelta(days=30)
    number = book.standings[tuition.institution_id].account_number or ACCOUNT
    entry_id, made_id = f"E-{tuition.contract_id}", UUID(int=len(book.entries) + 1)
    entry = Entry(
        tuition.institution_id, number, entry_id, "credit", amount, booked_at,
        booked_at.date(), "contract_funded", made_id, reference=tuition.contract_id,
        counterparty_name="Wang", counterparty_account=PAYER, contract_id=tuition.contract_id,
    )  # fmt: skip
    book.entries[number, entry_id] = entry
    book.deposits[tuition.institution_id, tuition.contract_id] = [
        Deposit(
            tuition.institution_id, made_id, tuition.contract_id, number, entry_id, amount,
            booked_at, "Wang", PAYER,
        )
    ]  # fmt: skip


def _terms(tuition: Tuition) -> RegisterContract:
    return asking.register(
        tuition.contract_id,
        institution_id=tuition.institution_id,
        lessons=tuition.lessons,
        paid_fen=tuition.paid_fen,
    )


def at(text: str) -> datetime:
    """Read a day and time in Asia/Shanghai: `2026-12-05 09:00`."""
    return datetime.fromisoformat(text + "+08:00").astimezone(UTC)

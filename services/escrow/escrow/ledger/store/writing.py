"""Step three: write what was decided, table by table, and count every row."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

from pydantic_core import to_json

from escrow.domain.book import Book, Changes
from escrow.domain.commands import OpenAccount, RegisterContract, RegisterInstitution
from escrow.domain.freezes import rule_body
from escrow.domain.instructions import Instruction, Line
from escrow.domain.movements import Movement
from escrow.domain.records import Standing
from escrow.ledger.store import records
from escrow.ledger.store.statements import (
    copy_rows,
    count_rows,
    literals,
    transposed,
    write_rows,
)
from shared.pg.database import LedgerConnection
from shared.pg.faults import Contended


def _columns(*names: str) -> "attrgetter[tuple[object, ...]]":
    return attrgetter(*names)


_CONTRACT: Final = ("institution_id", "contract_id")
_TUITION: Final = _columns(
    *_CONTRACT,
    *("student_ref", "course_name", "category", "delivery", "lessons", "paid_fen", "policy"),
    *("policy_version", "state", "is_frozen", "funded_fen", "held_fen", "released_fen"),
    *("refunded_fen", "lessons_released", "refund_id", "refund_requested_at"),
)
_TUITION_MOVED: Final = _columns(
    *_CONTRACT,
    *("state", "funded_fen", "held_fen", "released_fen", "refunded_fen", "lessons_released"),
    *("refund_id", "refund_requested_at"),
)
_LESSON: Final = (
    *_CONTRACT,
    *("lesson_no", "attempt", "item_id", "movement_id", "release_sequence", "amount_fen"),
    *("taught_at", "ended_at", "teacher_ref", "room_ref", "evidence_ref"),
)
_LESSON_REVERSED: Final = _columns(
    *_CONTRACT,
    *("lesson_no", "attempt", "reversed_by", "reversal_item_id", "reversal_reason"),
)
_PAYABLE: Final = _columns(
    *("institution_id", "release_sequence", "contract_id", "lesson_no", "release_id"),
    *("amount_fen", "tries", "remittance"),
)
_INSTRUCTION: Final = _columns(
    *("institution_id", "instruction_id", "kind", "state", "bank_id", "account_number"),
    *("creditor_name", "creditor_account", "amount_fen", "created_at", "movement_id"),
    *("refund_id", "entry_id", "changed_at"),
)
_INSTRUCTION_MOVED: Final = _columns(
    *("institution_id", "instruction_id", "state", "served_at", "leased_until", "sent_at"),
    *("bank_reference", "booked_at", "reason", "changed_at"),
)
_LINE: Final = (
    *("line_no", "state", "amount_fen", "remittance", "contract_id", "lesson_no"),
    *("release_sequence", "release_id", "tries"),
)
_LINE_MOVED: Final = _columns("line_no", "state", "booked_entry_id", "returned_entry_id", "reason")
_ENTRY: Final = _columns(
    *("institution_id", "account_number", "entry_id", "direction", "amount_fen", "booked_at"),
    *("value_on", "effect", "movement_id", "balance_after_fen", "counterparty_name"),
    *("counterparty_account", "purpose", "reference", "end_to_end_id", "contract_id"),
    "unallocated_fen",
)
_ENTRY_MOVED: Final = _columns(
    *("institution_id", "account_number", "entry_id", "effect", "contract_id"),
    "unallocated_fen",
)
_DEPOSIT: Final = _columns(
    *("institution_id", "deposit_id", "contract_id", "account_number", "entry_id"),
    *("amount_fen", "booked_at", "payer_name", "payer_account"),
)
_FREEZE: Final = _columns(
    *("institution_id", "freeze_id", "scope", "reason", "authority", "document_no"),
    *("placed_at", "placed_by", "registry_event_id", "lifted_at", "lifted_by"),
    *("lift_reason", "lift_document_no"),
)
_CONFIRMATION: Final = _columns(
    *("institution_id", "freeze_id", "reason", "document_no", "confirmed_at", "confirmed_by")
)
_WORD: Final = _columns(
    *("institution_id", "sequence", "event_id", "type", "status", "effect"),
    *("white_listed", "black_listed", "is_stale"),
)
_REFUND: Final = _columns(
    *("institution_id", "refund_id", "contract_id", "cause", "state", "requested_at"),
    *("requested_by", "reason", "amount_fen", "waiting_fen", "agreed_at", "agreed_by"),
    *("contested_at", "contest_reason", "payer_account", "payer_name"),
)
_STATEMENT: Final = _columns(
    *("account_number", "statement_id", "institution_id", "bank_id", "from_at", "to_at"),
    *("opening_balance_fen", "closing_balance_fen", "listed", "content_digest"),
)
_INSTITUTION: Final = _columns(
    "institution_id", "name", "district_code", "category", "delivery", "policy"
)
_ACCOUNT: Final = _columns(
    *("institution_id", "bank_id", "account_number", "account_name", "opened_on"),
    *("settlement_account_number", "settlement_account_name"),
)


async def write(tx: LedgerConnection, book: Book, changes: Changes) -> None:
    """Write a decision; a count that differs from it is a bug of ours and rolls back."""
    now = book.now
    await _registered(tx, changes, now)
    await _standings(tx, book, changes, now)
    await _tuitions(tx, book, changes)
    await _journal(tx, changes, now)
    await _lessons(tx, changes)
    await _add(tx, "write_lesson", _LESSON_REVERSED, changes.lessons_reversed)
    await _payables(tx, changes)
    await _instructions(tx, changes)
    await _entries(tx, changes, now)
    await _add(tx, "add_deposit", _DEPOSIT, changes.deposits)
    await _add(tx, "write_freeze", _FREEZE, changes.freezes.values())
    await _add(tx, "add_confirmation", _CONFIRMATION, changes.confirmations)
    await _words(tx, changes)
    await _add(tx, "write_refund", _REFUND, changes.refunds.values())
    await _floors(tx, changes)
    await _statements(tx, changes)
    await _events(tx, changes, now)


async def _add(
    tx: LedgerConnection,
    name: str,
    columns: "attrgetter[tuple[object, ...]]",
    found: Iterable[object],
    *constants: object,
) -> None:
    await _put(tx, name, [columns(one) for one in found], *constants)


async def _put(
    tx: LedgerConnection, name: str, found: Sequence[Sequence[Any]], *constants: object
) -> None:
    if found:
        await write_rows(tx, name, transposed(found), *constants, expected=len(found))


async def _standings(tx: LedgerConnection, book: Book, changes: Changes, now: datetime) -> None:
    moved = [one for one in changes.standings.values() if _has_moved(book, one)]
    found = [
        (
            *records.standing_row(one),
            book.standings[one.institution_id].sequence,
            book.standings[one.institution_id].movements,
        )
        for one in moved
    ]
    await _put(tx, "write_balance", found, now)


def _has_moved(book: Book, one: Standing) -> bool:
    """Every change of a standing moves one of its two counters."""
    before = book.standings[one.institution_id]
    return (one.sequence, one.movements) != (before.sequence, before.movements)


async def _journal(tx: LedgerConnection, changes: Changes, now: datetime) -> None:
    """Append the movements; the journal is never written in any other way."""
    posted = (now,)
    found = [one + posted for one in changes.movements]
    if found:
        await copy_rows(tx, "movement", (*Movement._fields, "posted_at"), found)


async def _lessons(tx: LedgerConnection, changes: Changes) -> None:
    """Append the lessons released; the key refuses a second release of the same attempt."""
    columns = attrgetter(*_LESSON)
    found = [columns(one) for one in changes.lessons]
    if found:
        await copy_rows(tx, "lesson", _LESSON, found)


async def _tuitions(tx: LedgerConnection, book: Book, changes: Changes) -> None:
    added = [one for key, one in changes.tuitions.items() if key not in book.tuitions]
    moved = [one for key, one in changes.tuitions.items() if key in book.tuitions]
    await _add(tx, "add_tuition", _TUITION, added)
    if moved:
        columns = literals([_TUITION_MOVED(one) for one in moved])
        await write_rows(tx, "write_tuition", columns, expected=len(moved))


async def _payables(tx: LedgerConnection, changes: Changes) -> None:
    gone = {(one.institution_id, one.release_sequence) for one in changes.payables_gone}
    await _put(tx, "drop_payable", list(gone))
    await _add(tx, "add_payable", _PAYABLE, changes.payables_kept)


async def _instructions(tx: LedgerConnection, changes: Changes) -> None:
    planned = changes.instructions_planned
    added = [one for key, one in changes.instructions.items() if key in planned]
    moved = [one for key, one in changes.instructions.items() if key not in planned]
    await _add(tx, "add_instruction", _INSTRUCTION, added)
    lines = _lines(added, attrgetter(*_LINE))
    if lines:
        columns = ("institution_id", "instruction_id", *_LINE)
        await copy_rows(tx, "instruction_line", columns, lines)
    await _add(tx, "write_instruction", _INSTRUCTION_MOVED, moved)
    await _put(tx, "write_line", _lines(moved, _LINE_MOVED))


def _lines(
    instructions: Iterable[Instruction], columns: "attrgetter[tuple[object, ...]]"
) -> list[tuple[object, ...]]:
    def row(instruction: Instruction, line: Line) -> tuple[object, ...]:
        return (instruction.institution_id, instruction.instruction_id, *columns(line))

    return [row(one, line) for one in instructions for line in one.lines.values()]


async def _entries(tx: LedgerConnection, changes: Changes, now: datetime) -> None:
    taken = [one for key, one in changes.entries.items() if key in changes.entries_taken]
    moved = [one for key, one in changes.entries.items() if key not in changes.entries_taken]
    await _add(tx, "add_entry", _ENTRY, taken, now)
    await _add(tx, "write_entry", _ENTRY_MOVED, moved)


async def _floors(tx: LedgerConnection, changes: Changes) -> None:
    found = [
        (
            one.institution_id,
            one.floor_id,
            json.dumps([rule_body(rule) for rule in one.rules]),
            one.effective_from,
            one.document_no,
            one.placed_at,
            one.placed_by,
        )
        for one in changes.floors
    ]
    await _put(tx, "add_floor", found)


async def _words(tx: LedgerConnection, changes: Changes) -> None:
    """Write the registry's words; the reasons of each travel as one text, split by blanks."""
    found = [
        (*_WORD(one), " ".join(one.objections), one.heard_at) for one in changes.words.values()
    ]
    await _put(tx, "write_word", found)


async def _statements(tx: LedgerConnection, changes: Changes) -> None:
    found = [
        (
            *_STATEMENT(one.command),
            one.received_at,
            one.reconciliation_id,
            json.dumps(one.findings),
        )
        for one in changes.statements.values()
    ]
    await _put(tx, "add_statement", found)


async def _registered(tx: LedgerConnection, changes: Changes, now: datetime) -> None:
    terms = [one for one in changes.registered if isinstance(one, RegisterContract)]
    await _put(tx, "add_contract", [records.terms_row(one) for one in terms], now)
    described = {
        one.institution_id: one
        for one in changes.registered
        if isinstance(one, RegisterInstitution)
    }
    await _add(tx, "write_institution", _INSTITUTION, described.values(), now)
    for one in changes.registered:
        if isinstance(one, OpenAccount):
            filed = await count_rows(tx, "write_account", transposed([_ACCOUNT(one)]), now)
            if filed != 1:  # somebody else filed the number meanwhile: read again
                raise Contended


async def _events(tx: LedgerConnection, changes: Changes, now: datetime) -> None:
    found = [
        (
            one.institution_id,
            one.sequence,
            one.event_id,
            one.type,
            to_json(one.body).decode(),
        )
        for one in changes.events
    ]
    await _put(tx, "add_event", found, now)

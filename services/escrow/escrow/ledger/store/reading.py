"""Step two: read what the batch needs, after the wait and never in the same statement."""

from collections.abc import Iterable
from typing import Any, Final

from escrow.domain.book import Book
from escrow.domain.instructions import Instruction
from escrow.domain.policy import Policies
from escrow.domain.records import Deposit, Entry, Freeze, StatementSeen, Taught, Word
from escrow.ledger.store import records
from escrow.ledger.store.keys import Keys
from escrow.ledger.store.statements import literals, rows, transposed
from shared.errors import InvariantBroken
from shared.pg.database import LedgerConnection

QUEUE_MAX: Final = 1_000
"""Retained lessons read per institution and posting: one instruction's worth."""

UNSEEN_MAX: Final = 500
"""Planned payouts withdrawn by one posting; the clock's posting takes the rest."""


async def read(tx: LedgerConnection, keys: Keys, policies: Policies) -> Book:
    """Read the book of a batch: standings first, they say what else is needed."""
    book = await _standings(tx, keys, policies)
    await _refunds_and_instructions(tx, keys, book)
    await _tuitions(tx, keys, book)
    await _lessons(tx, keys, book)
    await _contracts(tx, keys, book)
    await _entries(tx, keys, book)
    await _queues(tx, book)
    await _custody(tx, keys, book)
    await _statements(tx, keys, book)
    return book


async def _standings(tx: LedgerConnection, keys: Keys, policies: Policies) -> Book:
    """Read the clock with them: never before an institution's last posting."""
    found = await rows(tx, "read_standing", list(keys.institutions))
    if not found:
        message = "access.clock has no row: run the migrations"
        raise InvariantBroken(message)
    standings = [records.standing(row) for row in found if row["institution_id"] is not None]
    posted = [one.posted_at for one in standings if one.posted_at is not None]
    now = max(found[0]["clock"], *posted) if posted else found[0]["clock"]
    return Book(now, policies, {one.institution_id: one for one in standings})


async def _tuitions(tx: LedgerConnection, keys: Keys, book: Book) -> None:
    named = keys.contracts | keys.registered
    named |= {(one.institution_id, one.contract_id) for one in book.refunds.values()}
    found = await rows(tx, "read_tuition", *literals(list(named))) if named else []
    for row in found:
        one = records.tuition(row)
        book.tuitions[one.institution_id, one.contract_id] = one


async def _lessons(tx: LedgerConnection, keys: Keys, book: Book) -> None:
    if keys.lessons or keys.items:
        lessons = literals(list(keys.lessons)) if keys.lessons else ["{}", "{}", "{}"]
        items = literals(list(keys.items)) if keys.items else ["{}", "{}"]
        for row in await rows(tx, "read_lesson", *lessons, *items):
            _keep_lesson(book, Taught(*row))
    for row in await _by_keys(tx, "read_reversal", keys.reversals):
        one = Taught(*row)
        book.reversals[one.institution_id, one.reversal_item_id or ""] = one


def _keep_lesson(book: Book, one: Taught) -> None:
    key = (one.institution_id, one.contract_id, one.lesson_no)
    known = book.lessons.get(key)
    if known is None or known.attempt < one.attempt:
        book.lessons[key] = one
    book.releases[one.institution_id, one.item_id] = one


async def _contracts(tx: LedgerConnection, keys: Keys, book: Book) -> None:
    if not keys.registered:
        return
    for row in await _by_keys(tx, "read_contract", keys.registered):
        terms = records.terms(row)
        book.contracts[terms.institution_id, terms.contract_id] = terms
    for row in await _by_keys(tx, "read_sibling", keys.students):
        one = records.tuition(row)
        book.tuitions.setdefault((one.institution_id, one.contract_id), one)
        student = (one.institution_id, one.student_ref, one.course_name)
        book.siblings.setdefault(student, []).append((one.institution_id, one.contract_id))
    for row in await _by_keys(tx, "read_waiting", keys.registered):
        entry = Entry(*row)
        place = (entry.account_number, entry.entry_id)
        book.entries[place] = entry
        contract = (entry.institution_id, entry.reference or "")
        book.waiting.setdefault(contract, []).append(place)


async def _entries(tx: LedgerConnection, keys: Keys, book: Book) -> None:
    sent_back = {
        (one.institution_id, one.account_number, one.entry_id)
        for one in book.instructions.values()
        if one.entry_id is not None
    }
    for row in await _by_keys(tx, "read_entry", keys.entries | sent_back):
        entry = Entry(*row)
        book.entries[entry.account_number, entry.entry_id] = entry


async def _queues(tx: LedgerConnection, book: Book) -> None:
    """Read what is retained, oldest first; where more waits than is read, say where it ends."""
    waiting = [one.institution_id for one in book.standings.values() if one.retained_count]
    if waiting:
        for row in await rows(tx, "read_payable", waiting, QUEUE_MAX):
            one = records.payable(row)
            book.queue.setdefault(one.institution_id, []).append(one)
        for institution_id in waiting:
            queue = book.queue.get(institution_id, [])
            if len(queue) < book.standings[institution_id].retained_count:
                book.horizons[institution_id] = queue[-1].release_sequence if queue else 0
                await _read_single_payables(tx, book, institution_id)
    floored = [one.institution_id for one in book.standings.values() if one.floors]
    if floored:
        for row in await rows(tx, "read_floor", floored):
            floor = records.floor(row)
            book.floors.setdefault(floor.institution_id, []).append(floor)


async def _read_single_payables(tx: LedgerConnection, book: Book, institution_id: str) -> None:
    """Read the payables of releases named here that stand beyond the part that was read."""
    horizon = book.horizons[institution_id]
    beyond = {
        (institution_id, one.release_sequence)
        for key, one in book.lessons.items()
        if key[0] == institution_id and one.release_sequence > horizon
    }
    for row in await _by_keys(tx, "read_payable_of", beyond):
        book.queue.setdefault(institution_id, []).append(records.payable(row))


async def _refunds_and_instructions(tx: LedgerConnection, keys: Keys, book: Book) -> None:
    for row in await _by_keys(tx, "read_instruction", keys.instructions):
        _keep_instruction(book, records.instruction(row))
    unseen = {
        (one.institution_id, one.bank_id)
        for one in book.standings.values()
        if one.institution_id in keys.unseen and one.bank_id is not None
    }
    if unseen:
        for row in await rows(tx, "read_unseen", *transposed(list(unseen)), UNSEEN_MAX):
            _keep_instruction(book, records.instruction(row))
    for row in await _by_keys(tx, "read_line", book.instructions):
        book.instructions[row[0], row[1]].lines[row[2]] = records.line(row)
    refunds = keys.refunds | {
        (one.institution_id, one.refund_id)
        for one in book.instructions.values()
        if one.refund_id is not None
    }
    for row in await _by_keys(tx, "read_refund", refunds):
        refund = records.refund(row)
        book.refunds[refund.institution_id, refund.refund_id] = refund
    contracts = {(one.institution_id, one.contract_id) for one in book.refunds.values()}
    for row in await _by_keys(tx, "read_deposit", contracts):
        deposit = Deposit(*row)
        book.deposits.setdefault((deposit.institution_id, deposit.contract_id), []).append(deposit)


def _keep_instruction(book: Book, one: Instruction) -> None:
    book.instructions.setdefault((one.institution_id, one.instruction_id), one)


async def _custody(tx: LedgerConnection, keys: Keys, book: Book) -> None:
    freezes = await _by_keys(tx, "read_freeze", keys.freezes)
    freezes += await _by_keys(tx, "read_freeze_of", keys.registry_events)
    for row in freezes:
        freeze = Freeze(*row)
        book.freezes[freeze.institution_id, freeze.freeze_id] = freeze
    spoken_of = keys.heard | keys.opened
    if spoken_of:
        for row in await rows(tx, "read_word", list(spoken_of)):
            book.words[row["institution_id"]] = Word(*row)
    if keys.filed:
        banks, accounts = transposed(list(keys.filed))
        for row in await rows(tx, "read_account", banks, accounts):
            if row["bank_id"] is not None:
                book.banks.add(row["bank_id"])
            if row["institution_id"] is not None:
                book.account_owners[row["account_number"]] = row["institution_id"]


async def _statements(tx: LedgerConnection, keys: Keys, book: Book) -> None:
    named = [(account, statement_id) for account, statement_id, _ in keys.statements]
    for row in await _by_keys(tx, "read_statement", named):
        one = StatementSeen(*row)
        book.statements[one.account_number, one.statement_id] = one
    for row in await _by_keys(tx, "read_statement_before", keys.statements):
        before = StatementSeen(*row[1:])
        book.statements_before[before.account_number, row[0]] = before


async def _by_keys(tx: LedgerConnection, name: str, keys: Iterable[tuple[Any, ...]]) -> list[Any]:
    """Run a statement that takes one array per part of a key; nothing asked, nothing run."""
    asked = list(keys)
    return await rows(tx, name, *transposed(asked)) if asked else []

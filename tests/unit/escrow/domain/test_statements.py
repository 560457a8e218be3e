"""A statement is kept once, checked and told; no money moves by it."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from escrow.domain.book import decide
from escrow.domain.commands import ReceiveStatement, StatementEntry
from escrow.domain.draft import Book
from escrow.domain.outcomes import Accepted, Exists, Refusal, Refused
from escrow.domain.records import StatementSeen
from shared.ids import new_id
from shared.money import Fen
from shared.time import rfc3339
from tests.support.asking import ACCOUNT, INSTITUTION, NOW, credit
from tests.support.builders import BANK, a_book, a_contract, an_institution, books
from tests.support.memory import Memory

DAY = timedelta(days=1)


def entry(entry_id: str, amount: int, direction: str = "credit") -> StatementEntry:
    return StatementEntry(entry_id, direction, Fen(amount), NOW, NOW.date())


def statement(
    statement_id: str = "S1", *entries: StatementEntry, days: int = 0
) -> ReceiveStatement:
    """Return a statement of one day, some days from now, from 100 fen to 600."""
    return ReceiveStatement(
        INSTITUTION,
        ACCOUNT,
        statement_id,
        BANK,
        NOW + DAY * days,
        NOW + DAY * (days + 1) - timedelta(microseconds=1),
        100,
        600,
        entries,
        "[]",
        statement_id.encode(),
    )


def told(memory: Memory) -> dict[str, object]:
    (body,) = memory.told("statement.received")
    return body


def test_a_statement_is_kept_and_told() -> None:
    memory = books(an_institution())
    command = statement("S1", entry("E1", 530), entry("E2", 30, "debit"))
    outcome = memory.ask(command)
    assert isinstance(outcome, Accepted)
    assert memory.last is not None
    (kept,) = memory.last.changes.statements.values()
    assert (kept.command, kept.received_at) == (command, NOW)
    assert kept.reconciliation_id == outcome.made_id
    assert told(memory) == {
        "statement_id": "S1",
        "reconciliation_id": str(outcome.made_id),
        "bank_id": BANK,
        "from": rfc3339(command.from_at),
        "to": rfc3339(command.to_at),
        "opening_balance_fen": 100,
        "closing_balance_fen": 600,
        "credits_fen": 530,
        "debits_fen": 30,
        **kept.findings,
    }


def test_no_money_moves_by_a_statement() -> None:
    memory = books(an_institution())
    before = dict(memory.standing.balances)
    memory.ask(statement("S1", entry("E1", 500)))
    assert memory.journal == []
    assert memory.standing.balances == before


def test_what_was_taken_in_is_told_apart_from_what_was_not() -> None:
    memory = books(an_institution())
    memory.post([credit(500, None, entry_id="E1"), credit(70, None, entry_id="E2")])
    memory.ask(statement("S1", entry("E1", 500), entry("E2", 71), entry("E3", 9)))
    fact = told(memory)
    counts = [fact[name] for name in ("entries", "matched", "different_amount", "missing_here")]
    assert counts == [3, 1, 1, 1]


def test_an_entry_of_the_same_batch_was_taken_in() -> None:
    memory = books(an_institution())
    memory.post([credit(500, None, entry_id="E1"), statement("S1", entry("E1", 500))])
    assert told(memory)["matched"] == 1


def test_an_entry_of_another_account_was_not() -> None:
    book = a_book(an_institution(), a_contract("C1"))
    (key,) = book.entries
    book.entries["other-account", key[1]] = book.entries.pop(key)
    memory = Memory(book)
    memory.ask(statement("S1", entry(key[1], 1_000)))
    assert told(memory)["missing_here"] == 1


def test_the_same_statement_again_changes_nothing() -> None:
    book = a_book(an_institution())
    book.statements[ACCOUNT, "S1"] = seen()
    decision = decide(book, [statement("S1")], new_id)
    assert decision.outcomes == [Exists(made_id=seen().reconciliation_id)]
    assert (decision.changes.statements, decision.changes.events) == ({}, [])


def test_the_same_id_with_other_content_is_refused() -> None:
    book = a_book(an_institution())
    book.statements[ACCOUNT, "S1"] = replace(seen(), content_digest=b"other")
    decision = decide(book, [statement("S1")], new_id)
    assert decision.outcomes == [Refused(Refusal.id_reused)]
    assert decision.changes.events == []


def test_twice_in_one_batch_is_received_once() -> None:
    memory = books(an_institution())
    first, second = memory.post([statement("S1"), statement("S1")])
    assert isinstance(first, Accepted)
    assert second == Exists(made_id=first.made_id)
    assert len(memory.told("statement.received")) == 1


def test_a_statement_is_checked_against_the_one_before() -> None:
    book = a_book(an_institution())
    book.statements_before[ACCOUNT, "S2"] = seen()
    fact = received(book, statement("S2", entry("E1", 500)))
    assert fact["previous_statement_id"] == "S1"
    assert (fact["opening_gap_fen"], fact["follows_on"]) == (30, True)
    assert fact["arithmetic_gap_fen"] == 0


def test_the_first_statement_has_none_before() -> None:
    fact = received(a_book(an_institution()), statement("S1", entry("E1", 499)))
    assert (fact["previous_statement_id"], fact["opening_gap_fen"]) == (None, None)
    assert fact["arithmetic_gap_fen"] == 1


def test_the_one_before_may_be_of_the_same_batch() -> None:
    memory = books(an_institution())
    memory.book.statements_before[ACCOUNT, "S2"] = seen("S0", days=-9)
    memory.post([statement("S1", days=-1), statement("S2"), statement("S3", days=5)])
    facts = {one["statement_id"]: one for one in memory.told("statement.received")}
    assert facts["S2"]["previous_statement_id"] == "S1"
    assert facts["S2"]["opening_gap_fen"] == -500
    assert facts["S3"]["previous_statement_id"] == "S2"
    assert facts["S3"]["follows_on"] is False


def test_another_accounts_statement_of_the_batch_does_not_count() -> None:
    memory = books(an_institution())
    other = replace(statement("S1", days=-1), account_number="622202000000000999")
    memory.post([other, statement("S2")])
    assert memory.told("statement.received")[1]["previous_statement_id"] is None


def test_a_later_statement_is_not_the_one_before() -> None:
    memory = books(an_institution())
    memory.post([statement("S2", days=1), statement("S1")])
    assert memory.told("statement.received")[1]["previous_statement_id"] is None


def test_an_account_of_nobody_is_unknown() -> None:
    outcomes = decide(a_book(), [statement("S1")], new_id).outcomes
    assert outcomes == [Refused(Refusal.account_unknown)]


def seen(statement_id: str = "S1", days: int = -1) -> StatementSeen:
    """Return a statement received before, of yesterday, that closed at 70 fen."""
    to_at = statement(days=days).to_at
    digest = statement_id.encode()
    return StatementSeen(INSTITUTION, ACCOUNT, statement_id, to_at, 70, digest, UUID(int=7))


def received(book: Book, command: ReceiveStatement) -> dict[str, object]:
    """Receive a statement and return what the feed hears of it."""
    memory = Memory(book)
    memory.ask(command)
    return told(memory)

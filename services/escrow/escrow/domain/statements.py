"""A bank's statement: kept as it came, checked, told on the feed; no money moves by it."""

from escrow.domain.commands import ReceiveStatement
from escrow.domain.draft import Draft
from escrow.domain.outcomes import Accepted, Exists, Outcome, Refusal, Refused
from escrow.domain.reconciliation import Ending, KnownEntry, check, compare, signed_fen
from escrow.domain.records import Statement, StatementSeen
from shared.time import rfc3339


def receive_statement(draft: Draft, command: ReceiveStatement) -> Outcome:
    """Keep a statement; the same again changes nothing, the same id with other content is refused.

    What the bank lists and we never took in is counted here, and stays missing.
    """
    standing = draft.standing(command.institution_id)
    if standing is None:
        return Refused(Refusal.account_unknown)
    key = (command.account_number, command.statement_id)
    seen = _seen(draft, key)
    if seen is not None:
        if seen.content_digest != command.content_digest:
            return Refused(Refusal.id_reused)
        return Exists(made_id=seen.reconciliation_id)
    received = Statement(command, draft.new_id(), draft.now, _findings(draft, command))
    draft.changes.statements[key] = received
    draft.emit(standing, "statement.received", _fact(received))
    return Accepted(made_id=received.reconciliation_id)


def _seen(draft: Draft, key: tuple[str, str]) -> StatementSeen | None:
    added = draft.changes.statements.get(key)
    return added.as_seen() if added is not None else draft.book.statements.get(key)


def _before(draft: Draft, command: ReceiveStatement) -> Ending | None:
    """Return how the account's last statement before this one ended, those of this batch too."""
    read = draft.book.statements_before.get((command.account_number, command.statement_id))
    added = [
        one.as_seen()
        for (account, _), one in draft.changes.statements.items()
        if account == command.account_number and one.command.to_at < command.from_at
    ]
    known = [*added, read] if read is not None else added
    if not known:
        return None
    last = max(known, key=lambda one: one.to_at)
    return Ending(last.statement_id, last.to_at, last.closing_balance_fen)


def _findings(draft: Draft, command: ReceiveStatement) -> dict[str, object]:
    """Return what the checks and the entries taken in so far say of a statement."""
    balances = (command.opening_balance_fen, command.closing_balance_fen)
    checks = check(balances, command.entries, command.from_at, _before(draft, command))
    found = compare(command.entries, _known(draft, command), ())
    return {
        **checks.as_body(),
        "entries": len(command.entries),
        "matched": len(found.matched),
        "missing_here": len(found.missing_here),
        "different_amount": len(found.different_amount),
    }


def _known(draft: Draft, command: ReceiveStatement) -> list[KnownEntry]:
    """Return our entries of the ids that the statement lists."""
    known = []
    for said in command.entries:
        key = (command.account_number, said.entry_id)
        ours = draft.changes.entries.get(key) or draft.book.entries.get(key)
        if ours is not None:
            known.append(
                KnownEntry(
                    ours.entry_id,
                    ours.direction,
                    ours.amount_fen,
                    ours.booked_at,
                    ours.value_on,
                    ours.end_to_end_id,
                )
            )
    return known


def _fact(received: Statement) -> dict[str, object]:
    command = received.command
    moved = [signed_fen(one) for one in command.entries]
    return {
        "statement_id": command.statement_id,
        "reconciliation_id": str(received.reconciliation_id),
        "bank_id": command.bank_id,
        "from": rfc3339(command.from_at),
        "to": rfc3339(command.to_at),
        "opening_balance_fen": command.opening_balance_fen,
        "closing_balance_fen": command.closing_balance_fen,
        "credits_fen": sum(amount for amount in moved if amount > 0),
        "debits_fen": -sum(amount for amount in moved if amount < 0),
        **received.findings,
    }

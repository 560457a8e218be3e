"""A bank's statement against our own books, entry by entry; nothing is ever taken in from it.

| list | means |
|---|---|
| matched | the same entry on both sides |
| different_amount | the same entry, another amount or direction |
| missing_here | the bank lists it, we never took it in |
| missing_at_bank | we took it in for these days, no statement of the account lists it |
| in_transit | we instructed it, the bank has it, nobody booked it yet |

Entries are the same by their id, else by their end-to-end id.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from escrow.domain.commands import StatementEntry
from shared.money import Fen


@dataclass(frozen=True, slots=True)
class KnownEntry:
    """An entry that we took in, and whether a statement of these days should list it."""

    entry_id: str
    direction: str
    amount_fen: Fen
    booked_at: datetime
    value_on: date
    end_to_end_id: str | None
    is_due: bool = True


@dataclass(frozen=True, slots=True)
class Transit:
    """One transfer that the bank was asked for and has not booked."""

    end_to_end_id: str
    instruction_id: UUID
    kind: str
    state: str
    amount_fen: Fen
    since: datetime


@dataclass(frozen=True, slots=True)
class Pair:
    """An entry of the statement and ours, and by what they are the same."""

    said: StatementEntry
    known: KnownEntry
    matched_by: str


@dataclass(slots=True)
class Comparison:
    """What became of every entry on either side: each is in exactly one list."""

    matched: list[Pair] = field(default_factory=list)
    different_amount: list[Pair] = field(default_factory=list)
    missing_here: list[StatementEntry] = field(default_factory=list)
    missing_at_bank: list[KnownEntry] = field(default_factory=list)
    in_transit: list[Transit] = field(default_factory=list)


def compare(
    said: Sequence[StatementEntry], known: Iterable[KnownEntry], transits: Iterable[Transit]
) -> Comparison:
    """Put every entry of the statement, every one of ours that is due, and every transfer."""
    found = Comparison()
    left = {one.entry_id: one for one in known}
    unnamed = []
    for one in said:
        ours = left.pop(one.entry_id, None)
        if ours is None:
            unnamed.append(one)
        else:
            _pair(found, one, ours, "id")
    by_transfer = {_transfer(ours): ours for ours in left.values() if ours.end_to_end_id}
    for one in unnamed:
        ours = by_transfer.pop(_transfer(one), None) if one.end_to_end_id else None
        if ours is None:
            found.missing_here.append(one)
        else:
            del left[ours.entry_id]
            _pair(found, one, ours, "end_to_end_id")
    found.missing_at_bank = [ours for ours in left.values() if ours.is_due]
    listed = {one.end_to_end_id for one in said if one.direction == "debit"}
    found.in_transit = [one for one in transits if one.end_to_end_id not in listed]
    return found


def _transfer(one: StatementEntry | KnownEntry) -> tuple[str | None, str]:
    """Return what names a transfer: one that came back has a debit and a credit of one id."""
    return one.end_to_end_id, one.direction


def _pair(found: Comparison, said: StatementEntry, known: KnownEntry, by: str) -> None:
    is_same = (said.amount_fen, said.direction) == (known.amount_fen, known.direction)
    (found.matched if is_same else found.different_amount).append(Pair(said, known, by))


@dataclass(frozen=True, slots=True)
class Ending:
    """How the statement before ended."""

    statement_id: str
    to_at: datetime
    closing_balance_fen: int


@dataclass(frozen=True, slots=True)
class Checks:
    """Whether a statement adds up by itself, and with the one before it."""

    arithmetic_gap_fen: int
    """Closing balance less what the opening balance and the entries come to."""
    opening_gap_fen: int | None
    """Opening balance less the closing balance of the statement before; None without one."""
    previous_statement_id: str | None
    follows_on: bool | None
    """Whether it begins where the statement before ended."""

    def as_body(self) -> dict[str, object]:
        """Return the checks in the words of the wire."""
        return {
            "arithmetic_gap_fen": self.arithmetic_gap_fen,
            "opening_gap_fen": self.opening_gap_fen,
            "previous_statement_id": self.previous_statement_id,
            "follows_on": self.follows_on,
        }


def check(
    balances: tuple[int, int],
    entries: Iterable[StatementEntry],
    from_at: datetime,
    before: Ending | None,
) -> Checks:
    """Check a statement's opening and closing balance against its entries and the one before."""
    opening, _ = balances
    gap = arithmetic_gap_fen(balances, entries)
    if before is None:
        return Checks(gap, None, None, None)
    pause = from_at - before.to_at
    return Checks(
        gap,
        opening - before.closing_balance_fen,
        before.statement_id,
        pause.total_seconds() <= 1,
    )


def arithmetic_gap_fen(balances: tuple[int, int], entries: Iterable[StatementEntry]) -> int:
    """Return a closing balance less what the opening one and the entries come to, in fen."""
    opening, closing = balances
    return closing - opening - sum(signed_fen(one) for one in entries)


def signed_fen(entry: StatementEntry | KnownEntry) -> int:
    """Return what an entry adds to the account, in fen."""
    return entry.amount_fen if entry.direction == "credit" else -entry.amount_fen

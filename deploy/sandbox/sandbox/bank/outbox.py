"""What the bank still has to tell the escrow service: entries, and results of instructions.

Nothing leaves the outbox before the service has answered for it, and what was told is written
to the journal, so a restart tells the rest and at worst repeats itself, which is harmless.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.bank.records import Entry, InstructionState
from sandbox.journal import Journal

BATCH_MAX = 500
"""Entries in one request: half of what the wire contract allows, so that a repeat stays small."""


@dataclass(frozen=True, slots=True)
class Result:
    """One thing to say about one instruction."""

    instruction_id: str
    state: InstructionState
    body: dict[str, Any]
    is_early: bool
    """Said before the entries of the same round, not after them."""

    @property
    def key(self) -> str:
        """Return the idempotency key: one per instruction and state."""
        return f"{self.instruction_id}:{self.state.value}"


class Outbox:
    """Pending entries and results, in the order they arose."""

    def __init__(self, journal: Journal, rows: Iterable[dict[str, Any]] = ()) -> None:
        """Begin with what the journal says was booked and not yet told."""
        self._journal = journal
        self.entries: dict[tuple[str, str], Entry] = {}
        self.results: dict[str, Result] = {}
        self.said: set[str] = set()
        for row in rows:
            self._replay(row)

    def __len__(self) -> int:
        """Return how many entries and results wait."""
        return len(self.entries) + len(self.results)

    def add_entries(self, entries: Iterable[Entry]) -> None:
        """Queue entries; one that already waits is not queued twice."""
        for entry in entries:
            self.entries[(entry.account_number, entry.id)] = entry

    def add_result(self, result: Result) -> None:
        """Queue a result and write it down."""
        self._journal.write(
            "result",
            id=result.instruction_id,
            state=result.state.value,
            body=result.body,
            early=result.is_early,
        )
        self.results[result.key] = result
        self.said.add(result.key)

    def batch(self) -> list[Entry]:
        """Return the next entries to send."""
        return list(self.entries.values())[:BATCH_MAX]

    def told_entries(self, entries: Sequence[Entry]) -> None:
        """Strike out entries the service has answered for."""
        keys = [(entry.account_number, entry.id) for entry in entries]
        self._journal.write("told_entries", keys=keys)
        self._strike(keys)

    def told_result(self, result: Result) -> None:
        """Strike out a result the service has answered for."""
        self._journal.write("told_result", key=result.key)
        self.results.pop(result.key, None)

    def _strike(self, keys: Iterable[Sequence[str]]) -> None:
        for number, entry_id in keys:
            self.entries.pop((number, entry_id), None)

    def _replay(self, row: dict[str, Any]) -> None:
        match row["kind"]:
            case "entries" | "decided":
                self.add_entries(Entry.model_validate(entry) for entry in row["entries"])
            case "result":
                state = InstructionState(row["state"])
                result = Result(row["id"], state, row["body"], row["early"])
                self.results[result.key] = result
                self.said.add(result.key)
            case "told_entries":
                self._strike(row["keys"])
            case "told_result":
                self.results.pop(row["key"], None)


def batch_key(bank_id: str, entries: Sequence[Entry]) -> str:
    """Return the idempotency key of a batch: the same entries always get the same key."""
    ids = "\n".join(f"{entry.account_number} {entry.id}" for entry in entries)
    return f"{bank_id}-{hashlib.sha256(ids.encode()).hexdigest()[:32]}"

"""What a Saturday came to, counted from the answers the city got."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Tally:
    """Counts of one played day; money in fen."""

    institutions: int = 0
    contracts: Counter[str] = field(default_factory=Counter)
    contract_refusals: Counter[str] = field(default_factory=Counter)
    deposits: int = 0
    deposited_fen: int = 0
    releases: Counter[str] = field(default_factory=Counter)
    release_refusals: Counter[str] = field(default_factory=Counter)
    released_fen: int = 0
    retained_fen: Counter[str] = field(default_factory=Counter)
    retained_lessons: Counter[str] = field(default_factory=Counter)
    first_release_s: float | None = None
    batches: int = 0
    refunds: Counter[str] = field(default_factory=Counter)
    refunded_fen: int = 0
    allocated: int = 0
    freezes: int = 0
    reconciled: Counter[str] = field(default_factory=Counter)
    replays: int = 0
    strayed_fen: int = 0
    """What a planted failure took out of its account."""

    def add_contracts(self, answer: dict[str, Any]) -> None:
        """Count a batch of registrations."""
        for row in answer["items"]:
            self.contracts[row["outcome"]] += 1
            if row["outcome"] == "refused":
                self.contract_refusals[row["code"]] += 1

    def add_releases(self, answer: dict[str, Any]) -> None:
        """Count a batch of releases."""
        self.batches += 1
        for row in answer["items"]:
            self.releases[row["outcome"]] += 1
            if row["outcome"] == "refused":
                self.release_refusals[row["code"]] += 1
            elif row["outcome"] == "released":
                self.released_fen += row["amount_fen"]
                self._add_payout(row)

    def _add_payout(self, row: dict[str, Any]) -> None:
        payout = row.get("payout") or {}
        if payout.get("state") == "retained":
            reason = payout.get("reason") or "unnamed"
            self.retained_lessons[reason] += 1
            self.retained_fen[reason] += row["amount_fen"]

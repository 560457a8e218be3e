"""Figures in the making: what is known of each metric, by its labels.

A figure of a metric that the catalogue does not have, or with other labels, is refused at once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product
from typing import Final, TypeAlias

from alerts.watching.catalogue import METRICS

Labels: TypeAlias = tuple[str, ...]

FEN_OF_A_YUAN: Final = 100


@dataclass(slots=True)
class Distribution:
    """How many observations fell below each bound, and their sum."""

    counts: list[int]
    """Of each bucket by itself; the last is what exceeds every bound."""
    total: float = 0.0


@dataclass(slots=True)
class Figures:
    """What one reading amounts to."""

    offset_s: int = 0
    """What the books' clock was raised by: taken off every instant."""
    values: dict[str, dict[Labels, float]] = field(default_factory=dict)
    distributions: dict[str, dict[Labels, Distribution]] = field(default_factory=dict)

    def begin(self, name: str, *words: Iterable[str]) -> None:
        """Show zero for every combination of known words, so that silence is a number."""
        for labels in product(*words):
            self.put(name, labels, 0)

    def put(self, name: str, labels: Labels, value: float) -> None:
        """Set a figure."""
        self._of(name, labels)[labels] = value

    def add(self, name: str, labels: Labels, value: float) -> None:
        """Add to a figure: several words may be one label, `other`."""
        known = self._of(name, labels)
        known[labels] = known.get(labels, 0) + value

    def add_yuan(self, name: str, labels: Labels, amount_fen: int) -> None:
        """Add an amount, for display; whole fen below 2^53 lose nothing."""
        self.add(name, labels, amount_fen / FEN_OF_A_YUAN)

    def put_instant(self, name: str, labels: Labels, instant: datetime | None) -> None:
        """Set an instant of the books, by the clock of the machine that scrapes; 0 for none."""
        self.put(name, labels, instant.timestamp() - self.offset_s if instant else 0)

    def distribution(self, name: str, labels: Labels, buckets: int) -> Distribution:
        """Return a distribution to count into."""
        assert len(labels) == len(METRICS[name].labels), name
        known = self.distributions.setdefault(name, {})
        return known.setdefault(labels, Distribution([0] * (buckets + 1)))

    def _of(self, name: str, labels: Labels) -> dict[Labels, float]:
        assert len(labels) == len(METRICS[name].labels), name
        return self.values.setdefault(name, {})


def capped(words: Mapping[str, int] | Iterable[str], most: int) -> frozenset[str]:
    """Return the first so many words in their order: those that have series of their own."""
    return frozenset(sorted(set(words))[:most])

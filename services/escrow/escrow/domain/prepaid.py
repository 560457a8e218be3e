"""A contract's line of the prepaid ledger (台账): collected, consumed, refunded, remaining.

Money is what moved; lessons are what that money stands for. In both,
collected = consumed + refunded + remaining.
"""

from dataclasses import dataclass

from shared.money import Fen


@dataclass(frozen=True, slots=True)
class Prepaid:
    """What became of one contract's money up to a moment."""

    contract_id: str
    lessons: int
    paid_fen: Fen
    collected_fen: Fen
    consumed_fen: Fen
    refunded_fen: Fen
    consumed_lessons: int

    @property
    def remaining_fen(self) -> Fen:
        """Return what is still held."""
        return Fen(self.collected_fen - self.consumed_fen - self.refunded_fen)

    @property
    def collected_lessons(self) -> int:
        """Return the lessons that were paid for: all of them, or those a part covers."""
        if self.collected_fen == self.paid_fen:
            return self.lessons
        return max(self.consumed_lessons, min(self._covered(self.collected_fen), self.lessons))

    @property
    def remaining_lessons(self) -> int:
        """Return the lessons that are paid for, neither taught nor refunded."""
        untaught = self.lessons - self.consumed_lessons
        if self.remaining_fen == self.paid_fen - self.consumed_fen:
            return untaught
        return min(self._covered(self.remaining_fen), untaught)

    @property
    def refunded_lessons(self) -> int:
        """Return the lessons whose money went back."""
        return max(0, self.collected_lessons - self.consumed_lessons - self.remaining_lessons)

    def _covered(self, amount: Fen) -> int:
        """Return how many lessons at the common fee an amount covers."""
        return amount // (self.paid_fen // self.lessons)

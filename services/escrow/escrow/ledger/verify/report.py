"""What a verification found: rows by table and key, what was expected and what stands there."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias
from uuid import UUID

Scope: TypeAlias = Literal["new", "whole"]

FINDINGS_MAX: Final = 100
"""Findings kept of one table and rule: the first wrong row matters, and how they go on."""

_KEPT_SUMS: Final = frozenset({"balance", "verified_balance"})
_RECOUNTED: Final = frozenset(
    {"funded_fen", "released_fen", "refunded_fen", "held_fen", "lessons_released"}
    | {"unallocated_fen", "funding", "waiting_fen", "payable_fen", "lines_fen"}
)


@dataclass(frozen=True, slots=True)
class Finding:
    """A row that disagrees with another, or with what was recomputed.

    `key` is the row's primary key, its parts joined by `/`, the institution always first.
    Where two rows contradict each other and no third decides, both are named.
    """

    table: str
    key: str
    rule: str
    expected: str
    found: str

    @property
    def institution_id(self) -> str:
        """Return the institution whose books the row belongs to."""
        return self.key.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Report:
    """One verification: what it looked at and what it found, the most suspect rows first."""

    verification_id: UUID
    scope: Scope
    started_at: datetime
    finished_at: datetime
    institutions: int
    movements: int
    findings: tuple[Finding, ...]

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def ranked(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Put the rows that most records contradict first, and keep a bounded number of a kind.

    A changed row contradicts each of its neighbours, and each of them contradicts it alone.
    A sum that does not come out says that something is wrong with its parts, or with itself
    where nothing contradicts them.
    """
    found = list(dict.fromkeys(findings))
    weight = Counter((one.table, one.key) for one in found if not _is_sum(one))
    found.sort(key=lambda one: (one.institution_id, -weight[one.table, one.key], _is_sum(one)))
    kept: Counter[tuple[str, str]] = Counter()
    chosen = []
    for one in found:
        kept[one.table, one.rule] += 1
        if kept[one.table, one.rule] <= FINDINGS_MAX:
            chosen.append(one)
    return tuple(chosen)


def _is_sum(finding: Finding) -> bool:
    return finding.table in _KEPT_SUMS or finding.rule in _RECOUNTED

"""Batches over a register, and what becomes of them."""

from collections.abc import Iterable
from typing import Any

from registry_sync.domain.changes import compare
from registry_sync.domain.record import Record
from registry_sync.domain.safeguards import Batch, Judgement, Limits, Release, judge
from registry_sync.domain.words import HoldReason
from tests.unit.registry_sync.domain.registers import a_record, held_of


def a_batch(known: Iterable[Record], records: list[Record], **facts: Any) -> Batch:  # noqa: ANN401
    """Return a batch over what is held; a full one unless it is said otherwise."""
    is_full = facts.pop("is_full", True)
    of = facts.pop("held", None) or held_of(*known)
    changes = compare(of, records, is_full=is_full)
    return Batch(is_full, facts.pop("count", len(records)), changes, of, **facts)


def judged(batch: Batch, **released: Release) -> Judgement:
    return judge(batch, Limits(), {HoldReason(name): one for name, one in released.items()})


def withheld(judgement: Judgement) -> dict[str, int]:
    return {one.reason.value: one.count for one in judgement.withheld}


def spread(size: int) -> list[Record]:
    """Return a register in which no bureau has more than two sites."""
    return [a_record(number, district_code=f"{320_000 + number // 2}") for number in range(size)]

"""`plan`: what an institution does from a day on, for each failure, the same for the same seed."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from random import Random
from types import MappingProxyType
from typing import Final, TypeAlias

from sandbox.misbehaving.acts import Act, Failure, Standing
from sandbox.misbehaving.draining import run_away, split, wake
from sandbox.misbehaving.failing import be_left, miss_clearance
from sandbox.misbehaving.pretending import collect_elsewhere, pretend_lessons

Planner: TypeAlias = Callable[[Random, date, Standing], list[Act]]

_PLANNERS: Final[Mapping[Failure, Planner]] = MappingProxyType(
    {
        Failure.runaway: run_away,
        Failure.structuring: split,
        Failure.fake_lessons: pretend_lessons,
        Failure.off_account: collect_elsewhere,
        Failure.refund_surge: be_left,
        Failure.not_clearing: miss_clearance,
        Failure.dormant: wake,
    }
)


def plan(kind: Failure, seed: int, start: date, standing: Standing) -> Sequence[Act]:
    """Return the acts of a failure that begins on a day, by day.

    The same seed, institution and day give the same acts.
    """
    chance = Random(f"{kind}:{seed}:{standing.institution_id}:{start}")
    return sorted(_PLANNERS[kind](chance, start, standing), key=lambda act: act.day)

"""The life of a set of values: draft, shadow, live, retired; who may move it, and on what proof."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

SHADOW_FOR: Final = timedelta(days=7)
"""How long values run in shadow before they may go live (design)."""

PROVEN_OVER: Final = timedelta(days=90)
"""The shortest span of a backtest that values may go live by (design)."""

PERSONS: Final = 2
"""How many must say so before values judge for real, or stop doing so."""

BUDGET_MILLI: Final = 1_000
"""Cases per officer and week that one rule may cost, in thousandths (design: the Nantong ratio)."""


class State(StrEnum):
    """Where a set of values stands."""

    draft = "draft"
    shadow = "shadow"
    live = "live"
    retired = "retired"


_NEXT: Final[Mapping[State, frozenset[State]]] = {
    State.draft: frozenset({State.shadow, State.retired}),
    State.shadow: frozenset({State.live, State.retired}),
    State.live: frozenset({State.retired}),
    State.retired: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Values:
    """One version of one rule's values in one district."""

    rule: str
    district_code: str
    version: int
    state: State
    params_hash: str
    made_by: str
    shadow_since: datetime | None
    approvals: Sequence[Mapping[str, Any]]
    """Who wants it where, and why: `{by, to, reason, at}`."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A stored backtest, as far as going live asks of it."""

    rule: str
    params_hash: str
    from_at: datetime
    to_at: datetime
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wish:
    """One person's word that values move on."""

    by: str
    to: State
    reason: str
    now: datetime
    is_over_budget_accepted: bool = False
    """Said of a rule that costs more cases than the budget and is wanted all the same."""


@dataclass(frozen=True, slots=True)
class Moves:
    """The wish is granted: the values move."""

    state: State


@dataclass(frozen=True, slots=True)
class Waits:
    """The wish is kept: another person must say so too."""

    approvals: int


@dataclass(frozen=True, slots=True)
class Refuses:
    """The wish is not granted; nothing changes."""

    code: str
    detail: str


def promote(values: Values, wish: Wish, proof: Proof | None) -> Moves | Waits | Refuses:
    """Decide one person's wish: shadow by one, live and retirement from live by two persons."""
    if wish.to not in _NEXT[values.state]:
        detail = f"Values that are {values.state} cannot become {wish.to}."
        return Refuses("illegal_transition", detail)
    if wish.to is State.live:
        refused = _unproven(values, wish, proof)
        if refused:
            return refused
    if State.live not in {values.state, wish.to}:
        return Moves(wish.to)  # neither judges for real: one person is enough
    said = {one["by"] for one in values.approvals if one["to"] == wish.to} | {wish.by}
    return Moves(wish.to) if len(said) >= PERSONS else Waits(len(said))


def _unproven(values: Values, wish: Wish, proof: Proof | None) -> Refuses | None:
    """Return what is missing before values may judge for real."""
    since = values.shadow_since
    if since is None or wish.now - since < SHADOW_FOR:
        days = SHADOW_FOR.days
        return Refuses("shadow_too_short", f"Let the values run in shadow for {days} days first.")
    if proof is None or (proof.rule, proof.params_hash) != (values.rule, values.params_hash):
        return Refuses("backtest_missing", "Name a backtest of exactly these values.")
    if proof.to_at - proof.from_at < PROVEN_OVER:
        days = PROVEN_OVER.days
        return Refuses("backtest_too_short", f"The backtest must reach over {days} days.")
    if proof.result.get("is_empty"):
        return Refuses(
            "backtest_empty", "Nothing was known in the backtest's span: choose another."
        )
    cost = proof.result.get("cases_per_officer_week_milli", 0)
    if cost > BUDGET_MILLI and not wish.is_over_budget_accepted:
        detail = (
            f"These values cost {cost} thousandths of a case per officer and week, over the"
            f" budget of {BUDGET_MILLI}: change them, or say `accept_over_budget` with the reason."
        )
        return Refuses("over_budget", detail)
    return None

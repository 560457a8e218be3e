"""When a rule of money looks: at what is fresh, and through windows that roll.

An entry is fresh while it was booked or heard of within the last hours, so that one that a bank
tells a day late is judged as it would have been in time. A rolling window ends now, and at every
fresh booking: what a rule finds does not depend on when it happened to be asked.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from alerts.domain.facts import Fact
from alerts.domain.rule import YUAN, Parameter, Params
from alerts.domain.view import FactView, Flow
from shared.money import BPS_WHOLE

WAN: Final = 10_000 * YUAN
"""Fen of 万元, in which documents state amounts."""
AMOUNT_MAX: Final = 10_000 * WAN
"""The largest amount that a preset may be: 一亿元, more than any one institution holds."""
DESIGN: Final = "design: alerts 5.1"

FRESH: Final = (
    Parameter("fresh_hours", 24, 1, 168, "hours", "design: alerts 5.1, R01"),
    Parameter("late_days", 31, 1, 92, "days", "design: older ones come with an account's history"),
)
"""Parameters of every rule that judges entries: for how long one is fresh, how late it may come."""

Span = tuple[datetime, datetime]
"""After an instant, up to and with another."""


def fresh(view: FactView, params: Params, flow: Flow) -> Sequence[Fact]:
    """Return the entries of a flow that were booked or heard of within the last hours."""
    if not flow.facts:
        return ()
    since = view.as_of - timedelta(hours=params["fresh_hours"])
    oldest = min(since, view.as_of - timedelta(days=params["late_days"]))
    entries = flow.between(oldest, view.as_of)
    return [one for one in entries if one.at > since or one.seen_at > since]


def rolling(view: FactView, params: Params, length: timedelta) -> Iterable[Span]:
    """Return the windows that end now and at every fresh unbacked debit, the latest first."""
    ends = {view.as_of, *(one.at for one in fresh(view, params, view.outflows))}
    return [(end - length, end) for end in sorted(ends, reverse=True)]


def reaches(part_fen: int, bps: int, whole_fen: int) -> bool:
    """Tell whether an amount is at least so many basis points of another, exactly.

    Of nothing, or less, any amount is.
    """
    return part_fen * BPS_WHOLE >= bps * whole_fen


def ids(*facts: Fact | None) -> tuple[int, ...]:
    """Return the numbers of facts in order, each once."""
    return tuple(sorted({one.fact_id for one in facts if one is not None}))

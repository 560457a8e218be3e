"""R22: money that left, or was to leave, while payouts were frozen.

An attempt is a debit booked without an instruction while a freeze of payouts, or of everything,
stood; or the bank's own word that it turned one away. A debit by instruction is none: what was
already out when the freeze came is paid.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from alerts.domain.facts import Fact, Kind
from alerts.domain.outcome import NO_HIT, Outcome, Severity, Verdict
from alerts.domain.rule import Parameter, Params, Rule
from alerts.domain.rules.windows import DESIGN, FRESH, fresh, ids
from alerts.domain.view import FactView
from alerts.domain.wording import count, span, when, yuan

HOLDING: Final = frozenset({"payout", "all"})
"""The scopes of a freeze that keep money in the account."""
TURNED_AWAY: Final = "blocked_debit"
"""What a bank's warning is of, where it turned a debit away."""


def blocked_outflow(view: FactView, params: Params) -> tuple[Outcome, ...]:
    """R22: return the attempts of the last hours on a frozen account."""
    turned_away = _turned_away(view, params)
    freezes = [one for one in view.of(Kind.freeze) if one.tag in HOLDING]
    booked = _booked_under(view, params, freezes) if freezes else {}
    if not booked and not turned_away:
        return (NO_HIT,)
    attempts = [one for one, _ in booked.values()] + turned_away
    stood = [freeze for _, under in booked.values() for freeze in under]
    return (_attempted(view, params, attempts, stood, len(turned_away)),)


def _turned_away(view: FactView, params: Params) -> list[Fact]:
    warnings = view.of(Kind.bank_warning)
    if not warnings:
        return []
    since = view.as_of - timedelta(hours=params["fresh_hours"])
    oldest = min(since, view.as_of - timedelta(days=params["late_days"]))
    return [
        one
        for one in warnings
        if one.tag == TURNED_AWAY and one.at > oldest and max(one.at, one.seen_at) > since
    ]


def _booked_under(
    view: FactView, params: Params, freezes: Sequence[Fact]
) -> dict[int, tuple[Fact, list[Fact]]]:
    """Return the fresh debits that were booked under a freeze, each with those that stood."""
    lifted = {one.ref: one.at for one in reversed(view.of(Kind.unfreeze))}
    booked = {}
    for debit in fresh(view, params, view.outflows):
        stood = [
            one
            for one in freezes
            if one.at <= debit.at and not (one.ref in lifted and lifted[one.ref] <= debit.at)
        ]
        if stood:
            booked[debit.fact_id] = (debit, stood)
    return booked


def _attempted(
    view: FactView,
    params: Params,
    attempts: Sequence[Fact],
    stood: Sequence[Fact],
    turned_away: int,
) -> Outcome:
    is_grave = len(attempts) >= params["grave_count"]
    sum_fen = sum(one.amount_fen for one in attempts)
    hours = timedelta(hours=params["fresh_hours"])
    return Outcome(
        Verdict.hit,
        Severity.critical if is_grave else Severity.warning,
        inputs={
            "count": len(attempts),
            "turned_away": turned_away,
            "sum_fen": sum_fen,
            "grave_count": params["grave_count"],
        },
        fact_ids=ids(*attempts, *stood),
        sentence=(
            f"{when(view.as_of)} 前 {span(hours)}冻结期间有 {count(len(attempts))}支出"
            f"（其中银行拒付 {count(turned_away)}），共 {yuan(sum_fen)}，"
            f"红色阈值 {count(params['grave_count'])}"
        ),
    )


RULES: Final = (
    Rule(
        "R22",
        "blocked_outflow_attempt",
        "冻结期间支出",
        1,
        (
            Parameter("grave_count", 3, 1, 100, "count", DESIGN),
            *FRESH,
        ),
        blocked_outflow,
    ),
)

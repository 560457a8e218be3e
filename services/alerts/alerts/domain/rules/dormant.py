"""R10: an account that slept for months, and then pays out much at once.

Basis: the bundles of libraries (Didit). Asleep is an account from which nothing left, not even
by instruction; how long it slept is seen only of one whose history reaches so far. What wakes it
is added up over a day, so that a small payment to try first wakes nobody unseen. It is red where
the registry's last word is that the licence does not stand.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from alerts.domain.facts import Fact, Kind
from alerts.domain.outcome import NO_HIT, Outcome, Severity, Verdict
from alerts.domain.rule import Parameter, Params, Rule
from alerts.domain.rules.windows import AMOUNT_MAX, DESIGN, FRESH, WAN, ids, rolling
from alerts.domain.view import FactView
from alerts.domain.wording import count, span, when, yuan

_STANDS: Final[Mapping[str, bool]] = {
    "licence.revoked": False,
    "licence.suspended": False,
    "licence.expired": False,
    "institution.restored": True,
}
"""What the registry's events say of the licence; of the others, their `status` does."""
_UNTOLD: Final = "unknown"
_SOUND: Final = "normal"


def reactivated(view: FactView, params: Params) -> tuple[Outcome, ...]:
    """R10: return the latest day on which a sleeping account paid out much."""
    if not view.outflows.facts:
        return (NO_HIT,)
    for after, until in rolling(view, params, timedelta(hours=params["wake_hours"])):
        left_fen = view.outflows.sum_fen(after, until)
        if left_fen >= params["least_fen"] and _slept_until(view, params, after):
            return (_woken(view, params, after, until),)
    return (NO_HIT,)


def _slept_until(view: FactView, params: Params, instant: datetime) -> bool:
    since = instant - timedelta(days=params["dormant_days"])
    first = view.first_booking
    return first is not None and first <= since and not view.debits.between(since, instant)


def lost_licence(view: FactView) -> Fact | None:
    """Return the registry's last word on the licence, where it does not stand by it."""
    for one in reversed(view.of(Kind.registry)):
        stands = _STANDS.get(one.tag)
        status = one.body.get("status")
        if stands is None and isinstance(status, str) and status != _UNTOLD:
            stands = status == _SOUND
        if stands is not None:
            return None if stands else one
    return None


def _woken(view: FactView, params: Params, after: datetime, until: datetime) -> Outcome:
    debits = view.outflows.between(after, until)
    left_fen = view.outflows.sum_fen(after, until)
    lost = lost_licence(view)
    licence = "，且办学许可已失效" if lost else ""
    return Outcome(
        Verdict.hit,
        Severity.critical if lost else Severity.warning,
        inputs={
            "left_fen": left_fen,
            "count": len(debits),
            "dormant_days": params["dormant_days"],
            "least_fen": params["least_fen"],
        },
        fact_ids=ids(*debits, lost),
        sentence=(
            f"账户此前 {params['dormant_days']} 天无支出，{when(until)} 前 {span(until - after)}"
            f"流出 {yuan(left_fen)}（{count(len(debits))}），"
            f"阈值 {yuan(params['least_fen'])}{licence}"
        ),
    )


RULES: Final = (
    Rule(
        "R10",
        "dormant_reactivation",
        "沉睡账户大额支出",
        1,
        (
            Parameter("dormant_days", 60, 7, 366, "days", "library practice (Didit)"),
            Parameter("least_fen", 5 * WAN, 1, AMOUNT_MAX, "fen", DESIGN),
            Parameter("wake_hours", 24, 1, 168, "hours", DESIGN),
            *FRESH,
        ),
        reactivated,
    ),
)

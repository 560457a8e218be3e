"""R07 and R08: money that leaves in a shape, rather than in an amount.

R07 structuring (拆分): several debits within a day, each a little below what R01 looks at. The
limit of each is R01's own, of the balance just before it.
R08 rapid in and out (卷款): what came in leaves again within two days. Only what left after the
first of the credits counts, and only above an amount, as a small fee collected on the day of the
rent is no flight. It is red where the account is below its floor now.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from alerts.domain.facts import Fact
from alerts.domain.outcome import NO_HIT, Outcome, Severity, Verdict
from alerts.domain.rule import Parameter, Params, Rule
from alerts.domain.rules.windows import (
    AMOUNT_MAX,
    DESIGN,
    FRESH,
    WAN,
    ids,
    reaches,
    rolling,
)
from alerts.domain.view import FactView, Flow
from alerts.domain.wording import count, percent, share_of, span, when, yuan
from shared.money import BPS_WHOLE

_PRACTICE: Final = "library practice (Didit, Jube): just below a limit"
_HOURS_MAX: Final = 744


def structured(view: FactView, params: Params) -> tuple[Outcome, ...]:
    """R07: return the window with the most debits just below the limit of a single one."""
    if len(view.outflows.facts) < params["least_count"]:
        return (NO_HIT,)
    limits = {one.fact_id: _limit(view, params, one) for one in view.outflows.facts}
    near = Flow([one for one in view.outflows.facts if _is_near(one, limits, params)])
    length = timedelta(hours=params["window_hours"])
    best: Sequence[Fact] = ()
    until = view.as_of
    for window in rolling(view, params, length):
        debits = near.between(*window)
        if len(debits) > len(best) and _adds_up(debits, limits, params):
            best, until = debits, window[1]
    return (_split(params, until, best),) if best else (NO_HIT,)


def _limit(view: FactView, params: Params, one: Fact) -> int:
    """Return from what amount on R01 looks at a debit, in fen times `BPS_WHOLE`: exactly."""
    share = params["limit_bps"] * view.balance_before_fen(one.at)
    return max(params["limit_fen"] * BPS_WHOLE, share)


def _is_near(one: Fact, limits: dict[int, int], params: Params) -> bool:
    amount = one.amount_fen * BPS_WHOLE
    limit = limits[one.fact_id]
    return amount < limit and reaches(amount, params["near_bps"], limit)


def _adds_up(debits: Sequence[Fact], limits: dict[int, int], params: Params) -> bool:
    together = sum(one.amount_fen for one in debits) * BPS_WHOLE
    return len(debits) >= params["least_count"] and together >= max(
        limits[one.fact_id] for one in debits
    )


def _split(params: Params, until: datetime, debits: Sequence[Fact]) -> Outcome:
    sum_fen = sum(one.amount_fen for one in debits)
    is_grave = len(debits) >= params["grave_count"]
    least = params["grave_count" if is_grave else "least_count"]
    return Outcome(
        Verdict.hit,
        Severity.critical if is_grave else Severity.warning,
        inputs={
            "sum_fen": sum_fen,
            "count": len(debits),
            "least_count": least,
            "limit_fen": params["limit_fen"],
            "limit_bps": params["limit_bps"],
            "near_bps": params["near_bps"],
            "window_hours": params["window_hours"],
        },
        fact_ids=ids(*debits),
        sentence=(
            f"{when(until)} 前 {span(timedelta(hours=params['window_hours']))}有 "
            f"{count(len(debits))}支出均略低于单笔大额限额（{percent(params['near_bps'])} 以上），"
            f"共 {yuan(sum_fen)}，疑似拆分，阈值 {count(least)}"
        ),
    )


@dataclass(frozen=True, slots=True)
class _Passage:
    """What came in within one window, and what left after the first of it."""

    came_after: datetime
    left_from: datetime
    until: datetime
    came_fen: int
    left_fen: int


def passed_through(view: FactView, params: Params) -> tuple[Outcome, ...]:
    """R08: return the latest window in which most of what came in left again."""
    if not view.outflows.facts or not view.credits.facts:
        return (NO_HIT,)
    length = timedelta(hours=params["window_hours"])
    for after, until in rolling(view, params, length):
        passage = _passage(view, after, until)
        if (
            passage is not None
            and passage.came_fen >= params["least_fen"]
            and reaches(passage.left_fen, params["least_bps"], passage.came_fen)
        ):
            return (_through(view, params, passage),)
    return (NO_HIT,)


def _passage(view: FactView, after: datetime, until: datetime) -> _Passage | None:
    came = view.credits.between(after, until)
    if not came:
        return None
    first = came[0].at
    left_fen = view.outflows.until_fen(until) - view.outflows.before_fen(first)
    return _Passage(after, first, until, view.credits.sum_fen(after, until), left_fen)


def _through(view: FactView, params: Params, passage: _Passage) -> Outcome:
    came = view.credits.between(passage.came_after, passage.until)
    left = [
        one
        for one in view.outflows.between(passage.came_after, passage.until)
        if one.at >= passage.left_from
    ]
    floor = view.floor
    is_below = floor is not None and view.balance_fen < floor.required_fen
    rests_on = (floor.fact,) if floor is not None and is_below else ()
    below = "，且余额已低于最低余额" if is_below else ""
    share = share_of(passage.left_fen, passage.came_fen, "同期流入")
    return Outcome(
        Verdict.hit,
        Severity.critical if is_below else Severity.warning,
        inputs={
            "came_fen": passage.came_fen,
            "left_fen": passage.left_fen,
            "count": len(left),
            "least_bps": params["least_bps"],
            "window_hours": params["window_hours"],
            "balance_fen": view.balance_fen,
        },
        fact_ids=ids(*came, *left, *rests_on),
        sentence=(
            f"{when(passage.until)} 前 {span(timedelta(hours=params['window_hours']))}流入 "
            f"{yuan(passage.came_fen)}，随后流出 {yuan(passage.left_fen)}（{count(len(left))}），"
            f"{share}，阈值 {percent(params['least_bps'])}{below}"
        ),
    )


RULES: Final = (
    Rule(
        "R07",
        "structuring",
        "疑似拆分流出",
        1,
        (
            Parameter("window_hours", 24, 1, _HOURS_MAX, "hours", DESIGN),
            Parameter("limit_fen", 5 * WAN, 1, AMOUNT_MAX, "fen", "design: as R01 looks"),
            Parameter("limit_bps", 1_000, 1, BPS_WHOLE, "bps", "design: as R01 looks"),
            Parameter("near_bps", 8_000, 3_000, BPS_WHOLE, "bps", _PRACTICE),
            Parameter("least_count", 3, 2, 100, "count", _PRACTICE),
            Parameter("grave_count", 6, 2, 100, "count", _PRACTICE),
            *FRESH,
        ),
        structured,
    ),
    Rule(
        "R08",
        "rapid_in_out",
        "快进快出",
        1,
        (
            Parameter("window_hours", 48, 1, _HOURS_MAX, "hours", "卷款; design"),
            Parameter("least_bps", 8_000, 1_000, BPS_WHOLE, "bps", "卷款; design"),
            Parameter("least_fen", WAN, 1, AMOUNT_MAX, "fen", "design: no case for one fee"),
            *FRESH,
        ),
        passed_through,
    ),
)

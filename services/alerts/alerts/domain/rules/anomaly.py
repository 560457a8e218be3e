"""R09: an outflow far from what the same weekday is used to.

A day's unbacked debits are held against the same weekday of the ninety days before: against
their median, and the median of how far they lie from it (MAD), both whole fen, the lower of two
in the middle. Days without a debit count as nothing. Where a weekday hardly varies, a least
spread stands in for the MAD, so that the first few hundred yuan of a quiet account are no
anomaly. What recurs by the month is not counted.

With too short a history nothing can be said: `indeterminate(short_history)`, unless the day's sum
would be harmless whatever the history was.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median_low
from typing import Final

from alerts.domain.facts import Fact
from alerts.domain.outcome import NO_HIT, Outcome, Severity, Verdict
from alerts.domain.rule import YUAN, Parameter, Params, Rule
from alerts.domain.rules.windows import AMOUNT_MAX, DESIGN, FRESH, fresh, ids
from alerts.domain.view import FactView
from alerts.domain.wording import count, week_of, yuan
from shared.time import business_day

_WEEK: Final = timedelta(days=7)
SHORT: Final = "short_history"


@dataclass(frozen=True, slots=True)
class _Day:
    """What left on a day, against what is usual on its weekday."""

    day: date
    debits: Sequence[Fact]
    left_fen: int
    median_fen: int
    spread_fen: int
    weight: int
    """2 red, 1 yellow, 0 nothing; -1 where nobody can say."""


def outlying(view: FactView, params: Params) -> tuple[Outcome, ...]:
    """R09: return the days whose outflow is far from what is usual, by their week."""
    if not view.outflows.facts:
        return (NO_HIT,)
    asked = {business_day(one.at) for one in fresh(view, params, view.unexplained)}
    if not asked:
        return (NO_HIT,)
    by_day = _by_day(view)
    by_week: defaultdict[str, list[_Day]] = defaultdict(list)
    for day in sorted(asked):
        judged = _judged(view, params, day, by_day)
        if judged.weight:
            by_week[week_of(day)].append(judged)
    return tuple(_week(params, week, days) for week, days in by_week.items()) or (NO_HIT,)


def _by_day(view: FactView) -> dict[date, list[Fact]]:
    by_day: defaultdict[date, list[Fact]] = defaultdict(list)
    for one in view.unexplained.facts:
        by_day[business_day(one.at)].append(one)
    return by_day


def _judged(view: FactView, params: Params, day: date, by_day: dict[date, list[Fact]]) -> _Day:
    debits = by_day[day]
    left_fen = _sum_fen(debits)
    if left_fen <= params["least_mads"] * params["spread_fen"]:
        return _Day(day, debits, left_fen, 0, 0, 0)
    begins = business_day(view.first_booking or view.as_of)
    if (day - begins).days < params["history_days"]:
        return _Day(day, debits, left_fen, 0, 0, -1)
    weeks = min(params["profile_days"], (day - begins).days) // _WEEK.days
    usual = [_sum_fen(by_day.get(day - n * _WEEK, ())) for n in range(1, weeks + 1)]
    median_fen = median_low(usual)
    spread_fen = max(median_low(abs(one - median_fen) for one in usual), params["spread_fen"])
    above_fen = left_fen - median_fen
    weight = 0
    if above_fen > params["least_mads"] * spread_fen:
        weight = 2 if above_fen > params["grave_mads"] * spread_fen else 1
    return _Day(day, debits, left_fen, median_fen, spread_fen, weight)


def _sum_fen(facts: Sequence[Fact]) -> int:
    return sum(one.amount_fen for one in facts)


def _week(params: Params, week: str, days: Sequence[_Day]) -> Outcome:
    found = [one for one in days if one.weight > 0]
    if not found:
        return _unjudged(params, week, days)
    worst = max(found, key=lambda one: (one.weight, one.left_fen))
    is_grave = worst.weight > 1
    mads = params["grave_mads" if is_grave else "least_mads"]
    return Outcome(
        Verdict.hit,
        Severity.critical if is_grave else Severity.warning,
        week,
        inputs={
            "day": worst.day.isoformat(),
            "left_fen": worst.left_fen,
            "median_fen": worst.median_fen,
            "spread_fen": worst.spread_fen,
            "mads": mads,
            "count": len(worst.debits),
        },
        fact_ids=ids(*(one for day in found for one in day.debits)),
        sentence=(
            f"{worst.day.isoformat()} 流出 {yuan(worst.left_fen)}（{count(len(worst.debits))}），"
            f"同一星期几的中位数为 {yuan(worst.median_fen)}，"
            f"超出 {yuan(worst.left_fen - worst.median_fen)}，"
            f"阈值为离差 {yuan(worst.spread_fen)}的 {mads} 倍"
        ),
    )


def _unjudged(params: Params, week: str, days: Sequence[_Day]) -> Outcome:
    debits = [one for day in days for one in day.debits]
    return Outcome(
        Verdict.indeterminate,
        scope=week,
        reason=SHORT,
        inputs={"left_fen": _sum_fen(debits), "history_days": params["history_days"]},
        fact_ids=ids(*debits),
        sentence=(
            f"{days[-1].day.isoformat()} 流出 {yuan(days[-1].left_fen)}，"
            f"账户历史不足 {params['history_days']} 天，无法判断是否异常"
        ),
    )


RULES: Final = (
    Rule(
        "R09",
        "outflow_anomaly",
        "流出异常",
        1,
        (
            Parameter("least_mads", 6, 1, 100, "count", DESIGN),
            Parameter("grave_mads", 12, 1, 100, "count", DESIGN),
            Parameter("profile_days", 90, 28, 366, "days", DESIGN),
            Parameter("history_days", 30, 7, 366, "days", DESIGN),
            Parameter(
                "spread_fen", 5_000 * YUAN, 1, AMOUNT_MAX, "fen", "design: false-positive control"
            ),
            *FRESH,
        ),
        outlying,
    ),
)

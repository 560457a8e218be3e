"""R01 to R03: large debits that no instruction stands behind, one by one and added up.

Bases: 大额资金流动 among the triggers of every custody rule; Hangzhou's of 2020, by which the
bank tells when a day's or a week's withdrawals (当日/一周累计提取) pass a preset value.
A threshold of an amount and of a share is passed when both are, so that neither a small
institution's rent nor a large one's stationery is a case; red asks for what yellow asks for,
and more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from alerts.domain.facts import Fact
from alerts.domain.outcome import NO_HIT, Outcome, Severity, Verdict
from alerts.domain.rule import Parameter, Params, Rule
from alerts.domain.rules.windows import (
    AMOUNT_MAX,
    DESIGN,
    FRESH,
    WAN,
    fresh,
    ids,
    reaches,
    rolling,
)
from alerts.domain.view import FactView
from alerts.domain.wording import count, on, percent, share_of, span, when, yuan
from shared.money import BPS_WHOLE

_HANGZHOU: Final = "Hangzhou 2020-10: 当日/一周累计提取; the values are ours"
_GUANGDONG: Final = "Guangdong: a single outflow of more than 10 %"
_HOURS_MAX: Final = 744
"""Hours of the longest month: what rolls for longer is no window but a trend."""


def large_single(view: FactView, params: Params) -> tuple[Outcome, ...]:
    """R01: return what each day's large single debits come to, by the day of their booking."""
    found = []
    for one in fresh(view, params, view.outflows):
        severity = _level_of_one(view, one, params)
        if severity is not None:
            found.append((on(one.at), severity, one))
    if not found:
        return (NO_HIT,)
    days = groupby(found, key=lambda entry: entry[0])
    return tuple(_large_day(view, params, day, list(entries)) for day, entries in days)


def _level_of_one(view: FactView, one: Fact, params: Params) -> Severity | None:
    if one.amount_fen < params["least_fen"]:
        return None
    before_fen = view.balance_before_fen(one.at)
    if not reaches(one.amount_fen, params["least_bps"], before_fen):
        return None
    is_grave = one.amount_fen >= params["grave_fen"] and reaches(
        one.amount_fen, params["grave_bps"], before_fen
    )
    return Severity.critical if is_grave else Severity.warning


def _large_day(
    view: FactView, params: Params, day: str, found: Sequence[tuple[str, Severity, Fact]]
) -> Outcome:
    severity = max((level for _, level, _ in found), key=lambda level: level.weight)
    gravest = [one for _, level, one in found if level is severity]
    largest = max(gravest, key=lambda one: one.amount_fen)
    before_fen = view.balance_before_fen(largest.at)
    least = "grave" if severity is Severity.critical else "least"
    least_fen, least_bps = params[f"{least}_fen"], params[f"{least}_bps"]
    others = f"；当日共 {count(len(found))}大额流出" if len(found) > 1 else ""
    return Outcome(
        Verdict.hit,
        severity,
        day,
        inputs={
            "amount_fen": largest.amount_fen,
            "before_fen": before_fen,
            "count": len(found),
            "least_fen": least_fen,
            "least_bps": least_bps,
        },
        fact_ids=ids(*(one for _, _, one in found)),
        sentence=(
            f"{when(largest.at)} 单笔流出 {yuan(largest.amount_fen)}，"
            f"{share_of(largest.amount_fen, before_fen, '记账前余额')}，"
            f"阈值 {yuan(least_fen)}且 {percent(least_bps)}{others}"
        ),
    )


@dataclass(frozen=True, slots=True)
class _Sum:
    """What left within one window, and how grave that is."""

    severity: Severity
    after: datetime
    until: datetime
    left_fen: int
    opening_fen: int


def large_sum(view: FactView, params: Params) -> tuple[Outcome, ...]:
    """R02 and R03: return the gravest window whose debits add up to too much, the latest of them.

    What recurs by the month is not counted.
    """
    if not view.outflows.facts:
        return (NO_HIT,)
    length = timedelta(hours=params["window_hours"])
    sums = [_sum_of(view, params, *window) for window in rolling(view, params, length)]
    found = [one for one in sums if one is not None]
    if not found:
        return (NO_HIT,)
    gravest = max(found, key=lambda one: one.severity.weight)
    return (_told(view, params, gravest),)


def _sum_of(view: FactView, params: Params, after: datetime, until: datetime) -> _Sum | None:
    left_fen = view.unexplained.sum_fen(after, until)
    if left_fen < params["least_fen"]:
        return None
    opening_fen = view.balance_at_fen(after)
    if not reaches(left_fen, params["least_bps"], opening_fen):
        return None
    is_grave = reaches(left_fen, params["grave_bps"], opening_fen)
    severity = Severity.critical if is_grave else Severity.warning
    return _Sum(severity, after, until, left_fen, opening_fen)


def _told(view: FactView, params: Params, found: _Sum) -> Outcome:
    entries = view.unexplained.between(found.after, found.until)
    bps = params["grave_bps" if found.severity is Severity.critical else "least_bps"]
    return Outcome(
        Verdict.hit,
        found.severity,
        inputs={
            "left_fen": found.left_fen,
            "opening_fen": found.opening_fen,
            "count": len(entries),
            "window_hours": params["window_hours"],
            "least_fen": params["least_fen"],
            "least_bps": bps,
        },
        fact_ids=ids(*entries),
        sentence=(
            f"{when(found.until)} 前 {span(found.until - found.after)}流出 "
            f"{yuan(found.left_fen)}（{count(len(entries))}），"
            f"{share_of(found.left_fen, found.opening_fen, '期初余额')}，阈值 {percent(bps)}"
        ),
    )


RULES: Final = (
    Rule(
        "R01",
        "large_outflow_single",
        "单笔大额流出",
        1,
        (
            Parameter("least_fen", 5 * WAN, 1, AMOUNT_MAX, "fen", DESIGN),
            Parameter("least_bps", 1_000, 1, BPS_WHOLE, "bps", _GUANGDONG),
            Parameter("grave_fen", 50 * WAN, 1, AMOUNT_MAX, "fen", DESIGN),
            Parameter("grave_bps", 3_000, 1, BPS_WHOLE, "bps", DESIGN),
            *FRESH,
        ),
        large_single,
    ),
    Rule(
        "R02",
        "large_outflow_24h",
        "24 小时累计大额流出",
        1,
        (
            Parameter("window_hours", 24, 1, _HOURS_MAX, "hours", _HANGZHOU),
            Parameter("least_fen", 10 * WAN, 1, AMOUNT_MAX, "fen", _HANGZHOU),
            Parameter("least_bps", 3_000, 1, BPS_WHOLE, "bps", _HANGZHOU),
            Parameter("grave_bps", 5_000, 1, BPS_WHOLE, "bps", _HANGZHOU),
            *FRESH,
        ),
        large_sum,
    ),
    Rule(
        "R03",
        "large_outflow_7d",
        "7 天累计大额流出",
        1,
        (
            Parameter("window_hours", 168, 1, _HOURS_MAX, "hours", _HANGZHOU),
            Parameter("least_fen", 30 * WAN, 1, AMOUNT_MAX, "fen", _HANGZHOU),
            Parameter("least_bps", 5_000, 1, BPS_WHOLE, "bps", _HANGZHOU),
            Parameter("grave_bps", 7_000, 1, BPS_WHOLE, "bps", _HANGZHOU),
            *FRESH,
        ),
        large_sum,
    ),
)

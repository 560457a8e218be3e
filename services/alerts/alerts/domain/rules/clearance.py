"""R11 and R12: will a campaign's money be cleared in time, and was it (清零行动).

R11 looks ahead until `clear_by`; after that day there is nothing to foretell, and R12 alone
speaks. Zhengzhou, 2021: cleared by 31 December, or given back by 25 October.
"""

from collections.abc import Callable
from datetime import date
from typing import Final

from alerts.domain.campaigns import Campaign
from alerts.domain.evidence import clear, hit
from alerts.domain.outcome import NO_HIT, Outcome, Severity
from alerts.domain.progress import WEEK, Projection, project
from alerts.domain.rule import Parameter, Params, Rule
from alerts.domain.view import FactView
from alerts.domain.wording import percent, when, yuan
from shared.time import business_day

WINDOW: Final = Parameter("window_days", 28, WEEK, 84, "days", "design")

PROJECTION_PARAMETERS: Final = (
    WINDOW,
    Parameter("best_week_bps", 15_000, 10_000, 50_000, "bps", "design"),
    Parameter("refund_notice_days", 14, 1, 90, "days", "郑州 2021（12-31 清零、10-25 退费）"),
)
OVERDUE_PARAMETERS: Final = (WINDOW,)


def project_clearance(view: FactView, params: Params) -> tuple[Outcome, ...]:
    """Tell of each campaign whether the institution's pace clears what it holds in time."""
    return _of_each(view, params, _projected)


def find_overdue(view: FactView, params: Params) -> tuple[Outcome, ...]:
    """Tell of each campaign whether money is left that should be cleared or given back by now."""
    return _of_each(view, params, _overdue)


def _of_each(
    view: FactView,
    params: Params,
    judge: Callable[[FactView, Params, Campaign], Outcome | None],
) -> tuple[Outcome, ...]:
    if view.held_fen <= 0:
        return tuple(clear(str(one.campaign_id)) for one in view.campaigns) or (NO_HIT,)
    found = [judge(view, params, one) or clear(str(one.campaign_id)) for one in view.campaigns]
    return tuple(found) or (NO_HIT,)


def _projected(view: FactView, params: Params, campaign: Campaign) -> Outcome | None:
    today = business_day(view.as_of)
    if today > campaign.clear_by:
        return None
    seen = project(view, campaign.clear_by, params["window_days"])
    if not seen.remainder_fen:
        return None
    is_close = (campaign.refund_by - today).days <= params["refund_notice_days"]
    outpaces = seen.outpaces_best_week(params["best_week_bps"])
    why = _why_critical(campaign, params, is_close=is_close, outpaces=outpaces)
    return hit(
        Severity.critical if why else Severity.warning,
        seen.facts,
        f"{_state(view, campaign, seen, params)}，预计剩余 {yuan(seen.remainder_fen)}无法清零"
        f"（阈值 0.00 元）{why}",
        _inputs(seen, campaign, params)
        | {
            "best_week_bps": params["best_week_bps"],
            "refund_notice_days": params["refund_notice_days"],
        },
        scope=str(campaign.campaign_id),
    )


def _why_critical(campaign: Campaign, params: Params, *, is_close: bool, outpaces: bool) -> str:
    whys = []
    if outpaces:
        whys.append(f"所需速度高于最好一周的 {percent(params['best_week_bps'])}")
    if is_close:
        whys.append(f"退费期限 {campaign.refund_by} 不足 {params['refund_notice_days']} 天或已过")
    return "".join(f"，{why}" for why in whys)


def _overdue(view: FactView, params: Params, campaign: Campaign) -> Outcome | None:
    today = business_day(view.as_of)
    if today > campaign.clear_by:
        seen = project(view, today, params["window_days"])
        return _left(view, params, campaign, seen, view.held_fen, campaign.clear_by)
    if today > campaign.refund_by:
        seen = project(view, campaign.clear_by, params["window_days"])
        if seen.remainder_fen:
            return _left(view, params, campaign, seen, seen.remainder_fen, campaign.refund_by)
    return None


def _left(
    view: FactView,
    params: Params,
    campaign: Campaign,
    seen: Projection,
    left_fen: int,
    missed: date,
) -> Outcome:
    is_over = missed == campaign.clear_by
    what = (
        f"清零期限 {missed} 已过，{yuan(left_fen)}尚未清零"
        if is_over
        else f"退费期限 {missed} 已过，按目前进度仍有 {yuan(left_fen)}无法清零又未退费"
    )
    return hit(
        Severity.critical,
        seen.facts,
        f"{_state(view, campaign, seen, params)}；{what}（阈值 0.00 元）",
        _inputs(seen, campaign, params) | {"overdue_fen": left_fen, "missed": missed.isoformat()},
        scope=str(campaign.campaign_id),
    )


def _state(view: FactView, campaign: Campaign, seen: Projection, params: Params) -> str:
    return (
        f"{when(view.as_of)} “{campaign.name}”：存量资金 {yuan(seen.held_fen)}，"
        f"近 {params['window_days']} 天每个可授课日消课 {yuan(seen.rate_fen)}，"
        f"至 {campaign.clear_by} 剩 {seen.left} 个可授课日，每日需消课 {yuan(seen.required_fen)}"
    )


def _inputs(seen: Projection, campaign: Campaign, params: Params) -> dict[str, int | str]:
    return {
        "held_fen": seen.held_fen,
        "taught_fen": seen.taught_fen,
        "permitted_days": seen.permitted,
        "days_left": seen.left,
        "rate_fen": seen.rate_fen,
        "required_fen": seen.required_fen,
        "remainder_fen": seen.remainder_fen,
        "threshold_fen": 0,
        "window_days": params["window_days"],
        "clear_by": campaign.clear_by.isoformat(),
        "refund_by": campaign.refund_by.isoformat(),
    }


CLEARANCE_PROJECTION: Final = Rule(
    number="R11",
    key="clearance_projection",
    title="清零进度预测不足",
    version=1,
    parameters=PROJECTION_PARAMETERS,
    evaluate=project_clearance,
)
CLEARANCE_OVERDUE: Final = Rule(
    number="R12",
    key="clearance_overdue",
    title="清零或退费逾期",
    version=1,
    parameters=OVERDUE_PARAMETERS,
    evaluate=find_overdue,
)

"""R17: signs that an institution is running out of money (经营困难, 广州必谈).

Three signs: what comes in collapses, wages that were paid by the month are no longer paid, more
families ask for their money back. Where wages never were seen to recur (paid from another
account, or the bank names no purpose) that sign counts as not met, and is said to be unknown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Final

from alerts.domain.evidence import hit
from alerts.domain.facts import Fact
from alerts.domain.outcome import NO_HIT, Outcome, Severity
from alerts.domain.rule import Parameter, Params, Rule
from alerts.domain.rules.refunds import between, requests
from alerts.domain.view import FactView
from alerts.domain.wording import count, percent, when, yuan
from shared.money import BPS_WHOLE
from shared.time import business_day

SPAN: Final = timedelta(days=28)

TIMES: Final = 3
"""Pay days from which on wages are believed to recur."""

MEMORY_DAYS: Final = 180
"""After so long without wages they are paid from elsewhere: nothing is known of them any more."""

PAYROLL_WORDS: Final = ("SALA", "工资")
"""The purpose as ISO 20022 codes it, and as Chinese banks print it."""

MET: Final = "met"
NOT_MET: Final = "not_met"
UNKNOWN: Final = "unknown"

PARAMETERS: Final = (
    Parameter("inflow_bps", 3_000, 100, BPS_WHOLE, "bps", "design"),
    Parameter("payroll_gap_days", 35, 31, 90, "days", "design"),
    Parameter("refunds_bps", 20_000, BPS_WHOLE, 1_000_000, "bps", "design"),
    Parameter("refunds_min", 5, 1, 1_000, "count", "design"),
    Parameter("signs_warning", 2, 1, 3, "count", "广州（经营困难必谈）"),
    Parameter("signs_critical", 3, 1, 3, "count", "design"),
)


@dataclass(frozen=True, slots=True)
class Sign:
    """One of the three signs: met, not met or unknown, with what it rests on."""

    word: str
    facts: Sequence[Fact]
    inputs: dict[str, int | str]
    said: str


def find_distress(view: FactView, params: Params) -> tuple[Outcome, ...]:
    """Tell how many of the three signs are met."""
    signs = {
        "inflow": _inflow(view, params),
        "payroll": _payroll(view, params),
        "refunds": _refunds(view, params),
    }
    met = [one for one in signs.values() if one.word == MET]
    if len(met) < min(params["signs_warning"], params["signs_critical"]):
        return (NO_HIT,)
    inputs: dict[str, int | str] = {"signs": len(met)}
    for name, sign in signs.items():
        inputs |= {name: sign.word, **sign.inputs}
    inputs |= {name: params[name] for name in sorted(params)}
    unknown = "，工资发放情况无法判断" if signs["payroll"].word == UNKNOWN else ""
    sentence = (
        f"{when(view.as_of)} 经营困难迹象 {count(len(met), '项')}"
        f"（阈值 {params['signs_warning']} 项，"
        f"红色 {params['signs_critical']} 项）：{'；'.join(one.said for one in met)}{unknown}"
    )
    is_critical = len(met) >= params["signs_critical"]
    rests = [fact for one in met for fact in one.facts]
    return (hit(Severity.critical if is_critical else Severity.warning, rests, sentence, inputs),)


def _inflow(view: FactView, params: Params) -> Sign:
    since = view.as_of - SPAN
    now = view.credits.sum_fen(since, view.as_of)
    before = view.credits.sum_fen(since - SPAN, since)
    is_met = now * BPS_WHOLE < params["inflow_bps"] * before
    return Sign(
        MET if is_met else NOT_MET,
        view.credits.between(since - SPAN, view.as_of),
        {"inflow_28d_fen": now, "inflow_before_fen": before},
        f"近 28 天流入 {yuan(now)}，此前 28 天 {yuan(before)}"
        f"（阈值 {percent(params['inflow_bps'])}）",
    )


def _payroll(view: FactView, params: Params) -> Sign:
    paid = {business_day(one.at): one for one in view.outflows.facts if _is_payroll(one)}
    days = sorted(paid)[-TIMES:]
    gap = params["payroll_gap_days"]
    silent = (business_day(view.as_of) - days[-1]).days if days else 0
    recurs = len(days) == TIMES and all(
        (later - sooner).days <= gap for sooner, later in pairwise(days)
    )
    if not recurs or silent > MEMORY_DAYS:
        return Sign(UNKNOWN, (), {}, "")
    return Sign(
        MET if silent > gap else NOT_MET,
        [paid[day] for day in days],
        {"payroll_silent_days": silent},
        f"上次发放工资是 {days[-1]}，已 {silent} 天（阈值 {gap} 天）",
    )


def _is_payroll(debit: Fact) -> bool:
    purpose = str(debit.body.get("purpose") or "")
    return any(word in purpose for word in PAYROLL_WORDS)


def _refunds(view: FactView, params: Params) -> Sign:
    since = view.as_of - SPAN
    asked = requests(view)
    now = between(asked, since, view.as_of)
    before = between(asked, since - SPAN, since)
    is_met = len(now) >= params["refunds_min"] and len(now) * BPS_WHOLE >= params[
        "refunds_bps"
    ] * len(before)
    return Sign(
        MET if is_met else NOT_MET,
        now,
        {"refunds_28d": len(now), "refunds_before": len(before)},
        f"近 28 天退费申请 {count(len(now))}，此前 28 天 {count(len(before))}"
        f"（阈值 {count(params['refunds_min'])}且 {percent(params['refunds_bps'])}）",
    )


DISTRESS: Final = Rule(
    number="R17",
    key="distress",
    title="经营困难",
    version=1,
    parameters=PARAMETERS,
    evaluate=find_distress,
)

"""R14: charging for too long, for too many lessons, too much or too early (超期超限收费).

Every contract that is not closed is judged by itself; escrow refuses such contracts where its
policy is the national one, so that this rule finds what came in otherwise.

| broken | limit | source |
|---|---|---|
| span | 3 months | 教监管函〔2021〕2号 (N1) |
| lessons | 60 | 教监管函〔2021〕2号 (N1) |
| amount | 5,000 yuan, non-subject | 教监管〔2022〕4号 (N2) |
| early | signed more than 1 month before the course starts | 成都 2022 (N8) |

A renewal may be signed while the pupil's last contract runs out (N8): it is not called early.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final

from alerts.domain.evidence import believed, day_said, hit
from alerts.domain.facts import Fact, Kind
from alerts.domain.outcome import NO_HIT, Outcome, Severity, indeterminate
from alerts.domain.rule import YUAN, Parameter, Params, Rule
from alerts.domain.view import FactView
from alerts.domain.wording import count, when, yuan
from shared.time import add_months, business_day

PARAMETERS: Final = (
    Parameter("span_months_max", 3, 1, 12, "months", "教监管函〔2021〕2号"),
    Parameter("lessons_max", 60, 1, 1_000, "count", "教监管函〔2021〕2号"),
    Parameter(
        "non_subject_max_fen",
        5_000 * YUAN,
        100 * YUAN,
        1_000_000 * YUAN,
        "fen",
        "教监管〔2022〕4号",
    ),
    Parameter("months_ahead_max", 1, 0, 12, "months", "成都 2022"),
    Parameter("warning_contracts", 1, 1, 1_000, "count", "design"),
    Parameter("critical_contracts", 20, 1, 10_000, "count", "design"),
)

_WORDS: Final = {
    "span": "期限过长",
    "lessons": "课时过多",
    "amount": "一次收费过高",
    "early": "过早收费",
}


def find_overcollection(view: FactView, params: Params) -> tuple[Outcome, ...]:
    """Tell how many of an institution's open contracts charge beyond the limits."""
    closed = {one.ref for one in view.of(Kind.contract_closed)}
    known = believed(view.of(Kind.contract))
    contracts = [one for ref, one in known.items() if ref not in closed]
    running = _by_student(contracts)
    broken = {one.fact_id: _broken(one, params, running) for one in contracts}
    over = [one for one in contracts if broken[one.fact_id]]
    if len(over) >= min(params["warning_contracts"], params["critical_contracts"]):
        return (_hit(view, params, over, [broken[one.fact_id] for one in over]),)
    undated = [one for one in contracts if _term(one) is None]
    if undated:
        return (indeterminate("no_dates", contracts=len(undated)),)
    return (NO_HIT,)


def _term(contract: Fact) -> tuple[date, date] | None:
    starts = day_said(contract.body, "starts_on")
    ends = day_said(contract.body, "ends_on")
    return (starts, ends) if starts and ends else None


def _signed(contract: Fact) -> date:
    return day_said(contract.body, "signed_on") or business_day(contract.at)


def _by_student(contracts: Iterable[Fact]) -> dict[str, list[Fact]]:
    found: dict[str, list[Fact]] = {}
    for one in contracts:
        student = str(one.body.get("student_ref") or "")
        if student and _term(one):
            found.setdefault(student, []).append(one)
    return found


def _broken(contract: Fact, params: Params, running: dict[str, list[Fact]]) -> list[str]:
    """Return which limits a contract is beyond; of one without dates, those that need none."""
    broken = []
    if term := _term(contract):
        starts, ends = term
        if ends > add_months(starts, params["span_months_max"]):
            broken.append("span")
        signed = _signed(contract)
        siblings = running.get(str(contract.body.get("student_ref") or ""), [])
        if signed < add_months(starts, -params["months_ahead_max"]) and not any(
            _runs_on(one, signed) for one in siblings if one is not contract
        ):
            broken.append("early")
    if contract.number > params["lessons_max"]:
        broken.append("lessons")
    if contract.tag == "non_subject" and contract.amount_fen > params["non_subject_max_fen"]:
        broken.append("amount")
    return broken


def _runs_on(contract: Fact, day: date) -> bool:
    term = _term(contract)
    return term is not None and term[0] <= day <= term[1]


def _hit(view: FactView, params: Params, over: list[Fact], broken: list[list[str]]) -> Outcome:
    is_critical = len(over) >= params["critical_contracts"]
    times = {name: sum(name in one for one in broken) for name in _WORDS}
    seen = "、".join(f"{_WORDS[name]} {count(n, '份')}" for name, n in times.items() if n)
    amount = sum(one.amount_fen for one in over)
    sentence = (
        f"{when(view.as_of)} 有 {count(len(over), '份')}合同超限收费，"
        f"合计 {yuan(amount)}（{seen}）；"
        f"限值 {params['span_months_max']} 个月、{params['lessons_max']} 课时、"
        f"非学科类 {yuan(params['non_subject_max_fen'])}、"
        f"开课前 {params['months_ahead_max']} 个月，"
        f"红色 {count(params['critical_contracts'], '份')}"
    )
    inputs = {"contracts": len(over), "amount_fen": amount, **times}
    inputs |= {name: params[name] for name in sorted(params)}
    return hit(Severity.critical if is_critical else Severity.warning, over, sentence, inputs)


OVERCOLLECTION_SPAN: Final = Rule(
    number="R14",
    key="overcollection_span",
    title="超期超限收费",
    version=1,
    parameters=PARAMETERS,
    evaluate=find_overcollection,
)

"""R18: the largest institutions of a district are talked to every quarter (大型机构必谈).

Only the place of the running quarter counts, as it was heard last: the case of an older quarter
is not opened anew by it.
"""

from datetime import date
from typing import Final

from alerts.domain.evidence import hit
from alerts.domain.facts import Kind
from alerts.domain.outcome import NO_HIT, Outcome, Severity
from alerts.domain.rule import Parameter, Params, Rule
from alerts.domain.view import FactView
from alerts.domain.wording import when, yuan
from shared.time import business_day

_MONTHS: Final = 3

PARAMETERS: Final = (Parameter("top", 10, 1, 1_000, "count", "郑州（前十名）、广州"),)


def quarter_of(day: date) -> str:
    """Say the quarter of a day: `2026-Q4`."""
    return f"{day.year}-Q{(day.month - 1) // _MONTHS + 1}"


def find_largest(view: FactView, params: Params) -> tuple[Outcome, ...]:
    """Tell whether an institution is among the first of its district by prepaid fees held."""
    quarter = quarter_of(business_day(view.as_of))
    told = [one for one in view.of(Kind.rank) if quarter_of(business_day(one.at)) == quarter]
    if not told:
        return (NO_HIT,)
    rank = max(told, key=lambda one: (one.seen_at, one.fact_id))
    if not 1 <= rank.number <= params["top"]:
        return (NO_HIT,)
    sentence = (
        f"{when(view.as_of)} {quarter} 预收费存量 {yuan(rank.amount_fen)}，"
        f"居 {rank.ref} 第 {rank.number} 位（阈值前 {params['top']} 位），属必谈机构"
    )
    inputs = {"place": rank.number, "held_fen": rank.amount_fen, "top": params["top"]}
    return (hit(Severity.info, [rank], sentence, inputs, scope=quarter),)


TOP_N_INTERVIEW: Final = Rule(
    number="R18",
    key="top_n_interview",
    title="大型机构必谈",
    version=1,
    parameters=PARAMETERS,
    evaluate=find_largest,
)

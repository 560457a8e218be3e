"""R16: families who want their money back, and how long they wait for it (退费难).

A refund was requested when its first word came, whatever that word was, and is open until it is
paid: contested, without a known payer, or instructed, the family still waits.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from alerts.domain.evidence import believed, first_of_each, hit
from alerts.domain.facts import Fact, Kind
from alerts.domain.outcome import NO_HIT, Outcome, Severity
from alerts.domain.rule import Parameter, Params, Rule
from alerts.domain.view import FactView
from alerts.domain.wording import count, percent, when, yuan
from shared.money import BPS_WHOLE

PAID: Final = "paid"
WEEK: Final = timedelta(days=7)
WEEKS_BEFORE: Final = 4

PARAMETERS: Final = (
    Parameter("surge_bps", 30_000, BPS_WHOLE, 1_000_000, "bps", "design"),
    Parameter("families", 20, 1, 1_000, "count", "design"),
    Parameter("backlog_working_days", 10, 1, 60, "working days", "北京、天津 2021（退费 15 日内）"),
)


def requests(view: FactView) -> list[Fact]:
    """Return the first word of each refund, by when it was said."""
    return first_of_each(view.of(Kind.refund))


def between(facts: Iterable[Fact], after: datetime, until: datetime) -> list[Fact]:
    """Return the facts after an instant, up to and with another."""
    return [one for one in facts if after < one.at <= until]


def find_surge(view: FactView, params: Params) -> tuple[Outcome, ...]:
    """Tell whether refunds are asked for far more than before, or wait too long."""
    asked = requests(view)
    week_ago = view.as_of - WEEK
    recent = between(asked, week_ago, view.as_of)
    before = between(asked, week_ago - WEEKS_BEFORE * WEEK, week_ago)
    families = _families(view, recent)
    is_surge = families >= params["families"] and len(recent) * WEEKS_BEFORE * BPS_WHOLE >= params[
        "surge_bps"
    ] * len(before)
    stuck = _stuck(view, asked, params["backlog_working_days"])
    if not is_surge and not stuck:
        return (NO_HIT,)
    inputs: dict[str, int | str] = {
        "requests_7d": len(recent),
        "requests_28d_before": len(before),
        "families_7d": families,
        "stuck": len(stuck),
        "stuck_fen": sum(view.refunds[one.ref].amount_fen for one in stuck),
    }
    inputs |= {name: params[name] for name in sorted(params)}
    rests = [*(recent if is_surge else ()), *stuck]
    sentence = _sentence(view, params, inputs, is_surge=is_surge)
    return (hit(Severity.critical if stuck else Severity.warning, rests, sentence, inputs),)


def _families(view: FactView, asked: Sequence[Fact]) -> int:
    """Count the families behind refunds: by pupil, else by contract, else each for itself."""
    contracts = believed(view.of(Kind.contract)) if asked else {}
    found = set()
    for one in asked:
        contract_id = str(one.body.get("contract_id") or "")
        contract = contracts.get(contract_id)
        student = str(contract.body.get("student_ref") or "") if contract else ""
        found.add(("student", student) if student else ("refund", contract_id or one.ref))
    return len(found)


def _stuck(view: FactView, asked: Sequence[Fact], working_days: int) -> list[Fact]:
    """Return the requests that are older than so many working days and not paid."""
    return [
        one
        for one in asked
        if view.refunds[one.ref].tag != PAID
        and view.as_of > view.calendar.add_workdays(one.at, working_days)
    ]


def _sentence(
    view: FactView, params: Params, inputs: dict[str, int | str], *, is_surge: bool
) -> str:
    parts = []
    if is_surge:
        parts.append(
            f"近 7 天 {count(int(inputs['families_7d']), '户')}家庭提出退费"
            f" {inputs['requests_7d']} 笔，此前 28 天 {inputs['requests_28d_before']} 笔"
            f"（阈值 {params['families']} 户且周均的 {percent(params['surge_bps'])}）"
        )
    if inputs["stuck"]:
        parts.append(
            f"{count(int(inputs['stuck']))}退费共 {yuan(int(inputs['stuck_fen']))}"
            f"超过 {params['backlog_working_days']} 个工作日未退（阈值 0 笔）"
        )
    return f"{when(view.as_of)} " + "；".join(parts)


REFUND_SURGE: Final = Rule(
    number="R16",
    key="refund_surge",
    title="退费激增或积压",
    version=1,
    parameters=PARAMETERS,
    evaluate=find_surge,
)

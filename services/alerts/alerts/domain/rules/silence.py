"""R19: a bank that says nothing: silence is not safety (银行流水中断).

Counted in working days from the end of the last statement's period, or from the opening of the
account where none came yet. An institution has one supervised account (一家一户): of several the
one opened last is judged, and an institution without one has no bank to hear from.
"""

from typing import Final

from alerts.domain.evidence import hit
from alerts.domain.facts import Kind
from alerts.domain.outcome import NO_HIT, Outcome, Severity
from alerts.domain.rule import Parameter, Params, Rule
from alerts.domain.view import FactView
from alerts.domain.wording import when, yuan

REASON: Final = "feed_silent"

PARAMETERS: Final = (
    Parameter("warning_working_days", 2, 1, 30, "working days", "design"),
    Parameter("critical_working_days", 5, 1, 60, "working days", "design"),
)


def find_silence(view: FactView, params: Params) -> tuple[Outcome, ...]:
    """Tell whether the bank's statements have stopped coming."""
    account = view.latest(Kind.account)
    if account is None:
        return (NO_HIT,)
    told = [one for one in view.of(Kind.statement) if one.tag == account.tag]
    last = max([account, *told], key=lambda one: (one.at, one.fact_id))

    def is_beyond(days: int) -> bool:
        return view.as_of > view.calendar.add_workdays(last.at, days)

    if is_beyond(params["critical_working_days"]):
        severity = Severity.critical
    elif is_beyond(params["warning_working_days"]):
        severity = Severity.warning
    else:
        return (NO_HIT,)
    since = "最近一份对账单截至" if told else "尚无对账单，账户开立于"
    sentence = (
        f"{when(view.as_of)} 银行 {account.tag} {since} {when(last.at)}，"
        f"超过 {params['warning_working_days']} 个工作日无流水（红色"
        f" {params['critical_working_days']} 个工作日），账面余额 {yuan(view.balance_fen)}无法核实"
    )
    inputs: dict[str, int | str] = {"bank_id": account.tag, "last_at": last.at.isoformat()}
    inputs |= {name: params[name] for name in sorted(params)}
    return (hit(severity, [last], sentence, inputs, reason=REASON),)


FEED_SILENT: Final = Rule(
    number="R19",
    key="feed_silent",
    title="银行流水中断",
    version=1,
    parameters=PARAMETERS,
    evaluate=find_silence,
)

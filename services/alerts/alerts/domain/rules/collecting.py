"""R15: fees contracted that never reached the supervised account (体外收费).

A contract says what the guardian paid; a week after we heard of it the bank must have booked it:
registration may follow signing, and the money follows the registration. What came
without a contract's name and still waits to be matched is in the account, and is taken off;
what was sent back to its payer no longer waits.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from alerts.domain.evidence import believed, hit
from alerts.domain.facts import Fact, Kind
from alerts.domain.outcome import NO_HIT, Outcome, Severity
from alerts.domain.rule import YUAN, Parameter, Params, Rule
from alerts.domain.view import FactView
from alerts.domain.wording import count, percent, when, yuan
from shared.money import BPS_WHOLE

PARAMETERS: Final = (
    Parameter("grace_days", 7, 1, 60, "days", "design"),
    Parameter("warning_fen", 10_000 * YUAN, 100 * YUAN, 10_000_000 * YUAN, "fen", "芜湖 2022-01"),
    Parameter("warning_bps", 500, 0, BPS_WHOLE, "bps", "design"),
    Parameter("critical_fen", 100_000 * YUAN, 100 * YUAN, 100_000_000 * YUAN, "fen", "design"),
)


def find_off_account(view: FactView, params: Params) -> tuple[Outcome, ...]:
    """Tell how much of what was contracted did not come into the supervised account."""
    due_until = view.as_of - timedelta(days=params["grace_days"])
    closed = {one.ref for one in view.of(Kind.contract_closed)}
    contracts = believed(view.of(Kind.contract)).values()
    due = [
        one for one in contracts if max(one.at, one.seen_at) <= due_until and one.ref not in closed
    ]
    funded: dict[str, int] = {}
    for one in view.of(Kind.funded):
        funded[one.ref] = funded.get(one.ref, 0) + one.amount_fen
    short = [one for one in due if funded.get(one.ref, 0) < one.amount_fen]
    unpaid = sum(one.amount_fen - funded.get(one.ref, 0) for one in short)
    waiting = _waiting_fen(view) if short else 0
    missing = max(0, unpaid - waiting)
    contracted = sum(one.amount_fen for one in due)
    severity = _severity(missing, contracted, params)
    if severity is None:
        return (NO_HIT,)
    inputs: dict[str, int | str] = {
        "missing_fen": missing,
        "contracted_fen": contracted,
        "waiting_fen": waiting,
        "contracts": len(short),
        "share_bps": missing * BPS_WHOLE // contracted,
    }
    inputs |= {name: params[name] for name in sorted(params)}
    return (hit(severity, short, _sentence(view, params, inputs), inputs),)


def _severity(missing: int, contracted: int, params: Params) -> Severity | None:
    if missing > params["critical_fen"]:
        return Severity.critical
    is_much = missing > params["warning_fen"]
    if is_much and missing * BPS_WHOLE > params["warning_bps"] * contracted:
        return Severity.warning
    return None


def _waiting_fen(view: FactView) -> int:
    """Return what is in the account and matched to no contract yet, in fen."""
    by_entry: dict[str, list[Fact]] = {}
    for one in view.of(Kind.funded):
        by_entry.setdefault(one.tag, []).append(one)
    left = 0
    for ref, waiting in believed(view.of(Kind.unallocated)).items():
        left += max(0, waiting.amount_fen - _matched_since(waiting, by_entry.get(ref, ())))
    sent_back = sum(one.amount_fen for one in view.debits.facts if one.tag == "return")
    return max(0, left - sent_back)


def _matched_since(waiting: Fact, funded: Iterable[Fact]) -> int:
    """Return what an entry gave to contracts after it was said how much of it was left."""
    heard = (waiting.seen_at, waiting.fact_id)
    return sum(one.amount_fen for one in funded if (one.seen_at, one.fact_id) > heard)


def _sentence(view: FactView, params: Params, inputs: dict[str, int | str]) -> str:
    return (
        f"{when(view.as_of)} 签约满 {params['grace_days']} 天的合同应收"
        f" {yuan(int(inputs['contracted_fen']))}，其中 {count(int(inputs['contracts']), '份')}共"
        f" {yuan(int(inputs['missing_fen']))}未进入监管账户"
        f"（{percent(int(inputs['share_bps']))}，"
        f"已扣除待匹配款 {yuan(int(inputs['waiting_fen']))}），"
        f"阈值 {yuan(params['warning_fen'])}且 {percent(params['warning_bps'])}，"
        f"红色 {yuan(params['critical_fen'])}"
    )


OFF_ACCOUNT_COLLECTION: Final = Rule(
    number="R15",
    key="off_account_collection",
    title="体外收费",
    version=1,
    parameters=PARAMETERS,
    evaluate=find_off_account,
)

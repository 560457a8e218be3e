"""R06: unusual spending (非常规开支), by whom it went to and what for.

Shanghai's banks tell of it. A debit that no instruction stands behind is unusual when its
counterparty is new and the amount not small, or when its purpose is none that a training
institution has. Amounts to one counterparty are added up, and a counterparty stays new for some
days after its first debit: neither many small payments nor one to try go by.

Where the bank withholds the counterparty (as in Zhejiang), a debit of an allowed purpose cannot
be judged: that is said (`no_counterparty`), and not taken for harmless. What recurs by the month
is known and not judged.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from alerts.domain.facts import Fact
from alerts.domain.outcome import NO_HIT, Outcome, Severity, Verdict
from alerts.domain.rule import YUAN, Parameter, Params, Rule
from alerts.domain.rules.windows import AMOUNT_MAX, DESIGN, FRESH, WAN, fresh, ids
from alerts.domain.view import FactView
from alerts.domain.wording import count, listed, when, yuan

ALLOWED: Final = ("工资", "租金", "税", "退费", "教材")
"""What a training institution's money may be for, as Shanghai's rule is understood. Not a preset:
a district that allowed another purpose would allow what the custody rules of all forbid."""

_SAID_AS: Final = (*ALLOWED, "薪酬", "房租", "退款")
"""The same in words that payers write: a purpose is free text, and one that holds any is taken."""

_CODES: Final = frozenset({"SALA", "PAYR", "RENT", "TAXS"})
"""And as purpose codes of ISO 20022: salary, payroll, rent, taxes. Refunds and books have none
that says only that."""

WITHHELD: Final = "unknown"
"""The scope of what went to counterparties that the bank does not tell."""

_SHANGHAI: Final = "Shanghai: 非常规开支; the values are ours"
_BANK_CHARGE: Final = "design: a bank's own charges stay below"


def unusual_spend(view: FactView, params: Params) -> tuple[Outcome, ...]:
    """R06: return what was unusual, for each counterparty."""
    if not view.outflows.facts:
        return (NO_HIT,)
    by_counterparty: defaultdict[str | None, list[Fact]] = defaultdict(list)
    for one in fresh(view, params, view.unexplained):
        by_counterparty[_counterparty(one)].append(one)
    known = _Known(view, params, by_counterparty)
    found: list[Outcome] = []
    for counterparty, debits in sorted(by_counterparty.items(), key=lambda pair: pair[0] or ""):
        found += _judged(view, params, debits, counterparty, known)
    return tuple(found) or (NO_HIT,)


def _counterparty(one: Fact) -> str | None:
    told = one.body.get("counterparty_ref")
    return None if told is None else str(told)


def is_allowed(purpose: object) -> bool:
    """Tell whether a purpose, as the payer wrote it, is one that an institution has."""
    if not isinstance(purpose, str):
        return False
    return purpose.strip().upper() in _CODES or any(word in purpose for word in _SAID_AS)


class _Known:
    """When money went to the counterparties in question before."""

    def __init__(self, view: FactView, params: Params, asked: dict[str | None, list[Fact]]) -> None:
        self._longest = timedelta(days=params["profile_days"])
        self._least = timedelta(days=params["known_days"])
        self._at: defaultdict[str | None, list[datetime]] = defaultdict(list)
        for one in view.debits.facts:
            counterparty = _counterparty(one)
            if counterparty in asked:
                self._at[counterparty].append(one.at)

    def is_first_seen(self, one: Fact) -> bool:
        """Tell whether nothing went to a debit's counterparty in the days that count."""
        counterparty = _counterparty(one)
        if counterparty is None:
            return False
        oldest, newest = one.at - self._longest, one.at - self._least
        return not any(oldest <= at <= newest and at < one.at for at in self._at[counterparty])


def _judged(
    view: FactView, params: Params, debits: Sequence[Fact], counterparty: str | None, known: _Known
) -> list[Outcome]:
    strange = _of_weight([one for one in debits if known.is_first_seen(one)], params["least_fen"])
    odd = _of_weight(
        [one for one in debits if not is_allowed(one.body.get("purpose"))], params["purpose_fen"]
    )
    found = []
    if strange or odd:
        found.append(_hit(view, params, counterparty or WITHHELD, strange, odd))
    if counterparty is None:
        charged = {one.fact_id for one in odd}
        rest = [one for one in debits if one.fact_id not in charged]
        if unjudged := _of_weight(rest, params["least_fen"]):
            found.append(_unjudged(view, unjudged))
    return found


def _of_weight(debits: list[Fact], least_fen: int) -> list[Fact]:
    return debits if _sum_fen(debits) >= least_fen else []


def _sum_fen(facts: Sequence[Fact]) -> int:
    return sum(one.amount_fen for one in facts)


def _hit(
    view: FactView, params: Params, scope: str, strange: list[Fact], odd: list[Fact]
) -> Outcome:
    unusual = {one.fact_id: one for one in (*strange, *odd)}.values()
    spent_fen = _sum_fen([*unusual])
    is_grave = spent_fen >= params["grave_fen"]
    reasons = []
    if strange:
        reasons.append(
            f"收款方首次出现（{yuan(_sum_fen(strange))}，阈值 {yuan(params['least_fen'])}）"
        )
    if odd:
        reasons.append(f"用途不属于{listed(ALLOWED)}")
    if is_grave:
        reasons.append(f"金额达到阈值 {yuan(params['grave_fen'])}")
    return Outcome(
        Verdict.hit,
        Severity.critical if is_grave else Severity.warning,
        scope,
        inputs={
            "spent_fen": spent_fen,
            "first_seen_fen": _sum_fen(strange),
            "odd_purpose_fen": _sum_fen(odd),
            "count": len(unusual),
            "least_fen": params["least_fen"],
            "grave_fen": params["grave_fen"],
        },
        fact_ids=ids(*unusual),
        sentence=(
            f"截至 {when(view.as_of)} 有 {count(len(unusual))}非常规开支共 {yuan(spent_fen)}："
            f"{'；'.join(reasons)}"
        ),
    )


def _unjudged(view: FactView, debits: Sequence[Fact]) -> Outcome:
    spent_fen = _sum_fen(debits)
    return Outcome(
        Verdict.indeterminate,
        reason="no_counterparty",
        inputs={"spent_fen": spent_fen, "count": len(debits)},
        fact_ids=ids(*debits),
        sentence=(
            f"截至 {when(view.as_of)} 有 {count(len(debits))}支出共 {yuan(spent_fen)}，"
            "银行未提供收款方，无法判断是否首次出现"
        ),
    )


RULES: Final = (
    Rule(
        "R06",
        "unusual_spend",
        "非常规开支",
        1,
        (
            Parameter("least_fen", 2 * WAN, 1, AMOUNT_MAX, "fen", _SHANGHAI),
            Parameter("purpose_fen", 100 * YUAN, 1, AMOUNT_MAX, "fen", _BANK_CHARGE),
            Parameter("grave_fen", 20 * WAN, 1, AMOUNT_MAX, "fen", _SHANGHAI),
            Parameter("profile_days", 90, 30, 366, "days", DESIGN),
            Parameter("known_days", 7, 0, 30, "days", "design: a payment to try is not known"),
            *FRESH,
        ),
        unusual_spend,
    ),
)

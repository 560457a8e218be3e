"""R21: money that came in while there was no valid licence (无证收费).

Judged by what is known now of the time of booking: a revocation of the 1st that was heard on the
20th makes the fees of the 10th wrongful. Of the words that reach back to a booking the last one
said holds. Where none does, or its status is unknown, nothing is claimed and nothing is cleared;
an institution that the registry never spoke of is not judged here.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Final

from alerts.domain.evidence import day_said, hit
from alerts.domain.facts import Fact, Kind
from alerts.domain.outcome import NO_HIT, Outcome, Severity, indeterminate
from alerts.domain.rule import YUAN, Parameter, Params, Rule
from alerts.domain.view import FactView
from alerts.domain.wording import count, listed, when, yuan
from shared.time import SHANGHAI

NOT_VALID: Final = {
    "revoked": "吊销",
    "suspended": "停业或暂停招生",
    "expired": "过期",
    "deregistered": "注销",
    "transformed": "转型",
    "winding_down": "终止清算",
}
"""Statuses under which no fees may be collected."""

VALID: Final = "normal"

PARAMETERS: Final = (
    Parameter("least_fen", 100 * YUAN, 1, 1_000_000 * YUAN, "fen", "教育部令第53号 第十七条"),
    Parameter("look_back_days", 90, 1, 1_095, "days", "design"),
)


def find_unlicensed(view: FactView, params: Params) -> tuple[Outcome, ...]:
    """Tell of the fees that were booked while the licence was not valid."""
    told = view.of(Kind.registry)
    if not told:
        return (NO_HIT,)
    since = view.as_of - timedelta(days=params["look_back_days"])
    booked = view.credits.between(since, view.as_of)
    wrongful: list[tuple[Fact, Fact]] = []
    unknown = 0
    for credit in booked:
        if credit.amount_fen < params["least_fen"]:
            continue
        word = word_of(told, credit.at)
        status = word.body.get("status") if word else None
        if word and status in NOT_VALID:
            wrongful.append((credit, word))
        elif status != VALID:
            unknown += 1
    if wrongful:
        return (_hit(view, params, wrongful),)
    return (indeterminate("registry_unknown", credits=unknown),) if unknown else (NO_HIT,)


def word_of(told: Sequence[Fact], instant: datetime) -> Fact | None:
    """Return the last word that reaches back to an instant; `told` is in the order of saying."""
    return next((one for one in reversed(told) if holds_from(one) <= instant), None)


def holds_from(fact: Fact) -> datetime:
    """Return from when a word holds: the authority's day, where it is before the word itself."""
    since = day_said(fact.body, "since")
    if since is None:
        return fact.at
    return min(fact.at, datetime.combine(since, time(0), SHANGHAI))


def _hit(view: FactView, params: Params, wrongful: list[tuple[Fact, Fact]]) -> Outcome:
    credits_ = [credit for credit, _ in wrongful]
    words = list(dict.fromkeys(NOT_VALID[str(word.body["status"])] for _, word in wrongful))
    amount = sum(one.amount_fen for one in credits_)
    sentence = (
        f"{when(view.as_of)} 许可无效（{listed(words)}）期间入账 {count(len(credits_))}"
        f"共 {yuan(amount)}，最早 {when(credits_[0].at)}"
        f"（近 {params['look_back_days']} 天，阈值单笔 {yuan(params['least_fen'])}）"
    )
    inputs: dict[str, int | str] = {
        "credits": len(credits_),
        "amount_fen": amount,
        "statuses": listed(words),
        **{name: params[name] for name in sorted(params)},
    }
    rests = [*credits_, *(word for _, word in wrongful)]
    return hit(Severity.critical, rests, sentence, inputs)


COLLECT_WITHOUT_LICENCE: Final = Rule(
    number="R21",
    key="collect_without_licence",
    title="无有效许可收费",
    version=1,
    parameters=PARAMETERS,
    evaluate=find_unlicensed,
)

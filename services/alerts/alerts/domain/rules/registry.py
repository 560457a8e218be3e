"""R20: what the registry said against an institution (名单与许可异动), each word for itself.

| word | severity | until |
|---|---|---|
| licence revoked | critical | restored |
| black-listed | critical | taken off the list |
| licence suspended, expired; wound up, given up, turned into something else | warning | restored |
| taken off the white list | warning | white-listed again |
| missing from its source | info, to be looked at: absence proves nothing | heard of again |
| licence runs out within days | warning, one case for each last day | prolonged, or ended |

A word that the registry took from a stale source says so.

How an institution stood when it was first listed is no turn: of those without a supervised
account, which are most of a register, it is taken as given, and so is when their licence ends.
"""

from collections.abc import Iterable
from typing import Final

from alerts.domain.evidence import day_said, hit
from alerts.domain.facts import Fact, Kind
from alerts.domain.outcome import NO_HIT, Outcome, Severity
from alerts.domain.rule import Parameter, Params, Rule
from alerts.domain.view import FactView
from alerts.domain.wording import when
from shared.time import business_day

EVENTS_MAX: Final = 50
"""Words judged at most, the newest: a registry that says more has gone wrong as a whole."""

MISSING: Final = "institution.missing"
RESTORED: Final = "institution.restored"
UNLISTED: Final = "list.black.removed"
WHITE: Final = "white"
"""Stands for any later word by which it is white-listed."""

ENDED: Final = {"winding_down": "终止清算", "deregistered": "注销", "transformed": "转型"}
"""Statuses that no event is named for; they come with a change or the first listing."""

_OVER: Final = frozenset({"revoked", "expired", "deregistered", "transformed"})
"""Statuses of a licence that cannot run out any more."""

_NAMED: Final = {
    "licence.revoked": (Severity.critical, RESTORED, "办学许可被吊销"),
    "list.black.added": (Severity.critical, UNLISTED, "被列入黑名单"),
    "licence.suspended": (Severity.warning, RESTORED, "停业或暂停招生"),
    "licence.expired": (Severity.warning, RESTORED, "办学许可证过期"),
    "list.white.removed": (Severity.warning, WHITE, "被移出白名单"),
    MISSING: (Severity.info, "known", "名单中未再出现，请核查"),
}
"""How grave a word is, what takes it back, and how it reads."""

PARAMETERS: Final = (Parameter("expiry_days", 30, 1, 365, "days", "design"),)


def find_adverse(view: FactView, params: Params) -> tuple[Outcome, ...]:
    """Tell of each adverse word that stands, and of a licence that runs out."""
    told = view.of(Kind.registry)
    is_supervised = bool(view.of(Kind.account))
    said = [one for one in told if is_supervised or not _is_first(one)]
    standing = [_of_word(view, fact) for fact in _standing(said)]
    expiring = _expiring(view, told, params["expiry_days"]) if is_supervised else None
    return (*standing, *([expiring] if expiring else [])) or (NO_HIT,)


def _is_first(fact: Fact) -> bool:
    """Tell whether a word is how an institution stood when the registry first listed it."""
    return "status_before" in fact.body and fact.body["status_before"] is None


def _standing(told: Iterable[Fact]) -> list[Fact]:
    """Return the adverse words that no later one takes back, in order, of many the newest."""
    later: set[str] = set()
    found: list[Fact] = []
    for fact in reversed([*told]):
        meaning = _meaning(fact)
        if meaning and meaning[1] not in later and len(found) < EVENTS_MAX:
            found.append(fact)
        later.add(fact.tag)
        if fact.tag != MISSING:
            later.add("known")
        if fact.body.get("white_listed") is True:
            later.add(WHITE)
    return found[::-1]


def _meaning(fact: Fact) -> tuple[Severity, str, str] | None:
    named = _NAMED.get(fact.tag)
    if named or fact.tag not in {"institution.changed", "institution.listed"}:
        return named
    ended = ENDED.get(str(fact.body.get("status") or ""))
    return (Severity.warning, RESTORED, f"登记状态变为{ended}") if ended else None


def _of_word(view: FactView, fact: Fact) -> Outcome:
    meaning = _meaning(fact)
    assert meaning is not None  # `_standing` returns no other
    severity, _, words = meaning
    sentence = (
        f"{when(view.as_of)} 登记库 {when(fact.at)} 消息：{words}"
        f"（许可证 {fact.ref or '无'}，"
        f"状态 {fact.body.get('status') or '不明'}，阈值 1 条）{_stale(fact)}"
    )
    inputs: dict[str, int | str] = {
        "event": fact.tag,
        "status": str(fact.body.get("status") or ""),
        "stale": str(bool(fact.body.get("stale"))).lower(),
    }
    return hit(severity, [fact], sentence, inputs, scope=str(fact.fact_id))


def _expiring(view: FactView, told: Iterable[Fact], days_max: int) -> Outcome | None:
    latest = view.latest(Kind.registry)
    until = day_said(latest.body, "valid_until") if latest else None
    if latest is None or until is None or latest.body.get("status") in _OVER:
        return None
    days = (until - business_day(view.as_of)).days
    if days > days_max:
        return None
    left = f"还有 {days} 天" if days >= 0 else f"已过 {-days} 天"
    sentence = (
        f"{when(view.as_of)} 办学许可证 {latest.ref or '无编号'} 有效期至 {until}，{left}"
        f"（阈值 {days_max} 天）{_stale(latest)}"
    )
    inputs: dict[str, int | str] = {
        "valid_until": until.isoformat(),
        "days_left": days,
        "expiry_days": days_max,
    }
    saying = [one for one in told if day_said(one.body, "valid_until") == until]
    return hit(Severity.warning, saying, sentence, inputs, scope=until.isoformat())


def _stale(fact: Fact) -> str:
    return "；来源已过时，请先核实" if fact.body.get("stale") else ""


REGISTRY_ADVERSE: Final = Rule(
    number="R20",
    key="registry_adverse",
    title="名单与许可异动",
    version=1,
    parameters=PARAMETERS,
    evaluate=find_adverse,
)

"""What an officer may do next with a case, in Chinese, with the call that does it.

Whether a deed is possible now is asked of the domain itself, with a sample of the deed; the page
sends nothing.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from alerts.domain import caseactions as actions
from alerts.domain.cases import Case
from alerts.domain.casesteps import Refused, legal_steps, step
from alerts.domain.casewords import Finding, Step
from alerts.domain.outcome import Severity
from alerts.domain.wording import when
from alerts.domain.workdays import Calendar
from shared.time import business_day, rfc3339

Body: TypeAlias = dict[str, Any]

_TO_FILL: Final = "（请填写）"
_SOON: Final = timedelta(days=1)
_TERM: Final = timedelta(days=10)
_MEASURE_FIRST: Final = "先研判为限期整改、转办移送、挂牌督办或确认损失，才能采取措施。"


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that may come next."""

    title: str
    meaning: str
    call: str
    """Method, path and a body to fill in; empty where the domain bars it for now."""
    barred: str
    """What must come first; empty where nothing bars it."""


@dataclass(frozen=True, slots=True)
class _Way:
    """How one step is asked for."""

    title: str
    meaning: str
    path: str
    body: Callable[[Case, datetime], Body]
    sample: Callable[[datetime], actions.Action]
    barred: str = "现在还不能这样办。"


def deeds_of(case: Case, actor: str, now: datetime) -> list[Deed]:
    """Return what may come next, by whoever reads."""
    return [_deed(case, Step(word), actor, now) for word in legal_steps(case)]


def _deed(case: Case, word: Step, actor: str, now: datetime) -> Deed:
    way = _WAYS[word]
    asked = actions.Command(way.sample(now), actor, "supervisor", reason=_TO_FILL)
    if isinstance(step(case, asked, now, Calendar()), Refused):
        return Deed(way.title, way.meaning, "", _barred(case, word, way))
    body = {**way.body(case, now), "version": case.version}
    told = json.dumps(body, ensure_ascii=False, indent=1)
    return Deed(way.title, way.meaning, f"POST /v1/cases/{case.case_id}/{way.path}\n{told}", "")


def _barred(case: Case, word: Step, way: _Way) -> str:
    if word is Step.closed and case.body.get("closing"):
        return "办结是您提出的，要由另一名经办人用自己的密钥办结。"
    if word is Step.recheck_begun and case.due_at is not None:
        return f"{when(case.due_at)} 起才能开始回头看；在此之前发现问题的，重新打开。"
    return way.barred


def _nothing(_: Case, __: datetime) -> Body:
    return {}


def _reason(_: Case, __: datetime) -> Body:
    return {"reason": _TO_FILL}


def _meeting(now: datetime, ahead: timedelta) -> Body:
    return {"at": rfc3339(now + ahead), "place": _TO_FILL, "departments": [_TO_FILL]}


def _agreed(_: Case, now: datetime) -> Body:
    hour = now.replace(minute=0, second=0, microsecond=0)
    return {"kind": "scheduled", **_meeting(hour, _SOON)}


def _held(case: Case, now: datetime) -> Body:
    agreed = case.body.get("interview") or {}
    at = now.replace(second=0, microsecond=0)
    return {
        "kind": "held",
        **_meeting(at, timedelta()),
        **{name: agreed[name] for name in ("place", "departments") if name in agreed},
        "representative": agreed.get("representative") or _TO_FILL,
        "questions": [_TO_FILL],
        "commitments": [_TO_FILL],
        "signed_on": business_day(now).isoformat(),
    }


def _classified(case: Case, _: datetime) -> Body:
    heard = case.body.get("interviewed") or case.severity is Severity.critical
    skipped = {} if heard else {"skip_reason": _TO_FILL}
    return {"class": Finding.explained.value, "reason": _TO_FILL, **skipped}


def _until(now: datetime) -> str:
    return business_day(now + _TERM).isoformat()


_WAYS: Final[Mapping[Step, _Way]] = {
    Step.acknowledged: _Way(
        "受理",
        "由您承办，受理时限到此为止。",
        "acknowledge",
        _nothing,
        lambda _: actions.Acknowledge(),
    ),
    Step.interview_scheduled: _Way(
        "约定约谈",
        "约谈机构负责人；写两个以上部门就是联合约谈。",
        "interviews",
        _agreed,
        lambda now: actions.Schedule(now, _TO_FILL, (_TO_FILL,)),
    ),
    Step.interviewed: _Way(
        "登记约谈记录",
        "约谈以后登记：谁来的，问了什么，承诺了什么，哪天签字。",
        "interviews",
        _held,
        lambda now: actions.Hold(
            now, _TO_FILL, (_TO_FILL,), _TO_FILL, (), (), (), business_day(now)
        ),
    ),
    Step.classified: _Way(
        "研判",
        "class 填：normal_business 正常经营支出、explained 已说明、data_error 数据错误、"
        "rectifying 限期整改、referred 转办移送、supervised 挂牌督办、confirmed_loss 确认损失。",
        "classification",
        _classified,
        lambda _: actions.Classify(Finding.explained, _TO_FILL),
        "红色案件先约谈、登记约谈记录，再研判。",
    ),
    Step.rectification_ordered: _Way(
        "限期整改",
        "写明整改什么、到哪一天。",
        "rectification",
        lambda _, now: {"what": _TO_FILL, "until": _until(now)},
        lambda now: actions.Rectify(_TO_FILL, business_day(now)),
        _MEASURE_FIRST,
    ),
    Step.referred: _Way(
        "转办移送",
        "转给别的部门；可以同时转给几个部门。",
        "referrals",
        lambda _, now: {
            "department": _TO_FILL,
            "document_no": _TO_FILL,
            "deadline": _until(now),
        },
        lambda now: actions.Refer(_TO_FILL, _TO_FILL, business_day(now)),
        _MEASURE_FIRST,
    ),
    Step.supervised: _Way(
        "挂牌督办",
        "由上级部门督办。",
        "supervision",
        lambda _, now: {"authority": _TO_FILL, "document_no": _TO_FILL, "until": _until(now)},
        lambda now: actions.Supervise(_TO_FILL, _TO_FILL, business_day(now)),
        _MEASURE_FIRST,
    ),
    Step.closed: _Way(
        "办结",
        "写明理由。红色案件认定没有问题的，要两名经办人先后办结。",
        "close",
        _reason,
        lambda _: actions.Close(),
        "先登记采取了什么措施：整改、转办或督办。",
    ),
    Step.recheck_begun: _Way(
        "开始回头看",
        "办结以后到期回头看，查问题是否复发。",
        "recheck",
        lambda _, __: {"outcome": "begun"},
        lambda _: actions.BeginRecheck(),
    ),
    Step.archived: _Way(
        "归档",
        "回头看没有发现问题。",
        "recheck",
        lambda _, __: {"outcome": "in_order", "reason": _TO_FILL},
        lambda _: actions.Archive(),
    ),
    Step.relapsed: _Way(
        "问题复发",
        "回头看发现问题还在，案件重新打开。",
        "recheck",
        lambda _, __: {"outcome": "relapsed", "reason": _TO_FILL},
        lambda _: actions.Relapse(),
    ),
    Step.reopened: _Way(
        "重新打开",
        "办结以后知道了新的情况。",
        "reopen",
        _reason,
        lambda _: actions.Reopen(),
    ),
}

"""From a case to what its page and its card say, in Chinese.

A history that somebody tampered with must still be shown: of its steps, words that nobody knows
stand as they are, and what is missing is left out.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from alerts.cases.shapes import CaseAnswer, CaseDetailAnswer, EventAnswer, EvidenceAnswer
from alerts.domain.casewords import FINDINGS_ZH, STATES_ZH, Finding, State, Step
from alerts.domain.notices import LEVELS, MILESTONES
from alerts.domain.wording import when, yuan
from alerts.pages.wording import KINDS, ROLES, SEVERITIES, TAGS, Word, due_text, rule_title
from shared.money import yuan as digits

Line = tuple[str, str, str]
"""What, what is said of it, and what may stand behind in brackets."""

STEPS: Final[Mapping[str, str]] = {
    Step.opened: "发现",
    Step.evidence_added: "补充证据",
    Step.severity_raised: "升级",
    Step.evidence_withdrawn: "证据被更正",
    Step.acknowledged: "受理",
    Step.interview_scheduled: "约定约谈",
    Step.interviewed: "约谈",
    Step.classified: "研判",
    Step.rectification_ordered: "限期整改",
    Step.referred: "转办移送",
    Step.supervised: "挂牌督办",
    Step.closing_proposed: "提出办结",
    Step.closed: "办结",
    Step.recheck_begun: "开始回头看",
    Step.archived: "归档",
    Step.relapsed: "问题复发",
    Step.reopened: "重新打开",
}
_STATES: Final[Mapping[str, str]] = {one.value: word for one, word in STATES_ZH.items()}
_FINDINGS: Final[Mapping[str, str]] = {one.value: word for one, word in FINDINGS_ZH.items()}
_INTERVIEWS: Final = frozenset({Step.interview_scheduled, Step.interviewed})
_SAID: Final[Mapping[str, str]] = {
    "sentence": "",
    "skip_reason": "不约谈的原因：",
    "what": "整改内容：",
    "department": "转给：",
    "authority": "督办部门：",
    "document_no": "文号：",
    "until": "期限：",
    "deadline": "期限：",
}
"""What of a step's payload is told as it stands, and the words before."""

_WAITING: Final = {"institution": "机构", "bank": "银行", "department": "其他部门"}
_SOON: Final = timedelta(hours=4)
"""What ends within half a working day is marked before it is late."""


def card_of(case: CaseAnswer, now: datetime) -> dict[str, Any]:
    """Return what a list says of a case."""
    milestone = MILESTONES[case.milestone] if case.milestone else ""  # type: ignore[index]
    return {
        "id": case.id,
        "institution_id": case.institution_id,
        "name": case.institution_name or case.institution_id,
        "rule": rule_title(case.rule),
        "severity": SEVERITIES[case.severity],
        "late": _late(case, now),
        "sentence": case.sentence,
        "lines": [
            ("事由", rule_title(case.rule), ""),
            ("状态", STATES_ZH[State(case.state)], ""),
            *_due(case, milestone, now),
            *([("涉及金额", yuan(case.amount_fen), "")] if case.amount_fen else []),
            ("发现时间", when(case.opened_at), ""),
        ],
    }


def sheet_of(case: CaseDetailAnswer, now: datetime) -> dict[str, Any]:
    """Return what the page of a case says, its next steps apart."""
    card = card_of(case, now)
    return {
        **card,
        "lines": [*card["lines"], *_more(case)],
        "proposals": _proposals(case),
        "evidence": [_evidence(one) for one in case.evidence],
        "evidence_count": case.evidence_count,
        "interviews": [
            _interview(one) for one in reversed(case.history) if one.step in _INTERVIEWS
        ],
        "history": [_event(one) for one in case.history],
        "earlier": case.chain.steps - len(case.history),
        "chain": _chain(case),
        "last_hash": case.chain.last_hash,
    }


def _late(case: CaseAnswer, now: datetime) -> Word | None:
    if case.is_overdue:
        return Word("bad", due_text(case.due_at, now))
    if case.due_at is not None and case.due_at - now < _SOON:
        return Word("warn", f"快到期，{due_text(case.due_at, now)}")
    return None


def _due(case: CaseAnswer, milestone: str, now: datetime) -> list[Line]:
    if case.due_at is None:
        return []
    return [("待办", f"{milestone}，期限 {when(case.due_at)}", due_text(case.due_at, now))]


def _more(case: CaseDetailAnswer) -> list[Line]:
    lines = [("辖区", case.district_code or "不明", "")]
    if case.finding:
        lines.append(("结论", FINDINGS_ZH[Finding(case.finding)], ""))
    if case.owner:
        lines.append(("承办", case.owner, ""))
    if case.waiting_for:
        waited = _WAITING.get(case.waiting_for, case.waiting_for)
        lines.append(("正在等", waited, "时限照常计算"))
    if case.closed_at:
        lines.append(("办结时间", when(case.closed_at), ""))
    return lines


def _proposals(case: CaseDetailAnswer) -> list[str]:
    """Return what somebody, or a correction, proposed and nobody decided yet."""
    found = []
    if case.closing_proposed:
        said = case.closing_proposed
        found.append(f"{said['by']} 提出办结，理由：{said['reason']} 要由另一名经办人办结。")
    if case.proposed_class:
        word = FINDINGS_ZH[Finding(case.proposed_class)]
        found.append(f"证据后来被更正，建议研判为“{word}”；是否如此由经办人决定。")
    return found


def _evidence(one: EvidenceAnswer) -> dict[str, Any]:
    tag = TAGS.get(one.tag or "", one.tag or "")
    return {
        "fact_id": one.fact_id,
        "at": when(one.at) if one.at else "—",
        "kind": KINDS.get(one.kind or "", one.kind or "事实已不在库中"),
        "amount": digits(one.amount_fen) if one.amount_fen else "—",
        "ref": one.ref or "—",
        "note": "；".join(word for word in (tag, one.text or "") if word) or "—",
        "is_withdrawn": one.is_withdrawn,
    }


def _interview(event: EventAnswer) -> dict[str, Any]:
    said = event.payload
    departments: Sequence[str] = said.get("departments", ())
    joint = "联合约谈" if len(departments) > 1 else ""
    signed = said.get("signed_on")
    lines = [
        ("时间", _moment(str(said.get("at", ""))), ""),
        ("地点", said.get("place") or "未写明", ""),
        ("部门", "、".join(departments), joint),
        ("机构代表", said.get("representative") or "未写明", ""),
        *([("签字日期", signed, "")] if signed else []),
        ("登记", f"{_actor(event)}，{when(event.at)}", ""),
    ]
    return {
        "title": "约谈记录" if event.step == Step.interviewed else "约定的约谈",
        "lines": lines,
        "questions": said.get("questions", ()),
        "commitments": said.get("commitments", ()),
        "attachments": said.get("attachments", ()),
    }


def _event(event: EventAnswer) -> dict[str, Any]:
    moved = event.state_before != event.state_after
    return {
        "step_no": event.step_no,
        "at": when(event.at),
        "actor": _actor(event),
        "title": STEPS.get(event.step, event.step),
        "state": _STATES.get(event.state_after, event.state_after) if moved else "",
        "said": [*([f"理由：{event.reason}"] if event.reason else []), *_told(event.payload)],
    }


def _told(payload: Mapping[str, Any]) -> list[str]:
    found = [f"{before}{payload[key]}" for key, before in _SAID.items() if payload.get(key)]
    finding, severity = payload.get("finding"), payload.get("severity")
    if finding:
        found.append(f"结论：{_FINDINGS.get(str(finding), finding)}")
    if severity:
        found.append(f"级别：{LEVELS.get(str(severity), severity)}")
    amount_fen = payload.get("amount_fen")
    if isinstance(amount_fen, int) and amount_fen:
        found.append(f"涉及金额：{yuan(amount_fen)}")
    return found


def _moment(said: str) -> str:
    try:
        return when(datetime.fromisoformat(said))
    except ValueError:
        return said or "未写明"


def _actor(event: EventAnswer) -> str:
    if event.role == "service":
        return "系统自动"
    return f"{ROLES.get(event.role, event.role)} {event.actor}"


def _chain(case: CaseDetailAnswer) -> Word:
    chain = case.chain
    if chain.is_intact:
        return Word("good", f"历史完整：{chain.steps} 步，逐步校验无误")
    return Word("bad", f"历史从第 {chain.broken_at} 步起与写入时不符：请告知审计")

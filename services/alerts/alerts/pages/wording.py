"""What pages say in Chinese: of severities, rules, kinds of facts, roles, spans of time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from alerts.domain.facts import Kind
from alerts.domain.outcome import Severity
from alerts.domain.rules.catalogue import RULES

ROLES: Final[Mapping[str, str]] = {
    "supervisor": "主管部门",
    "auditor": "审计",
    "operator": "运维",
    "service": "系统",
}
SIGNALS: Final[Mapping[str, str]] = {
    "tip": "投诉线索",
    "inspection": "现场检查",
    "bank_warning": "银行预警",
}
"""What opens a case without a rule, by the word that stands in the rule's place."""

KINDS: Final[Mapping[str, str]] = {
    Kind.identity: "机构登记",
    Kind.account: "专用账户",
    Kind.floor: "最低余额",
    Kind.freeze: "冻结",
    Kind.unfreeze: "解冻",
    Kind.freeze_confirmed: "冻结确认",
    Kind.contract: "培训合同",
    Kind.contract_closed: "合同结束",
    Kind.credit: "入账",
    Kind.funded: "合同缴费",
    Kind.unallocated: "待匹配入账",
    Kind.debit: "支出",
    Kind.released: "消课",
    Kind.reversed: "冲正",
    Kind.claim_refused: "消课申报被拒",
    Kind.retained: "暂缓划拨",
    Kind.refund: "退费",
    Kind.instruction: "划拨指令",
    Kind.statement: "银行对账单",
    Kind.unverified: "轧账差异",
    Kind.registry: "登记变更",
    Kind.rank: "规模排名",
    **SIGNALS,
}
TAGS: Final[Mapping[str, str]] = {
    "payout": "划拨给机构",
    "refund": "退费给家长",
    "return": "原路退回",
    "unbacked": "没有指令的支出",
}
"""What a debit was for; other tags are shown as they were said."""

_HOUR: Final = timedelta(hours=1)
_DAYS_FROM: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Word:
    """A badge: its mark (never colour alone) and its words."""

    tone: str
    """good, warn, bad or dim: the colour, and the shape beside the words."""
    text: str


SEVERITIES: Final[Mapping[str, Word]] = {
    Severity.critical: Word("bad", "红"),
    Severity.warning: Word("warn", "黄"),
    Severity.info: Word("dim", "提示"),
}


def rule_title(key: str) -> str:
    """Return what supervisors call a rule, or the signal that stands for one."""
    rule = RULES.get(key)
    return rule.title if rule else SIGNALS.get(key, key)


def length_text(length: timedelta) -> str:
    """Say how long something is, cut: days from two on, hours below.

    >>> length_text(timedelta(days=3, hours=5)), length_text(timedelta(hours=30))
    ('3 天', '30 小时')
    >>> length_text(timedelta(minutes=59))
    '不到 1 小时'
    """
    if length >= _DAYS_FROM:
        return f"{length.days} 天"
    return f"{length // _HOUR} 小时" if length >= _HOUR else "不到 1 小时"


def due_text(due_at: datetime | None, now: datetime) -> str:
    """Say how a deadline stands: what is late is said in words."""
    if due_at is None:
        return ""
    if due_at < now:
        return f"已逾期 {length_text(now - due_at)}"
    return f"还有 {length_text(due_at - now)}"

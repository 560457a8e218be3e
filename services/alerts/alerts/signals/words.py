"""What may be signalled, and how grave it is before anybody looked.

One voice alone makes no red case: what is red by itself is what a bank or an inspector saw.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from alerts.domain.outcome import Severity


class Topic(StrEnum):
    """What a tip is about."""

    runaway = "runaway"
    closed_door = "closed_door"
    refund_refused = "refund_refused"
    private_collection = "private_collection"
    false_lessons = "false_lessons"
    unlicensed = "unlicensed"
    forbidden_time = "forbidden_time"
    other = "other"


TOPICS: Final[Mapping[Topic, tuple[str, Severity]]] = {
    Topic.runaway: ("疑似卷款失联", Severity.warning),
    Topic.closed_door: ("停课闭店", Severity.warning),
    Topic.refund_refused: ("退费难", Severity.info),
    Topic.private_collection: ("账外收费", Severity.warning),
    Topic.false_lessons: ("虚假消课", Severity.warning),
    Topic.unlicensed: ("无证办学", Severity.warning),
    Topic.forbidden_time: ("违规时段授课", Severity.info),
    Topic.other: ("其他", Severity.info),
}


class Warned(StrEnum):
    """What a bank warns of."""

    large_outflow = "large_outflow"
    min_balance = "min_balance"
    unusual_spend = "unusual_spend"
    account_change = "account_change"
    court_freeze = "court_freeze"
    other = "other"


WARNINGS: Final[Mapping[Warned, tuple[str, Severity]]] = {
    Warned.large_outflow: ("大额资金流出", Severity.warning),
    Warned.min_balance: ("余额低于约定", Severity.warning),
    Warned.unusual_spend: ("非常规开支", Severity.warning),
    Warned.account_change: ("账户变更申请", Severity.info),
    Warned.court_freeze: ("司法冻结或扣划", Severity.critical),
    Warned.other: ("其他", Severity.info),
}
"""Hangzhou (2020) has banks notify of the lowest balance and of a day's or week's withdrawals."""

SEVERITIES_ZH: Final[Mapping[Severity, str]] = {
    Severity.info: "提示",
    Severity.warning: "黄色",
    Severity.critical: "红色",
}

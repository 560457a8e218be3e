"""The words in which a case is spoken of: where it stands, what it was found to be, what was done.

Values are the wire's and the database's; the Chinese is what supervisors read.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a case stands."""

    new = "new"
    acknowledged = "acknowledged"
    interview_scheduled = "interview_scheduled"
    interviewed = "interviewed"
    classified = "classified"
    rectifying = "rectifying"
    referred = "referred"
    supervised = "supervised"
    closed = "closed"
    recheck = "recheck"
    reopened = "reopened"
    archived = "archived"


SETTLED: Final = frozenset({State.closed, State.recheck, State.archived})
"""A hit finds no open case here: the unique index `one_open_case` names the same states."""


class Finding(StrEnum):
    """What a case turned out to be; the column `class`."""

    normal_business = "normal_business"
    explained = "explained"
    mistaken = "data_error"
    rectifying = "rectifying"
    referred = "referred"
    supervised = "supervised"
    confirmed_loss = "confirmed_loss"


CONFIRMED: Final = frozenset(
    {Finding.rectifying, Finding.referred, Finding.supervised, Finding.confirmed_loss}
)
"""Something was wrong: a measure must follow, and later hits of the institution weigh more."""

DISMISSED: Final = frozenset({Finding.normal_business, Finding.mistaken})
"""Nothing was wrong, somebody says: of a red case a second officer must say so too."""


class Milestone(StrEnum):
    """What must be done next, and by when (三早)."""

    acknowledge = "acknowledge"
    interview = "interview"
    classify = "classify"
    close = "close"
    recheck = "recheck"


class Step(StrEnum):
    """What one event of a case's history says was done."""

    opened = "opened"
    evidence_added = "evidence_added"
    severity_raised = "severity_raised"
    evidence_withdrawn = "evidence_withdrawn"
    acknowledged = "acknowledged"
    interview_scheduled = "interview_scheduled"
    interviewed = "interviewed"
    classified = "classified"
    rectification_ordered = "rectification_ordered"
    referred = "referred"
    supervised = "supervised"
    closing_proposed = "closing_proposed"
    closed = "closed"
    recheck_begun = "recheck_begun"
    archived = "archived"
    relapsed = "relapsed"
    reopened = "reopened"


FINDINGS_ZH: Final[Mapping[Finding, str]] = {
    Finding.normal_business: "正常经营支出",
    Finding.explained: "已说明",
    Finding.mistaken: "数据错误",
    Finding.rectifying: "限期整改",
    Finding.referred: "转办移送",
    Finding.supervised: "挂牌督办",
    Finding.confirmed_loss: "确认损失",
}

STATES_ZH: Final[Mapping[State, str]] = {
    State.new: "新发现",
    State.acknowledged: "已受理",
    State.interview_scheduled: "已约定约谈",
    State.interviewed: "已约谈",
    State.classified: "已研判",
    State.rectifying: "整改中",
    State.referred: "已转办",
    State.supervised: "督办中",
    State.closed: "已办结",
    State.recheck: "回头看",
    State.reopened: "重新打开",
    State.archived: "已归档",
}

"""One hold as its card and its page show it, and what whoever reads it can do about it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from registry_sync.domain.holds import APPROVALS
from registry_sync.domain.safeguards import WHOLE
from registry_sync.mirror.withheld import Kept
from registry_sync.pages.wording import Word, moment_text
from registry_sync.supervision.reasons import Reason, hold_reason
from registry_sync.supervision.wording import (
    STATES,
    VERDICTS,
    count_text,
    district_text,
    short_moment_text,
    span_text,
)
from shared.time import business_day
from shared.web.principals import Principal, Role

WHOLE_REASONS: Final = frozenset(reason.value for reason in WHOLE)
RUN_OUT: Final = Word("dim", "已过期", "24小时内没有决定，不能再复核。")


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, when, and of which holds they may say what becomes of them."""

    principal: Principal
    now: datetime
    titles: Mapping[str, str]
    """What each source is called."""
    within: Collection[UUID]
    """Holds that lie wholly within the reader's district."""

    @property
    def year(self) -> int:
        """Return the year whose names of places count."""
        return business_day(self.now).year


@dataclass(frozen=True, slots=True)
class HoldCard:
    """One hold as it is shown."""

    hold_id: str
    source: str
    reason: Reason
    badge: Word
    changes: str
    made_at: str
    ends: str
    """Until when it may be decided, or when and how it ended."""
    districts: list[tuple[str, str]]
    """Places and how many, the most first."""
    approvals: int
    wanted: int
    duty: str
    is_decidable: bool
    """Whether the call to approve it is worth showing."""


@dataclass(frozen=True, slots=True)
class VoteLine:
    """What one person said of a hold."""

    voter: str
    verdict: str
    reason: str
    at: str


def card_of(hold: Kept, reader: Reader) -> HoldCard:
    """Return a hold as it is shown."""
    approvals = len(_voters(hold, "approve"))
    is_open = hold.state == "open" and hold.expires_at > reader.now
    by_number = sorted(hold.districts.items(), key=lambda one: (-one[1], one[0]))
    return HoldCard(
        hold_id=str(hold.hold_id),
        source=reader.titles.get(hold.source, hold.source),
        reason=hold_reason(hold.reason),
        badge=RUN_OUT if hold.state == "open" and not is_open else STATES[hold.state],
        changes=count_text(hold.changes),
        made_at=short_moment_text(hold.made_at, reader.now),
        ends=_ends(hold, reader.now, is_open=is_open),
        districts=[(district_text(code, reader.year), f"{n:,}") for code, n in by_number],
        approvals=approvals,
        wanted=APPROVALS,
        duty=_duty(hold, reader, APPROVALS - approvals) if is_open else _over(hold),
        is_decidable=is_open and _may_decide(hold, reader),
    )


def votes_of(hold: Kept) -> list[VoteLine]:
    """Return what was said of a hold, the first first."""
    return [
        VoteLine(one["voter"], VERDICTS[one["verdict"]], one["reason"], _moment(one["at"]))
        for one in hold.votes
    ]


def _moment(given: Any) -> str:  # noqa: ANN401 - JSON, in which a moment is text
    return moment_text(datetime.fromisoformat(given) if isinstance(given, str) else given)


def _voters(hold: Kept, verdict: str) -> set[str]:
    return {one["voter"] for one in hold.votes if one["verdict"] == verdict}


def _ends(hold: Kept, now: datetime, *, is_open: bool) -> str:
    if hold.ended_at is not None:
        return f"{short_moment_text(hold.ended_at, now)}结束"
    left = f"，还剩{span_text(hold.expires_at - now)}" if is_open else ""
    return f"{short_moment_text(hold.expires_at, now)}到期{left}"


def _may_decide(hold: Kept, reader: Reader) -> bool:
    """Tell whether a call is worth showing: to those who decide, and those who tell them."""
    return reader.principal.role is not Role.supervisor or hold.hold_id in reader.within


def _duty(hold: Kept, reader: Reader, missing: int) -> str:
    """Say what whoever reads can do about a hold that is open."""
    if reader.principal.role is not Role.supervisor:
        return "您的密钥只能查看；由主管部门的两人用各自的密钥复核。"
    if hold.hold_id not in reader.within:
        if hold.reason in WHOLE_REASONS:
            return "这一项关系到整批名单，要由不限地区的主管部门密钥复核，您的密钥只能查看。"
        return "这一项有您辖区以外的机构，要由上一级主管部门复核，您的密钥只能查看。"
    if reader.principal.name in _voters(hold, "approve"):
        return f"您已经同意；还要另外{missing}人用自己的密钥同意。"
    return f"核实以后，还要{missing}人用各自的密钥同意；有一人不同意，就不生效。"


def _over(hold: Kept) -> str:
    return RUN_OUT.meaning if hold.state == "open" else STATES[hold.state].meaning

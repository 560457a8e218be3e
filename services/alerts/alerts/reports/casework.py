"""Cases as reports list them: of a district, in one reading, with everything counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.domain.casewords import FINDINGS_ZH, STATES_ZH, Finding, State
from alerts.domain.rules.catalogue import RULES
from shared.time import rfc3339

ROWS_MAX: Final = 500
"""Cases that one part of a report lists: what an office reads in a morning; all are counted."""

SEVERITIES_ZH: Final = {"info": "提示", "warning": "黄", "critical": "红"}
MILESTONES_ZH: Final = {
    "acknowledge": "受理",
    "interview": "约谈",
    "classify": "研判",
    "close": "办结",
    "recheck": "回头看",
}
_SIGNALS: Final = {"tip": "投诉线索", "inspection": "现场检查", "bank_warning": "银行预警"}

_FROM: Final = (
    ' FROM alerts."case" AS c LEFT JOIN alerts.institution AS i'
    " ON i.institution_id = c.institution_id WHERE starts_with(c.district_code, :stem) AND "
)
_SELECT: Final = (
    "SELECT c.case_id, c.institution_id, i.name, c.district_code, c.rule, c.severity, c.state,"
    " c.class AS finding, c.opened_at, c.due_at, c.milestone, c.owner, c.sentence, c.amount_fen"
)
_COUNT: Final = (
    "SELECT count(*) AS number, coalesce(sum(c.amount_fen), 0)::bigint AS amount_fen,"
    " count(*) FILTER (WHERE c.severity = 'critical') AS critical,"
    " count(*) FILTER (WHERE c.severity = 'warning') AS warning,"
    " count(*) FILTER (WHERE c.severity = 'info') AS hints"
)
IS_OPEN: Final = "c.state NOT IN ('closed', 'recheck', 'archived')"
_PARTS: Final[Mapping[str, str]] = {
    "opened": "c.opened_at >= :from_at AND c.opened_at < :until_at",
    "overdue": "c.state <> 'archived' AND c.due_at < :now",
    "critical": f"c.severity = 'critical' AND {IS_OPEN}",
    "closed": "c.closed_at >= :from_at AND c.closed_at < :until_at AND NOT " + IS_OPEN,
    "open": IS_OPEN,
}


@dataclass(frozen=True, slots=True)
class Part:
    """Some cases of a report: counted, and the first of them listed."""

    number: int
    amount_fen: int
    critical: int
    warning: int
    hints: int
    rows: Sequence[Mapping[str, Any]]

    def told(self) -> dict[str, Any]:
        """Return the part as JSON holds it: what is counted and not listed is said."""
        return {
            "number": self.number,
            "amount_fen": self.amount_fen,
            "severities": {
                "critical": self.critical,
                "warning": self.warning,
                "info": self.hints,
            },
            "items": [*self.rows],
            "not_shown": self.number - len(self.rows),
            "not_shown_fen": self.amount_fen - sum(one["amount_fen"] for one in self.rows),
        }


async def read_part(
    connection: AsyncConnection, name: str, bound: Mapping[str, object], *, is_listed: bool = True
) -> Part:
    """Return the cases of one part; `bound` has stem, from_at, until_at and now."""
    condition = _FROM + _PARTS[name]
    asked = {key: bound[key] for key in text(condition).compile().params}
    counted = (await connection.execute(text(_COUNT + condition), asked)).mappings().one()
    rows: list[dict[str, Any]] = []
    if is_listed:
        order = " ORDER BY c.opened_at, c.case_id LIMIT :most"
        found = await connection.execute(
            text(_SELECT + condition + order), {**asked, "most": ROWS_MAX}
        )
        rows = [told_of(dict(row)) for row in found.mappings()]
    return Part(**counted, rows=rows)


def told_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a case's row as JSON holds it, its words in Chinese beside."""
    moments = {key: _moment(row[key]) for key in row if key.endswith("_at")}
    finding = row["finding"]
    return {
        **row,
        **moments,
        "case_id": str(row["case_id"]),
        "rule_text": rule_title(row["rule"]),
        "severity_text": SEVERITIES_ZH[row["severity"]],
        "state_text": STATES_ZH[State(row["state"])],
        "milestone_text": MILESTONES_ZH.get(row["milestone"] or "", ""),
        "finding_text": FINDINGS_ZH[Finding(finding)] if finding else "",
    }


def rule_title(key: str) -> str:
    """Return what supervisors call a rule, or the signal that stands for one."""
    rule = RULES.get(key)
    return rule.title if rule else _SIGNALS.get(key, key)


def _moment(value: datetime | None) -> str | None:
    return rfc3339(value) if value is not None else None

"""From answers to documents: the same content for page and workbook."""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup
from pydantic import BaseModel

from alerts.domain.reports import Unit
from alerts.domain.wording import when, yuan
from alerts.reports import charts
from alerts.reports.casework import SEVERITIES_ZH
from alerts.reports.documents import NOTHING, Column, Document, Section, Table
from alerts.reports.shapes import (
    DailyAnswer,
    DossierAnswer,
    FigureAnswer,
    IndicatorsAnswer,
    InterviewsAnswer,
    LedgerAnswer,
    PartAnswer,
)

RISKS_ZH: Final = {
    "ok": "未见风险",
    "warning": "黄色风险",
    "critical": "红色风险",
    "indeterminate": "无法判断",
}
_CASE: Final = (
    Column("severity_text", "级别"),
    Column("rule_text", "事由"),
    Column("institution_id", "统一社会信用代码"),
    Column("name", "机构"),
    Column("sentence", "情况"),
    Column("amount_fen", "金额", Unit.fen),
    Column("state_text", "状态"),
    Column("opened_at", "发现时间", Unit.moment),
    Column("milestone_text", "待办"),
    Column("due_at", "期限", Unit.moment),
    Column("case_id", "案件编号"),
)
_LEDGER: Final = (
    *_CASE[:-1],
    Column("acknowledged_at", "受理", Unit.moment),
    Column("interviewed_at", "约谈", Unit.moment),
    Column("classified_at", "研判", Unit.moment),
    Column("finding_text", "结论"),
    Column("closed_at", "办结", Unit.moment),
    Column("rechecked_at", "回头看", Unit.moment),
    Column("owner", "承办"),
    Column("district_code", "辖区"),
    _CASE[-1],
)
_FIGURE: Final = (
    Column("title", "项目"),
    Column("value", "数值"),
    Column("unit_text", "单位"),
    Column("source", "来源"),
    Column("unknown", "说明"),
)


def daily_document(told: DailyAnswer) -> Document:
    """Return a daily report as a document."""
    days = f"{told.first_day} 至 {told.last_day}"
    number = f"第 {told.report_no} 号" if told.report_no else "预览，不是正式报告"
    return Document(
        f"风险排查预警日报告 {told.district_code}",
        f"{days}，{number}，数据截至 {when(told.as_of)}",
        f"daily-{told.district_code}-{told.last_day}",
        _daily_lines(told),
        [
            _part("新发预警", told.opened),
            _part("逾期未办", told.overdue),
            _part("红色预警（未办结）", told.critical),
            Section("各辖区", table=Table(_DISTRICTS, told.districts)),
            Section("数据来源的新鲜程度", _FRESH, Table(_FEEDS, told.feeds)),
        ],
    )


_DISTRICTS: Final = (
    Column("district_code", "辖区"),
    Column("opened", "新发", Unit.number),
    Column("overdue", "逾期", Unit.number),
    Column("critical", "红色未办结", Unit.number),
)
_FEEDS: Final = (
    Column("feed", "来源"),
    Column("read_at", "最近读取", Unit.moment),
    Column("heard_at", "最近消息", Unit.moment),
)
_FRESH: Final = "没有预警不等于没有风险：来源中断时读取时间会停住。"


def _daily_lines(told: DailyAnswer) -> list[tuple[str, str]]:
    standing = told.standing
    signed = f"{told.signed_by}，{when(told.signed_at)}" if told.signed_at else "未签字"
    lines = [
        ("结论", "零报告：无新发、无逾期、无红色预警" if told.is_zero else "有事项须处置"),
        ("新发预警", f"{told.opened.number} 件，{yuan(told.opened.amount_fen)}"),
        ("逾期未办", f"{told.overdue.number} 件"),
        ("红色预警", f"{told.critical.number} 件"),
        ("期间办结", f"{told.closed.number} 件"),
        ("在办", f"{told.open.number} 件"),
        ("辖区机构", f"{standing['institutions']} 家，无法判断 {standing['indeterminate']} 家"),
        ("监管余额", yuan(standing["custody_fen"])),
        ("预收费存量", yuan(standing["held_fen"])),
        ("签字", signed),
        ("内容摘要值", told.hash or NOTHING),
    ]
    return [*lines, *([("更正原因", told.reason)] if told.reason else [])]


def _part(heading: str, part: PartAnswer) -> Section:
    counts = part.severities
    note = (
        f"共 {part.number} 件，合计 {yuan(part.amount_fen)}；"
        f"红 {counts['critical']}、黄 {counts['warning']}、提示 {counts['info']}。"
    )
    return Section(heading, note, Table(_CASE, _rows(part.items), part.not_shown))


def _rows(models: Sequence[BaseModel]) -> list[dict[str, object]]:
    return [one.model_dump() for one in models]


_WORDS: Final = {
    "category": {"subject": "学科类", "non_subject": "非学科类"},
    "delivery": {"offline": "线下", "online": "线上", "both": "线上线下"},
    "status": {
        "normal": "正常",
        "revoked": "吊销",
        "suspended": "停业或暂停招生",
        "expired": "过期",
        "deregistered": "注销",
        "transformed": "转型",
        "winding_down": "终止清算",
        "unknown": "不明",
    },
    "licence_class": {
        "both": "有证有照",
        "licence_only": "有证无照",
        "registration_only": "无证有照",
        "neither": "无证无照",
    },
}
"""What supervisors read for words of the wire, by figure; a word nobody knows is shown as it is."""


def _figures(figures: Sequence[FigureAnswer]) -> list[dict[str, object]]:
    return [
        {
            **one.model_dump(),
            "value": _WORDS.get(one.key, {}).get(str(one.value), one.value),
            "unit_text": "元" if one.unit == Unit.fen and one.value is not None else "",
        }
        for one in figures
    ]


def dossier_document(told: DossierAnswer) -> Document:
    """Return a dossier as a document."""
    judged = told.assessment
    officer = judged.officer
    return Document(
        f"机构档案 {told.name or told.institution_id}",
        f"统一社会信用代码 {told.institution_id}，数据截至 {when(told.as_of)}",
        f"dossier-{told.institution_id}",
        [
            ("规则研判", RISKS_ZH[judged.risk]),
            ("人工研判", RISKS_ZH[officer.risk] if officer else "尚无"),
            ("未结事项", f"{len(told.open_items)} 项"),
        ],
        [
            Section("一张表", table=Table(_FIGURE, _figures(told.figures))),
            Section("资金走势", "", Table(_MONTH, _rows(told.months)), _charts(told)),
            Section("每周余额", "", Table(_BALANCE, _rows(told.balances))),
            Section("一清单", "", Table(_OPEN, _rows(told.open_items))),
            *_judged(told),
        ],
    )


_MONTH: Final = (
    Column("month", "月份"),
    Column("came_fen", "入账", Unit.fen),
    Column("taught_fen", "消课", Unit.fen),
    Column("refunded_fen", "退费", Unit.fen),
    Column("outflow_fen", "非划拨支出", Unit.fen),
)
_BALANCE: Final = (Column("day", "日期"), Column("balance_fen", "监管账户余额", Unit.fen))
_OPEN: Final = (
    Column("title", "事项"),
    Column("sentence", "情况"),
    Column("amount_fen", "金额", Unit.fen),
    Column("since", "起始", Unit.moment),
    Column("awaits", "待办"),
    Column("due_at", "期限", Unit.moment),
    Column("ref", "编号"),
)
_FOUND: Final = (
    Column("severity", "级别"),
    Column("rule_text", "规则"),
    Column("sentence", "情况"),
)
_UNSURE: Final = (Column("rule_text", "规则"), Column("reason", "原因"))


def _charts(told: DossierAnswer) -> list[Markup]:
    months = told.months
    series = [
        (name, [getattr(one, key) for one in months])
        for key, name in (
            ("came_fen", "入账"),
            ("taught_fen", "消课"),
            ("refunded_fen", "退费"),
            ("outflow_fen", "非划拨支出"),
        )
    ]
    labels = [one.month[2:] for one in months]
    points = [(one.day, one.balance_fen) for one in told.balances]
    limit = ("最低余额", told.floor_fen) if told.floor_fen is not None else None
    return [
        charts.bars("months", "近十二个月资金往来", labels, series),
        charts.line("balances", "近半年监管账户余额", "余额", points, limit),
    ]


def _judged(told: DossierAnswer) -> list[Section]:
    judged = told.assessment
    found = [{**one.model_dump(), "severity": SEVERITIES_ZH[one.severity]} for one in judged.found]
    officer = judged.officer
    word = (
        f"第 {officer.version} 版，{when(officer.made_at)}，{officer.made_by}："
        f"{RISKS_ZH[officer.risk]}。{officer.text or ''}"
        if officer
        else "尚无人工研判。"
    )
    return [
        Section("一研判：规则结论", RISKS_ZH[judged.risk], Table(_FOUND, found)),
        Section(
            "一研判：无法判断的规则",
            "无法判断不等于没有风险。",
            Table(_UNSURE, _rows(judged.indeterminate)),
        ),
        Section("一研判：人工结论", word),
    ]


def indicators_document(told: IndicatorsAnswer) -> Document:
    """Return indicators as a document, one part for each area."""
    areas = list(dict.fromkeys(one.area for one in told.items))
    where = told.district_code or "全国"
    return Document(
        f"校外培训督查指标 {where}",
        f"期间 {told.first_day} 至 {told.last_day}，时点 {when(told.as_of)}",
        f"indicators-{told.district_code or 'all'}-{told.last_day}",
        [
            ("研判最早于", when(told.judged_since) if told.judged_since else "尚未研判"),
            ("未知指标", f"{sum(one.value is None for one in told.items)} 项，均说明原因"),
        ],
        [
            Section(
                area,
                table=Table(
                    (*_FIGURE[:3], Column("period", "口径"), *_FIGURE[3:]),
                    _figures([one for one in told.items if one.area == area]),
                ),
            )
            for area in areas
        ],
    )


def ledger_document(told: LedgerAnswer) -> Document:
    """Return the work ledger as a document."""
    note = "" if told.next is None else "还有更多案件：请缩小日期范围，或导出表格。"
    return Document(
        "预警处置工作台账",
        f"{len(told.items)} 件",
        "ledger",
        [],
        [Section("台账", note, Table(_LEDGER, _rows(told.items)))],
    )


def interviews_document(told: InterviewsAnswer) -> Document:
    """Return whom to interview as a document."""
    done = sum(one.is_interviewed for one in told.items)
    rows = [
        {
            **one.model_dump(),
            "risk_text": RISKS_ZH[one.risk],
            "done": "已约谈" if one.is_interviewed else "未约谈",
        }
        for one in told.items
    ]
    return Document(
        f"约谈名单 {told.district_code or '全国'} {told.quarter}",
        f"大型机构与经营困难机构必谈，数据截至 {when(told.as_of)}",
        f"interviews-{told.district_code or 'all'}-{told.quarter}",
        [("名单", f"{len(told.items)} 家"), ("本季度已约谈", f"{done} 家")],
        [Section("名单", table=Table(_INTERVIEW, rows))],
    )


_INTERVIEW: Final = (
    Column("why", "事由"),
    Column("institution_id", "统一社会信用代码"),
    Column("name", "机构"),
    Column("district_code", "辖区"),
    Column("held_fen", "预收费存量", Unit.fen),
    Column("custody_fen", "监管余额", Unit.fen),
    Column("risk_text", "研判"),
    Column("done", "本季度"),
    Column("interviewed_at", "最近约谈", Unit.moment),
    Column("sentence", "情况"),
)

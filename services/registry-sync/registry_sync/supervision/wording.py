"""What the pages of those who supervise say in Chinese: of results, states, places and times."""

import re
from datetime import datetime, timedelta
from typing import Final

from registry_sync.pages.places import place_name
from registry_sync.pages.wording import Word, moment_text
from registry_sync.supervision.reasons import batch_reason
from shared.time import business_day

KINDS: Final = {"full": "整份名单", "delta": "增量", "import": "报送的表格"}
SOURCE_KINDS: Final = {"platform": "平台，自动获取", "sheet": "表格，由经办人报送"}
VERDICTS: Final = {"approve": "同意", "reject": "不同意"}
ROLES: Final = {"supervisor": "主管部门", "auditor": "审计", "operator": "运维"}

FIELD_NAMES: Final = {
    "institution_id": "统一社会信用代码",
    "licence_no": "办学许可证号",
    "name": "机构名称",
    "district_code": "行政区划代码",
    "category": "类别",
    "delivery": "培训方式",
    "kind_of_teaching": "类别和培训方式",
    "status": "状态",
    "licensed": "有无许可证",
    "registered": "有无营业执照或法人登记证",
    "valid_until": "许可有效期",
    "white_listed": "白名单",
    "black_listed": "黑名单",
    "address": "地址",
    "since": "生效日期",
}

NEVER: Final = Word("dim", "还没有获取过", "还没有从这个来源收到过名单。")
_UNFAMILIAR: Final = Word("dim", "其他结果", "这里没有这个结果的说明，请联系运维人员。")
RESULTS: Final = {
    "applied": Word("good", "已生效", "名单已收下并生效。"),
    "unchanged": Word("good", "没有新内容", "来源回答正常，名单与上次相同。"),
    "withheld": Word("warn", "有内容待复核", "有内容被安全检查扣下，要由两人复核；其余照常。"),
    "previewed": Word("dim", "预览", "表格已读过，接受之前不会改变任何内容。"),
    "running": Word("dim", "正在获取", "还没有结束。"),
    "broken_off": Word("warn", "中断了", "这次没有做完，什么也没有改变；下一次会重新获取。"),
    "gone": Word("warn", "增量已撤下", "来源已经没有这份增量，系统改为获取整份名单。"),
}

STATES: Final = {
    "open": Word("warn", "等待复核", "还没有决定。"),
    "approved": Word("warn", "已同意，等待生效", "两人已同意，下一次获取时生效。"),
    "applied": Word("good", "已生效", "同意的内容已经生效。"),
    "rejected": Word("bad", "已否决", "有人不同意，扣下的内容不生效。"),
    "expired": Word("dim", "已过期", "24小时内没有决定；来源仍然这样说的，会重新扣下。"),
    "replaced": Word("dim", "已被取代", "来源后来说的不同了，或已重新扣下，以新的一条为准。"),
}

_KEPT: Final = "整批没有采用，原来的名单照旧有效。"
_CELL: Final = re.compile(r"(.+)!([A-Z]{1,3})([0-9]{1,7})")
_LINE: Final = re.compile(r"(?:(.+) )?line ([0-9]+)")
_SHORT: Final = timedelta(minutes=1)


def result_word(result: str | None) -> Word:
    """Return what a fetch came to; a batch that was refused whole says why."""
    if result is None:
        return NEVER
    refused = batch_reason(result)
    if refused is None:
        return RESULTS.get(result, _UNFAMILIAR)
    return Word("bad", f"拒收：{refused.title}", f"{refused.meaning}{_KEPT}{refused.advice}")


def place_text(place: str) -> str:
    """Return where a row or a cell stood, as one finds it again.

    >>> place_text("白名单!C17"), place_text("line 9")
    ('工作表“白名单”，单元格C17（第17行）', '第9行')
    """
    if cell := _CELL.fullmatch(place):
        sheet, column, row = cell.groups()
        return f"工作表“{sheet}”，单元格{column}{row}（第{int(row):,}行）"
    if line := _LINE.fullmatch(place):
        file, number = line.groups()
        return f"文件“{file}”第{int(number):,}行" if file else f"第{int(number):,}行"
    return place


def district_text(code: str | None, year: int) -> str:
    """Return what a district is called, with its code where it has no name."""
    return place_name(code, year) or code or "没有写明地区"


def count_text(number: int | None) -> str:
    """Return a number with its thousands apart."""
    return "没有记录" if number is None else f"{number:,}"


def span_text(span: timedelta) -> str:
    """Return how long something is, by its largest unit.

    >>> span_text(timedelta(seconds=5)), span_text(timedelta(hours=26))
    ('不到1分钟', '1天')
    """
    if span < _SHORT:
        return "不到1分钟"
    minutes = int(span.total_seconds()) // 60
    hours, days = minutes // 60, minutes // (60 * 24)
    return f"{days:,}天" if days else f"{hours}小时" if hours else f"{minutes}分钟"


def short_moment_text(moment: datetime | None, now: datetime) -> str:
    """Return a moment in short: `3月5日 09:30`, with its year where that is another."""
    text, this_year = moment_text(moment), f"{business_day(now).year}年"
    return text.removeprefix(this_year)


def ago_text(moment: datetime | None, now: datetime) -> str:
    """Return how long ago something was; nothing where it never was."""
    return "" if moment is None else f"{span_text(max(now - moment, timedelta()))}前"

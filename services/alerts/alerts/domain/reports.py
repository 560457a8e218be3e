"""What reports say: their days, their figures, what is made of an institution (一表一清单一研判).

Every figure carries its source, and one that cannot be known says why and has no value: nothing
is invented. Figures of one institution are the view's; none is reckoned here a second time.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

from alerts.domain.facts import Fact, Kind
from alerts.domain.view import FactView
from alerts.domain.wording import when
from shared.money import BPS_WHOLE
from shared.time import SHANGHAI, add_months, business_day

SPAN_DAYS_MAX: Final = 31
"""Days of one daily report: a worker that stood still longer begins anew, and says from when."""

MONTHS: Final = 12
WEEKS: Final = 26
"""Of a dossier's charts: a year of business, and half a year of balances."""

_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)
_OPEN_REFUND: Final = {"requested": "已申请", "contested": "有争议"}


class Unit(StrEnum):
    """In what a figure is counted, and so how it is shown."""

    fen = "fen"
    bps = "bps"
    number = "number"
    day = "day"
    moment = "moment"
    text = "text"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure with its source; without a value where it is not known, and then why."""

    key: str
    title: str
    unit: Unit
    value: int | str | None
    source: str
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class Month:
    """What one calendar month came to, in fen."""

    month: str
    came_fen: int
    taught_fen: int
    refunded_fen: int
    outflow_fen: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that somebody still has to see to."""

    kind: str
    title: str
    since: datetime
    due_at: datetime | None
    amount_fen: int
    ref: str
    sentence: str


def bureaux(codes: Iterable[str]) -> list[str]:
    """Return who gets a daily report: each county that has institutions, and its city.

    >>> bureaux(["320602", "320602001", "320613"])
    ['320600', '320602', '320613']
    """
    counties = {code[:6] for code in codes if len(code) >= len("320602")}
    return sorted(counties | {f"{code[:4]}00" for code in counties})


def covered(due: datetime, last_day: date | None, before: date) -> tuple[date, date] | None:
    """Return the first and last day of the report that is due; None where it was made.

    It reaches from the day after the last report's to the day before it is due: no day is left
    out, neither a weekend nor one on which the worker stood still. `before` is the working day
    before the due one: where there was no report yet, the first begins there.
    """
    until = business_day(due) - _DAY
    if last_day is not None and last_day >= until:
        return None
    first = before if last_day is None else last_day + _DAY
    return max(min(first, until), until - (SPAN_DAYS_MAX - 1) * _DAY), until


def bounds(first: date, last: date) -> tuple[datetime, datetime]:
    """Return the first instant of a span of days, and the first after it."""
    return (
        datetime.combine(first, time(0), SHANGHAI),
        datetime.combine(last + _DAY, time(0), SHANGHAI),
    )


def hash_of(body: Mapping[str, Any]) -> str:
    """Return what tells a report's content from every other: what a signature is put under."""
    said = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256(said.encode()).hexdigest()


def months_of(view: FactView, number: int = MONTHS) -> list[Month]:
    """Return what the last calendar months came to, the running one last."""
    first = business_day(view.as_of).replace(day=1)
    firsts = [add_months(first, n - number + 1) for n in range(number + 1)]
    return [_month(view, one, firsts[n + 1]) for n, one in enumerate(firsts[:-1])]


def _month(view: FactView, first: date, until: date) -> Month:
    def within(facts: Iterable[Fact]) -> int:
        return sum(one.amount_fen for one in facts if first <= business_day(one.at) < until)

    taught = within(view.of(Kind.released)) - within(view.of(Kind.reversed))
    given = (one for one in view.refunds.values() if one.tag not in _OPEN_REFUND)
    return Month(
        first.strftime("%Y-%m"),
        within(view.credits.facts),
        taught,
        within(given),
        within(view.outflows.facts),
    )


def balances_of(view: FactView, number: int = WEEKS) -> list[tuple[date, int]]:
    """Return what the account held at the end of each of the last weeks, today's balance last."""
    instants = [view.as_of - n * _WEEK for n in range(number - 1, -1, -1)]
    return [(business_day(one), view.balance_at_fen(one)) for one in instants]


def figures_of(view: FactView) -> list[Figure]:
    """Return what is known of an institution (一张表)."""
    return [*_identity(view), *_registry(view), *_money(view), *_business(view), *_marks(view)]


_TOLD: Final = "资金托管系统"
_BANK: Final = "银行流水"
_LIST: Final = "登记库"


def _identity(view: FactView) -> list[Figure]:
    known = view.latest(Kind.identity)
    said = known.body if known else {}
    source = f"{_TOLD}，{when(known.at)}" if known else _TOLD

    def figure(key: str, title: str) -> Figure:
        value = said.get(key)
        shown = str(value) if value not in {None, ""} else None
        return Figure(key, title, Unit.text, shown, source, "" if shown else "托管系统没有说明")

    return [
        figure("name", "机构名称"),
        figure("district_code", "所属辖区"),
        figure("category", "培训类别"),
        figure("delivery", "培训方式"),
    ]


def _registry(view: FactView) -> list[Figure]:
    known = view.latest(Kind.registry)
    said = known.body if known else {}
    source = f"{_LIST}，{when(known.at)}" if known else _LIST
    if said.get("stale"):
        source += "（来源已过时）"

    def figure(key: str, title: str, unit: Unit = Unit.text) -> Figure:
        value = said.get(key)
        shown = _said(value)
        return Figure(key, title, unit, shown, source, "" if shown else "登记库没有说明")

    return [
        figure("status", "登记状态"),
        figure("licence_class", "证照情形"),
        figure("licence_no", "办学许可证号"),
        figure("valid_until", "许可证有效期至", Unit.day),
        figure("white_listed", "白名单"),
        figure("black_listed", "黑名单"),
    ]


def _said(value: object) -> str | None:
    if value is None or value == "":
        return None
    return {True: "是", False: "否", "yes": "是", "no": "否"}.get(value, str(value))


def _money(view: FactView) -> list[Figure]:
    floor, held, balance = view.floor, view.held_fen, view.balance_fen
    cover = balance * BPS_WHOLE // held if held > 0 else None
    month_ago = view.as_of - timedelta(days=30)
    no_floor = "托管系统没有告知最低余额"
    return [
        _fen("balance_fen", "监管账户余额", balance, _BANK),
        _fen("held_fen", "预收费存量（未消课未退费）", held, _TOLD),
        Figure(
            "coverage_bps",
            "余额对存量的覆盖率",
            Unit.bps,
            cover,
            f"{_BANK}、{_TOLD}",
            "" if cover is not None else "没有存量，无从计算",
        ),
        _known("floor_fen", "最低余额要求", floor.required_fen if floor else None, no_floor),
        _known(
            "present_fen",
            "计入最低余额的资金",
            floor.present_fen if floor else None,
            "托管系统只告知了最低余额要求" if floor else no_floor,
        ),
        _fen(
            "outflow_30d_fen",
            "近 30 天非划拨支出",
            view.outflows.sum_fen(month_ago, view.as_of),
            _BANK,
        ),
    ]


def _fen(key: str, title: str, value: int, source: str) -> Figure:
    return Figure(key, title, Unit.fen, value, source)


def _known(key: str, title: str, value: int | None, unknown: str) -> Figure:
    return Figure(key, title, Unit.fen, value, _TOLD, "" if value is not None else unknown)


def _count(key: str, title: str, value: int) -> Figure:
    return Figure(key, title, Unit.number, value, _TOLD)


def _business(view: FactView) -> list[Figure]:
    contracts = {one.ref: one for one in view.of(Kind.contract)}
    closed = {one.ref for one in view.of(Kind.contract_closed)}
    taught = sum(one.amount_fen for one in view.of(Kind.released))
    back = sum(one.amount_fen for one in view.of(Kind.reversed))
    funded = sum(one.amount_fen for one in view.of(Kind.funded))
    lessons = sum(one.number for one in view.of(Kind.released))
    signed = sum(one.amount_fen for one in contracts.values())
    open_refunds = [one for one in view.refunds.values() if one.tag in _OPEN_REFUND]
    waiting = sum(one.amount_fen for one in open_refunds)
    return [
        _count("contracts", "登记的培训合同", len(contracts)),
        _count("contracts_open", "其中未完结", len(contracts.keys() - closed)),
        _fen("contracted_fen", "合同金额合计", signed, _TOLD),
        _fen("funded_fen", "已托管学费合计", funded, _TOLD),
        _count("lessons", "已消课次", lessons),
        _fen("taught_fen", "已消课金额（扣除冲正）", taught - back, _TOLD),
        _fen("refunded_fen", "已同意退费金额", view.refunded_fen, _TOLD),
        _count("refunds_open", "待办退费", len(open_refunds)),
        _fen("refunds_open_fen", "待办退费金额", waiting, _TOLD),
    ]


def _marks(view: FactView) -> list[Figure]:
    return [
        _last(view, Kind.statement, "statement_at", "最近一次银行对账单截至", "没有收到对账单"),
        _last(view, Kind.released, "released_at", "最近一次消课", "没有消课记录"),
        _last(view, Kind.inspection, "inspected_at", "最近一次现场检查", "没有检查记录"),
        _count("tips", "投诉线索", len(view.of(Kind.tip))),
        _count("freezes", "未解除的冻结", len(view.freezes)),
    ]


def _last(view: FactView, kind: Kind, key: str, title: str, unknown: str) -> Figure:
    last = view.latest(kind)
    shown = last.at.astimezone(SHANGHAI).isoformat() if last else None
    return Figure(key, title, Unit.moment, shown, _TOLD, "" if last else unknown)


def waiting_of(view: FactView) -> list[Waiting]:
    """Return what waits at an institution besides its cases: freezes that stand, refunds."""
    freezes = [
        Waiting(
            kind="freeze",
            title="冻结未解除",
            since=one.at,
            due_at=None,
            amount_fen=0,
            ref=one.ref,
            sentence=str(one.body.get("reason") or "托管系统没有说明原因"),
        )
        for one in view.freezes.values()
    ]
    refunds = [
        Waiting(
            kind="refund",
            title="退费未办结",
            since=one.at,
            due_at=None,
            amount_fen=one.amount_fen,
            ref=one.ref,
            sentence=f"退费{_OPEN_REFUND[one.tag]}，合同 {one.body.get('contract_id') or '不明'}",
        )
        for one in view.refunds.values()
        if one.tag in _OPEN_REFUND
    ]
    return sorted([*freezes, *refunds], key=lambda one: (one.since, one.ref))

"""The indicators a supervision team takes along (督查指标), in the six areas it asks about.

Each has its number, its period and its source. What our facts cannot tell has no number and a
sentence that says where to ask instead: nothing is estimated.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from alerts.domain.reports import Unit
from shared.money import BPS_WHOLE

AREAS: Final = (
    "机构审批",
    "预收费监管",
    "费用收取与退还",
    "培训合同签订履行",
    "广告",
    "举报查处",
)
_APPROVAL, _PREPAID, _FEES, _CONTRACTS, _ADVERTS, _TIPS = AREAS

SPAN: Final = "期间"
INSTANT: Final = "时点"


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator."""

    area: str
    key: str
    title: str
    unit: Unit
    value: int | None
    period: str
    """`期间`: of the days asked for; `时点`: as of the instant of asking."""
    source: str
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted of one kind and tag of facts."""

    number: int = 0
    amount_fen: int = 0
    units: int = 0


@dataclass(frozen=True, slots=True)
class Counted:
    """Everything that indicators are made from."""

    places: Mapping[str, int]
    """Of the institutions of the district, as they stand."""
    told: Mapping[tuple[str, str], Tally]
    """By kind and tag of fact, of the days asked for."""
    steps: Mapping[str, int]
    """Steps taken in cases, of the days asked for."""
    rules: Mapping[str, int]
    """Cases opened, of the days asked for."""
    overdue: int

    def of(self, kind: str, *tags: str) -> Tally:
        """Return the sum over some tags of a kind; over all where none is named."""
        found = [
            one for (name, tag), one in self.told.items() if name == kind and tag in (tags or {tag})
        ]
        return Tally(
            sum(one.number for one in found),
            sum(one.amount_fen for one in found),
            sum(one.units for one in found),
        )


def indicators_of(counted: Counted) -> list[Indicator]:
    """Return every indicator, in the order of the areas."""
    return [
        *_approval(counted),
        *_prepaid(counted),
        *_fees(counted),
        *_contracts(counted),
        *_adverts(),
        *_tips(counted),
    ]


def _at(
    area: str, key: str, title: str, value: int | None, source: str, unit: Unit = Unit.number
) -> Indicator:
    return Indicator(area, key, title, unit, value, INSTANT, source)


def _in(
    area: str, key: str, title: str, value: int | None, source: str, unit: Unit = Unit.number
) -> Indicator:
    return Indicator(area, key, title, unit, value, SPAN, source)


def _unknown(area: str, key: str, title: str, why: str) -> Indicator:
    return Indicator(area, key, title, Unit.number, None, SPAN, "本系统没有来源", why)


_LIST: Final = "登记库消息"
_BANK: Final = "银行流水"
_HELD: Final = "资金托管系统"
_CASES: Final = "预警案件"


def _approval(counted: Counted) -> list[Indicator]:
    has = counted.places
    area = _APPROVAL
    return [
        _at(area, "institutions", "辖区机构", has["institutions"], _HELD),
        _at(area, "licensed", "许可状态正常的机构", has["licensed"], _LIST),
        _at(area, "not_licensed", "许可吊销、停业、过期或注销的机构", has["not_licensed"], _LIST),
        _at(area, "licence_unknown", "登记状态不明的机构", has["licence_unknown"], _LIST),
        _at(area, "class_both", "有证有照", has["class_both"], _LIST),
        _at(area, "class_licence_only", "有证无照", has["class_licence_only"], _LIST),
        _at(area, "class_registration_only", "无证有照", has["class_registration_only"], _LIST),
        _at(area, "class_neither", "无证无照", has["class_neither"], _LIST),
        _in(
            area,
            "licences_revoked",
            "吊销许可消息",
            counted.of("registry", "licence.revoked").number,
            _LIST,
        ),
        _unknown(
            area,
            "approval_days",
            "审批办理时长",
            "登记库只传送结果，不传送申请与受理时间；请向审批部门调取。",
        ),
    ]


def _prepaid(counted: Counted) -> list[Indicator]:
    has, area = counted.places, _PREPAID
    held, custody = has["held_fen"], has["custody_fen"]
    cover = custody * BPS_WHOLE // held if held > 0 else None
    covered = _at(
        area, "coverage_bps", "监管余额对存量的覆盖率", cover, f"{_BANK}、{_HELD}", Unit.bps
    )
    if cover is None:
        covered = Indicator(
            area, "coverage_bps", covered.title, Unit.bps, None, INSTANT, _HELD, "没有预收费存量。"
        )
    return [
        _at(area, "accounts", "开立监管专户的机构", has["accounts"], _HELD),
        _at(area, "stated", "近 7 日有银行对账单的机构", has["stated"], _BANK),
        _at(area, "custody_fen", "监管账户余额合计", custody, _BANK, Unit.fen),
        _at(area, "held_fen", "预收费存量合计", held, _HELD, Unit.fen),
        covered,
        _at(area, "uncovered", "余额低于存量的机构", has["uncovered"], f"{_BANK}、{_HELD}"),
        _at(
            area,
            "uncovered_fen",
            "余额低于存量的差额合计",
            has["uncovered_fen"],
            f"{_BANK}、{_HELD}",
            Unit.fen,
        ),
        _at(area, "below_floor", "余额低于最低余额的机构", has["below_floor"], f"{_BANK}、{_HELD}"),
        _in(
            area,
            "unbacked_fen",
            "无划拨指令的支出",
            counted.of("debit", "unbacked").amount_fen,
            _BANK,
            Unit.fen,
        ),
        _in(area, "freezes", "冻结次数", counted.of("freeze").number, _HELD),
        _unknown(
            area,
            "outside_fen",
            "未进入监管账户的收费",
            "账外收费不经过监管账户，流水中看不到；见举报查处与“账外收费”案件，须现场核查。",
        ),
    ]


def _fees(counted: Counted) -> list[Indicator]:
    area = _FEES
    asked = counted.of("refund", "requested")
    return [
        _in(
            area,
            "credits_fen",
            "进入监管账户的资金",
            counted.of("credit").amount_fen,
            _BANK,
            Unit.fen,
        ),
        _in(
            area, "funded_fen", "匹配到合同的学费", counted.of("funded").amount_fen, _HELD, Unit.fen
        ),
        _in(
            area,
            "unallocated",
            "未能匹配到合同的入账",
            counted.of("unallocated").number,
            _HELD,
        ),
        _in(area, "refunds_requested", "退费申请", asked.number, _HELD),
        _in(area, "refunds_requested_fen", "退费申请金额", asked.amount_fen, _HELD, Unit.fen),
        _in(
            area,
            "refunds_contested",
            "有争议的退费",
            counted.of("refund", "contested").number,
            _HELD,
        ),
        _in(area, "refunds_paid", "已付退费", counted.of("refund", "paid").number, _HELD),
        _in(
            area,
            "refunds_paid_fen",
            "已付退费金额",
            counted.of("refund", "paid").amount_fen,
            _HELD,
            Unit.fen,
        ),
        _in(
            area,
            "cases_unlicensed",
            "无证收费案件",
            counted.rules.get("collect_without_licence", 0),
            _CASES,
        ),
        _unknown(
            area,
            "standard_fee",
            "是否按公示标准收费",
            "系统不掌握各机构公示的收费标准；请对照收费公示与合同抽查。",
        ),
    ]


def _contracts(counted: Counted) -> list[Indicator]:
    area = _CONTRACTS
    signed, taught = counted.of("contract"), counted.of("released")
    return [
        _in(area, "contracts", "签订并登记的合同", signed.number, _HELD),
        _in(area, "contracted_fen", "合同金额", signed.amount_fen, _HELD, Unit.fen),
        _in(area, "contracts_closed", "完结的合同", counted.of("contract_closed").number, _HELD),
        _in(area, "lessons", "消课课次", taught.units, _HELD),
        _in(area, "taught_fen", "消课金额", taught.amount_fen, _HELD, Unit.fen),
        _in(area, "lessons_reversed", "冲正的课次", counted.of("reversed").number, _HELD),
        _in(area, "claims_refused", "被拒绝的消课申报", counted.of("claim_refused").units, _HELD),
        _in(
            area,
            "cases_overcollection",
            "超时段、超课次、超前收费案件",
            counted.rules.get("overcollection_span", 0),
            _CASES,
        ),
        _unknown(
            area,
            "model_contract",
            "使用合同示范文本的比例",
            "系统只登记合同要素，不收存合同文本；请抽查纸质或电子合同。",
        ),
    ]


def _adverts() -> list[Indicator]:
    why = "系统没有广告监测来源；请向市场监管部门调取广告监测与查处记录。"
    return [
        _unknown(_ADVERTS, "adverts_found", "发现的校外培训违法广告", why),
        _unknown(_ADVERTS, "adverts_punished", "查处的校外培训违法广告", why),
    ]


def _tips(counted: Counted) -> list[Indicator]:
    area = _TIPS
    opened = sum(counted.rules.values())
    steps = counted.steps
    return [
        _in(area, "tips", "收到的投诉线索", counted.of("tip").number, "举报登记"),
        _in(area, "inspections", "现场检查", counted.of("inspection").number, "检查登记"),
        _in(area, "bank_warnings", "银行预警", counted.of("bank_warning").number, "银行报送"),
        _in(area, "cases_opened", "立案预警", opened, _CASES),
        _in(area, "interviews", "约谈", steps.get("interviewed", 0), _CASES),
        _in(area, "rectifications", "限期整改", steps.get("rectification_ordered", 0), _CASES),
        _in(area, "referrals", "转办移送", steps.get("referred", 0), _CASES),
        _in(area, "supervisions", "挂牌督办", steps.get("supervised", 0), _CASES),
        _in(area, "cases_closed", "办结", steps.get("closed", 0), _CASES),
        _in(area, "rechecks", "回头看", steps.get("recheck_begun", 0), _CASES),
        _at(area, "cases_overdue", "超过期限的案件", counted.overdue, _CASES),
        _unknown(
            area,
            "fines_fen",
            "罚款金额",
            "行政处罚由执法部门作出，结果不回传本系统；请向执法部门调取处罚决定。",
        ),
    ]

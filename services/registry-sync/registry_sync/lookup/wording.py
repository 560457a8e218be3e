"""What the public page says in Chinese: of statuses, lists and money."""

from typing import Final

from registry_sync.domain.words import LicenceClass, Status
from registry_sync.pages.wording import Word

STATUSES: Final = {
    Status.normal: Word("good", "正常", "主管部门的名单显示，该机构可以正常办学。"),
    Status.suspended: Word("warn", "停业或暂停招生", "目前不得招生、不得收费。"),
    Status.transformed: Word("warn", "已转型", "已转为其他业务，不再按原许可办学。"),
    Status.winding_down: Word("bad", "终止清算", "正在清算，不得招生、不得收费。"),
    Status.deregistered: Word("bad", "已注销", "机构已注销，不得招生、不得收费。"),
    Status.expired: Word("warn", "许可证已过期", "办学许可证已过有效期，请先向主管部门核实。"),
    Status.revoked: Word("bad", "许可证已吊销", "办学许可证已被吊销，不得招生、不得收费。"),
    Status.unknown: Word("dim", "状态不明", "名单没有写明状态，请向主管部门核实。"),
}

CLASSES: Final = {
    LicenceClass.both: "有证有照",
    LicenceClass.licence_only: "有证无照",
    LicenceClass.registration_only: "无证有照",
    LicenceClass.neither: "无证无照",
}

CLASSES_EXPLAINED: Final = {
    LicenceClass.both: "有办学许可证，也有营业执照或法人登记证。",
    LicenceClass.licence_only: "有办学许可证，没有营业执照或法人登记证。",
    LicenceClass.registration_only: "没有办学许可证，只有营业执照或法人登记证。",
    LicenceClass.neither: "没有办学许可证，也没有营业执照或法人登记证。",
}

ON_BLACK_LIST: Final = Word("bad", "已列入黑名单", "主管部门已把它列入黑名单，请不要缴费。")
OFF_WHITE_LIST: Final = Word("warn", "不在白名单上", "主管部门的白名单上没有它，请先核实再缴费。")

SITES_DIFFER: Final = "部分办学点不正常"
SITES_EXPLAINED: Final = "它的{all}个办学点中有{wrong}个状态不正常，请按地址对照下面的各办学点。"

CATEGORIES: Final = {"subject": "学科类", "non_subject": "非学科类"}
DELIVERIES: Final = {"offline": "线下", "online": "线上", "both": "线上和线下"}
WHITE: Final = {True: "在白名单上", False: "不在白名单上", None: "名单来源没有提供"}
BLACK: Final = {True: "已列入黑名单", False: "未列入黑名单"}

REASONS: Final = {
    "account_missing": "没有开立监管账户",
    "charging_frozen": "收费已被主管部门暂停",
    "institution_frozen": "账户已被主管部门冻结",
    "black_listed": "已列入黑名单",
    "not_white_listed": "不在白名单上",
    "licence_revoked": "许可证已吊销",
    "licence_suspended": "停业或暂停招生",
    "licence_expired": "许可证已过期",
    "institution_deregistered": "机构已注销",
    "institution_transformed": "机构已转型",
    "institution_winding_down": "机构正在清算",
    "registry_objects": "主管部门的名单有异议",
}
"""Escrow's words; one that is not here is left out: that it may not charge is said anyway."""

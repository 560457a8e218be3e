"""The city's institutions: made-up names, valid credit codes, accounts, and a few floors."""

from dataclasses import dataclass
from random import Random
from typing import Any

from stdnum.cn import uscc

from sandbox.city.districts import DISTRICTS

INSTITUTIONS = 36
"""Enough that every district has three."""

SUBJECT_EVERY = 6
"""Every sixth institution teaches school subjects, on weekday evenings only."""

PULLING_BANK = "sandbox"
"""The bank that asks for its instructions; `keys.bank` is its key."""

PUSHED_BANK = "sandbox-pushed"
"""The bank that waits until its instructions are pushed to it."""

PUSHED_EVERY = 3
"""Every third institution has its account at the bank that is pushed to."""

_WORDS = (
    "青竹", "晨光", "小溪", "银杏", "白鹭", "彩云", "海棠", "星河", "麦田", "飞鸟", "松果", "雨林",
    "蓝鲸", "橘灯", "风铃", "石榴", "琥珀", "流萤", "雪松", "木槿", "丹青", "朝露", "云雀", "灯塔",
    "芦苇", "月牙", "山茶", "竹蜻蜓", "向日葵", "纸飞机", "萤火", "百灵", "珊瑚", "枫叶", "雁塔",
    "荷塘",
)  # fmt: skip
_TRADES = ("艺术培训中心", "体育培训学校", "科技培训中心", "语言艺术培训中心", "棋艺培训中心")
_SUBJECT_TRADE = "学科培训学校"
_CODE_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(frozen=True, slots=True)
class Place:
    """An institution as the authority and its bank know it."""

    id: str
    name: str
    district_code: str
    category: str
    bank_id: str
    account_number: str
    settlement_number: str
    floor_rules: tuple[dict[str, Any], ...] = ()


def places(seed: int) -> list[Place]:
    """Return the institutions of the city that grows from a seed."""
    chance = Random(f"places:{seed}")
    return [_place(chance, seed, number) for number in range(INSTITUTIONS)]


def _place(chance: Random, seed: int, number: int) -> Place:
    district = DISTRICTS[number % len(DISTRICTS)]
    is_subject = number % SUBJECT_EVERY == SUBJECT_EVERY - 1
    trade = _SUBJECT_TRADE if is_subject else _TRADES[number % len(_TRADES)]
    return Place(
        id=credit_code(chance, district.code),
        name=f"示例{_WORDS[number]}{trade}",
        district_code=district.code,
        category="subject" if is_subject else "non_subject",
        bank_id=PUSHED_BANK if number % PUSHED_EVERY == PUSHED_EVERY - 1 else PULLING_BANK,
        account_number=f"62220299{seed % 10_000:04d}{number:07d}",
        settlement_number=f"62179988{seed % 10_000:04d}{number:07d}",
        floor_rules=_floor(number),
    )


def credit_code(chance: Random, district_code: str) -> str:
    """Return a unified social credit code with the check digit of GB 32100.

    `91` is a company; the organisation's part begins with `MA` as all do since 2015.
    """
    tail = "".join(chance.choice(_CODE_LETTERS) for _ in range(7))
    body = f"91{district_code}MA{tail}"
    return f"{body}{uscc.calc_check_digit(body)}"


def _floor(number: int) -> tuple[dict[str, Any], ...]:
    """Give a few institutions a floor, one of each kind, so that payouts are retained."""
    match number:
        case 4:
            return ({"kind": "fixed", "amount_fen": 300_000_00},)
        case 10:
            return ({"kind": "percent_collected", "bps": 9_900},)
        case 18:
            return ({"kind": "cycle_total"},)
        case 26:
            return ({"kind": "percent_held", "bps": 1_000},)
        case _:
            return ()

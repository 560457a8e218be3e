"""The institutions the platform begins with: made-up names, valid credit codes."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import accumulate
from random import Random

from sandbox.city.districts import DISTRICTS
from sandbox.city.places import credit_code
from sandbox.platform.listings import LONG_TERM, NORMAL, REVOKED, STATUSES

BRANCH_EVERY = 40
"""Every fortieth site is a branch: the same institution under another licence."""

_PER_MILLE = (940, 12, 8, 6, 6, 12, 4, 8, 4)
"""How many of a thousand stand under each of `STATUSES`."""
_BOUNDS = tuple(accumulate(_PER_MILLE))
_EXPIRED = "许可证过期"
_LICENSED = 0.98
_LONG_TERM = 0.2
_WHITE = 0.97
_BLACK = 0.5
_VALID_DAYS = (30, 1_500)
_KNOWN_DAYS = (31, 1_000)

_WORDS = (
    "晴空", "小鹿", "松涛", "桂花", "白鸽", "虹桥", "芦笛", "星光", "稻香", "燕子", "橡果", "云杉",
    "海豚", "油灯", "铜铃", "樱桃", "玛瑙", "蜻蜓", "冬青", "茉莉", "水墨", "晨露", "黄鹂", "帆船",
    "蒲公英", "新月", "杜鹃", "竹笛", "太阳花", "纸鸢", "萤石", "画眉", "贝壳", "红叶", "石塔",
    "莲池",
)  # fmt: skip
_TRADES = {
    "1": ("学科培训学校",),
    "2": ("网络学科培训学校",),
    "3": (
        "艺术培训中心", "体育培训学校", "科技培训中心", "音乐培训中心", "舞蹈培训中心",
        "棋艺培训中心", "书法培训中心", "编程培训中心",
    ),
    "4": ("网络艺术培训中心", "网络编程培训中心"),
}  # fmt: skip
_TYPES = ("1", "2", "3", "3", "3", "3", "3", "3", "3", "4")


def sites(seed: int, count: int, opened_on: date) -> Iterator[dict[str, str]]:
    """Yield the sites that grow from a seed, as they stood on a day."""
    chance = Random(f"platform:{seed}")
    region, code, name = "", "", ""
    for number in range(count):
        org_type = chance.choice(_TYPES)
        is_branch = number % BRANCH_EVERY == BRANCH_EVERY - 1
        if is_branch:
            name = f"{name}分校"
        else:
            region = chance.choice(DISTRICTS).code
            code = credit_code(chance, region)
            name = _name(chance, number, org_type)
        yield {
            "uscc": code,
            **_licence(chance, number, region, org_type, is_sure=is_branch),
            "orgName": name,
            "regionCode": region,
            "orgType": org_type,
            **_standing(chance, opened_on),
            "address": f"{_DISTRICT_NAMES[region]}示例路{chance.randrange(1, 1_000)}号",
        }


_DISTRICT_NAMES = {district.code: district.name for district in DISTRICTS}


def _name(chance: Random, number: int, org_type: str) -> str:
    """Return a name that no other number has: the number, counted in words."""
    words: list[str] = []
    while number or len(words) < 2:  # noqa: PLR2004 - a name of one word is bare
        number, place = divmod(number, len(_WORDS))
        words.append(_WORDS[place])
    return f"示例{''.join(words)}{chance.choice(_TRADES[org_type])}"


def _licence(
    chance: Random, number: int, region: str, org_type: str, *, is_sure: bool
) -> dict[str, str]:
    """Return the licence: a branch has one for sure, a few others have none."""
    if is_sure or chance.random() < _LICENSED:
        return {"licenceNo": f"1{region}{org_type}{number:07d}", "hasLicence": "1"}
    return {"licenceNo": "", "hasLicence": "0"}


def _standing(chance: Random, opened_on: date) -> dict[str, str]:
    """Return status, validity and lists that fit one another."""
    draw = chance.randrange(_BOUNDS[-1])
    status = next(word for word, bound in zip(STATUSES, _BOUNDS, strict=True) if draw < bound)
    changed_on = opened_on - timedelta(days=chance.randint(*_KNOWN_DAYS))
    is_white = status == NORMAL and chance.random() < _WHITE
    return {
        "orgStatus": status,
        "hasRegistration": "1" if status == NORMAL or chance.random() < _LICENSED else "0",
        "licenceValidTo": _valid_to(chance, status, changed_on, opened_on),
        "whiteList": "1" if is_white else "0",
        "blackList": "1" if status == REVOKED and chance.random() < _BLACK else "0",
        "changedOn": str(changed_on),
    }


def _valid_to(chance: Random, status: str, changed_on: date, opened_on: date) -> str:
    if status == _EXPIRED:
        return str(changed_on - timedelta(days=1))
    if chance.random() < _LONG_TERM:
        return LONG_TERM
    return str(opened_on + timedelta(days=chance.randint(*_VALID_DAYS)))

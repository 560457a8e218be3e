"""What is sold: courses with their prices, within the national caps.

The caps: at most three months, 60 lessons and, where no school subject is taught, 5,000 yuan.
"""

from dataclasses import dataclass
from random import Random

AMOUNT_MAX_FEN = 5_000_00
"""The cap on what may be charged at once outside school subjects."""


@dataclass(frozen=True, slots=True)
class Course:
    """One course of one institution."""

    name: str
    category: str
    delivery: str
    lessons: int
    paid_fen: int
    list_fen: int


_NON_SUBJECT = (
    "少儿编程", "硬笔书法", "少儿美术", "中国舞", "围棋启蒙", "篮球基础", "乒乓球", "古筝",
    "钢琴陪练", "小主持人", "机器人搭建", "国际象棋", "羽毛球", "跆拳道", "陶艺", "朗诵",
)  # fmt: skip
_SUBJECT = ("初中数学", "初中物理", "高中英语", "高中化学")
_LEVELS = ("启蒙班", "L1", "L2", "L3", "进阶班")
_LENGTHS = (12, 16, 20, 24, 30, 36, 48, 60)


def courses(chance: Random, category: str, count: int) -> list[Course]:
    """Return some courses of one institution, no two of the same name."""
    subjects = _SUBJECT if category == "subject" else _NON_SUBJECT
    names = [f"{subject} {level}" for subject in subjects for level in _LEVELS]
    return [_course(chance, name, category) for name in chance.sample(names, count)]


def _course(chance: Random, name: str, category: str) -> Course:
    lessons = chance.choice(_LENGTHS)
    fee_fen = chance.randrange(40_00, 180_00, 5_00)
    # A few totals do not divide by the lessons, so that the last lesson carries a remainder.
    odd_fen = chance.choice((0, 0, 0, 1_00, 37))
    paid_fen = min(lessons * fee_fen + odd_fen, AMOUNT_MAX_FEN)
    delivery = "online" if chance.random() < 0.1 else "offline"  # noqa: PLR2004 - one in ten
    return Course(name, category, delivery, lessons, paid_fen, paid_fen * 5 // 4)

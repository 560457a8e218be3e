"""How a rule's sentence says money, shares and instants: in Chinese, for the officer who reads it.

A number is never rounded up to a threshold: shares and amounts are cut, as their comparison is
exact and the sentence must not show "30.0%" for what stayed below 30 %.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final

from shared.money import yuan as digits
from shared.time import SHANGHAI, business_day

_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
_WHOLE: Final = 10_000
_PER_TENTH: Final = 10
"""Basis points in a tenth of a per cent, the finest that a sentence says."""

TIMES_FROM: Final = 100_000
"""Basis points from which a share is said as "more than ten times": digits beyond mislead."""


def yuan(fen: int) -> str:
    """Say an amount in fen: `123456700` is `1,234,567.00 元`."""
    return f"{digits(fen)} 元"


def percent(bps: int) -> str:
    """Say a share in basis points, cut to a tenth: `6215` is `62.1%`, `3000` is `30%`."""
    sign = "-" if bps < 0 else ""
    whole, tenth = divmod(abs(bps) // _PER_TENTH, 10)
    return f"{sign}{whole}.{tenth}%" if tenth else f"{sign}{whole}%"


def when(instant: datetime) -> str:
    """Say an instant in Asia/Shanghai: `2026-11-20 09:12`."""
    return instant.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def on(instant: datetime) -> str:
    """Say the business day of an instant: `2026-11-20`; the scope of what happens once a day."""
    return business_day(instant).isoformat()


def week_of(day: date) -> str:
    """Say the ISO week of a day: `2026-W47`; the scope of what happens once a week."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def span(length: timedelta) -> str:
    """Say a length: `24 小时`, `7 天`; days only from two whole ones on."""
    days, rest = divmod(length, _DAY)
    return f"{days} 天" if days > 1 and not rest else f"{length // _HOUR} 小时"


def count(number: int, of: str = "笔") -> str:
    """Say a number of things: `5 笔`, `1,200 家`."""
    return f"{number:,} {of}"


def listed(words: Iterable[str]) -> str:
    """Join words as a Chinese list: `工资、租金、税`."""
    return "、".join(words)


def share_of(part_fen: int, whole_fen: int, whole: str) -> str:
    """Say what part of a whole an amount is: `占期初余额 62.1%`; a whole of nothing is said so."""
    if whole_fen <= 0:
        return f"而{whole}为 {yuan(whole_fen)}"
    bps = part_fen * _WHOLE // whole_fen
    return f"超过{whole}的 10 倍" if bps >= TIMES_FROM else f"占{whole} {percent(bps)}"

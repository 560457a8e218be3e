"""How pages say a state, a day, a moment and a number."""

from dataclasses import dataclass
from datetime import date, datetime

from registry_sync.domain.record import LONG_TERM
from shared.time import SHANGHAI


@dataclass(frozen=True, slots=True)
class Word:
    """A badge: its mark (never colour alone), its words and what they mean for who reads."""

    tone: str
    """good, warn, bad or dim: the colour, and the shape beside the words."""
    text: str
    meaning: str


def day_text(day: date | str | None) -> str:
    """Return a day as one reads it: `2026年3月5日`, or 长期."""
    if day is None:
        return "没有写明"
    if day == LONG_TERM:
        return "长期"
    if isinstance(day, str):
        day = date.fromisoformat(day)
    return f"{day.year}年{day.month}月{day.day}日"


def moment_text(moment: datetime | None) -> str:
    """Return a moment as one reads it: `2026年3月5日 09:30`."""
    if moment is None:
        return "没有记录"
    there = moment.astimezone(SHANGHAI)
    return f"{day_text(there.date())} {there:%H:%M}"

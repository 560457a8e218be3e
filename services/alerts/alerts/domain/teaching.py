"""When lessons are permitted, as far as a calendar of working days can tell (policy.md, a.3).

| rule | who | source |
|---|---|---|
| none on rest days and public holidays | subject | 双减意见 (中办国办, 2021-07) |
| none that ends after 20:30, online after 21:00 | subject | 长治; 双减意见 for online |
| the same hours | non-subject | 教监管〔2022〕4号 |

A weekend that is worked (调休) is a day like any other, and a holiday on a Tuesday is none.
Winter and summer vacations and the hours of local schools differ from place to place and are in
no calendar here: they are not judged.
"""

from datetime import date, datetime, time, timedelta
from typing import Final

from alerts.domain.workdays import Calendar
from shared.time import SHANGHAI

SUBJECT: Final = "subject"
"""学科类: the category that may not teach on rest days."""

ONLINE: Final = "online"

OFFLINE_UNTIL_MINUTE: Final = 20 * 60 + 30
"""20:30, as minutes of the day: where a lesson offline must have ended."""

ONLINE_UNTIL_MINUTE: Final = 21 * 60

_ONE_DAY: Final = timedelta(days=1)


def is_permitted_day(calendar: Calendar, category: str, day: date) -> bool:
    """Tell whether institutions of a category may teach on a day."""
    return category != SUBJECT or calendar.is_workday(day)


def permitted_days(calendar: Calendar, category: str, first: date, until: date) -> int:
    """Count the days on which teaching is permitted, from a day on, before another."""
    days = max(0, (until - first).days)
    return sum(is_permitted_day(calendar, category, first + n * _ONE_DAY) for n in range(days))


def ends_late(starts: datetime, ends: datetime, until_minute: int) -> bool:
    """Tell whether a lesson ends after a minute of the day on which it began."""
    day = starts.astimezone(SHANGHAI).date()
    latest = datetime.combine(day, time(0), SHANGHAI) + timedelta(minutes=until_minute)
    return ends > latest

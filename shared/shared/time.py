"""Instants, days and calendar months.

An instant is an aware UTC `datetime`; a business day is a date in Asia/Shanghai.
The ledger's clock is the database's; this module only converts, and is the one
place in the project where the process's own clock may be read.
"""

from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

SHANGHAI = ZoneInfo("Asia/Shanghai")


def business_day(instant: datetime) -> date:
    """Return the day in Asia/Shanghai on which an aware instant falls."""
    return instant.astimezone(SHANGHAI).date()


@lru_cache(maxsize=4_096)
def add_months(day: date, months: int) -> date:
    """Add calendar months to a day; a day that the month lacks becomes its last.

    Beyond the calendar's ends lies its first or last day.
    """
    try:
        return day + relativedelta(months=months)
    except ValueError:
        return date.max if months > 0 else date.min


def wall_clock() -> datetime:
    """Return the process's own time in UTC: for logs and leases, never for the books."""
    return datetime.now(UTC)


@lru_cache(maxsize=4_096)
def rfc3339(instant: datetime) -> str:
    """Format an aware instant with its Asia/Shanghai offset, as the wire contract asks.

    The lessons of one batch ended at the same bell: the same instants are formatted again
    and again.
    """
    return instant.astimezone(SHANGHAI).isoformat()

"""Working days and hours, with the make-up workdays (调休) that the State Council announces.

A deadline of so many working hours runs only while offices are open (`OPENS` to `CLOSES`, in
Asia/Shanghai); one of so many working days ends when the last of them does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Final

from shared.time import SHANGHAI, business_day

OPENS: Final = time(9)
CLOSES: Final = time(18)
SATURDAY: Final = 5

LOOK_AHEAD: Final = 400
"""Days searched for working days: no holiday lasts so long, and a wrong calendar ends here."""

_ONE_DAY: Final = timedelta(days=1)
_NONE: Final[Mapping[date, bool]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are worked: what was announced, and Monday to Friday where nothing was."""

    announced: Mapping[date, bool] = field(default_factory=lambda: _NONE)

    def is_workday(self, day: date) -> bool:
        """Tell whether offices are open on a day."""
        said = self.announced.get(day)
        return day.weekday() < SATURDAY if said is None else said

    def workdays_between(self, first: date, until: date) -> int:
        """Count the working days from a day on, before another."""
        days = (until - first).days
        return sum(self.is_workday(first + timedelta(days=n)) for n in range(days))

    def add_workdays(self, instant: datetime, days: int) -> datetime:
        """Return the close of the so-manieth working day after that of an instant."""
        day = business_day(instant)
        left = days
        for _ in range(LOOK_AHEAD):
            if left <= 0:
                break
            day += _ONE_DAY
            left -= self.is_workday(day)
        return datetime.combine(day, CLOSES, SHANGHAI)

    def add_hours(self, instant: datetime, hours: int) -> datetime:
        """Return the instant after so many working hours."""
        here = instant.astimezone(SHANGHAI)
        left = timedelta(hours=hours)
        for _ in range(LOOK_AHEAD):
            day = here.date()
            opens = datetime.combine(day, OPENS, SHANGHAI)
            closes = datetime.combine(day, CLOSES, SHANGHAI)
            begins = max(here, opens)
            if self.is_workday(day) and begins < closes:
                if begins + left <= closes:
                    return begins + left
                left -= closes - begins
            here = datetime.combine(day + _ONE_DAY, time(0), SHANGHAI)
        return here

"""A Saturday's bells, and which day and hour each class is taught."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from shared.time import SHANGHAI


@dataclass(frozen=True, slots=True)
class Bell:
    """A slot of the day: when lessons begin, and when the bell ends them."""

    name: str
    begins: time
    ends: time


BELLS = (
    Bell("08:30-10:00", time(8, 30), time(10, 0)),
    Bell("10:15-11:45", time(10, 15), time(11, 45)),
    Bell("13:30-15:00", time(13, 30), time(15, 0)),
    Bell("15:15-16:45", time(15, 15), time(16, 45)),
    Bell("17:00-18:30", time(17, 0), time(18, 30)),
    Bell("18:45-20:15", time(18, 45), time(20, 15)),
)

FREEZE_AFTER = 3
"""The supervisor freezes an institution after this many bells: in the afternoon."""

WEEKDAY_EVENING = (time(18, 30), time(20, 0))
"""When school subjects are taught; they may not be on a rest day."""

MORNING = time(7, 0)
"""When the offices open: contracts and deposits of the week are put in."""

CLAIM_DELAY = timedelta(minutes=1)
"""A billing system claims a lesson a minute after the bell."""

_SATURDAY = 5


def next_saturday(after: datetime) -> date:
    """Return the first Saturday whose morning lies after an instant."""
    local = after.astimezone(SHANGHAI)
    day = local.date() + timedelta(days=(_SATURDAY - local.weekday()) % 7)
    return day if at(day, MORNING) > after else day + timedelta(days=7)


def at(day: date, hour: time) -> datetime:
    """Return an hour of a day in Asia/Shanghai."""
    return datetime.combine(day, hour, tzinfo=SHANGHAI)


def taught(day: date, bell: Bell, *, is_subject: bool, session: int) -> tuple[datetime, datetime]:
    """Return when a class began and ended that is claimed at a bell.

    School subjects are claimed on Saturday for the evenings before: session 0 for Friday,
    session 1 for Thursday.
    """
    if is_subject:
        begins, ends = WEEKDAY_EVENING
        evening = day - timedelta(days=1 + session)
        return at(evening, begins), at(evening, ends)
    middle = at(day, bell.begins) + (at(day, bell.ends) - at(day, bell.begins)) / 2
    return (at(day, bell.begins), middle) if session == 0 else (middle, at(day, bell.ends))

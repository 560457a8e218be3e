"""When word to people goes out: how often, how soon again, and what waits for office hours.

A robot takes so many messages in any sixty seconds. A bucket that fills by the minute would let
twice as many through around its refilling, so the instants of the last sendings are kept, and
one more goes out only when the one so many before it is a minute old.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from alerts.domain.outcome import Severity
from alerts.domain.workdays import Calendar

WINDOW: Final = timedelta(seconds=60)
MARGIN: Final = timedelta(seconds=1)
"""Added to the window: the other side's clock starts when a message arrives."""

PAUSE_MIN_S: Final = 5
PAUSE_MAX_S: Final = 900
"""From soon to a quarter of an hour: a robot that is back is noticed within a lesson."""

DOUBLINGS_MAX: Final = 8

GIVE_UP_AFTER: Final = timedelta(hours=24)
"""After the first try that failed: by then somebody has read it elsewhere, or nobody will."""

PER_MILLE: Final = 1_000


def room(sent: Sequence[datetime], now: datetime, per_minute: int) -> int:
    """Return how many messages may go out now, given when the last ones did."""
    recent = sum(now - one < WINDOW + MARGIN for one in sent)
    return max(per_minute - recent, 0)


def noted(sent: Sequence[datetime], now: datetime, per_minute: int) -> tuple[datetime, ...]:
    """Return the instants to remember after one more message: as many as a minute takes."""
    return (*sent, now)[-per_minute:]


def pause(failures: int, jitter: int) -> timedelta:
    """Return how long to wait after so many failures in a row.

    Doubled with each up to a bound; `jitter`, from 0 to 1,000, takes away up to half, so that
    channels that failed together do not come back together.
    """
    doubled = PAUSE_MIN_S << min(max(failures, 1) - 1, DOUBLINGS_MAX)
    longest = min(doubled, PAUSE_MAX_S) * PER_MILLE
    return timedelta(milliseconds=longest - longest * jitter // (2 * PER_MILLE))


def goes_at(severity: Severity, now: datetime, calendar: Calendar, *, is_quiet: bool) -> datetime:
    """Return when a notice may go out: at once, or when offices are next open.

    Red always goes at once; others wait where the channel is quiet outside office hours.
    """
    if severity is Severity.critical or not is_quiet:
        return now
    return calendar.add_hours(now, 0)


@dataclass(frozen=True, slots=True)
class Queued:
    """A notice that waits for its turn: how many messages are left of it."""

    notice_id: UUID
    parts: int
    is_begun: bool = False
    """Some of its parts have arrived: it is finished, never put into a digest."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a channel sends now: notices one by one, and those that a digest replaces."""

    sent: tuple[UUID, ...]
    digested: tuple[UUID, ...]


def plan(queue: Sequence[Queued], free: int) -> Turn:
    """Decide what goes out now, in the order given; never more messages than are free.

    What is begun goes first. Where not all fits, the last free message is kept for a digest of
    the rest; a rest of one waits for its own turn, as a digest of one says less and saves nothing.
    """
    ordered = sorted(queue, key=lambda one: not one.is_begun)
    if sum(one.parts for one in ordered) <= free:
        return Turn(tuple(one.notice_id for one in ordered), ())
    left = free - 1
    sent: list[UUID] = []
    for one in ordered:
        if one.parts > left:
            break
        sent.append(one.notice_id)
        left -= one.parts
    rest = [one.notice_id for one in ordered[len(sent) :] if not one.is_begun]
    return Turn(tuple(sent), tuple(rest) if free > 0 and len(rest) > 1 else ())

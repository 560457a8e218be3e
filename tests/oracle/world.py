"""What the oracle judges: a plain list of facts, and what can be asked of it by going through.

Shared with the service are only shapes (`Fact`, `Campaign`) and the calendar's answer to "is this
day worked".
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from alerts.domain.campaigns import Campaign
from alerts.domain.facts import Fact
from alerts.domain.workdays import Calendar

Finding = tuple[str, str, str | None, str, frozenset[int]]
"""Key of the rule, scope, severity, verdict, facts."""

Values = Mapping[str, int]

DAY = timedelta(days=1)
EIGHT_HOURS = timedelta(hours=8)
"""China has one time and no summer time."""


@dataclass(frozen=True)
class World:
    """What there is to be known, and from when it is judged."""

    told: Sequence[Fact]
    as_of: datetime
    calendar: Calendar
    campaigns: Sequence[Campaign]

    @property
    def today(self) -> date:
        """Return the day in China."""
        return day_of(self.as_of)

    def known(self, kind: str) -> list[Fact]:
        """Return the facts of a kind that had happened and were heard of, in order."""
        found = [
            one
            for one in self.told
            if one.kind == kind and one.at <= self.as_of and one.seen_at <= self.as_of
        ]
        return sorted(found, key=lambda one: (one.at, one.fact_id))

    def last_heard(self, kind: str) -> list[Fact]:
        """Return of those that share a `ref` the one that was heard last."""
        known = self.known(kind)
        return [
            one
            for one in known
            if not any(
                other.ref == one.ref and (other.seen_at, other.fact_id) > (one.seen_at, one.fact_id)
                for other in known
            )
        ]

    def named(self, name: str) -> str:
        """Return what the last word of its identity says."""
        identities = self.known("identity")
        return str(identities[-1].body.get(name) or "") if identities else ""


def day_of(instant: datetime) -> date:
    """Return the day in China of an instant."""
    return (instant.astimezone(UTC) + EIGHT_HOURS).date()


def in_china(day: date, minutes: int = 0) -> datetime:
    """Return the instant of so many minutes after a day began in China."""
    return datetime.combine(day, time(0), UTC) - EIGHT_HOURS + timedelta(minutes=minutes)


def days(first: date, last: date) -> Iterator[date]:
    """Walk from a day to another, both with."""
    while first <= last:
        yield first
        first += DAY


def read_day(said: object) -> date | None:
    """Read a day as ISO 8601 writes it."""
    try:
        return date.fromisoformat(str(said))
    except ValueError:
        return None


def shown(facts: Iterable[Fact]) -> frozenset[int]:
    """Return the five hundred newest."""
    return frozenset(sorted({one.fact_id for one in facts}, reverse=True)[:500])


def hit(key: str, severity: str, facts: Iterable[Fact], scope: str = "open") -> Finding:
    """Say that a rule found something."""
    return (key, scope, severity, "hit", shown(facts))


def nothing(key: str, scope: str = "open") -> Finding:
    """Say that it found nothing."""
    return (key, scope, None, "no_hit", frozenset())


def unsure(key: str) -> Finding:
    """Say that it could not judge."""
    return (key, "open", None, "indeterminate", frozenset())

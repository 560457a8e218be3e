"""Reading a feed, page by page, into facts.

A page's facts, what was set aside of it and the place in the feed are one transaction. An event
that nobody understands is kept, counted and logged, and stops none of the others.
"""

import re
from collections import Counter as Tally
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

import structlog
from prometheus_client import Counter, Gauge

from alerts.domain.events import facts_of
from alerts.domain.saying import Unclear
from alerts.intake import place, store
from alerts.intake.place import Aside
from alerts.intake.store import Arrival
from shared.feed.reader import FeedEvent, FeedPage, Reader
from shared.pg.database import Database
from shared.pg.retry import retry
from shared.time import wall_clock

Feed: TypeAlias = Literal["escrow", "registry"]

PAGE_MAX: Final = 500
"""Events of one page: what the producer gives at most."""

WAIT_S: Final = 2
"""Seconds that the producer may wait for an event; a worker that stops waits it out."""

_INSTITUTION: Final = re.compile(r"[0-9A-Z]{18}")

_events: Final = Counter(
    "tuition_alerts_feed_events_total",
    "Events read from a feed, by what came of them.",
    ["feed", "outcome"],
)
_last_read: Final = Gauge(
    "tuition_alerts_feed_last_read_timestamp_seconds",
    "When a feed last answered, whether it had something to say or not.",
    ["feed"],
)
_log = structlog.get_logger("alerts.intake")

OUTCOMES: Final = ("told", "repeated", "known", "set_aside")
"""Gave new facts; gave facts there were; is known to give none; was not understood."""


@dataclass(slots=True)
class _Sorted:
    """A page, sorted: facts to write, events without any, events to set aside."""

    arrivals: list[Arrival] = field(default_factory=list)
    known: int = 0
    aside: list[Aside] = field(default_factory=list)


class Listener:
    """Reads one feed into facts."""

    def __init__(self, database: Database, feed: Feed, reader: Reader) -> None:
        """Take the books of facts, which feed it is, and the way to it."""
        self._database = database
        self.feed = feed
        self._reader = reader
        for outcome in OUTCOMES:
            _events.labels(feed, outcome)

    async def once(self) -> int:
        """Take in one page, waiting a while for it; return how many events it had."""
        after = await place.read(self._database, self.feed)
        page = await self._reader.page(after, limit=PAGE_MAX, wait_s=WAIT_S, keeps_unreadable=True)
        _last_read.labels(self.feed).set(wall_clock().timestamp())
        following = page.next
        if following is None:
            await place.note_read(self._database, self.feed)
            return 0
        found = sort(self.feed, page)
        counts = await retry(lambda: self._take(found, after, following))
        for outcome, number in counts.items():
            _events.labels(self.feed, outcome).inc(number)
        return len(page.items) + len(page.unreadable)

    async def _take(self, found: _Sorted, after: str | None, following: str) -> Tally[str]:
        """Write a page and move the place, at once; nothing where another worker did meanwhile."""
        async with self._database.ledger() as tx:
            if not await place.hold(tx, self.feed, after):
                return Tally()
            now = await store.lock(tx, [one.institution_id for one in found.arrivals])
            new = await store.add(tx, found.arrivals, now)
            for one in found.aside:
                await place.set_aside(tx, self.feed, one, now)
            await place.move(tx, self.feed, following, now)
        self._say(found)
        repeated = len(found.arrivals) - new
        return Tally(told=new, repeated=repeated, known=found.known, set_aside=len(found.aside))

    def _say(self, found: _Sorted) -> None:
        for one in found.aside:
            _log.error("event_set_aside", feed=self.feed, event_id=one.event_id, fault=one.fault)


def sort(feed: Feed, page: FeedPage) -> _Sorted:
    """Sort a page into facts and what is none."""
    found = _Sorted(aside=[Aside(one.name, "unreadable") for one in page.unreadable])
    for event in page.items:
        fault = _fault_of(feed, event, found)
        if fault:
            found.aside.append(Aside(str(event.id), fault, event.subject, event.type, event.data))
    return found


def _fault_of(feed: Feed, event: FeedEvent, found: _Sorted) -> str | None:
    """Add what an event tells; return why it tells nothing that can be understood."""
    if not _INSTITUTION.fullmatch(event.subject):
        return "subject"
    try:
        told = facts_of(feed, event.type, event.time, event.data)
    except Unclear as unclear:
        return f"field {unclear}"
    if told is None:
        return "unknown_type"
    found.known += not told
    found.arrivals += [
        Arrival(event.subject, event.id, part, one, event.time) for part, one in enumerate(told)
    ]
    return None

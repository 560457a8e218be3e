"""Hearing the registry: its feed, page by page, into the books.

A page's commands, what was set aside of it and the place in the feed are one transaction.
A page with an event that cannot be posted is posted event by event: that one is set aside,
counted and logged, and does not stop the others. What the environment does (a lock, a lost
server) sets nothing aside: the page is read again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog
from prometheus_client import Counter, Gauge
from pydantic import ValidationError

from escrow.domain.commands import HearRegistry
from escrow.domain.outcomes import Outcome
from escrow.domain.policy import Policies
from escrow.events import place
from escrow.events.heard import command_of, is_known
from escrow.ledger.post import Submission, post
from shared.errors import ServiceError
from shared.feed.reader import FeedEvent, FeedPage, Reader
from shared.pg.database import Database, LedgerConnection
from shared.pg.faults import fault_of
from shared.pg.retry import retry
from shared.time import wall_clock

FEED: Final = "registry"

PAGE_MAX: Final = 100
"""Events of one page, and so institutions that one posting locks: a fraction of a second."""

WAIT_S: Final = 5
"""Seconds that the producer may wait for an event; a worker that stops waits it out."""

OUTCOMES: Final = (
    "frozen",
    "objected",
    "noted",
    "stale",
    "remembered",
    "missing",
    "repeated",
    "ignored",
    "set_aside",
)
"""What came of an event: the states of `domain.registry`, and what never came to the books."""

OTHER: Final = "other"
"""The label of every type that is not understood."""

_events: Final = Counter(
    "tuition_escrow_registry_events_total",
    "Events of the registry's feed, by what came of them.",
    ["type", "outcome"],
)
_last_read: Final = Gauge(
    "tuition_escrow_registry_last_read_timestamp_seconds",
    "When the registry's feed was last read, whether it had something to say or not.",
)
_log = structlog.get_logger("escrow.registry")


@dataclass(frozen=True, slots=True)
class _Aside:
    """An event without effect: what is remembered of it."""

    event_id: str
    fault: str
    type: str | None = None
    institution_id: str | None = None


@dataclass(slots=True)
class _Sorted:
    """A page, sorted: what to post, what to leave alone, what to set aside."""

    commands: list[HearRegistry] = field(default_factory=list)
    ignored: list[FeedEvent] = field(default_factory=list)
    aside: list[_Aside] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Came:
    """What came of a page."""

    told: Sequence[tuple[HearRegistry, Outcome]]
    aside: Sequence[_Aside]


class Listener:
    """Reads the registry's feed into the books."""

    def __init__(self, database: Database, policies: Policies, reader: Reader) -> None:
        """Take the books, the policies they are decided under, and the feed."""
        self._database = database
        self._policies = policies
        self._reader = reader

    async def once(self) -> int:
        """Take in one page, waiting a while for it; return how many events it had."""
        after = await place.read(self._database, FEED)
        page = await self._reader.page(after, limit=PAGE_MAX, wait_s=WAIT_S, keeps_unreadable=True)
        _last_read.set(wall_clock().timestamp())
        if page.next is None:
            return 0
        found = _sorted(page)
        came = await retry(lambda: self._take(found, after, page.next or ""))
        if came is not None:
            _tell(found, came)
        return len(page.items) + len(page.unreadable)

    async def _take(self, found: _Sorted, after: str | None, following: str) -> _Came | None:
        """Post a page and move the place, at once; None where another worker did meanwhile."""
        async with self._database.ledger() as tx:
            if not await place.hold(tx, FEED, after):
                return None
            came = await self._post(tx, found)
            for one in came.aside:
                await place.set_aside(
                    tx, FEED, one.event_id, one.institution_id, one.type, one.fault
                )
            await place.move(tx, FEED, following)
        return came

    async def _post(self, tx: LedgerConnection, found: _Sorted) -> _Came:
        """Post a page's commands together, or one by one where together they fail."""
        if not found.commands:
            return _Came((), found.aside)
        try:
            outcomes = await self._posted(tx, found.commands)
        except Exception as error:
            if _is_passing(error):
                raise
            return await self._post_singly(tx, found)
        return _Came(list(zip(found.commands, outcomes, strict=True)), found.aside)

    async def _post_singly(self, tx: LedgerConnection, found: _Sorted) -> _Came:
        told: list[tuple[HearRegistry, Outcome]] = []
        aside = list(found.aside)
        for command in found.commands:
            try:
                (outcome,) = await self._posted(tx, [command])
            except Exception as error:
                if _is_passing(error):
                    raise
                fault = type(error).__name__
                aside.append(_Aside(command.event_id, fault, command.type, command.institution_id))
                _log.error("registry_event_failed", event_id=command.event_id, exc_info=error)
            else:
                told.append((command, outcome))
        return _Came(told, aside)

    async def _posted(
        self, tx: LedgerConnection, commands: Sequence[HearRegistry]
    ) -> Sequence[Outcome]:
        async with tx.transaction():  # a savepoint: what fails leaves nothing behind
            (posted,) = await post(tx, [Submission(tuple(commands))], self._policies)
        return posted.outcomes


def _is_passing(error: Exception) -> bool:
    """Tell whether an error is the environment's, so that the same page may go in later."""
    return isinstance(error, ServiceError) or fault_of(error) is not None


def _sorted(page: FeedPage) -> _Sorted:
    found = _Sorted(aside=[_Aside(one.name, "unreadable") for one in page.unreadable])
    for event in page.items:
        if not is_known(event):
            found.ignored.append(event)
            continue
        try:
            found.commands.append(command_of(event))
        except ValidationError:
            found.aside.append(_Aside(str(event.id), "not_understood", event.type))
    return found


def _tell(found: _Sorted, came: _Came) -> None:
    """Count what came of a page, once it is committed."""
    for command, outcome in came.told:
        state = getattr(outcome, "state", None)
        assert state in OUTCOMES, "the registry's word is never refused"
        _events.labels(command.type, state).inc()
    for _ in found.ignored:
        _events.labels(OTHER, "ignored").inc()
    for one in came.aside:
        _events.labels(one.type or OTHER, "set_aside").inc()
        _log.error("registry_event_set_aside", event_id=one.event_id, fault=one.fault)

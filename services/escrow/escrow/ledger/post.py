"""The one way money moves: lock, read, decide, write, in one transaction.

| step | round trips | holds |
|---|---|---|
| claim | 1 | an advisory lock per request |
| answered | 1 | - |
| lock | 1 (2 where an institution is new) | the rows of the posting's institutions, sorted |
| read | 3 for releases, more where a command needs more | - |
| decide | none | - |
| write | one per table that changes, and one for the answers | - |

A single posting is a batch of one; there is no other path.
The answer that each request will get is stored in the same transaction as its effect.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Final
from uuid import UUID

from prometheus_client import Counter, Histogram

from escrow.domain.book import Book, Decision, decide
from escrow.domain.commands import Command, RegisterInstitution
from escrow.domain.outcomes import Outcome, Refused
from escrow.domain.policy import Policies
from escrow.ledger import requests, store
from escrow.ledger.requests import Answer, RequestKey
from shared.errors import InvariantBroken
from shared.pg.database import LedgerConnection
from shared.pg.ids import new_id

_posted: Final = Counter("tuition_escrow_posted_total", "Commands decided.", ["kind", "outcome"])
_seconds: Final = Histogram(
    "tuition_escrow_post_duration_seconds",
    "Time of one posting, by phase.",
    ["phase"],
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
)


@dataclass(frozen=True, slots=True)
class Submission:
    """What one caller asks, and how the outcomes become the answer that is stored."""

    commands: tuple[Command, ...]
    request: RequestKey | None = None
    render: Callable[[Sequence[Outcome]], Answer] | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a submission: outcomes where it was decided, an answer where one is due."""

    outcomes: Sequence[Outcome] = ()
    answer: Answer | None = None
    is_running: bool = False
    """The same request runs elsewhere, or earlier in this posting; ask again when it is done."""


_RUNNING: Final = Posted(is_running=True)


async def post(
    tx: LedgerConnection,
    submissions: Sequence[Submission],
    policies: Policies,
    make_id: Callable[[], UUID] = new_id,
) -> list[Posted]:
    """Post submissions, in order, under the locks of all their institutions.

    The wait for a lock does not refresh a statement's snapshot, so locking and reading are
    two statements and must remain two. What a claim holds nobody else can answer, so answers
    are read before: a request that was answered makes and locks no row.
    """
    started = perf_counter()
    first = _first_of_each_request(submissions)
    running = await requests.claim(tx, [one.request for one in first if one.request])
    ours = [one for one in first if not (one.request and one.request.digest in running)]
    answered = await requests.read(tx, [one.request for one in ours if one.request])
    fresh = [one for one in ours if not (one.request and one.request.digest in answered)]
    commands = _commands(fresh)
    keys = store.Keys.of(commands, policies)
    await store.lock(tx, keys)
    locked = _phase("lock", started)
    book = await store.read(tx, keys, policies)
    loaded = _phase("read", locked)
    decision = decide(book, commands, make_id)
    _refuse_empty_rows(keys, book, decision)
    posted = _answers(fresh, decision.outcomes)
    decided = _phase("decide", loaded)
    await store.write(tx, book, decision.changes)
    await requests.write(
        tx, [(one.request, posted[id(one)].answer) for one in fresh if one.request], book.now
    )
    _phase("write", decided)
    for one in submissions:
        if one.request and one.request.digest in answered:
            posted[id(one)] = Posted(answer=answered[one.request.digest].for_body(one.request))
    return [posted.get(id(one), _RUNNING) for one in submissions]


def _refuse_empty_rows(keys: store.Keys, book: Book, decision: Decision) -> None:
    """Roll back rather than leave a balance of an institution that was not registered."""
    registered = {
        one.institution_id
        for one in decision.changes.registered
        if isinstance(one, RegisterInstitution)
    }
    for institution_id in keys.opened - registered:
        if book.standings[institution_id].name is None:
            message = f"{institution_id} was opened and not registered"
            raise InvariantBroken(message)


def _first_of_each_request(submissions: Sequence[Submission]) -> list[Submission]:
    """Leave out a request's repetition in the same posting: it is told to ask again."""
    seen: set[bytes] = set()
    first = []
    for one in submissions:
        if one.request is None or one.request.digest not in seen:
            first.append(one)
        if one.request is not None:
            seen.add(one.request.digest)
    return first


def _commands(submissions: Sequence[Submission]) -> list[Command]:
    return [command for one in submissions for command in one.commands]


def _answers(submissions: Sequence[Submission], outcomes: Sequence[Outcome]) -> dict[int, Posted]:
    """Cut the outcomes to their submissions and render each answer."""
    posted = {}
    start = 0
    for one in submissions:
        end = start + len(one.commands)
        own = outcomes[start:end]
        posted[id(one)] = Posted(own, one.render(own) if one.render else None)
        start = end
    assert start == len(outcomes)
    return posted


def _phase(name: str, since: float) -> float:
    now = perf_counter()
    _seconds.labels(name).observe(now - since)
    return now


def count(submissions: Sequence[Submission], posted: Sequence[Posted]) -> None:
    """Count what was decided, once its transaction has committed: a retry counts once."""
    counts: dict[tuple[str, str], int] = {}
    for one, found in zip(submissions, posted, strict=True):
        if not found.outcomes:
            continue
        for command, outcome in zip(one.commands, found.outcomes, strict=True):
            word = outcome.code if isinstance(outcome, Refused) else type(outcome).__name__.lower()
            place = (type(command).__name__, word)
            counts[place] = counts.get(place, 0) + 1
    for (kind, word), number in counts.items():
        _posted.labels(kind, word).inc(number)

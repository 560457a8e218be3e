"""Gathering: while postings are in flight, the next requests collect and go as one.

Waiters hold no connection. A batch holds whole submissions, of institutions that no running
posting holds, so that a hot institution keeps a lane of its own and cold ones pass it by.
The lanes share the work: one that took it all would leave the other nothing to do meanwhile.
The row lock stays the truth: other processes post too.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from prometheus_client import Gauge, Histogram

from escrow.domain.commands import Command
from escrow.domain.outcomes import Outcome
from escrow.domain.policy import Policies
from escrow.ledger.post import Posted, Submission, count, post
from escrow.ledger.requests import Answer
from shared.errors import Conflict, TooMany
from shared.pg.database import Database
from shared.pg.faults import Contended
from shared.pg.retry import retry

LANES: Final = 2
"""Postings in flight per process: one waits for the disk while the other is decided."""

BATCH_MAX: Final = 1_000
"""Commands of one posting, unless a single submission has more: the size of a request."""

WAITING_MAX: Final = 20_000
"""Commands waiting per process: a few seconds of work; beyond it a caller should slow down."""

SAME_KEY_WAIT_S: Final = 2.0
"""How long a repeated request waits for the first to finish."""

SAME_KEY_PAUSE_S: Final = 0.1
"""Between two looks for a request that runs in another process."""

_waiting: Final = Gauge("tuition_escrow_waiting_commands", "Commands waiting to be posted.")
_batch: Final = Histogram(
    "tuition_escrow_posting_commands",
    "Commands gathered into one posting.",
    buckets=(1, 3, 10, 30, 100, 300, 1000),
)


@dataclass(eq=False, slots=True)
class _Waiter:
    submission: Submission
    institutions: frozenset[str]
    done: asyncio.Future[Posted] = field(default_factory=asyncio.Future)

    @property
    def size(self) -> int:
        return len(self.submission.commands)


class Poster:
    """The one door to the ledger of a process."""

    def __init__(self, database: Database, policies: Policies) -> None:
        """Take the database and the policies that decisions are made under."""
        self._database = database
        self.policies = policies
        self._queue: deque[_Waiter] = deque()
        self._queued = 0
        self._busy: set[str] = set()
        self._running = 0
        self._posting = 0
        self._keys: dict[bytes, _Waiter] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, commands: Sequence[Command]) -> Sequence[Outcome]:
        """Post commands of our own, without a request to answer."""
        return (await self._post(Submission(tuple(commands)))).outcomes

    async def answer(self, submission: Submission) -> Answer:
        """Post a request's commands and return its answer, the stored one where repeated.

        Raises:
            Conflict: `request_in_progress`, when the first one does not finish in time.
            TooMany: when more waits than this process takes.

        """
        await self._wait_for_same_key(submission, time.monotonic() + SAME_KEY_WAIT_S)
        posted = await self._post(submission)
        if posted.is_running:
            posted = await self._wait_elsewhere(submission)
        assert posted.answer is not None, "a submission with a request renders an answer"
        return posted.answer

    async def _wait_elsewhere(self, submission: Submission) -> Posted:
        """Ask again and again for what runs in another process, and be patient no longer.

        Where the first one stands aside for a moment, this one takes its place: then it is
        this one that still runs when patience ends, and what it comes to is stored.
        """
        patience = asyncio.timeout(SAME_KEY_WAIT_S)
        try:
            async with patience:
                while True:
                    await asyncio.sleep(SAME_KEY_PAUSE_S)
                    posted = await self._post(submission)
                    if not posted.is_running:
                        return posted
        except TimeoutError:
            if patience.expired():
                raise _still_running() from None
            raise
        except Contended:
            raise _still_running() from None

    async def _post(self, submission: Submission) -> Posted:
        if self._queued + len(submission.commands) > WAITING_MAX:
            raise TooMany(headers={"Retry-After": "1"})
        waiter = _Waiter(submission, frozenset(one.institution_id for one in submission.commands))
        key = submission.request.digest if submission.request else None
        if key is not None:
            self._keys[key] = waiter
        self._queue.append(waiter)
        self._queued += waiter.size
        self._start()
        try:
            return await asyncio.shield(waiter.done)
        finally:
            if key is not None and self._keys.get(key) is waiter:
                del self._keys[key]

    async def _wait_for_same_key(self, submission: Submission, patient_until: float) -> None:
        if submission.request is None:
            return
        while running := self._keys.get(submission.request.digest):
            left_s = max(0.0, patient_until - time.monotonic())
            finished, _ = await asyncio.wait({running.done}, timeout=left_s)
            if not finished:
                raise _still_running()
            await asyncio.sleep(0)  # let the first one leave the table

    def _start(self) -> None:
        """Start postings while a lane is free and something can go."""
        while self._running < LANES:
            batch = self._take()
            if not batch:
                break
            self._running += 1
            task = asyncio.create_task(self._run(batch))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        _waiting.set(self._queued)

    def _take(self) -> list[_Waiter]:
        """Take waiters in order, passing by those whose institution is being posted.

        Once a batch is a lane's share of all the work, only its own institutions join it.
        """
        taken: list[_Waiter] = []
        passed: list[_Waiter] = []
        size = 0
        mine: set[str] = set()
        held: set[str] = set()
        share = -(-(self._queued + self._posting) // LANES)
        while self._queue:
            waiter = self._queue.popleft()
            is_over = size >= share and not waiter.institutions <= mine
            if is_over or waiter.institutions & (self._busy | held):
                passed.append(waiter)
                held |= waiter.institutions
            elif taken and size + waiter.size > BATCH_MAX:
                self._queue.appendleft(waiter)
                break
            else:
                taken.append(waiter)
                size += waiter.size
                mine |= waiter.institutions
        self._queue.extendleft(reversed(passed))
        self._queued -= size
        self._posting += size
        self._busy |= mine
        return taken

    async def _run(self, batch: list[_Waiter]) -> None:
        _batch.observe(sum(waiter.size for waiter in batch))
        try:
            await self._post_together(batch)
        finally:
            self._running -= 1
            for waiter in batch:
                self._posting -= waiter.size
                self._busy -= waiter.institutions
            self._start()

    async def _post_together(self, batch: list[_Waiter]) -> None:
        try:
            posted = await retry(lambda: self._once([one.submission for one in batch]))
        except Exception as error:  # noqa: BLE001 - every waiter hears of it, none is lost
            await self._post_alone(batch, error)
            return
        for waiter, one in zip(batch, posted, strict=True):
            if not waiter.done.done():
                waiter.done.set_result(one)

    async def _post_alone(self, batch: list[_Waiter], error: Exception) -> None:
        """Keep one submission's fault from its neighbours: each is posted by itself."""
        if len(batch) == 1:
            if not batch[0].done.done():
                batch[0].done.set_exception(error)
            return
        await asyncio.gather(*(self._post_together([waiter]) for waiter in batch))

    async def _once(self, submissions: list[Submission]) -> list[Posted]:
        async with self._database.ledger() as tx:
            posted = await post(tx, submissions, self.policies)
        count(submissions, posted)
        return posted


def _still_running() -> Conflict:
    message = "The first request with this Idempotency-Key is still running."
    return Conflict(message, code="request_in_progress", headers={"Retry-After": "2"})

"""Sending what waits in the outbox: a turn for each channel, messages outside any transaction.

| what came of it | what is done |
|---|---|
| delivered | recorded; the next part, or the next notice |
| refused | recorded; the notice is tried again after a pause, others go on |
| refused as too long | the same, and the next try says counts and a link alone |
| failed, or busy | recorded; the channel rests for a growing while, or for a minute |
| silence | the same; the next try says that it may be a repeat |
| failing for a day | given up; operators are told through their channels |

A repeat is better than silence: robots have no way to say the same only once, so every message
carries its notice's number, by which people can tell.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from secrets import SystemRandom
from typing import Final

import httpx
import structlog

from alerts.domain.notices import FAULTS, Block, Notice, counted, digest, marked, parts_of
from alerts.domain.outcome import Severity
from alerts.domain.sending import PER_MILLE, WINDOW, Queued, noted, pause, plan, room
from alerts.notices import metrics, outbox
from alerts.notices.channels import Channel
from alerts.notices.mail import Mailer
from alerts.notices.outbox import Fresh, Taken, Try, Waiting
from alerts.notices.robots import DingtalkRobot, WecomRobot
from alerts.notices.standard import StandardWebhook
from alerts.notices.wire import Client, Heard, Message
from shared.pg.database import Database
from shared.time import wall_clock

TURN_S: Final = 10.0
"""No message is begun later in a turn: a slow robot keeps nobody else waiting long."""

AT_ONCE: Final = 16
"""Channels sent to at the same time."""

_log = structlog.get_logger("notices")


def clients(http: httpx.AsyncClient) -> dict[str, Client]:
    """Return a client for each kind of channel."""
    return {
        "wecom": WecomRobot(http),
        "dingtalk": DingtalkRobot(http),
        "webhook": StandardWebhook(http),
        "mail": Mailer(),
    }


@dataclass(slots=True)
class Dispatcher:
    """One worker's sending."""

    database: Database
    channels: Sequence[Channel]
    clients: Mapping[str, Client]
    case_url: str
    random: Random = field(default_factory=SystemRandom)
    monotonic: Callable[[], float] = time.monotonic

    async def once(self) -> int:
        """Give every channel where something is due one turn; return how many messages went out.

        A fault of ours at one channel keeps none of the others waiting.

        Raises:
            ExceptionGroup: of the faults.

        """
        due = await outbox.list_due(self.database)
        free = asyncio.Semaphore(AT_ONCE)

        async def turn_of(channel: Channel) -> int:
            async with free:
                return await self._turn(channel)

        turns = [turn_of(one) for one in self.channels if one.name in due]
        came = await asyncio.gather(*turns, return_exceptions=True)
        faults = [one for one in came if isinstance(one, Exception)]
        if faults:
            message = "some channels could not be sent to"
            raise ExceptionGroup(message, faults)
        return sum(one for one in came if isinstance(one, int))

    async def _turn(self, channel: Channel) -> int:
        taken = await outbox.take(self.database, channel)
        if taken is None:
            return 0
        turn = _Turn(self, taken, self.monotonic())
        try:
            return await turn.run()
        finally:
            await turn.leave()

    def alarms(self, channel: Channel, waiting: Waiting) -> list[Fresh]:
        """Return what operators are told when a notice is given up, through other channels."""
        head = f"【红】通知未能送达，已放弃：渠道 {channel.name}（{channel.kind}）"
        lines = (f"通知 {waiting.notice_id.hex[-12:]}：{waiting.notice.title}",)
        block = Block(Severity.critical, head, lines, waiting.notice.url)
        notice = Notice(FAULTS, (block,), counted([block]), self.case_url)
        return [
            Fresh(f"alarm:{waiting.notice_id}:{one.name}", one, notice, is_alarm=True)
            for one in self.channels
            if one.audience == "operator" and one.name != channel.name
        ]


@dataclass(slots=True)
class _Turn:
    """One channel's turn, with what it remembers between its messages."""

    dispatcher: Dispatcher
    taken: Taken
    started: float
    sent: tuple[datetime, ...] = ()
    rest: timedelta = timedelta()
    has_failed: bool = False

    def __post_init__(self) -> None:
        self.sent = self.taken.sent

    def now(self) -> datetime:
        """Return the database's own time, as it goes on since the turn was taken."""
        passed = self.dispatcher.monotonic() - self.started
        return self.taken.began_at + timedelta(microseconds=int(passed * 1_000_000))

    @property
    def is_late(self) -> bool:
        """Whether the turn took so long that no more messages are begun."""
        return self.dispatcher.monotonic() - self.started > TURN_S

    def free(self) -> int:
        """Return how many messages may go out now."""
        return room(self.sent, self.now(), self.taken.channel.limit.per_minute)

    def split(self, one: Waiting) -> list[str]:
        """Return the texts of a notice, the same ones at every try."""
        channel = self.taken.channel
        return parts_of(
            one.notice, one.notice_id, channel.limit, channel.style, is_brief=one.is_brief
        )

    async def run(self) -> int:
        """Send what fits now, the gravest first; return how many messages arrived."""
        if not self.free():
            return 0
        waiting = {one.notice_id: one for one in self.taken.queue}
        parts = {key: self.split(one) for key, one in waiting.items()}
        queue = [
            Queued(key, len(parts[key]) - one.parts_sent, one.parts_sent > 0)
            for key, one in waiting.items()
        ]
        planned = plan(queue, self.free())
        chosen = [waiting[key] for key in planned.sent]
        if planned.digested:
            chosen.append(await self._replace([waiting[key] for key in planned.digested]))
        await outbox.begin(self.dispatcher.database, self.taken, [one.notice_id for one in chosen])
        arrived = 0
        for one in chosen:
            arrived += await self._send(one)
            if self.rest or self.is_late:
                break
        return arrived

    async def _replace(self, replaced: Sequence[Waiting]) -> Waiting:
        notice = digest([one.notice for one in replaced])
        return await outbox.replace(self.dispatcher.database, self.taken, replaced, notice)

    async def _send(self, one: Waiting) -> int:
        """Send what is left of a notice, part by part; stop at the first that does not arrive."""
        texts = self.split(one)
        arrived = 0
        for number in range(one.parts_sent + 1, len(texts) + 1):
            if self.is_late or not self.free():
                break
            heard = await self._send_part(one, texts, number)
            metrics.count(self.taken.channel.kind, heard.result)
            if heard.result != "delivered":
                await self._note_failure(one, number, heard)
                break
            arrived += 1
            is_last = number == len(texts)
            tried = Try(one.notice_id, number, is_last, heard.result, heard.receipt)
            await outbox.record_delivered(self.dispatcher.database, self.taken, tried)
        return arrived

    async def _send_part(self, one: Waiting, texts: Sequence[str], number: int) -> Heard:
        """Send one part; it counts from when the other side has answered, or was given up on."""
        channel = self.taken.channel
        is_again = one.maybe_repeated and number == one.parts_sent + 1
        place = (number, len(texts))
        text = marked(texts[number - 1], one.notice_id, place, is_again=is_again)
        message = Message(one.notice_id, one.notice, text, place, wall_clock())
        heard = await self.dispatcher.clients[channel.kind].send(channel, message)
        self.sent = noted(self.sent, self.now(), channel.limit.per_minute)
        return heard

    async def _note_failure(self, one: Waiting, number: int, heard: Heard) -> None:
        channel, random = self.taken.channel, self.dispatcher.random
        if heard.result == "failed":
            self.has_failed = True
            self.rest = pause(self.taken.failures + 1, random.randint(0, PER_MILLE))
        elif heard.is_busy:
            self.rest = WINDOW
        tried = Try(
            one.notice_id,
            number,
            is_last=False,
            result=heard.result,
            receipt=heard.receipt,
            is_unknown=heard.is_unknown,
            is_too_long=heard.is_too_long,
            pause=pause(one.failures + 1, random.randint(0, PER_MILLE)),
        )
        alarms = self.dispatcher.alarms(channel, one)
        _log.warning("notice_not_delivered", channel=channel.name, receipt=heard.receipt)
        if await outbox.record_failed(self.dispatcher.database, self.taken, tried, alarms):
            metrics.count(channel.kind, "given_up")
            _log.error("notice_given_up", channel=channel.name, notice_id=str(one.notice_id))

    async def leave(self) -> None:
        """Give the turn back."""
        await outbox.leave(
            self.dispatcher.database, self.taken, self.sent, self.rest, has_failed=self.has_failed
        )

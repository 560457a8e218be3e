"""The outbox in the database: notices written once, taken in turns, and every try kept.

One worker at a time sends to one channel, by a lease; notices are sent outside any transaction,
and what came of each try is recorded in one of its own. A worker that died in a turn leaves its
lease on the notices it had taken: whoever takes them next knows that they may have been sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from alerts.domain.notices import Notice
from alerts.domain.sending import GIVE_UP_AFTER
from alerts.domain.workdays import LOOK_AHEAD, Calendar
from alerts.notices.channels import Channel
from alerts.notices.packing import packed, unpacked
from shared.ids import new_id
from shared.pg.database import Database, LedgerConnection
from shared.time import business_day

REMIND_AFTER: Final = timedelta(hours=1)
"""The same news within it is a retry or a second Alertmanager; after it, a reminder.
Shorter than every `repeat_interval` of ours."""

TURN_MAX: Final = 100
"""Notices looked at in one turn: five minutes of what a robot takes."""

LEASE_S: Final = 180
"""Several times a turn, and a minute longer: a late message of a dead worker's turn is then out
of the minute that the next worker counts."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """A notice to be written."""

    stem: str
    """The same for the same news to the same channel."""
    channel: Channel
    notice: Notice
    due_at: datetime | None = None
    """At once where none is said."""
    is_alarm: bool = False
    """It says that another could not be delivered: its own failing raises no further one."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notice whose turn it may be."""

    notice_id: UUID
    notice: Notice
    parts_sent: int
    failures: int
    is_brief: bool
    maybe_repeated: bool
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """A channel's turn: who holds it, since when, and when messages last went out there."""

    channel: Channel
    lease: UUID
    began_at: datetime
    sent: tuple[datetime, ...]
    failures: int
    queue: tuple[Waiting, ...]


async def clock(tx: LedgerConnection) -> datetime:
    """Return the time: the database's, plus what the sandbox raised it by."""
    now: datetime = await tx.fetchval(
        "SELECT now() + make_interval(secs => offset_s) FROM access.clock"
    )
    return now


async def read_calendar(tx: LedgerConnection, now: datetime) -> Calendar:
    """Return what was announced of the days from now on."""
    today: date = business_day(now)
    rows = await tx.fetch(
        "SELECT day, is_workday FROM alerts.workday WHERE day >= $1 AND day <= $2",
        today,
        today + timedelta(days=LOOK_AHEAD),
    )
    return Calendar({row["day"]: row["is_workday"] for row in rows})


async def write(tx: LedgerConnection, fresh: Sequence[Fresh], now: datetime) -> int:
    """Write notices whose news is new, or older than a retry and told already; count them."""
    rows = await tx.fetch(
        "INSERT INTO alerts.notice (notice_id, dedup_key, channel, kind, severity, body, made_at,"
        " due_at, next_try_at, is_alarm, state)"
        " SELECT a.notice_id, a.stem || ':' || known.number, a.channel, a.kind, a.severity,"
        " a.body::jsonb, $8, a.due_at, a.due_at, a.is_alarm, 'waiting'"
        " FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],"
        " $7::timestamptz[], $10::boolean[])"
        " AS a (notice_id, stem, channel, kind, severity, body, due_at, is_alarm)"
        " CROSS JOIN LATERAL (SELECT count(*) AS number, max(made_at) AS last_at,"
        " bool_or(state = 'waiting') AS is_waiting FROM alerts.notice AS n"
        " WHERE n.dedup_key >= a.stem || ':' AND n.dedup_key < a.stem || ';') AS known"
        " WHERE known.number = 0 OR (known.last_at <= $9 AND NOT known.is_waiting)"
        " ON CONFLICT (dedup_key) DO NOTHING RETURNING notice_id",
        [new_id() for _ in fresh],
        [one.stem for one in fresh],
        [one.channel.name for one in fresh],
        [one.channel.kind for one in fresh],
        [one.notice.severity.value for one in fresh],
        [packed(one.notice) for one in fresh],
        [one.due_at or now for one in fresh],
        now,
        now - REMIND_AFTER,
        [one.is_alarm for one in fresh],
    )
    return len(rows)


async def list_due(database: Database) -> set[str]:
    """Return the channels where something waits whose time has come."""
    rows = await database.probe(
        "SELECT DISTINCT channel FROM alerts.notice WHERE state = 'waiting'"
        " AND next_try_at <= (SELECT now() + make_interval(secs => offset_s) FROM access.clock)"
    )
    return {row["channel"] for row in rows}


async def take(database: Database, channel: Channel) -> Taken | None:
    """Take a channel's turn; None where another has it, or the channel rests after a failure."""
    lease = new_id()
    async with database.ledger() as tx:
        await tx.execute(
            "INSERT INTO alerts.channel (channel) VALUES ($1) ON CONFLICT DO NOTHING", channel.name
        )
        row = await tx.fetchrow(
            "SELECT failures, sent, clock_timestamp() AS at FROM alerts.channel WHERE channel = $1"
            " AND leased_until <= clock_timestamp() AND rests_until <= clock_timestamp()"
            " FOR UPDATE SKIP LOCKED",
            channel.name,
        )
        if row is None:
            return None
        await tx.execute(
            "UPDATE alerts.channel SET lease = $2,"
            " leased_until = clock_timestamp() + make_interval(secs => $3) WHERE channel = $1",
            channel.name,
            lease,
            LEASE_S,
        )
        queue = tuple([_waiting(one) for one in await _read_queue(tx, channel.name)])
    return Taken(channel, lease, row["at"], tuple(row["sent"]), row["failures"], queue)


async def _read_queue(tx: LedgerConnection, channel: str) -> list[Any]:
    rows: list[Any] = await tx.fetch(
        "SELECT notice_id, body, parts_sent, failures, is_brief, made_at,"
        " maybe_repeated OR lease IS NOT NULL AS maybe_repeated"
        " FROM alerts.notice WHERE channel = $1 AND state = 'waiting' AND next_try_at <="
        " (SELECT now() + make_interval(secs => offset_s) FROM access.clock)"
        " ORDER BY severity = 'critical' DESC, severity = 'warning' DESC, made_at, notice_id"
        " LIMIT $2",
        channel,
        TURN_MAX,
    )
    return rows


def _waiting(row: Any) -> Waiting:  # noqa: ANN401 - the driver's row
    return Waiting(
        row["notice_id"],
        unpacked(row["body"]),
        row["parts_sent"],
        row["failures"],
        row["is_brief"],
        row["maybe_repeated"],
        row["made_at"],
    )


async def begin(database: Database, taken: Taken, chosen: Sequence[UUID]) -> None:
    """Put the lease on what is about to be sent."""
    async with database.ledger() as tx:
        await tx.execute(
            "UPDATE alerts.notice SET lease = $2, maybe_repeated = maybe_repeated"
            " OR lease IS NOT NULL WHERE notice_id = ANY ($1::uuid[]) AND state = 'waiting'",
            list(chosen),
            taken.lease,
        )


async def replace(
    database: Database, taken: Taken, replaced: Sequence[Waiting], notice: Notice
) -> Waiting:
    """Let one notice stand for several, which stay, and say by which they were replaced."""
    digest_id = new_id()
    async with database.ledger() as tx:
        now = await clock(tx)
        await tx.execute(
            "INSERT INTO alerts.notice (notice_id, dedup_key, channel, kind, severity, body,"
            " made_at, due_at, next_try_at, state)"
            " VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $7, $7, 'waiting')",
            digest_id,
            f"digest:{digest_id}",
            taken.channel.name,
            taken.channel.kind,
            notice.severity.value,
            packed(notice),
            now,
        )
        await tx.execute(
            "UPDATE alerts.notice SET state = 'digested', digest_id = $2, ended_at = $3,"
            " lease = NULL WHERE notice_id = ANY ($1::uuid[]) AND state = 'waiting'",
            [one.notice_id for one in replaced],
            digest_id,
            now,
        )
    return Waiting(digest_id, notice, 0, 0, is_brief=False, maybe_repeated=False, made_at=now)


@dataclass(frozen=True, slots=True)
class Try:
    """What came of sending one part of a notice."""

    notice_id: UUID
    part_no: int
    is_last: bool
    result: str
    receipt: str
    is_unknown: bool = False
    is_too_long: bool = False
    pause: timedelta = timedelta()


async def record_delivered(database: Database, taken: Taken, one: Try) -> None:
    """Record that a part arrived; with the last of them, the notice did."""
    async with database.ledger() as tx:
        now = await clock(tx)
        await _keep(tx, taken, one, now)
        await tx.execute(
            "UPDATE alerts.notice SET tries = tries + 1, failures = 0, failing_since = NULL,"
            " parts_sent = parts_sent + 1, maybe_repeated = maybe_repeated AND $3,"
            " state = CASE WHEN $3 THEN 'delivered' ELSE 'waiting' END,"
            " ended_at = CASE WHEN $3 THEN $4::timestamptz END,"
            " lease = CASE WHEN $3 THEN NULL ELSE lease END"
            " WHERE notice_id = $1 AND lease = $2 AND state = 'waiting'",
            one.notice_id,
            taken.lease,
            one.is_last,
            now,
        )


async def record_failed(
    database: Database, taken: Taken, one: Try, alarms: Sequence[Fresh]
) -> bool:
    """Record that a try failed; after a day of failing give up, and write the alarms.

    Returns whether it was given up.
    """
    async with database.ledger() as tx:
        now = await clock(tx)
        await _keep(tx, taken, one, now)
        row = await tx.fetchrow(
            "UPDATE alerts.notice SET tries = tries + 1, failures = failures + 1, lease = NULL,"
            " failing_since = coalesce(failing_since, $3), next_try_at = $3 + $4,"
            " maybe_repeated = maybe_repeated OR $5, is_brief = is_brief OR $6,"
            " parts_sent = CASE WHEN $6 AND NOT is_brief THEN 0 ELSE parts_sent END,"
            " state = CASE WHEN failing_since <= $7 THEN 'given_up' ELSE 'waiting' END,"
            " ended_at = CASE WHEN failing_since <= $7 THEN $3 END"
            " WHERE notice_id = $1 AND lease = $2 AND state = 'waiting'"
            " RETURNING state = 'given_up' AS is_given_up, is_alarm",
            one.notice_id,
            taken.lease,
            now,
            one.pause,
            one.is_unknown,
            one.is_too_long,
            now - GIVE_UP_AFTER,
        )
        if row is None or not row["is_given_up"]:
            return False
        if not row["is_alarm"]:
            await write(tx, alarms, now)
        return True


async def _keep(tx: LedgerConnection, taken: Taken, one: Try, now: datetime) -> None:
    """Keep a try with the answer, whoever has the turn by now: it was made."""
    await tx.execute(
        "INSERT INTO alerts.delivery (notice_id, try_no, part_no, channel, at, result, receipt)"
        " SELECT $1, coalesce(max(try_no), 0) + 1, $2, $3, $4, $5, $6"
        " FROM alerts.delivery WHERE notice_id = $1",
        one.notice_id,
        one.part_no,
        taken.channel.name,
        now,
        one.result,
        one.receipt,
    )


async def leave(
    database: Database,
    taken: Taken,
    sent: Sequence[datetime],
    rest: timedelta,
    *,
    has_failed: bool,
) -> None:
    """End a turn: what was not sent is free again, and the channel rests if it failed."""
    async with database.ledger() as tx:
        await tx.execute(
            "UPDATE alerts.notice SET lease = NULL"
            " WHERE channel = $1 AND state = 'waiting' AND lease = $2",
            taken.channel.name,
            taken.lease,
        )
        await tx.execute(
            "UPDATE alerts.channel SET lease = NULL, leased_until = '-infinity', sent = $3,"
            " failures = CASE WHEN $4 THEN failures + 1 ELSE 0 END,"
            " rests_until = clock_timestamp() + $5 WHERE channel = $1 AND lease = $2",
            taken.channel.name,
            taken.lease,
            list(sent),
            has_failed,
            rest,
        )

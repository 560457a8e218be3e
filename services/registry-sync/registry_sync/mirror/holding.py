"""Holds in the database: made with a batch, decided by people, worked off by a re-run."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from registry_sync.domain.holds import EXPIRES_AFTER, Vote, decided
from registry_sync.domain.record import Key
from registry_sync.domain.safeguards import Release, Withheld
from registry_sync.domain.words import HoldReason
from shared.errors import Conflict, NotAllowed, NotKnown
from shared.ids import new_id
from shared.pg.database import Database, LedgerConnection
from shared.web.principals import area_stem


@dataclass(frozen=True, slots=True)
class Batch:
    """The batch that something of was withheld."""

    source: str
    fetch_id: UUID
    version: int | None
    districts: Mapping[Key, str]
    now: datetime
    is_full: bool


async def read_released(
    tx: LedgerConnection, source: str, now: datetime
) -> dict[HoldReason, Release]:
    """Return what two persons let through and no batch has made good yet.

    After a day it has run out like what nobody decided: the source may say something else now.
    """
    rows = await tx.fetch(
        "SELECT h.hold_id, h.reason, h.changes, h.detail FROM registry.hold AS h"
        " WHERE h.source = $1 AND h.state = 'approved' AND h.expires_at > $2",
        source,
        now,
    )
    return {
        HoldReason(row["reason"]): Release(
            row["changes"], await _keys(tx, row["hold_id"]), row["detail"]
        )
        for row in rows
    }


async def _keys(tx: LedgerConnection, hold_id: UUID) -> frozenset[Key]:
    rows = await tx.fetch(
        "SELECT institution_id, licence_no FROM registry.held_site WHERE hold_id = $1", hold_id
    )
    return frozenset((row["institution_id"], row["licence_no"]) for row in rows)


async def read_waiting(tx: LedgerConnection, source: str, reason: HoldReason) -> frozenset[Key]:
    """Return the sites of what waits for one reason, run out or not."""
    found = await tx.fetchval(
        "SELECT hold_id FROM registry.hold WHERE source = $1 AND reason = $2"
        " AND state IN ('open', 'approved')",
        source,
        reason.value,
    )
    return await _keys(tx, found) if found is not None else frozenset()


async def write_holds(
    tx: LedgerConnection,
    batch: Batch,
    withheld: Sequence[Withheld],
    released: Collection[HoldReason],
) -> None:
    """Make the holds of a batch; one of before that covers it stays, with the votes it has.

    `released` are the approved holds that this batch made good, or had no more need of. What
    the source no longer says ends by itself, once a batch shows it that could have said it.
    """
    await tx.execute(
        "UPDATE registry.hold SET state = 'expired', ended_at = $2"
        " WHERE source = $1 AND state IN ('open', 'approved') AND expires_at <= $2",
        batch.source,
        batch.now,
    )
    if not any(one.is_whole for one in withheld):
        await _end(tx, batch, released, "applied")
        over = {*HoldReason} if batch.is_full else {HoldReason.conflict}
        await _end(tx, batch, over - {one.reason for one in withheld}, "replaced")
    for one in withheld:
        if not await _is_covered(tx, batch, one):
            await _end(tx, batch, [one.reason], "replaced")
            await _add(tx, batch, one)


async def _is_covered(tx: LedgerConnection, batch: Batch, one: Withheld) -> bool:
    """Tell whether all of this waits already: whoever voted on that has seen it."""
    row = await tx.fetchrow(
        "SELECT hold_id, changes, detail FROM registry.hold WHERE source = $1 AND reason = $2"
        " AND state IN ('open', 'approved')",
        batch.source,
        one.reason.value,
    )
    if row is None:
        return False
    seen = Release(row["changes"], await _keys(tx, row["hold_id"]))
    return one.is_covered(seen, row["detail"])


async def _end(
    tx: LedgerConnection, batch: Batch, reasons: Collection[HoldReason], state: str
) -> None:
    await tx.execute(
        "UPDATE registry.hold SET state = $3, ended_at = $4 WHERE source = $1"
        " AND reason = ANY ($2::text[]) AND state IN ('open', 'approved')",
        batch.source,
        [one.value for one in reasons],
        state,
        batch.now,
    )


async def _add(tx: LedgerConnection, batch: Batch, one: Withheld) -> None:
    hold_id = new_id()
    await tx.execute(
        "INSERT INTO registry.hold (hold_id, source, reason, fetch_id, version, changes, detail,"
        " state, made_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', $8, $9)",
        hold_id,
        batch.source,
        one.reason.value,
        batch.fetch_id,
        batch.version,
        one.count,
        one.detail,
        batch.now,
        batch.now + EXPIRES_AFTER,
    )
    await tx.copy_records_to_table(
        "held_site",
        schema_name="registry",
        records=[(hold_id, *key, batch.districts.get(key)) for key in one.keys],
        columns=("hold_id", "institution_id", "licence_no", "district_code"),
    )


@dataclass(frozen=True, slots=True)
class Word:
    """What one person says of a hold, and how far their district reaches."""

    voter: str
    verdict: str
    reason: str
    area_code: str | None = None


async def vote(database: Database, hold_id: UUID, word: Word) -> str:
    """Record one person's word; return the state that the votes come to.

    Raises:
        NotKnown: when there is no such hold.
        NotAllowed: when some of it lies outside the person's district.
        Conflict: `hold_ended`, or `already_voted` where the same person says otherwise.

    """
    async with database.begin() as connection:
        row = (
            await connection.execute(
                text(
                    "SELECT h.state, h.expires_at <= now() + make_interval(secs =>"
                    " (SELECT offset_s FROM access.clock)) AS is_over FROM registry.hold AS h"
                    " WHERE h.hold_id = :id FOR UPDATE"
                ),
                {"id": hold_id},
            )
        ).one_or_none()
        if row is None:
            raise NotKnown
        if hold_id not in await within(connection, [hold_id], word.area_code):
            raise NotAllowed
        if row.state != "open" or row.is_over:
            message = "The hold was decided already, or ran out; look at the newest one."
            raise Conflict(message, code="hold_ended")
        await connection.execute(
            text(
                "INSERT INTO registry.hold_vote (hold_id, voter, verdict, reason, voted_at)"
                " SELECT :id, :voter, :verdict, :reason,"
                " now() + make_interval(secs => offset_s) FROM access.clock"
                " ON CONFLICT DO NOTHING"
            ),
            {
                "id": hold_id,
                "voter": word.voter,
                "verdict": word.verdict,
                "reason": word.reason,
            },
        )
        found = await connection.execute(
            text("SELECT voter, verdict FROM registry.hold_vote WHERE hold_id = :id"),
            {"id": hold_id},
        )
        votes = [Vote(*one) for one in found]
        if Vote(word.voter, word.verdict) not in votes:
            message = "You decided this hold otherwise before; another person has to."
            raise Conflict(message, code="already_voted")
        state = decided(votes)
        if state != "open":
            await connection.execute(
                text(
                    "UPDATE registry.hold SET state = :state, ended_at = CASE WHEN"
                    " :state = 'rejected' THEN now() END WHERE hold_id = :id"
                ),
                {"state": state, "id": hold_id},
            )
    return state


async def within(
    connection: AsyncConnection, hold_ids: Collection[UUID], area_code: str | None
) -> frozenset[UUID]:
    """Return the holds of which an area holds every site, and so may decide.

    What concerns a whole batch names no site, and is the country's.
    """
    stem = area_stem(area_code)
    if not stem:
        return frozenset(hold_ids)
    query = text(
        "SELECT hold_id FROM registry.held_site WHERE hold_id = ANY (:ids)"
        " GROUP BY hold_id HAVING bool_and(coalesce(district_code, '') LIKE :stem || '%')"
    ).bindparams(bindparam("ids", type_=ARRAY(Uuid)))
    return frozenset(await connection.scalars(query, {"ids": [*hold_ids], "stem": stem}))

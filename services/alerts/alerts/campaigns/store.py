"""Campaigns and their counts in the database: made once, never changed, read by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.domain.campaigns import OPEN_MAX, Fault, faults_of
from shared.errors import Conflict, FieldError, Malformed
from shared.pg.database import Database
from shared.pg.ids import new_id
from shared.time import business_day

_CLOCK: Final = "SELECT now() + make_interval(secs => offset_s) FROM access.clock"
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('campaign ' || :district_code, 0))"
_OPEN: Final = (
    "SELECT count(*) FROM alerts.campaign AS c"
    " WHERE c.district_code = :district_code AND c.clear_by >= :today"
)
_ADD: Final = (
    "INSERT INTO alerts.campaign (campaign_id, name, district_code, category, clear_by,"
    " refund_by, made_by, made_at) VALUES (:campaign_id, :name, :district_code, :category,"
    " :clear_by, :refund_by, :made_by, :made_at)"
)
STEM: Final = "regexp_replace(c.district_code, '(00)+$', '')"
"""What the codes of a campaign's districts begin with, as `Campaign.concerns` has it."""

_SEEN: Final = f"(starts_with(c.district_code, :stem) OR starts_with(:stem, {STEM}))"
"""A reader sees the campaigns of the districts within theirs, and those that theirs is within."""

_LIST: Final = (
    f"SELECT c.* FROM alerts.campaign AS c WHERE {_SEEN}"  # noqa: S608 - words of ours
    " AND (CAST(:area AS text) IS NULL OR starts_with(c.district_code, :area))"
    " AND (CAST(:after AS uuid) IS NULL OR c.campaign_id < :after)"
    " ORDER BY c.campaign_id DESC LIMIT :limit"
)
_FIND: Final = (
    "SELECT c.* FROM alerts.campaign AS c"  # noqa: S608 - words of ours
    f" WHERE c.campaign_id = :campaign_id AND {_SEEN}"
)
_CONCERNED: Final = (
    " FROM alerts.campaign AS c JOIN alerts.institution AS i"
    f" ON starts_with(i.district_code, {STEM}) AND starts_with(i.district_code, :stem)"
    " AND (c.category IS NULL OR c.category = i.category)"
    " LEFT JOIN alerts.clearance AS k"
    " ON k.campaign_id = c.campaign_id AND k.institution_id = i.institution_id"
    " WHERE c.campaign_id = :campaign_id"
)
_TOTALS: Final = (
    "SELECT count(*) AS institutions, count(k.state) AS counted,"
    " min(k.as_of) AS as_of,"
    " count(*) FILTER (WHERE k.state = 'clear') AS clear,"
    " count(*) FILTER (WHERE k.state = 'on_track') AS on_track,"
    " count(*) FILTER (WHERE k.state = 'at_risk') AS at_risk,"
    " count(*) FILTER (WHERE k.state = 'overdue') AS overdue,"
    " coalesce(sum(k.start_fen), 0)::bigint AS start_fen,"
    " coalesce(sum(k.came_fen), 0)::bigint AS came_fen,"
    " coalesce(sum(k.taught_fen), 0)::bigint AS taught_fen,"
    " coalesce(sum(k.refunded_fen), 0)::bigint AS refunded_fen,"
    " coalesce(sum(k.held_fen), 0)::bigint AS held_fen,"
    f" coalesce(sum(k.remainder_fen), 0)::bigint AS remainder_fen{_CONCERNED}"
)
_ROWS: Final = (
    f"SELECT k.*, i.name, i.district_code{_CONCERNED} AND k.state IS NOT NULL"
    " AND (CAST(:state AS text) IS NULL OR k.state = :state)"
    " AND (CAST(:last_fen AS bigint) IS NULL"
    " OR (-k.remainder_fen, k.institution_id) > (-:last_fen, :last_id))"
    " ORDER BY -k.remainder_fen, k.institution_id LIMIT :limit"
)


@dataclass(frozen=True, slots=True)
class Plan:
    """A campaign that is to begin."""

    name: str
    district_code: str
    category: str | None
    clear_by: date
    refund_by: date
    made_by: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of institutions begins: after one with so much left."""

    last_fen: int | None = None
    last_id: str = ""


async def clock(connection: AsyncConnection) -> datetime:
    """Return the time: the database's, plus what the sandbox raised it by."""
    now: datetime = (await connection.execute(text(_CLOCK))).scalar_one()
    return now


async def begin(database: Database, plan: Plan) -> RowMapping:
    """Begin a campaign.

    Raises:
        Malformed: its dates cross, are over, or lie too far ahead.
        Conflict: `too_many_campaigns` of the district are open.

    """
    async with database.begin() as connection:
        await connection.execute(text(_LOCK), {"district_code": plan.district_code})
        now = await clock(connection)
        today = business_day(now)
        if faults := faults_of(plan.clear_by, plan.refund_by, today):
            raise _refused(faults)
        bound = {"district_code": plan.district_code, "today": today}
        if (await connection.execute(text(_OPEN), bound)).scalar_one() >= OPEN_MAX:
            message = f"The district has {OPEN_MAX} open campaigns: wait until one is over."
            raise Conflict(message, code="too_many_campaigns")
        named = {name: getattr(plan, name) for name in Plan.__dataclass_fields__}
        made = {**named, "campaign_id": new_id(), "made_at": now}
        await connection.execute(text(_ADD), made)
        found = {"campaign_id": made["campaign_id"], "stem": ""}
        return (await connection.execute(text(_FIND), found)).mappings().one()


def _refused(faults: Sequence[Fault]) -> Malformed:
    errors = tuple(FieldError(f"/{one.field}", one.code, one.sentence) for one in faults)
    message = "The dates of the campaign cannot be kept: see `errors`."
    return Malformed(message, code="dates_unusable", errors=errors)


async def list_campaigns(
    database: Database, *, stem: str, area: str | None, after: UUID | None, limit: int
) -> list[RowMapping]:
    """Return campaigns that a reader of an area sees, the newest first."""
    bound = {"stem": stem, "area": area, "after": after, "limit": limit}
    async with database.connect() as connection:
        return [*(await connection.execute(text(_LIST), bound)).mappings()]


@dataclass(frozen=True, slots=True)
class Shown:
    """One campaign with its totals and a page of institutions, read as of one instant."""

    campaign: RowMapping
    totals: RowMapping
    rows: Sequence[RowMapping]
    today: date


async def show(
    database: Database, campaign_id: UUID, *, stem: str, state: str | None, place: Place, limit: int
) -> Shown | None:
    """Return a campaign and the institutions of the reader's area; None where there is none."""
    bound: dict[str, Any] = {"campaign_id": campaign_id, "stem": stem}
    page = {"state": state, "last_fen": place.last_fen, "last_id": place.last_id, "limit": limit}
    async with database.connect() as connection:
        await connection.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        found = (await connection.execute(text(_FIND), bound)).mappings().one_or_none()
        if found is None:
            return None
        totals = (await connection.execute(text(_TOTALS), bound)).mappings().one()
        rows = [*(await connection.execute(text(_ROWS), bound | page)).mappings()]
        return Shown(found, totals, rows, business_day(await clock(connection)))

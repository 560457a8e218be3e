"""Counting how far institutions are with campaigns: some at a time, each at least every hour.

Kept and not counted when asked: a city's campaign has thousands of institutions with all their
facts, and its totals must be the sums of its rows. An institution is counted anew at once where
it was judged to hold something else, and at the latest when its count is an hour old.
"""

import operator
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final
from uuid import UUID

from sqlalchemy import text

from alerts.campaigns.store import STEM, clock
from alerts.domain.campaigns import Campaign
from alerts.domain.clearances import Clearance, clearance_of
from alerts.domain.facts import Fact
from alerts.domain.judging import Mode
from alerts.domain.rule import Params
from alerts.domain.view import FactView
from alerts.judging import views
from alerts.judging.presets import Presets
from alerts.judging.views import Surroundings
from shared.pg.database import Database, LedgerConnection
from shared.time import business_day

COUNTED_MAX: Final = 100
"""Institutions of one round: their facts fit in memory, and a round stays below a second."""

FRESH_FOR: Final = timedelta(hours=1)
"""A count changes by the day or with the money: an hour shows the new day early enough."""

KEPT_DAYS: Final = 30
"""How long a campaign is counted after its last day: until what is overdue is worked off."""

_DUE: Final = (
    "SELECT c.campaign_id, i.institution_id"  # noqa: S608 - words of ours
    " FROM alerts.campaign AS c JOIN alerts.institution AS i"
    f" ON starts_with(i.district_code, {STEM}) AND (c.category IS NULL OR c.category = i.category)"
    " LEFT JOIN alerts.clearance AS k"
    " ON k.campaign_id = c.campaign_id AND k.institution_id = i.institution_id"
    " WHERE c.clear_by >= :first_day AND i.judged_at IS NOT NULL"
    " AND (k.as_of IS NULL OR k.as_of < :stale_at"
    " OR (k.held_fen <> i.held_fen AND k.as_of < i.judged_at AND i.judged_at <= :now))"
    " ORDER BY c.campaign_id, k.as_of NULLS FIRST, i.institution_id LIMIT :most"
)
_WRITE: Final = """INSERT INTO alerts.clearance (campaign_id, institution_id, as_of, start_fen,
  came_fen, taught_fen, refunded_fen, held_fen, days_left, rate_fen, required_fen, remainder_fen,
  state, sentence)
SELECT $1, t.institution_id, $2, t.start_fen, t.came_fen, t.taught_fen, t.refunded_fen, t.held_fen,
  t.days_left, t.rate_fen, t.required_fen, t.remainder_fen, t.state, t.sentence
FROM unnest($3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
  $9::integer[], $10::bigint[], $11::bigint[], $12::bigint[], $13::text[], $14::text[])
  AS t (institution_id, start_fen, came_fen, taught_fen, refunded_fen, held_fen, days_left,
  rate_fen, required_fen, remainder_fen, state, sentence)
ON CONFLICT (campaign_id, institution_id) DO UPDATE SET as_of = excluded.as_of,
  start_fen = excluded.start_fen, came_fen = excluded.came_fen, taught_fen = excluded.taught_fen,
  refunded_fen = excluded.refunded_fen, held_fen = excluded.held_fen,
  days_left = excluded.days_left, rate_fen = excluded.rate_fen,
  required_fen = excluded.required_fen, remainder_fen = excluded.remainder_fen,
  state = excluded.state, sentence = excluded.sentence"""

_NOW: Final = "SELECT now() + make_interval(secs => c.offset_s) FROM access.clock AS c"


class ProgressKeeper:
    """Keeps the counts of campaigns fresh."""

    def __init__(self, database: Database) -> None:
        """Take the books of facts."""
        self._database = database

    async def once(self) -> int:
        """Count some institutions whose count is missing or old; return how many."""
        due = await self._due()
        for campaign_id, pairs in groupby(due, operator.itemgetter(0)):
            async with self._database.ledger() as tx:
                await _count(tx, campaign_id, [one for _, one in pairs])
        return len(due)

    async def _due(self) -> list[tuple[UUID, str]]:
        async with self._database.connect() as connection:
            now = await clock(connection)
            bound = {
                "first_day": business_day(now) - timedelta(days=KEPT_DAYS),
                "now": now,
                "stale_at": now - FRESH_FOR,
                "most": COUNTED_MAX,
            }
            rows = await connection.execute(text(_DUE), bound)
            return [(row.campaign_id, row.institution_id) for row in rows]


async def _count(tx: LedgerConnection, campaign_id: UUID, names: Sequence[str]) -> None:
    around, presets = await views.read_surroundings(tx), await Presets.read(tx)
    campaign = next(one for one in around.campaigns if one.campaign_id == campaign_id)
    now: datetime = await tx.fetchval(_NOW)
    facts = await views.read_facts(tx, names, now)
    counted = []
    for name in names:
        before, after = _views(facts.get(name, []), campaign, around, now)
        held = _held(presets, after.district_code)
        counted.append((name, *_columns(clearance_of(before, after, campaign, held))))
    columns = [list(column) for column in zip(*counted, strict=True)]
    await tx.execute(_WRITE, campaign_id, now, *columns)


def _views(
    facts: Sequence[Fact], campaign: Campaign, around: Surroundings, now: datetime
) -> tuple[FactView, FactView]:
    before = FactView(facts, campaign.made_at, around.calendar)
    return before, FactView(facts, now, around.calendar, [campaign])


def _held(presets: Presets, district_code: str) -> Mapping[str, Params]:
    """Return the live values in force in a district, by rule."""
    editions = presets.editions(district_code)
    return {one.rule.key: one.params for one in editions if one.mode is Mode.live}


def _columns(counted: Clearance) -> tuple[int | str, ...]:
    return tuple(one.value if hasattr(one, "value") else one for one in astuple(counted))

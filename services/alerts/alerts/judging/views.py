"""Rows become views: everything that bears on judging some institutions, as of one instant."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from alerts.casebook import prior_confirmed
from alerts.domain.campaigns import Campaign
from alerts.domain.facts import Fact, Kind
from alerts.domain.judging import Circumstances
from alerts.domain.view import FactView
from alerts.domain.workdays import Calendar
from shared.pg.database import LedgerConnection
from shared.pg.sql import statement

SQL: Final = "alerts.judging.sql"

LESSONS_FOR: Final = timedelta(days=3)
"""How long a release's single lessons are looked at: rules on them judge a day, once it is over."""

_KINDS: Final = {one.value: one for one in Kind}
_CALENDAR: Final = "SELECT day, is_workday FROM alerts.workday"
_JUDGED: Final = (
    "SELECT institution_id, judged_at FROM alerts.institution"
    " WHERE institution_id = ANY ($1::text[])"
)
_CAMPAIGNS: Final = "SELECT * FROM alerts.campaign ORDER BY made_at"


@dataclass(frozen=True, slots=True)
class Known:
    """One institution, ready to be judged."""

    institution_id: str
    view: FactView
    circumstances: Circumstances
    judged_at: datetime | None = None
    """When it was last judged before."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is the same for every institution: the calendar and the campaigns."""

    calendar: Calendar
    campaigns: Sequence[Campaign]


async def read_surroundings(tx: LedgerConnection) -> Surroundings:
    """Read the calendar and the campaigns."""
    days = await tx.fetch(_CALENDAR)
    calendar = Calendar({row["day"]: row["is_workday"] for row in days})
    campaigns = [
        Campaign(**{name: row[name] for name in Campaign.__dataclass_fields__})
        for row in await tx.fetch(_CAMPAIGNS)
    ]
    return Surroundings(calendar, campaigns)


async def read(
    tx: LedgerConnection, institution_ids: Sequence[str], as_of: datetime, around: Surroundings
) -> list[Known]:
    """Return the institutions as of an instant, with whatever bears on judging them."""
    names = sorted(institution_ids)
    facts = await read_facts(tx, names, as_of)
    silenced = await _by_institution(tx, "read_suppression", names, as_of)
    is_open = await _by_institution(tx, "read_open", names, as_of)
    confirmed = await prior_confirmed(tx, names, as_of)
    judged = {row["institution_id"]: row["judged_at"] for row in await tx.fetch(_JUDGED, names)}
    return [
        Known(
            name,
            FactView(
                facts.get(name, ()),
                as_of,
                around.calendar,
                around.campaigns,
                frozenset((row["rule"], row["scope"]) for row in is_open.get(name, ())),
            ),
            Circumstances(
                frozenset(row["rule"] for row in silenced.get(name, ())), name in confirmed
            ),
            judged.get(name),
        )
        for name in names
    ]


async def read_facts(
    tx: LedgerConnection,
    institution_ids: Sequence[str],
    as_of: datetime,
    *,
    as_told: bool = False,
    without: Collection[Kind] = (),
) -> dict[str, list[Fact]]:
    """Return every fact of institutions, by institution.

    `as_told` takes what we heard late, when the feed was read for the first time, as heard when
    it was told: a backtest over days before we were there would see nothing otherwise. Kinds
    `without` which a rule judges all the same may be left out.
    """
    query = statement(SQL, "read_fact")
    rows = await tx.fetch(
        query, institution_ids, as_of - LESSONS_FOR, as_told, [one.value for one in without]
    )
    return facts_by_institution(rows)


def facts_by_institution(rows: Iterable[Any]) -> dict[str, list[Fact]]:
    """Return rows of facts as facts."""
    found: dict[str, list[Fact]] = {}
    for name, fact_id, kind, at, seen_at, amount, ref, tag, number, body in rows:
        fact = Fact(
            fact_id,
            _KINDS[kind],
            at,
            seen_at,
            amount,
            ref,
            tag,
            number,
            json.loads(body) if body is not None else {},
        )
        known = found.get(name)
        if known is None:
            found[name] = [fact]
        else:
            known.append(fact)
    return found


async def _by_institution(
    tx: LedgerConnection, query: str, names: Sequence[str], as_of: datetime
) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for row in await tx.fetch(statement(SQL, query), names, as_of):
        found.setdefault(row["institution_id"], []).append(row)
    return found

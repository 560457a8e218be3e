"""Whom to interview whatever happens (大型必谈): each quarter's largest, as facts of their own.

An institution that rises among them within the quarter is ranked then; nobody is ranked twice.
"""

from datetime import datetime, time
from typing import Final
from uuid import UUID, uuid5

from alerts.domain.events import Told
from alerts.domain.facts import Kind
from alerts.intake import store
from alerts.intake.store import Arrival
from shared.pg.database import Database
from shared.pg.sql import statement
from shared.time import SHANGHAI, business_day

PLACES: Final = 100
"""Places of a district that are kept: more than any list asks for."""

ROUND_MAX: Final = 500
"""Institutions ranked in one transaction; the others follow in the next round."""

_NAMES: Final = UUID("6f5b0c1e-3f0e-4d4c-9a5e-8d1b7e2a4c10")
"""What the ids of rank facts are made under, so that a round played again makes the same."""

_CLOCK: Final = "SELECT now() + make_interval(secs => offset_s) AS now FROM access.clock"


async def rank(database: Database) -> int:
    """Rank some institutions that are among their district's largest; return how many."""
    ((now,),) = await database.probe(_CLOCK)
    begins = quarter_begins(now)
    query = statement("alerts.judging.sql", "rank")
    rows = await database.probe(query, PLACES, begins, ROUND_MAX)
    arrivals = [
        Arrival(
            row["institution_id"],
            uuid5(_NAMES, f"{begins.date()}/{row['institution_id']}"),
            0,
            Told(Kind.rank, begins, row["held_fen"], row["district_code"], number=row["place"]),
        )
        for row in rows
    ]
    if arrivals:
        async with database.ledger() as tx:
            now = await store.lock(tx, [one.institution_id for one in arrivals])
            await store.add(tx, arrivals, now)
    return len(arrivals)


def quarter_begins(instant: datetime) -> datetime:
    """Return the first instant of the quarter, in Asia/Shanghai."""
    day = business_day(instant)
    first = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return datetime.combine(first, time(0), SHANGHAI)

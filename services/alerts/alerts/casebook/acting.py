"""An officer's deed: decided by the domain, written whole or not at all.

The institution is held meanwhile, so that officers, judge and signals take turns: of two who race
for one case the second sees what the first made of it.
"""

from uuid import UUID

from alerts.casebook import writing
from alerts.domain.caseactions import Command
from alerts.domain.cases import Case
from alerts.domain.casesteps import Refused, step
from shared.errors import Conflict, NotKnown
from shared.pg.database import Database, LedgerConnection
from shared.pg.retry import retry
from shared.pg.sql import statement
from shared.web.principals import area_covers


async def act(database: Database, case_id: UUID, area_code: str | None, command: Command) -> Case:
    """Take one step of a case, and return it as it stands then.

    Raises:
        NotKnown: where there is no such case, or it lies outside the officer's area.
        Conflict: with the domain's code, or `case_already_open` where the same rule opened
            another case of the institution meanwhile.

    """

    async def once() -> Case:
        async with database.ledger() as tx:
            return await _act(tx, case_id, area_code, command)

    return await retry(once)


async def _act(
    tx: LedgerConnection, case_id: UUID, area_code: str | None, command: Command
) -> Case:
    place = await tx.fetchrow(
        'SELECT institution_id, district_code FROM alerts."case" WHERE case_id = $1', case_id
    )
    if place is None or not area_covers(area_code, place["district_code"]):
        raise NotKnown
    await writing.lock(tx, [place["institution_id"]])
    query = statement(writing.SQL, "read_case")
    row = await tx.fetchrow(query, place["institution_id"], case_id)
    case = writing.case_of(row)
    now, calendar = await writing.clock(tx), await writing.read_calendar(tx)
    done = step(case, command, now, calendar)
    if isinstance(done, Refused):
        raise Conflict(done.sentence, code=done.code)
    if done.case.is_open and not case.is_open and row["has_successor"]:
        message = "A newer case of the same rule is open: go on with that one."
        raise Conflict(message, code="case_already_open")
    await writing.write(tx, [done])
    return done.case

"""One verification from end to end."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from escrow.ledger.verify.checks import find, find_strays
from escrow.ledger.verify.chunks import choose, clock, open_chunk
from escrow.ledger.verify.record import advance, record
from escrow.ledger.verify.report import FINDINGS_MAX, Finding, Report, Scope, ranked
from shared.ids import new_id
from shared.pg.database import Database

LOOKED_AT_MAX: Final = 20
"""Institutions that a check of what is new looks at whole when it found something there."""

_SETTINGS: Final = {
    # One institution is read in one piece, and its journal may hold millions of movements.
    "statement_timeout": "600s",
    # Arrays of thousands of keys: a plan made for unknown ones would be a wrong one.
    "plan_cache_mode": "force_custom_plan",
    # The statements themselves say where a table is read by its key, row by row. Whatever else
    # they join is as large as the chunk, and a loop over it would never end where the planner,
    # on tables never analysed, guesses low.
    "enable_nestloop": "off",
    "work_mem": "64MB",
}


async def verify(
    database: Database, *, scope: Scope, institution_ids: Sequence[str] | None = None
) -> Report:
    """Verify the books and record what was found; postings may go on meanwhile.

    Args:
        database: the service's database.
        scope: `new` for what moved since the last verification, `whole` for everything.
        institution_ids: only these; without them every institution.

    """
    chosen = await choose(database, scope, institution_ids)
    findings: list[Finding] = []
    if scope == "whole" and institution_ids is None:
        async with _snapshot(database) as connection:
            findings += await find_strays(connection, 10 * FINDINGS_MAX)
    for ids in chosen.chunks:
        findings += await _verify_chunk(database, scope, ids)
    if scope == "new":
        findings = await _look_whole(database, findings)
    async with database.connect() as connection:
        finished_at = await clock(connection)
    report = Report(
        new_id(),
        scope,
        chosen.started_at,
        finished_at,
        chosen.institutions,
        chosen.movements,
        ranked(findings),
    )
    await record(database, report)
    return report


async def _verify_chunk(database: Database, scope: Scope, ids: Sequence[str]) -> list[Finding]:
    """Check some institutions; those found sound are verified from here on next time."""
    async with _snapshot(database) as connection:
        chunk = await open_chunk(connection, scope, ids)
        findings = [finding async for finding in find(connection, chunk)]
    # A wrong figure of our own from last time is named and then replaced by this time's.
    kept_wrong = {one.institution_id for one in findings if one.table == "verified_balance"}
    unsound = {one.institution_id for one in findings if one.table != "verified_balance"}
    sound = {name: figures for name, figures in chunk.standings.items() if name not in unsound}
    await advance(database, sound, kept_wrong)
    return findings


async def _look_whole(database: Database, findings: Sequence[Finding]) -> list[Finding]:
    """Look at the whole books of institutions where something new is wrong.

    Where they are sound, the figures kept from the last verification were not.
    """
    looked_at = sorted({one.institution_id for one in findings})[:LOOKED_AT_MAX]
    if not looked_at:
        return list(findings)
    named = await _verify_chunk(database, "whole", looked_at)
    unsound = {one.institution_id for one in named}
    for one in findings:
        if one.institution_id not in looked_at:
            named.append(one)
        elif one.institution_id not in unsound:
            key = one.institution_id
            named.append(Finding("verified_balance", key, one.rule, one.found, one.expected))
    return named


@asynccontextmanager
async def _snapshot(database: Database) -> AsyncIterator[AsyncConnection]:
    """Give a connection whose statements all see the books at one moment, and change nothing."""
    async with database.connect() as connection:
        await connection.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        async with connection.begin():
            for name, value in _SETTINGS.items():
                await connection.execute(
                    text("SELECT set_config(:name, :value, true)"), {"name": name, "value": value}
                )
            yield connection

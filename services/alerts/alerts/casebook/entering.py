"""Hits become cases: opened or added to, for many institutions at once.

The judge calls this in his own transaction, in which he holds the institutions' rows; others take
them first (`writing.lock`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from alerts.casebook import writing
from alerts.domain.cases import Entered, Hit, Stepped, doubted, entered, merged
from alerts.domain.casewords import CONFIRMED
from alerts.domain.outcome import Severity
from alerts.domain.workdays import Calendar
from shared.pg.database import LedgerConnection
from shared.pg.ids import new_id

CONFIRMED_WITHIN: Final = timedelta(days=730)
"""How long a confirmed case weighs on an institution: two years (design)."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A hit that a correction made vanish: its key, and the facts it had rested on."""

    institution_id: str
    rule: str
    scope: str
    fact_ids: tuple[int, ...]
    sentence: str
    """Why, in Chinese: what was corrected."""


async def open_or_join(
    tx: LedgerConnection, hits: Sequence[Hit], now: datetime, calendar: Calendar
) -> list[Entered]:
    """Open a case for each key of hits, or add what is new to its open one.

    Four statements, whatever the number. Returns one entry per hit, in their order; hits of one
    key become one and share theirs.
    """
    if not hits:
        return []
    by_key = merged(hits)
    known = await writing.read_keys(tx, list(by_key.values()))
    found = {
        hit.key: entered(hit, one, new_id(), now, calendar)
        for hit, one in zip(by_key.values(), known, strict=True)
    }
    steps = [
        Stepped(one.case, one.event)
        for one in found.values()
        if one.case is not None and one.event is not None
    ]
    if steps:
        await writing.write(tx, steps)
        rows = [
            (hit.institution_id, case.case_id, fact_id, hit.evaluation_id)
            for key, hit in by_key.items()
            if (case := found[key].case) is not None
            for fact_id in found[key].fact_ids
        ]
        await writing.write_evidence(tx, rows, now)
    return [found[hit.key] for hit in hits]


async def propose_data_error(  # tidy: allow banned-name - the class of the case, 数据错误
    tx: LedgerConnection, withdrawals: Sequence[Withdrawal], now: datetime, calendar: Calendar
) -> int:
    """Note in open cases that a correction took their ground, and propose to close them as such.

    A person closes. What was noted before is not noted again; returns how many were.
    """
    if not withdrawals:
        return 0
    hits = [
        Hit(one.institution_id, "", one.rule, one.scope, Severity.info, "", one.fact_ids)
        for one in withdrawals
    ]
    by_key = merged(hits)
    sentences = {(one.institution_id, one.rule, one.scope): one.sentence for one in withdrawals}
    known = await writing.read_keys(tx, list(by_key.values()))
    steps = [
        step
        for key, one in zip(by_key, known, strict=True)
        if one.case is not None
        and (step := doubted(one.case, one.fact_ids, sentences[key], now, calendar)) is not None
    ]
    if steps:
        await writing.write(tx, steps)
    return len(steps)


async def prior_confirmed(
    tx: LedgerConnection, institution_ids: Collection[str], now: datetime
) -> frozenset[str]:
    """Return the institutions of which a case was closed as confirmed, for the severity's lift."""
    rows = await tx.fetch(
        'SELECT DISTINCT institution_id FROM alerts."case"'
        " WHERE institution_id = ANY ($1::text[]) AND class = ANY ($2::text[])"
        " AND closed_at > $3 AND closed_at <= $4",
        list(institution_ids),
        [one.value for one in CONFIRMED],
        now - CONFIRMED_WITHIN,
        now,
    )
    return frozenset(row["institution_id"] for row in rows)

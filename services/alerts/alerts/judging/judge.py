"""Judging institutions: locked, read, judged, written, as of the instant after the lock.

What comes in later is seen later than that instant, so that a judging played again sees what it
saw. A hit is written once for what it rests on, and opens its case in the same transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from time import perf_counter
from typing import Final
from uuid import UUID

import structlog

from alerts.casebook import open_or_join
from alerts.domain.facts import Kind
from alerts.domain.outcome import Verdict
from alerts.intake import store
from alerts.judging import views, writing
from alerts.judging.looking import Round, look
from alerts.judging.presets import Presets
from alerts.judging.views import Known, Surroundings
from alerts.watching import instruments
from shared.pg.database import Database, LedgerConnection
from shared.pg.faults import Unreachable
from shared.pg.retry import retry

TOUCHED_MAX: Final = 200
"""Institutions judged in one transaction: their locks are held for a fraction of a second."""

SWEPT_MAX: Final = 500
"""Institutions of one transaction of a sweep."""

SWEEP_EVERY: Final = timedelta(minutes=10)
"""An institution that does not stand well is judged so often: an hour may confirm what was found.

Every other one once a business day: time alone moves rules by days (deadlines, working days,
windows), and whatever is new has it judged at once.
"""

KEPT_S: Final = 5.0
"""How long presets, calendar and campaigns are kept in memory: at most, and until a campaign
begins, because a judging played again knows of every campaign there was."""

_TOUCHED: Final = (
    "SELECT institution_id FROM alerts.institution WHERE touched_at IS NOT NULL"
    " ORDER BY touched_at, institution_id LIMIT $1"
)
_DUE: Final = (
    "SELECT i.institution_id FROM alerts.institution AS i, access.clock AS c,"
    " LATERAL (SELECT now() + make_interval(secs => c.offset_s) AS now) AS t"
    " WHERE i.institution_id > $1 AND (i.judged_at IS NULL"
    " OR i.judged_at < date_trunc('day', t.now, 'Asia/Shanghai')"
    " OR (i.risk <> 'ok' AND i.judged_at < t.now - $2::interval))"
    " ORDER BY i.institution_id LIMIT $3"
)
_NEWEST_CAMPAIGN: Final = (
    "SELECT c.campaign_id FROM alerts.campaign AS c ORDER BY c.campaign_id DESC LIMIT 1"
)
_log = structlog.get_logger("alerts.judging")


@dataclass(slots=True)
class _Kept:
    presets: Presets
    around: Surroundings
    newest_campaign: UUID | None
    read_at: float

    def holds(self, newest_campaign: UUID | None) -> bool:
        """Tell whether it is what would be read now, as far as judging must know it."""
        is_young = perf_counter() - self.read_at <= KEPT_S
        return is_young and self.newest_campaign == newest_campaign


class Judge:
    """Judges what was touched, and now and then everything."""

    def __init__(self, database: Database) -> None:
        """Take the books of facts."""
        self._database = database
        self._kept: _Kept | None = None
        self._swept_to = ""

    async def judge_touched(self) -> int:
        """Judge institutions of which something new is known; return how many."""
        rows = await self._database.probe(_TOUCHED, TOUCHED_MAX)
        names = [row["institution_id"] for row in rows]
        await self._judge_all(names, is_timed=True)
        return len(names)

    async def sweep(self) -> int:
        """Judge some institutions that were not judged for a while; return how many."""
        rows = await self._database.probe(_DUE, self._swept_to, SWEEP_EVERY, SWEPT_MAX)
        names = [row["institution_id"] for row in rows]
        self._swept_to = names[-1] if len(names) == SWEPT_MAX else ""
        await self._judge_all(names)
        return len(names)

    async def _judge_all(self, names: Sequence[str], *, is_timed: bool = False) -> None:
        """Judge institutions together; where that fails, by halves, so that one stops no other.

        Raises:
            Unreachable: the database is away, and nothing more was tried.
            ExceptionGroup: of what single institutions failed with, once all were tried.

        """
        faults: list[Exception] = []
        waiting = [names] if names else []
        while waiting:
            some = waiting.pop()
            try:
                await retry(partial(self.judge, some, is_timed=is_timed))
            except Unreachable:
                raise
            except Exception as fault:  # noqa: BLE001 - told once all were tried
                if len(some) > 1:
                    waiting += [some[: len(some) // 2], some[len(some) // 2 :]]
                else:
                    _log.error("judging_failed", institution_id=some[0], exc_info=fault)
                    faults.append(fault)
        if faults:
            message = "some institutions could not be judged"
            raise ExceptionGroup(message, faults)

    async def judge(self, institution_ids: Sequence[str], *, is_timed: bool = False) -> Round:
        """Judge institutions now, in one transaction."""
        async with self._database.ledger() as tx:
            now = await store.lock(tx, institution_ids)
            kept = await self._read_kept(tx)
            known = await views.read(tx, institution_ids, now, kept.around)
            came = look(known, kept.presets, is_timed=is_timed)
            hits = await writing.write(tx, came, now)
            await open_or_join(tx, hits, now, kept.around.calendar)
        _tell(came, now, is_timed=is_timed)
        return came

    async def _read_kept(self, tx: LedgerConnection) -> _Kept:
        newest = await tx.fetchval(_NEWEST_CAMPAIGN)
        kept = self._kept
        if kept is None or not kept.holds(newest):
            around = await views.read_surroundings(tx)
            self._kept = kept = _Kept(await Presets.read(tx), around, newest, perf_counter())
        return kept


def _tell(came: Round, now: datetime, *, is_timed: bool) -> None:
    """Log what failed, and say how long booked debits waited."""
    for one in came.found:
        if one.outcome.verdict is Verdict.error:
            _log.error("rule_failed", rule=one.edition.rule.key, fault=one.outcome.reason)
    if is_timed:
        for known in came.known:
            _time_debits(known, now, came.risks[known.institution_id])


def _time_debits(known: Known, now: datetime, risk: str) -> None:
    """Say how long debits waited that nobody judged before."""
    severity = risk if risk in {"warning", "critical"} else None
    for fact in known.view.of(Kind.debit):
        if known.judged_at is None or fact.seen_at > known.judged_at:
            instruments.judged(fact.seen_at, now, severity)

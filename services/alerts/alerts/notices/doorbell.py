"""Alertmanager rings; what is said is read from our own tables.

A case alert names cases, and the notice says what the database says of them, not what the alert
said: who rings cannot word what supervisors read. Alerts without a case are worded by their
annotations. One notice for each channel that wants any of it is written in one transaction; the
same news again is a retry and writes nothing, until it is old enough to be a reminder.
A silence set in Alertmanager only means that nobody rings. It is no evidence of anything: nothing
here, and no case, ever rests on one.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from alerts.domain.casewords import SETTLED, Milestone, State
from alerts.domain.notices import (
    CASES,
    FAULTS,
    Block,
    CaseWord,
    Notice,
    case_block,
    counted,
    fault_block,
    in_order,
)
from alerts.domain.outcome import Severity
from alerts.domain.sending import goes_at
from alerts.notices import outbox
from alerts.notices.channels import Channel
from alerts.notices.outbox import Fresh
from alerts.notices.payload import Alert, Payload
from shared.pg.database import Database, LedgerConnection

BLOCKS_MAX: Final = 200
"""Cases told one by one in what lies in the outbox: more than fits in any channel's messages."""

_log = structlog.get_logger("notices")


@dataclass(frozen=True, slots=True)
class Rung:
    """What came of one ring."""

    written: int
    """Notices that were new."""
    known: int
    """Notices whose news was told, or waits to be told, already."""
    unknown_cases: int
    """Cases that the alerts name and the database has not."""


@dataclass(frozen=True, slots=True)
class Doorbell:
    """What it takes to turn a ring into notices."""

    database: Database
    channels: Sequence[Channel]
    titles: Mapping[str, str]
    """Titles of rules, by their key."""
    case_url: str

    async def ring(self, payload: Payload) -> Rung:
        """Write what every channel is to be told, once."""
        named = {one.case_id for one in payload.alerts if one.case_id is not None}
        stem = payload.digest()
        async with self.database.ledger() as tx:
            now = await outbox.clock(tx)
            calendar = await outbox.read_calendar(tx, now)
            cases = await self._read_cases(tx, named)
            fresh = [
                Fresh(
                    f"{stem}:{channel.name}",
                    channel,
                    notice,
                    goes_at(notice.severity, now, calendar, is_quiet=channel.quiet),
                )
                for channel, notice in self._worded(payload, cases, now)
            ]
            written = await outbox.write(tx, fresh, now)
        if missing := len(named) - len(cases):
            _log.warning("alerts_name_unknown_cases", number=missing)
        return Rung(written, len(fresh) - written, missing)

    def _worded(
        self, payload: Payload, cases: Mapping[UUID, CaseWord], now: datetime
    ) -> Iterable[tuple[Channel, Notice]]:
        for channel in self.channels:
            blocks = in_order(self._blocks(channel, payload.alerts, cases, now))
            if blocks:
                is_for_cases = channel.audience == "supervisor"
                topic = CASES if is_for_cases else FAULTS
                counts = counted(blocks, payload.truncatedAlerts, payload.severity)
                yield channel, Notice(topic, blocks[:BLOCKS_MAX], counts, self.case_url)

    def _blocks(
        self,
        channel: Channel,
        alerts: Sequence[Alert],
        cases: Mapping[UUID, CaseWord],
        now: datetime,
    ) -> Iterable[Block]:
        """Yield what a channel is told of each alert that concerns it."""
        for alert in alerts:
            is_over = alert.status == "resolved"
            case = cases.get(alert.case_id) if alert.case_id else None
            if alert.case_id is None:
                if _is_told(channel, alert):
                    yield fault_block(
                        alert.severity, alert.name, alert.annotations, is_over=is_over
                    )
            elif case is None:
                if channel.audience == "operator":
                    yield _unknown(alert)
            elif _is_concerned(channel, alert, case):
                yield case_block(case, self.case_url, now, is_over=is_over)

    async def _read_cases(
        self, tx: LedgerConnection, named: Collection[UUID]
    ) -> dict[UUID, CaseWord]:
        rows = await tx.fetch(
            "SELECT c.case_id, c.institution_id, i.name, c.district_code, c.rule, c.severity,"
            ' c.state, c.sentence, c.amount_fen, c.milestone, c.due_at FROM alerts."case" AS c'
            " LEFT JOIN alerts.institution AS i USING (institution_id)"
            " WHERE c.case_id = ANY ($1::uuid[])",
            list(named),
        )
        return {
            row["case_id"]: CaseWord(
                row["case_id"],
                row["institution_id"],
                row["name"],
                row["district_code"],
                self.titles.get(row["rule"], row["rule"]),
                Severity(row["severity"]),
                State(row["state"]),
                row["sentence"],
                row["amount_fen"],
                Milestone(row["milestone"]) if row["milestone"] else None,
                row["due_at"],
            )
            for row in rows
        }


def _is_told(channel: Channel, alert: Alert) -> bool:
    """Tell whether a channel is told of an alert that is about no case."""
    if not alert.is_for(channel.audience) or not channel.wants(alert.name, alert.severity):
        return False
    return channel.audience == "operator" or channel.covers(alert.district_code)


def _is_concerned(channel: Channel, alert: Alert, case: CaseWord) -> bool:
    """Tell whether a channel is told of a case; that a closed one fires is yesterday's news."""
    if channel.audience != "supervisor" or not channel.covers(case.district_code):
        return False
    is_news = alert.status == "resolved" or case.state not in SETTLED
    return is_news and channel.wants(alert.name, case.severity)


def _unknown(alert: Alert) -> Block:
    """Say that an alert names a case there is not: whoever should know of it was not told."""
    said = {"summary": f"告警所指案件 {alert.case_id} 不在库中，未能通知主管部门，请核对"}
    return fault_block(Severity.warning, alert.name, said, is_over=False)

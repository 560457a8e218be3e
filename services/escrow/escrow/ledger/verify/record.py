"""What a verification leaves behind: its row, where the next one starts from, its figures."""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any, Final

from prometheus_client import Gauge
from sqlalchemy import insert

from escrow.ledger.verify.chunks import clock, query
from escrow.ledger.verify.report import Report
from escrow.tables import verification
from shared.pg.database import Database
from shared.time import wall_clock

_imbalance: Final = Gauge(
    "tuition_escrow_book_imbalance_yuan",
    "What the institutions' books own less what they owe, in yuan, added up; must be 0.",
)
_found: Final = Gauge(
    "tuition_escrow_verification_findings", "Rows that the latest verification named.", ["scope"]
)
_verified: Final = Gauge(
    "tuition_escrow_verified_timestamp_seconds", "When a verification last ended.", ["scope"]
)


async def advance(
    database: Database, standings: Mapping[str, Mapping[str, Any]], redone: Collection[str]
) -> None:
    """Keep the figures of institutions that were found sound, to start from next time.

    Args:
        database: where they are kept.
        standings: the figures as they stood in the snapshot that was checked.
        redone: institutions whose kept figures were found wrong and are written over.

    """
    if not standings:
        return
    async with database.begin() as connection:
        now = (await clock(connection)).isoformat()
        rows = [
            {"institution_id": name, **figures, "verified_at": now}
            for name, figures in standings.items()
        ]
        await connection.execute(
            query("verify_advance"), {"rows": json.dumps(rows), "redone": list(redone)}
        )


async def record(database: Database, report: Report) -> None:
    """Write a run into `verification` and show its figures."""
    async with database.begin() as connection:
        found = [asdict(finding) for finding in report.findings]
        await connection.execute(
            insert(verification).values(
                verification_id=report.verification_id,
                scope=report.scope,
                started_at=report.started_at,
                finished_at=report.finished_at,
                institutions=report.institutions,
                movements=report.movements,
                findings=found,
            )
        )
        imbalance_fen = int((await connection.execute(query("verify_imbalance"))).scalar_one())
    _imbalance.set(imbalance_fen / 100)
    _found.labels(report.scope).set(len(report.findings))
    _verified.labels(report.scope).set(wall_clock().timestamp())

"""The service as officers, banks and hotlines meet it, with the casebook behind it."""

import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

import httpx
from pydantic import SecretStr
from sqlalchemy import text
from stdnum.cn import uscc

from alerts import casebook
from alerts.app import build
from alerts.domain.cases import Entered, Hit
from alerts.domain.outcome import Severity
from alerts.domain.workdays import Calendar
from alerts.settings import Settings
from escrow.access.service import create_key
from shared.pg.database import Database
from shared.settings import Environment
from tests.support.client import Caller
from tests.support.postgres import alerts_url, service_url

DISTRICT = "320602"
_numbers = count(1)


@dataclass
class Office:
    """The service over HTTP, keys, and the database behind it."""

    http: httpx.AsyncClient
    database: Database
    escrow: Database

    async def caller(self, role: str = "supervisor", **scope: str) -> Caller:
        """Return a caller with a new key."""
        _, key = await create_key(self.escrow, role=role, created_by="tests", **scope)
        return Caller(self.http, key)

    async def place(self, district_code: str | None = DISTRICT) -> str:
        """Make an institution known; return its id."""
        stem = f"91320602MB{next(_numbers):07d}"
        name = stem + str(uscc.calc_check_digit(stem))
        await self.run(
            "INSERT INTO alerts.institution (institution_id, name, district_code)"
            " VALUES (:me, '示例青竹培训中心', :district)",
            me=name,
            district=district_code,
        )
        return name

    async def facts(self, institution_id: str, number: int, amount_fen: int = 100) -> list[int]:
        """Let so many debits be known; return their ids."""
        rows = await self.run(
            "INSERT INTO alerts.fact (institution_id, event_id, part, kind, at, seen_at,"
            " amount_fen, ref, body) SELECT :me, gen_random_uuid(), 1, 'debit', now(), now(),"
            " CAST(:fen AS bigint), 'E-' || n, '{}' FROM generate_series(1, :number) AS n"
            " RETURNING fact_id",
            me=institution_id,
            fen=amount_fen,
            number=number,
        )
        return [row["fact_id"] for row in rows]

    async def run(self, query: str, **bound: object) -> list[dict[str, Any]]:
        """Run a statement as the service's login; return what it finds."""
        async with self.database.begin() as connection:
            found = await connection.execute(text(query), bound)
            return [dict(row) for row in found.mappings()] if found.returns_rows else []

    async def now(self) -> datetime:
        """Return the time that the service goes by."""
        query = "SELECT now() + make_interval(secs => offset_s) AS at FROM access.clock"
        (row,) = await self.run(query)
        at: datetime = row["at"]
        return at

    async def enter(self, *hits: Hit, now: datetime | None = None) -> Sequence[Entered]:
        """Let hits become cases, as the judge does."""
        at = now or await self.now()
        async with self.database.ledger() as tx:
            await casebook.lock(tx, [one.institution_id for one in hits])
            return await casebook.open_or_join(tx, hits, at, Calendar())

    async def case(
        self,
        severity: Severity = Severity.warning,
        **changes: Any,  # noqa: ANN401 - fields of a hit
    ) -> UUID:
        """Open a case on a new institution; return its id."""
        district = changes.pop("district_code", DISTRICT)
        institution_id = changes.pop("institution_id", None) or await self.place(district)
        hit = a_hit(institution_id, *await self.facts(institution_id, 2), severity=severity)
        (found,) = await self.enter(replace(hit, district_code=district, **changes))
        assert found.case is not None
        return found.case.case_id

    async def events(self, case_id: UUID | str) -> list[dict[str, Any]]:
        """Return what was written of a case."""
        rows = await self.run(
            "SELECT step, state_before, state_after, actor, payload, hash FROM alerts.case_event"
            " WHERE case_id = :me ORDER BY step_no",
            me=case_id,
        )
        return [{**one, "payload": _read(one["payload"])} for one in rows]


def _read(said: Any) -> Any:  # noqa: ANN401 - JSON, read by the driver or not
    return json.loads(said) if isinstance(said, str) else said


def a_hit(institution_id: str, *fact_ids: int, severity: Severity = Severity.warning) -> Hit:
    """Return a hit of one rule on these facts."""
    return Hit(
        institution_id=institution_id,
        district_code=DISTRICT,
        rule="large_outflow_24h",
        scope="open",
        severity=severity,
        sentence="前 24 小时流出 1,234.00 元",
        fact_ids=fact_ids,
        amount_fen=123_400,
    )


@contextlib.asynccontextmanager
async def office_on(owner_url: str) -> AsyncIterator[Office]:
    """Start the service on a migrated database."""
    settings = Settings(database_url=SecretStr(alerts_url(owner_url)), environment=Environment.test)
    app = build(settings)
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(app.router.lifespan_context(app))
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        http = httpx.AsyncClient(transport=transport, base_url="http://alerts.test")
        await stack.enter_async_context(http)
        escrow = Database(service_url(owner_url), application="tests")
        stack.push_async_callback(escrow.close)
        yield Office(http, app.state.alerts.database, escrow)

"""A signal becomes a fact, and the fact a case: in one transaction, once per signal.

Who names its own id may send the same again and gets the same answer; without one every call is a
signal of its own.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from alerts import casebook
from alerts.casebook.writing import parsed
from alerts.domain.cases import Hit
from alerts.domain.events import Told
from alerts.domain.outcome import Severity
from alerts.intake import store as intake
from alerts.intake.store import Arrival
from shared.errors import Conflict, FieldError, Malformed, NotKnown
from shared.pg.database import Database, LedgerConnection
from shared.pg.ids import new_id
from shared.pg.retry import retry
from shared.web.principals import Principal, Role, area_covers

SKEW: Final = timedelta(minutes=5)
"""How far a caller's clock may be ahead of ours."""

_PLACE: Final = "SELECT i.district_code FROM alerts.institution AS i WHERE i.institution_id = $1"
_FACT: Final = (
    "SELECT f.fact_id, f.amount_fen, f.tag, f.body FROM alerts.fact AS f"
    " WHERE f.institution_id = $1 AND f.event_id = $2 AND f.part = 1"
)
_CASE: Final = (
    "SELECT e.case_id FROM alerts.case_evidence AS e"
    " WHERE e.institution_id = $1 AND e.fact_id = $2 ORDER BY e.added_at LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Signal:
    """What somebody says of an institution."""

    institution_id: str
    told: Told
    severity: Severity
    title: str
    """What it is, in a few words of Chinese; what was said itself is in the fact alone."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a signal."""

    fact_id: int
    case_id: UUID | None
    is_repeated: bool


async def take(database: Database, caller: Principal, signal: Signal) -> Taken:
    """Write a signal as a fact, and open or join the case of its kind.

    Raises:
        NotKnown: where the caller has no such institution.
        Malformed: where it was told in the future.
        Conflict: `id_reused`, where the caller's id stands for another signal.

    """

    async def once() -> Taken:
        async with database.ledger() as tx:
            return await _take(tx, caller, signal)

    return await retry(once)


async def _take(tx: LedgerConnection, caller: Principal, signal: Signal) -> Taken:
    name, told = signal.institution_id, signal.told
    place = await tx.fetchrow(_PLACE, name)
    if place is None or not _reaches(caller, name, place["district_code"]):
        raise NotKnown
    now = await intake.lock(tx, [name])
    if told.at > now + SKEW:
        fault = FieldError("/told_at", "in_future", "Must not lie in the future.")
        raise Malformed(errors=(fault,))
    event_id = _event_id(caller, told)
    is_new = await intake.add(tx, [Arrival(name, event_id, 1, told)], now)
    fact = await tx.fetchrow(_FACT, name, event_id)
    if not is_new:
        _refuse_reuse(fact, told)
        case_id = await tx.fetchval(_CASE, name, fact["fact_id"])
        return Taken(fact["fact_id"], case_id, is_repeated=True)
    hit = Hit(
        institution_id=name,
        district_code=place["district_code"] or "",
        rule=told.kind.value,
        scope="open",
        severity=signal.severity,
        sentence=signal.title,
        fact_ids=(fact["fact_id"],),
        amount_fen=told.amount_fen,
    )
    calendar = await casebook.read_calendar(tx)
    (entered,) = await casebook.open_or_join(tx, [hit], now, calendar)
    assert entered.case is not None, "a fact that is new is newer than every case's"
    return Taken(fact["fact_id"], entered.case.case_id, is_repeated=False)


def _reaches(caller: Principal, institution_id: str, district_code: str | None) -> bool:
    """Tell whether an institution is the caller's to speak of; a bank may speak of any."""
    if caller.role is Role.bank:
        return True
    is_own = caller.institution_id in {None, institution_id}
    return is_own and area_covers(caller.district_code, district_code)


def _event_id(caller: Principal, told: Told) -> UUID:
    """Return a fresh id, or the one that the caller's own id always comes to."""
    if not told.ref:
        return new_id()
    said = f"{told.kind}\n{caller.name}\n{told.ref}"
    return UUID(bytes=hashlib.sha256(said.encode()).digest()[:16], version=5)


def _refuse_reuse(fact: Any, told: Told) -> None:  # noqa: ANN401 - a row of the driver's
    before = (fact["amount_fen"], fact["tag"], parsed(fact["body"]))
    if before != (told.amount_fen, told.tag, dict(told.body)):
        message = "This id stands for another signal: send it under an id of its own."
        raise Conflict(message, code="id_reused")

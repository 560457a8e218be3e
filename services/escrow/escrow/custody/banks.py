"""Banks and freezes as the control plane finds them, outside any posting."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from starlette.requests import Request

from escrow.edge import escrow_of
from escrow.tables import bank, custody_account, freeze, institution
from shared.errors import NotAllowed, NotKnown
from shared.pg.database import Database
from shared.web.principals import Principal


@dataclass(frozen=True, slots=True)
class FreezeFound:
    """Whose freeze it is, and of what scope."""

    institution_id: str
    scope: str


async def put(database: Database, bank_id: str, described: dict[str, Any], by: str) -> None:
    """Write a bank as it is described now."""
    row = {**described, "changed_at": func.now(), "changed_by": by}
    statement = insert(bank).values(bank_id=bank_id, **row)
    async with database.begin() as connection:
        await connection.execute(
            statement.on_conflict_do_update(index_elements=["bank_id"], set_=row)
        )


async def refuse_anothers(request: Request, principal: Principal, institution_id: str) -> None:
    """Keep a bank from filing over an account that another bank holds.

    Raises:
        NotAllowed: the institution's current account is at another bank.

    """
    query = (
        select(custody_account.c.bank_id)
        .join(institution, institution.c.account_number == custody_account.c.account_number)
        .where(institution.c.institution_id == institution_id)
    )
    async with escrow_of(request).database.connect() as connection:
        held_by = await connection.scalar(query)
    if held_by is not None and held_by != principal.bank_id:
        raise NotAllowed


async def freeze_of(request: Request, freeze_id: UUID) -> FreezeFound:
    """Return whose freeze an id names.

    Raises:
        NotKnown: there is no such freeze.

    """
    query = select(freeze.c.institution_id, freeze.c.scope).where(freeze.c.freeze_id == freeze_id)
    async with escrow_of(request).database.connect() as connection:
        row = (await connection.execute(query)).first()
    if row is None:
        raise NotKnown
    return FreezeFound(row.institution_id, row.scope)

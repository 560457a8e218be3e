"""Single rows by their keys, for those who ask before they post; no lock, no decision."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from escrow.domain.records import Tuition
from escrow.ledger.read_books import NOW
from escrow.ledger.store import records
from escrow.ledger.tables import contract, instruction, refund, tuition
from shared.pg.database import Database


@dataclass(frozen=True, slots=True)
class ContractFound:
    """A contract's money side, and whose child it is."""

    tuition: Tuition
    guardian_ref: str
    now: datetime
    """The books' time."""


@dataclass(frozen=True, slots=True)
class RefundFound:
    """A refund as it stands."""

    institution_id: str
    contract_id: str
    cause: str
    state: str
    amount_fen: int
    waiting_fen: int


async def find_contract(
    database: Database, institution_id: str, contract_id: str
) -> ContractFound | None:
    """Return a contract, or None."""
    query = (
        select(tuition, contract.c.guardian_ref, NOW)
        .join(
            contract,
            (contract.c.institution_id == tuition.c.institution_id)
            & (contract.c.contract_id == tuition.c.contract_id),
        )
        .where(tuition.c.institution_id == institution_id, tuition.c.contract_id == contract_id)
    )
    async with database.connect() as connection:
        row: Any = (await connection.execute(query)).first()
    return ContractFound(records.tuition(tuple(row[:-2])), *row[-2:]) if row else None


async def find_refund(database: Database, refund_id: UUID) -> RefundFound | None:
    """Return a refund, or None."""
    query = select(
        refund.c.institution_id,
        refund.c.contract_id,
        refund.c.cause,
        refund.c.state,
        refund.c.amount_fen,
        refund.c.waiting_fen,
    ).where(refund.c.refund_id == refund_id)
    async with database.connect() as connection:
        row = (await connection.execute(query)).first()
    return RefundFound(*row) if row else None


async def find_instruction(
    database: Database, bank_id: str | None, instruction_id: UUID
) -> str | None:
    """Return the institution whose instruction this bank was given, or None."""
    query = select(instruction.c.institution_id).where(
        instruction.c.bank_id == bank_id, instruction.c.instruction_id == instruction_id
    )
    async with database.connect() as connection:
        found: str | None = await connection.scalar(query)
    return found

"""Contracts as their readers see them: terms, money, lessons, the prepaid ledger."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, Select, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from escrow.domain.prepaid import Prepaid
from escrow.ledger.tables import contract, lesson, payable, tuition

_MONEY: Final = (
    tuition.c.policy,
    tuition.c.policy_version,
    tuition.c.state,
    tuition.c.is_frozen,
    tuition.c.funded_fen,
    tuition.c.held_fen,
    tuition.c.released_fen,
    tuition.c.refunded_fen,
    tuition.c.lessons_released,
    tuition.c.refund_id,
    tuition.c.refund_requested_at,
)


def _contracts(institution_id: str) -> Select[Any]:
    return (
        select(contract, *_MONEY)
        .join(
            tuition,
            (tuition.c.institution_id == contract.c.institution_id)
            & (tuition.c.contract_id == contract.c.contract_id),
        )
        .where(contract.c.institution_id == institution_id)
    )


async def read_contract(
    connection: AsyncConnection, institution_id: str, contract_id: str
) -> RowMapping | None:
    """Return a contract's terms and money, or None."""
    query = _contracts(institution_id).where(contract.c.contract_id == contract_id)
    found: RowMapping | None = (await connection.execute(query)).mappings().one_or_none()
    return found


async def list_contracts(
    connection: AsyncConnection,
    institution_id: str,
    *,
    state: str | None,
    guardian_ref: str | None,
    after: str,
    limit: int,
) -> Sequence[RowMapping]:
    """Return an institution's contracts by id, of one state or one guardian where asked."""
    query = _contracts(institution_id).where(contract.c.contract_id > after)
    if state is not None:
        query = query.where(tuition.c.state == state)
    if guardian_ref is not None:
        query = query.where(contract.c.guardian_ref == guardian_ref)
    query = query.order_by(contract.c.contract_id).limit(limit)
    found: Sequence[RowMapping] = (await connection.execute(query)).mappings().all()
    return found


async def list_lessons(
    connection: AsyncConnection, institution_id: str, contract_id: str, *, first: int, last: int
) -> dict[int, RowMapping]:
    """Return the latest release of each lesson in a range of numbers, put back or not."""
    query = (
        select(lesson, payable.c.release_sequence.is_not(None).label("is_retained"))
        .outerjoin(
            payable,
            (payable.c.institution_id == lesson.c.institution_id)
            & (payable.c.release_sequence == lesson.c.release_sequence),
        )
        .where(
            lesson.c.institution_id == institution_id,
            lesson.c.contract_id == contract_id,
            lesson.c.lesson_no.between(first, last),
        )
        .ext(distinct_on(lesson.c.lesson_no))
        .order_by(lesson.c.lesson_no, lesson.c.attempt.desc())
    )
    found = (await connection.execute(query)).mappings()
    return {row["lesson_no"]: row for row in found}


async def prepaid_now(
    connection: AsyncConnection, institution_id: str, *, after: str, limit: int
) -> list[Prepaid]:
    """Return the prepaid ledger as the contracts stand, by id."""
    query = (
        select(
            tuition.c.contract_id,
            tuition.c.lessons,
            tuition.c.paid_fen,
            tuition.c.funded_fen,
            tuition.c.released_fen,
            tuition.c.refunded_fen,
            tuition.c.lessons_released,
        )
        .where(tuition.c.institution_id == institution_id, tuition.c.contract_id > after)
        .order_by(tuition.c.contract_id)
        .limit(limit)
    )
    return [Prepaid(*row) for row in await connection.execute(query)]


async def prepaid_at(
    connection: AsyncConnection,
    institution_id: str,
    *,
    at: datetime,
    number: int,
    after: str,
    limit: int,
) -> list[Prepaid]:
    """Return the prepaid ledger of a moment, recomputed from the movements up to a number."""
    asked = {
        "institution_id": institution_id,
        "at": at,
        "number": number,
        "after": after,
        "limit": limit,
    }
    return [Prepaid(*row) for row in await connection.execute(text(_PREPAID_SQL), asked)]


_PREPAID_SQL: Final = """
WITH page AS (
  SELECT c.contract_id, c.lessons, c.paid_fen
  FROM escrow.contract AS c
  WHERE c.institution_id = :institution_id AND c.registered_at <= :at AND c.contract_id > :after
  ORDER BY c.contract_id
  LIMIT CAST(:limit AS int)
)
SELECT
  p.contract_id, p.lessons, p.paid_fen,
  CAST(coalesce(sum(m.amount_fen) FILTER (WHERE m.kind = 'allocation'), 0) AS bigint),
  CAST(coalesce(sum(m.amount_fen) FILTER (WHERE m.kind = 'release'), 0)
    - coalesce(sum(m.amount_fen) FILTER (WHERE m.kind = 'reversal'), 0) AS bigint),
  CAST(coalesce(sum(m.amount_fen) FILTER (WHERE m.kind = 'refund'), 0) AS bigint),
  count(*) FILTER (WHERE m.kind = 'release')
    - count(DISTINCT m.reverses) FILTER (WHERE m.kind = 'reversal')
FROM page AS p
LEFT JOIN escrow.movement AS m
  ON m.institution_id = :institution_id
  AND m.contract_id = p.contract_id
  AND m.sequence <= :number
  AND 'tuition_held' IN (m.debit, m.credit)
GROUP BY p.contract_id, p.lessons, p.paid_fen
ORDER BY p.contract_id
"""
"""A lesson put back may take two movements: what waited, and what was paid out already."""

"""The trial balance, and what the independent verification found, by district."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from sqlalchemy import RowMapping

from escrow.audit import store
from escrow.edge import Escrow, Shared
from escrow.ledger.read_books import trial_balance
from shared.web.principals import Principal, Role, allow, area_covers, area_stem
from shared.web.problems import problem_responses
from shared.web.shown import Moment

router = APIRouter(tags=["audit"])

Reader = Annotated[Principal, Depends(allow(Role.auditor, Role.supervisor, Role.operator))]

FINDINGS_MAX: Final = 200
"""Findings shown; the first wrong row is what one looks at."""

ID_LENGTH: Final = 18
"""Characters of an institution's id, with which the key of every finding begins."""


class TrialBalanceAnswer(BaseModel):
    """The sums of the kinds of account over the institutions that the key may see."""

    as_of: Moment
    institutions: int
    accounts: dict[str, int] = Field(
        description="In fen, each positive on its normal side: custody_cash, institution_receivable"
        " and unbacked_debit are assets, the rest is owed."
    )
    assets_fen: int
    liabilities_fen: int
    balanced: bool


class VerificationRun(BaseModel):
    """One run of the verification, which recomputes the books from the movements."""

    id: str
    scope: str = Field(description="whole, or new: what was posted since the run before")
    started_at: Moment
    finished_at: Moment
    institutions: int
    movements: int
    clean: bool
    findings: list[dict[str, Any]] = Field(
        description="Wrong rows of the institutions that the key may see: rule, table, key,"
        " expected, found."
    )


class VerificationAnswer(BaseModel):
    """The latest runs; null where there was none yet."""

    whole: VerificationRun | None
    new: VerificationRun | None


@router.get("/v1/audit/trial-balance", responses=problem_responses(422))
async def read_trial_balance(escrow: Shared, principal: Reader) -> TrialBalanceAnswer:
    """Sum up the books: what is at the banks equals what is owed."""
    found = await trial_balance(escrow.database, area_stem(principal.district_code))
    return TrialBalanceAnswer(
        as_of=found.as_of,
        institutions=found.institutions,
        accounts={str(kind): fen for kind, fen in found.accounts.items()},
        assets_fen=found.assets_fen,
        liabilities_fen=found.liabilities_fen,
        balanced=found.assets_fen == found.liabilities_fen,
    )


@router.get("/v1/audit/verification", responses=problem_responses(422))
async def read_verification(escrow: Shared, principal: Reader) -> VerificationAnswer:
    """Read what the latest verifications found."""
    return VerificationAnswer(
        whole=await _latest(escrow, principal, "whole"),
        new=await _latest(escrow, principal, "new"),
    )


async def _latest(escrow: Escrow, principal: Principal, scope: str) -> VerificationRun | None:
    row = await store.latest_verification(escrow.database, scope)
    if row is None:
        return None
    findings = await _visible(escrow, principal, row)
    return VerificationRun(
        id=str(row["verification_id"]),
        scope=scope,
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        institutions=row["institutions"],
        movements=row["movements"],
        clean=not findings,
        findings=findings[:FINDINGS_MAX],
    )


async def _visible(escrow: Escrow, principal: Principal, row: RowMapping) -> list[dict[str, Any]]:
    """Return the findings within the key's area."""
    findings: list[dict[str, Any]] = row["findings"]
    if area_covers(principal.district_code, ""):
        return findings
    districts = await store.districts_of(escrow.database, (_whose(one) for one in findings))
    return [
        one for one in findings if area_covers(principal.district_code, districts.get(_whose(one)))
    ]


def _whose(finding: dict[str, Any]) -> str:
    return str(finding.get("key", ""))[:ID_LENGTH]

"""Cases over HTTP: pages of them, one with evidence, history and its chain, and what officers do.

`router` is that of `alerts.cases.steps` with the routes to read added.
A case outside the reader's district is not there.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, Query

from alerts.casebook import reading
from alerts.casebook.reading import Wanted
from alerts.cases import showing
from alerts.cases.shapes import CaseDetailAnswer, CaseId, CasePage
from alerts.cases.steps import router
from alerts.domain.casewords import State
from alerts.domain.outcome import Severity
from alerts.edge import Shared
from shared.errors import NotKnown
from shared.web.limits import (
    LIMIT_DEFAULT,
    After,
    DistrictCode,
    InstitutionIdField,
    Limit,
    encode_cursor,
)
from shared.web.paging import decode_id
from shared.web.principals import Principal, Role, allow, area_stem
from shared.web.problems import problem_responses

__all__ = ["router"]

Reader = Annotated[Principal, Depends(allow(Role.supervisor, Role.auditor, Role.operator))]


@dataclass(frozen=True, slots=True)
class Filters:
    """Which cases a list shows."""

    state: Annotated[State | None, Query()] = None
    severity: Annotated[Severity | None, Query()] = None
    district_code: Annotated[
        DistrictCode | None, Query(description="And every district within it.")
    ] = None
    institution_id: Annotated[InstitutionIdField | None, Query()] = None
    overdue: Annotated[
        Literal["true", "false"] | None,
        Query(description="true: the next milestone should have been reached by now."),
    ] = None


@router.get("/v1/cases")
async def read_cases(
    alerts: Shared,
    reader: Reader,
    filters: Annotated[Filters, Depends()],
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
) -> CasePage:
    """List cases of the reader's districts, the newest first."""
    wanted = Wanted(
        state=filters.state,
        severity=filters.severity,
        stem=area_stem(filters.district_code),
        own_stem=area_stem(reader.district_code),
        institution_id=filters.institution_id,
        is_overdue=filters.overdue == "true" if filters.overdue else None,
        after=decode_id(after) if after else None,
    )
    found = await reading.list_cases(alerts.database, wanted, limit=limit)
    last = encode_cursor(str(found[-1].case.case_id)) if len(found) == limit else None
    return CasePage(items=[showing.answer_of(one) for one in found], next=last)


@router.get("/v1/cases/{case_id}", responses=problem_responses(404))
async def read_case(alerts: Shared, reader: Reader, case_id: CaseId) -> CaseDetailAnswer:
    """Show one case: what it rests on, what was done, and whether its history is whole."""
    told = await reading.find_case(alerts.database, case_id, area_stem(reader.district_code))
    if told is None:
        raise NotKnown
    return showing.detail_of(told, with_text=reader.role is not Role.operator)

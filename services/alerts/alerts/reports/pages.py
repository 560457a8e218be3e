"""Reports as pages that an officer opens in a browser, with the key as password (HTTP Basic).

They show what the JSON routes show, to the same roles, and change nothing (decision 0305).
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import HTMLResponse

from alerts.edge import Shared
from alerts.reports import asking, showing
from alerts.reports.api import (
    TOP_MAX,
    AsOf,
    DailyQuery,
    District,
    InstitutionPath,
    LedgerQuery,
    told_daily,
)
from alerts.reports.rendering import page
from shared.web.basic import allow_readers
from shared.web.limits import Day
from shared.web.principals import Principal, Role

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

_READERS = (Role.supervisor, Role.auditor, Role.operator)
Reader = Annotated[Principal, Depends(allow_readers(*_READERS, realm="alerts"))]


@router.get("/supervise/reports/daily")
async def show_daily(
    alerts: Shared, reader: Reader, asked: Annotated[DailyQuery, Depends()]
) -> HTMLResponse:
    """Show a daily report."""
    return page(showing.daily_document(await told_daily(alerts, reader, asked)))


@router.get("/supervise/reports/indicators")
async def show_indicators(
    alerts: Shared,
    reader: Reader,
    district_code: District = None,
    first: Annotated[Day | None, Query(alias="from")] = None,
    last: Annotated[Day | None, Query(alias="to")] = None,
) -> HTMLResponse:
    """Show the indicators of a district."""
    code = asking.district_of(reader, district_code)
    told = await asking.read_indicators(alerts, code, first, last)
    return page(showing.indicators_document(told))


@router.get("/supervise/reports/interviews")
async def show_interviews(
    alerts: Shared,
    reader: Reader,
    district_code: District = None,
    top: Annotated[int, Query(ge=1, le=TOP_MAX)] = 10,
) -> HTMLResponse:
    """Show whom to interview."""
    code = asking.district_of(reader, district_code)
    return page(showing.interviews_document(await asking.read_interviews(alerts, code, top)))


@router.get("/supervise/reports/ledger")
async def show_ledger(
    alerts: Shared, reader: Reader, asked: Annotated[LedgerQuery, Depends()]
) -> HTMLResponse:
    """Show the work ledger."""
    told = await asking.read_ledger(alerts, asked.wanted(reader), asked.limit)
    return page(showing.ledger_document(told))


@router.get("/supervise/institutions/{institution_id}/dossier")
async def show_dossier(
    alerts: Shared, reader: Reader, institution_id: InstitutionPath, as_of: AsOf = None
) -> HTMLResponse:
    """Show one institution, whole."""
    told = await asking.read_dossier(alerts, reader, institution_id, as_of)
    return page(showing.dossier_document(told))

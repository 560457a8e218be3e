"""Reports over HTTP: JSON, workbook (XLSX) or page (HTML) by `Accept`, of the reader's districts.

Reading makes nothing: a daily report that was not made yet is not there, and its preview is none.
What is outside the reader's districts is not there either.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from alerts.edge import Alerts, Shared
from alerts.reports import asking, dossier, showing, signing
from alerts.reports.dossier import Opinion
from alerts.reports.forms import FORMS, Form, answered, wanted
from alerts.reports.listing import EVER, NEVER, Wanted
from alerts.reports.shapes import (
    AssessmentAnswer,
    AssessmentBody,
    CorrectionBody,
    DailyAnswer,
    DossierAnswer,
    IndicatorsAnswer,
    InterviewsAnswer,
    LedgerAnswer,
    SignBody,
)
from shared.web.limits import (
    LIMIT_DEFAULT,
    After,
    Day,
    DistrictCode,
    InstitutionIdField,
    Limit,
    Since,
    Until,
    json_body,
    read_body,
)
from shared.web.paging import decode_id
from shared.web.principals import Principal, Role, allow, area_stem
from shared.web.problems import problem_responses

router = APIRouter(tags=["reports"])

TOP_MAX = 100
"""Institutions of one list for interviews: more is no list of the largest."""

Officer = Annotated[Principal, Depends(allow(Role.supervisor))]
Reader = Annotated[Principal, Depends(allow(Role.supervisor, Role.auditor, Role.operator))]
District = Annotated[
    DistrictCode | None,
    Query(description="And every district within it; the key's own where it is left out."),
]
InstitutionPath = Annotated[InstitutionIdField, Path()]
AsOf = Annotated[
    Until | None, Query(description="A moment, or the end of a day; now where it is left out.")
]


@dataclass(frozen=True, slots=True)
class DailyQuery:
    """Which daily report."""

    day: Annotated[Day, Query(alias="date", description="A day that the report covers.")]
    district_code: District = None
    report_no: Annotated[
        int | None, Query(ge=1, le=100, description="The newest where it is left out.")
    ] = None
    preview: Annotated[
        Literal["true", "false"], Query(description="What one would say now; nothing is made.")
    ] = "false"


@dataclass(frozen=True, slots=True)
class LedgerQuery:
    """Which cases of the ledger."""

    district_code: District = None
    since: Annotated[Since | None, Query(alias="from", description="Opened from then on.")] = None
    until: Annotated[Until | None, Query(alias="to", description="Opened until then.")] = None
    severity: Annotated[Literal["info", "warning", "critical"] | None, Query()] = None
    state: Annotated[Literal["open", "all"], Query(description="open: closed ones left out.")] = (
        "all"
    )
    limit: Limit = LIMIT_DEFAULT
    after: After = None

    def wanted(self, reader: Principal) -> Wanted:
        """Return the cases as they are read."""
        return Wanted(
            area_stem(asking.district_of(reader, self.district_code)),
            self.since or EVER,
            self.until or NEVER,
            self.severity,
            self.state == "open",
            decode_id(self.after) if self.after else None,
        )


async def told_daily(alerts: Alerts, reader: Principal, asked: DailyQuery) -> DailyAnswer:
    """Return the daily report that is asked for."""
    code = asking.one_district_of(reader, asked.district_code)
    is_preview = asked.preview == "true"
    return await asking.read_daily(
        alerts, code, asked.day, report_no=asked.report_no, preview=is_preview
    )


@router.get(
    "/v1/reports/daily", response_model=DailyAnswer, responses={**FORMS, **problem_responses(404)}
)
async def read_daily(
    request: Request, alerts: Shared, reader: Reader, asked: Annotated[DailyQuery, Depends()]
) -> Response:
    """Show a bureau's daily report (日报告): new, overdue and red cases, zero reports too."""
    told = await told_daily(alerts, reader, asked)
    return await answered(request, told, showing.daily_document)


@router.post(
    "/v1/reports/daily",
    status_code=201,
    openapi_extra=json_body(CorrectionBody, None),
    responses=problem_responses(404, 409),
)
async def correct(request: Request, alerts: Shared, officer: Officer) -> DailyAnswer:
    """Make a day's report anew under the next number; what was made before stays."""
    body = await read_body(request, CorrectionBody)
    code = asking.one_district_of(officer, body.district_code)
    made = await signing.correct(alerts.database, code, body.date, officer.name, body.reason)
    return asking.daily_of(made)


@router.post(
    "/v1/reports/daily/sign",
    openapi_extra=json_body(SignBody, None),
    responses=problem_responses(404, 409),
)
async def sign(request: Request, alerts: Shared, officer: Officer) -> DailyAnswer:
    """Sign a report, once: the newest of its day, by the hash of what was read."""
    body = await read_body(request, SignBody)
    code = asking.one_district_of(officer, body.district_code)
    named = signing.Named(code, body.date, body.report_no, body.hash)
    return asking.daily_of(await signing.sign(alerts.database, named, officer.name))


@router.get(
    "/v1/reports/indicators",
    response_model=IndicatorsAnswer,
    responses={**FORMS, **problem_responses(404)},
)
async def read_indicators(
    request: Request,
    alerts: Shared,
    reader: Reader,
    district_code: District = None,
    first: Annotated[Day | None, Query(alias="from")] = None,
    last: Annotated[Day | None, Query(alias="to")] = None,
) -> Response:
    """Show what a supervision team asks for (督查指标): each with number, period and source."""
    code = asking.district_of(reader, district_code)
    told = await asking.read_indicators(alerts, code, first, last)
    return await answered(request, told, showing.indicators_document)


@router.get(
    "/v1/reports/interviews",
    response_model=InterviewsAnswer,
    responses={**FORMS, **problem_responses(404)},
)
async def read_interviews(
    request: Request,
    alerts: Shared,
    reader: Reader,
    district_code: District = None,
    top: Annotated[int, Query(ge=1, le=TOP_MAX)] = 10,
) -> Response:
    """Show whom to interview this quarter (两必谈): the largest, and those in distress."""
    code = asking.district_of(reader, district_code)
    told = await asking.read_interviews(alerts, code, top)
    return await answered(request, told, showing.interviews_document)


@router.get(
    "/v1/reports/ledger",
    response_model=LedgerAnswer,
    responses={**FORMS, **problem_responses(404)},
)
async def read_ledger(
    request: Request, alerts: Shared, reader: Reader, asked: Annotated[LedgerQuery, Depends()]
) -> Response:
    """Show the work ledger (工作台账), by page; a workbook holds all of it, at most 50,000 rows."""
    shown = asked.wanted(reader)
    if wanted(request.headers.get("accept", "")) is Form.workbook:
        told = await asking.read_whole_ledger(alerts, shown)
    else:
        told = await asking.read_ledger(alerts, shown, asked.limit)
    return await answered(request, told, showing.ledger_document)


@router.get(
    "/v1/institutions/{institution_id}/dossier",
    response_model=DossierAnswer,
    responses={**FORMS, **problem_responses(404)},
)
async def read_dossier(
    request: Request,
    alerts: Shared,
    reader: Reader,
    institution_id: InstitutionPath,
    as_of: AsOf = None,
) -> Response:
    """Show one institution (一机构一张表、一清单、一研判), now or as of a moment."""
    told = await asking.read_dossier(alerts, reader, institution_id, as_of)
    return await answered(request, told, showing.dossier_document)


@router.post(
    "/v1/institutions/{institution_id}/assessments",
    status_code=201,
    openapi_extra=json_body(AssessmentBody, None),
    responses=problem_responses(404, 409),
)
async def assess(
    request: Request, alerts: Shared, officer: Officer, institution_id: InstitutionPath
) -> AssessmentAnswer:
    """Write down what one makes of an institution (研判), as the next version."""
    body = await read_body(request, AssessmentBody)
    opinion = Opinion(body.risk, body.text, officer.name)
    stem = area_stem(officer.district_code)
    made = await dossier.assess(alerts.database, institution_id, stem, opinion)
    return AssessmentAnswer.model_validate(dict(made))

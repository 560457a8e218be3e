"""What officers do with cases over HTTP; whether they may is the domain's to say.

An illegal step is 409 and writes nothing. Of a red case that is to have been nothing the first
officer's closing answers 202 and is a proposal; a second officer's closes.
"""

from collections.abc import Mapping
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from alerts import casebook
from alerts.cases import showing
from alerts.cases.shapes import (
    AcknowledgeBody,
    CaseAnswer,
    CaseId,
    ClassificationBody,
    CloseBody,
    InterviewBody,
    Noted,
    RecheckBody,
    RectificationBody,
    ReferralBody,
    ReopenBody,
    SupervisionBody,
)
from alerts.domain import caseactions as deeds
from alerts.domain.casewords import State
from alerts.edge import Alerts, Shared
from shared.web.limits import json_body, read_body
from shared.web.principals import Principal, Role, allow
from shared.web.problems import problem_responses

router = APIRouter(tags=["cases"])

Officer = Annotated[Principal, Depends(allow(Role.supervisor))]

_REFUSALS: Final = problem_responses(404, 409)
_RECHECKS: Final[Mapping[str, deeds.Action]] = {
    "begun": deeds.BeginRecheck(),
    "in_order": deeds.Archive(),
    "relapsed": deeds.Relapse(),
}


@router.post(
    "/v1/cases/{case_id}/acknowledge",
    openapi_extra=json_body(AcknowledgeBody, None),
    responses=_REFUSALS,
)
async def acknowledge(
    request: Request, alerts: Shared, officer: Officer, case_id: CaseId
) -> CaseAnswer:
    """Take a case on: its owner is who does."""
    body = await read_body(request, AcknowledgeBody)
    return await _act(alerts, officer, case_id, deeds.Acknowledge(), body)


@router.post(
    "/v1/cases/{case_id}/interviews",
    openapi_extra=json_body(InterviewBody, None),
    responses=_REFUSALS,
)
async def interview(
    request: Request, alerts: Shared, officer: Officer, case_id: CaseId
) -> CaseAnswer:
    """Agree on an interview (约谈), or record one that was held."""
    body = await read_body(request, InterviewBody)
    return await _act(alerts, officer, case_id, _interview(body), body)


@router.post(
    "/v1/cases/{case_id}/classification",
    openapi_extra=json_body(ClassificationBody, None),
    responses=_REFUSALS,
)
async def classify(
    request: Request, alerts: Shared, officer: Officer, case_id: CaseId
) -> CaseAnswer:
    """Say what a case turned out to be (研判)."""
    body = await read_body(request, ClassificationBody)
    action = deeds.Classify(body.finding, body.skip_reason)
    return await _act(alerts, officer, case_id, action, body)


@router.post(
    "/v1/cases/{case_id}/referrals",
    openapi_extra=json_body(ReferralBody, None),
    responses=_REFUSALS,
)
async def refer(request: Request, alerts: Shared, officer: Officer, case_id: CaseId) -> CaseAnswer:
    """Hand a case to another department (转办、移送); more than one may have it."""
    body = await read_body(request, ReferralBody)
    action = deeds.Refer(body.department, body.document_no, body.deadline)
    return await _act(alerts, officer, case_id, action, body)


@router.post(
    "/v1/cases/{case_id}/rectification",
    openapi_extra=json_body(RectificationBody, None),
    responses=_REFUSALS,
)
async def rectify(
    request: Request, alerts: Shared, officer: Officer, case_id: CaseId
) -> CaseAnswer:
    """Order that something be put right by a day (限期整改)."""
    body = await read_body(request, RectificationBody)
    return await _act(alerts, officer, case_id, deeds.Rectify(body.what, body.until), body)


@router.post(
    "/v1/cases/{case_id}/supervision",
    openapi_extra=json_body(SupervisionBody, None),
    responses=_REFUSALS,
)
async def supervise(
    request: Request, alerts: Shared, officer: Officer, case_id: CaseId
) -> CaseAnswer:
    """Put a case under a higher authority's eye (挂牌督办)."""
    body = await read_body(request, SupervisionBody)
    action = deeds.Supervise(body.authority, body.document_no, body.until)
    return await _act(alerts, officer, case_id, action, body)


@router.post(
    "/v1/cases/{case_id}/close",
    openapi_extra=json_body(CloseBody, None),
    responses={
        202: {"model": CaseAnswer, "description": "Proposed: a second officer has to close too."},
        **_REFUSALS,
    },
)
async def close(
    request: Request, response: Response, alerts: Shared, officer: Officer, case_id: CaseId
) -> CaseAnswer:
    """End a case (办结), with the reason."""
    body = await read_body(request, CloseBody)
    answer = await _act(alerts, officer, case_id, deeds.Close(), body)
    if answer.state != State.closed:
        response.status_code = 202
    return answer


@router.post(
    "/v1/cases/{case_id}/reopen", openapi_extra=json_body(ReopenBody, None), responses=_REFUSALS
)
async def reopen(request: Request, alerts: Shared, officer: Officer, case_id: CaseId) -> CaseAnswer:
    """Open a closed case again, for what became known since."""
    body = await read_body(request, ReopenBody)
    return await _act(alerts, officer, case_id, deeds.Reopen(), body)


@router.post(
    "/v1/cases/{case_id}/recheck", openapi_extra=json_body(RecheckBody, None), responses=_REFUSALS
)
async def recheck(
    request: Request, alerts: Shared, officer: Officer, case_id: CaseId
) -> CaseAnswer:
    """Look back at a closed case (回头看) once its time has come, and say what was found."""
    body = await read_body(request, RecheckBody)
    return await _act(alerts, officer, case_id, _RECHECKS[body.outcome], body)


async def _act(
    alerts: Alerts, officer: Principal, case_id: UUID, action: deeds.Action, body: Noted
) -> CaseAnswer:
    command = deeds.Command(
        action=action,
        actor=officer.name,
        role=officer.role.value,
        reason=body.reason or "",
        version=body.version,
        waiting_for=body.waiting_for,
    )
    case = await casebook.act(alerts.database, case_id, officer.district_code, command)
    return showing.stepped(case)


def _interview(body: InterviewBody) -> deeds.Action:
    departments = tuple(body.departments)
    if body.kind == "scheduled":
        return deeds.Schedule(body.at, body.place, departments, body.representative)
    assert body.representative is not None
    assert body.signed_on is not None
    return deeds.Hold(
        at=body.at,
        place=body.place,
        departments=departments,
        representative=body.representative,
        questions=tuple(body.questions),
        commitments=tuple(body.commitments),
        attachments=tuple(deeds.Attachment(one.name, one.sha256) for one in body.attachments),
        signed_on=body.signed_on,
    )

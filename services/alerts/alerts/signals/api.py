"""Signals from people over HTTP: tips, inspection notes, a bank's own warnings.

Each is a fact, and opens or joins a case of its kind. What was written is stored and never sent
back.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from alerts.domain.events import Told
from alerts.domain.facts import Kind
from alerts.domain.outcome import Severity
from alerts.domain.wording import when, yuan
from alerts.edge import Alerts, Shared
from alerts.signals import store
from alerts.signals.store import Signal
from alerts.signals.words import SEVERITIES_ZH, TOPICS, WARNINGS, Topic, Warned
from shared.money import ZERO
from shared.time import rfc3339
from shared.web.limits import (
    CallerId,
    FenOrZero,
    Instant,
    InstitutionIdField,
    Shape,
    json_body,
    read_body,
    text,
)
from shared.web.principals import Principal, Role, allow
from shared.web.problems import problem_responses

router = APIRouter(tags=["signals"])

TEXT_MAX: Final = 2_000
"""Characters of what somebody tells: a page; more belongs into the file."""

Teller = Annotated[Principal, Depends(allow(Role.supervisor, Role.guardian))]
Officer = Annotated[Principal, Depends(allow(Role.supervisor))]
Bank = Annotated[Principal, Depends(allow(Role.bank))]

_REFUSALS: Final[Mapping[int | str, dict[str, Any]]] = {
    200: {"description": "It was sent before, under the same id."},
    **problem_responses(404, 409),
}


class Said(Shape):
    """What every signal says."""

    institution_id: InstitutionIdField
    text: Annotated[str, text(TEXT_MAX)]
    told_at: Annotated[Instant, Field(description="When it was said or seen.")]
    id: Annotated[
        CallerId | None,
        Field(description="Yours: the same again under it is taken in once."),
    ] = None


class TipBody(Said):
    """A complaint or a clue; without the name of who told it."""

    topic: Topic


class InspectionBody(Said):
    """What an inspector saw on the spot."""

    severity: Annotated[Severity, Field(description="info (提示), warning (黄), critical (红)")]
    document_no: Annotated[str, text(100)]


class WarningBody(Said):
    """What a bank saw in an account."""

    kind: Warned
    amount_fen: FenOrZero = ZERO


class SignalAnswer(BaseModel):
    """Where a signal went."""

    fact_id: int
    case_id: str | None


@router.post(
    "/v1/tips", status_code=201, openapi_extra=json_body(TipBody, None), responses={**_REFUSALS}
)
async def tip(request: Request, response: Response, alerts: Shared, teller: Teller) -> SignalAnswer:
    """Take in a tip: from an office, a city's hotline, or a family's app."""
    body = await read_body(request, TipBody)
    title, severity = TOPICS[body.topic]
    told = Told(Kind.tip, body.told_at, ref=body.id or "", tag=body.topic, body=_words(body))
    sentence = f"{when(body.told_at)} 收到投诉线索：{title}"
    signal = Signal(body.institution_id, told, severity, sentence)
    return await _take(alerts, teller, signal, response)


@router.post(
    "/v1/inspections",
    status_code=201,
    openapi_extra=json_body(InspectionBody, None),
    responses={**_REFUSALS},
)
async def inspection(
    request: Request, response: Response, alerts: Shared, officer: Officer
) -> SignalAnswer:
    """Take in what an inspector saw; how grave it is, the inspector says."""
    body = await read_body(request, InspectionBody)
    told = Told(
        Kind.inspection,
        body.told_at,
        ref=body.id or "",
        tag=body.severity,
        body=_words(body, document_no=body.document_no, severity=body.severity.value),
    )
    sentence = f"{when(body.told_at)} 现场检查发现问题（{SEVERITIES_ZH[body.severity]}）"
    signal = Signal(body.institution_id, told, body.severity, sentence)
    return await _take(alerts, officer, signal, response)


@router.post(
    "/v1/bank-warnings",
    status_code=201,
    openapi_extra=json_body(WarningBody, None),
    responses={**_REFUSALS},
)
async def bank_warning(
    request: Request, response: Response, alerts: Shared, bank: Bank
) -> SignalAnswer:
    """Take in what a custodian bank warns of by itself."""
    body = await read_body(request, WarningBody)
    title, severity = WARNINGS[body.kind]
    told = Told(
        Kind.bank_warning,
        body.told_at,
        amount_fen=body.amount_fen,
        ref=body.id or "",
        tag=body.kind,
        body=_words(body, bank_id=bank.bank_id or ""),
    )
    of = f"（{yuan(body.amount_fen)}）" if body.amount_fen else ""
    sentence = f"{when(body.told_at)} 托管银行预警：{title}{of}"
    signal = Signal(body.institution_id, told, severity, sentence)
    return await _take(alerts, bank, signal, response)


def _words(body: Said, **more: str) -> dict[str, str]:
    return {"text": body.text, "told_at": rfc3339(body.told_at), **more}


async def _take(
    alerts: Alerts, caller: Principal, signal: Signal, response: Response
) -> SignalAnswer:
    taken = await store.take(alerts.database, caller, signal)
    if taken.is_repeated:
        response.status_code = 200
    case_id = str(taken.case_id) if taken.case_id is not None else None
    return SignalAnswer(fact_id=taken.fact_id, case_id=case_id)

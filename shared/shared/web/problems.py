"""Refusals of whole requests, as `application/problem+json` (RFC 9457).

One renderer for our own faults, the framework's and those nobody foresaw.
A body never repeats what was sent: sentences are ours, and a pointer names only fields
whose names look like ours.
`CODES` is frozen by a contract test: codes are added, never renamed.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from itertools import islice
from typing import Any, Final, Literal, get_args

import structlog
from fastapi.exceptions import RequestValidationError
from prometheus_client import Counter
from pydantic import BaseModel, Field
from pydantic_core.core_schema import ErrorType
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from shared.errors import (
    BadRequest,
    FieldError,
    InvariantBroken,
    Malformed,
    NotKnown,
    ServiceError,
    TooLarge,
)

MEDIA_TYPE: Final = "application/problem+json"

ERRORS_MAX: Final = 20
"""Field errors reported: enough to mend a client by, too few to fill a log."""

CODES: Final[Mapping[str, tuple[int, str]]] = {
    "malformed_json": (400, "The body is not JSON."),
    "idempotency_key_required": (400, "This call needs an `Idempotency-Key` header."),
    "idempotency_key_invalid": (400, "`Idempotency-Key` is not 1 to 255 printable characters."),
    "bad_request": (400, "The request cannot be read."),
    "unauthenticated": (401, "No key, or one that is not valid."),
    "not_allowed": (403, "The key may not do that."),
    "not_found": (404, "No such path, or no such resource for this key."),
    "method_not_allowed": (405, "The path exists; `Allow` lists its methods."),
    "state_conflict": (409, "The state of the resource does not allow that."),
    "request_in_progress": (409, "The first call with this `Idempotency-Key` still runs."),
    "too_large": (413, "The body is larger than the limit."),
    "too_many_items": (413, "The batch has more items than the limit."),
    "invalid_request": (422, "Shape, bounds, an unknown field or a name given twice."),
    "cursor_invalid": (422, "`after` is not a cursor that this list gave."),
    "idempotency_key_reused": (422, "The key was used before with another body."),
    "too_many_requests": (429, "More requests wait than the process takes."),
    "internal": (500, "A fault of ours; whether anything was written is unknown."),
    "unavailable": (503, "The database or another dependency does not answer."),
}
"""Every code that the mechanism answers with, its status and its meaning; services add theirs."""

INTERNAL: Final = "Something went wrong here; ask again under the same key."


class MethodNotAllowed(ServiceError):
    """The path has other methods: see `Allow`."""

    status = 405
    code = "method_not_allowed"


_KINDS: Final[Mapping[int, type[ServiceError]]] = {
    kind.status: kind for kind in (NotKnown, MethodNotAllowed, TooLarge)
}
_faults = Counter(
    "tuition_http_faults_total",
    "Requests that ended in a fault of ours: a broken invariant, or anything unforeseen.",
    ["fault"],
)
_log = structlog.get_logger("problems")

_SENTENCES: Final = {
    "missing": "This field is required.",
    "extra_forbidden": "This field is not known here.",
    "string_type": "Must be a string.",
    "int_type": "Must be a whole number.",
    "int_parsing": "Must be a whole number.",
    "bool_type": "Must be true or false.",
    "list_type": "Must be a list.",
    "model_type": "Must be an object.",
    "dict_type": "Must be an object.",
    "string_too_short": "Must have at least {min_length} characters.",
    "string_too_long": "Must have at most {max_length} characters.",
    "string_pattern_mismatch": "Must match {pattern}.",
    "too_short": "Must have at least {min_length} entries.",
    "too_long": "Must have at most {max_length} entries.",
    "greater_than": "Must be more than {gt}.",
    "greater_than_equal": "Must be at least {ge}.",
    "less_than": "Must be less than {lt}.",
    "less_than_equal": "Must be at most {le}.",
    "literal_error": "Must be one of {expected}.",
    "enum": "Must be one of {expected}.",
    "union_tag_invalid": "Must be one of {expected_tags}.",
    "union_tag_not_found": "Must name its kind.",
    "uuid_parsing": "Must be a UUID.",
    "uuid_type": "Must be a UUID.",
}
_FOREIGN: Final = frozenset(get_args(ErrorType))
_OUR_NAMES: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SIX_DIGITS: Final = re.compile(r"[0-9]{6}")


class FieldProblem(BaseModel):
    """One fault of one field."""

    pointer: str = Field(description="JSON pointer into the body, or /query, /path, /header.")
    code: str
    detail: str


class Problem(BaseModel):
    """Why a whole request was refused; nothing of it repeats the input."""

    type: str = Field(description="A URN that ends in the code.")
    title: str
    status: int
    code: str = Field(description="Stable, for programs.")
    detail: str = Field(description="A sentence, for people.")
    request_id: str
    retryable: bool = Field(description="Whether the same request may succeed later.")
    errors: list[FieldProblem] = Field(description=f"At most {ERRORS_MAX}.")
    outcome: Literal["none", "unknown"] | None = Field(
        None, description="On 5xx alone: none, nothing was written; unknown, ask again."
    )


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses=` of a route that may answer with these problems."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": _described(status), "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


def _described(status: int) -> str:
    codes = [f"`{code}`" for code, (its_status, _) in CODES.items() if its_status == status]
    return (
        f"{HTTPStatus(status).phrase}: {', '.join(codes)}" if codes else HTTPStatus(status).phrase
    )


PageOf = Callable[[Request, ServiceError], Response | None]
"""Shows a fault as a page to one who reads pages, None to everyone else."""


def _answer(request: Request, fault: ServiceError) -> Response:
    """Tell a caller of a fault: by a page where the service has pages and the caller reads them."""
    page_of: PageOf | None = getattr(request.app.state, "fault_page", None)
    page = page_of(request, fault) if page_of is not None else None
    return page or rendered(fault, request_id_of(request))


def rendered(fault: ServiceError, request_id: str) -> Response:
    """Return the response that tells a caller of a fault."""
    body: dict[str, Any] = {
        "type": f"urn:yike:problem:{fault.code}",
        "title": fault.code.replace("_", " ").capitalize(),
        "status": fault.status,
        "code": fault.code,
        "detail": fault.detail,
        "request_id": request_id,
        "retryable": fault.retryable,
        "errors": [
            {"pointer": error.pointer, "code": error.code, "detail": error.detail}
            for error in fault.errors[:ERRORS_MAX]
        ],
    }
    if fault.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        body["outcome"] = fault.outcome or "unknown"
    headers = dict(fault.headers)
    if fault.status == HTTPStatus.UNAUTHORIZED:
        headers.setdefault("WWW-Authenticate", "Bearer")
    content = json.dumps(body, ensure_ascii=False)
    return Response(content, fault.status, headers, media_type=MEDIA_TYPE)


async def on_service_error(request: Request, error: Exception) -> Response:
    """Render a fault that has a name."""
    assert isinstance(error, ServiceError)
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        cause = type(error.__cause__).__name__ if error.__cause__ else None
        _log.warning(error.code, fault=type(error).__name__, cause=cause)
    return _answer(request, error)


async def on_validation_error(request: Request, error: Exception) -> Response:
    """Render what the framework found wrong with parameters or a parsed body."""
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    unreadable = any(each["type"] == "json_invalid" for each in found)
    return _answer(request, BadRequest() if unreadable else invalid(found))


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Render the framework's own refusals: no such path, no such method, a body too large."""
    assert isinstance(error, HTTPException)
    kind = _KINDS.get(error.status_code, BadRequest)
    code = "bad_request" if kind is BadRequest else None
    return _answer(request, kind(code=code, headers=error.headers))


async def on_unforeseen(request: Request, error: Exception) -> Response:
    """Render a fault of ours; log where it happened. A caller who hung up is none."""
    if isinstance(error, ClientDisconnect):
        _log.info("caller_left")
        return _answer(request, BadRequest())
    broken = isinstance(error, InvariantBroken)
    _faults.labels("invariant" if broken else "unforeseen").inc()
    _log.error("invariant_broken" if broken else "unforeseen", exc_info=error)
    return _answer(request, ServiceError(INTERNAL))


def request_id_of(request: Request) -> str:
    """Return the id under which this request's answer and log lines can be found."""
    return str(request.scope.get("request_id", ""))


def invalid(found: Iterable[Mapping[str, Any]]) -> Malformed:
    """Return the fault of a request whose fields are wrong, from pydantic's findings."""
    return Malformed(errors=tuple(_field_error(error) for error in islice(found, ERRORS_MAX)))


def _field_error(found: Mapping[str, Any]) -> FieldError:
    kind = str(found["type"])
    return FieldError(pointer=pointer(found["loc"]), code=kind, detail=_sentence(kind, found))


def _sentence(kind: str, found: Mapping[str, Any]) -> str:
    if kind not in _FOREIGN:
        return str(found["msg"])  # one of ours: a fixed sentence, see fields.refusal
    template = _SENTENCES.get(kind, "Is not valid.")
    return template.format_map(found.get("ctx") or {})


def pointer(path: Sequence[str | int]) -> str:
    """Return a JSON pointer, cut before the first name that cannot be one of ours."""
    steps = []
    for step in path[1:] if path and path[0] == "body" else path:
        if isinstance(step, str) and not _is_ours(step):
            break
        steps.append(f"/{step}")
    return "".join(steps)


def _is_ours(name: str) -> bool:
    return bool(_OUR_NAMES.fullmatch(name)) and not _SIX_DIGITS.search(name)

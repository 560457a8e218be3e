"""In which form a report is asked for: JSON, a workbook or a page, by `Accept`."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final, TypeVar

from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from alerts.reports import workbooks
from alerts.reports.documents import Document
from alerts.reports.rendering import page


class Form(StrEnum):
    """The media types that reports have."""

    json = "application/json"
    workbook = workbooks.MEDIA_TYPE
    page = "text/html"


FORMS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {
            Form.workbook.value: {"schema": {"type": "string", "format": "binary"}},
            Form.page.value: {"schema": {"type": "string"}},
        }
    }
}
"""What OpenAPI says of the other forms of an answer."""

_WHOLE: Final = 1_000
_VARY: Final = {"Vary": "Accept"}

Answer = TypeVar("Answer", bound=BaseModel)


def wanted(accept: str) -> Form:
    """Return the form that is asked for by name and weighs most; JSON where none is.

    >>> wanted("*/*"), wanted("text/html,*/*;q=0.8"), wanted("text/html;q=0.5,application/json")
    (<Form.json: 'application/json'>, <Form.page: 'text/html'>, <Form.json: 'application/json'>)
    """
    found, most = Form.json, 0
    for part in accept.lower().split(","):
        kind, *parameters = (word.strip() for word in part.split(";"))
        weight = _weight(parameters)
        if kind in set(Form) and weight > most:
            found, most = Form(kind), weight
    return found


def _weight(parameters: list[str]) -> int:
    """Return a `q` in thousandths; 1,000 where there is none, 0 where it is no number."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            whole, _, rest = value.strip().partition(".")
            digits = whole[:1] + (rest + "000")[:3]
            return int(digits) if digits.isascii() and digits.isdigit() else 0
    return _WHOLE


async def answered(
    request: Request, answer: Answer, document: Callable[[Answer], Document]
) -> Response:
    """Return an answer in the form that is asked for."""
    match wanted(request.headers.get("accept", "")):
        case Form.json:
            content = answer.model_dump_json().encode()
            return Response(content, media_type=Form.json, headers=_VARY)
        case Form.page:
            shown = page(document(answer))
            shown.headers.update(_VARY)
            return shown
        case Form.workbook:
            made = document(answer)
            content = await run_in_threadpool(workbooks.rendered, made)
            told = f'attachment; filename="{made.file_name}.xlsx"'
            headers = {**_VARY, "Content-Disposition": told, "Cache-Control": "no-store"}
            return Response(content, media_type=Form.workbook, headers=headers)

"""Bodies of the hot routes: bytes to model in one step, and the same model in OpenAPI.

The framework would parse JSON to a dict first and the dict to a model then; pydantic does
both at once in half the time.
What JSON leaves open is refused: a name given twice, NUL, bytes that are not UTF-8.
"""

import json
from collections.abc import Iterator
from typing import Any, Final, Literal, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from starlette.requests import Request

from shared.errors import BadRequest, FieldError, Malformed, ServiceError, TooLarge
from shared.web import problems
from shared.web.fields import BATCH_MAX
from shared.web.idempotency import HEADER_PARAMETER
from shared.web.repeated import NameRepeated, refuse_repeated_names

M = TypeVar("M", bound=BaseModel)

_NUL: Final = b"\\u0000"


async def read_body(request: Request, model: type[M]) -> M:
    """Return the body as a model.

    Raises:
        BadRequest: `malformed_json`, when it is not JSON.
        TooLarge: `too_large`, `too_many_items`.
        Malformed: `invalid_request`, when its shape is wrong, with the fields at fault.

    """
    raw = await request.body()
    try:
        body = model.model_validate_json(raw)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise _refusal(found) from None  # the cause would carry the input into a log
    try:
        refuse_repeated_names(raw, body)
    except NameRepeated:
        sentence = "A name is given twice in one object."
        raise Malformed(sentence) from None
    if _NUL in raw:
        _refuse_nul(raw)
    return body


class JsonBody(dict[str, Any]):
    """The `openapi_extra` of a route that reads its own body; remembers which model."""

    model: type[BaseModel]


def json_body(
    model: type[BaseModel], idempotency: Literal["required", "honoured"] | None
) -> JsonBody:
    """Return the `openapi_extra` of a route that calls `read_body` with this model."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    extra = JsonBody(
        requestBody={"required": True, "content": {"application/json": {"schema": schema}}}
    )
    extra.model = model
    if idempotency is not None:
        extra["parameters"] = [{**HEADER_PARAMETER, "required": idempotency == "required"}]
    return extra


def _refusal(found: list[ErrorDetails]) -> ServiceError:
    if any(error["type"] == "json_invalid" for error in found):
        return BadRequest("The body is not JSON.")
    if any(map(_is_full_batch, found)):
        sentence = f"At most {BATCH_MAX} items fit in one request: send several."
        return TooLarge(sentence, code="too_many_items")
    return problems.invalid(found)


def _is_full_batch(error: ErrorDetails) -> bool:
    limit = error.get("ctx", {}).get("max_length")
    return error["type"] == "too_long" and len(error["loc"]) == 1 and limit == BATCH_MAX


def _refuse_nul(raw: bytes) -> None:
    """Refuse the one character that PostgreSQL's text cannot hold."""
    path = next(_with_nul(json.loads(raw), ()), None)
    if path is not None:
        fault = FieldError(problems.pointer(path), "nul_character", "Must not contain NUL.")
        raise Malformed(errors=(fault,))


def _with_nul(value: object, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, str) and "\0" in value:
        yield path
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _with_nul(inner, (*path, index))
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _with_nul(name, path)
            yield from _with_nul(inner, (*path, name))

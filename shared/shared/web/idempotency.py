"""The `Idempotency-Key` header: a structured-field string, or the same bare.

Only the key is read here; who remembers it, and for how long, is the service's.
"""

import re
from typing import Any, Final, Literal, overload

from starlette.requests import Request

from shared.errors import BadRequest

HEADER: Final = "Idempotency-Key"

KEY_MAX: Final = 255
"""Characters of a key: room for any UUID, date or path, small in an index."""

HEADER_PARAMETER: Final[dict[str, Any]] = {
    "name": HEADER,
    "in": "header",
    "description": "1 to 255 printable ASCII characters, quoted or bare, compared byte by byte.",
    "schema": {
        "type": "string",
        "pattern": "^[!#-~]{1,255}$",
        "minLength": 1,
        "maxLength": KEY_MAX,
        "examples": ["class-883-20261205"],
    },
}

_QUOTED: Final = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
_BARE: Final = re.compile(r"[ !#-~][ -~]*")
_ESCAPED: Final = re.compile(r'\\(["\\])')


@overload
def idempotency_key(request: Request, *, required: Literal[True]) -> str: ...
@overload
def idempotency_key(request: Request, *, required: bool) -> str | None: ...
def idempotency_key(request: Request, *, required: bool) -> str | None:
    """Return the request's key without its quotes; None where none is needed or given.

    Raises:
        BadRequest: `idempotency_key_required`, `idempotency_key_invalid`.

    """
    given = request.headers.getlist(HEADER)
    if not given:
        if required:
            sentence = "This call needs an `Idempotency-Key` header."
            raise BadRequest(sentence, code="idempotency_key_required")
        return None
    key = _parsed(given[0].strip(" \t")) if len(given) == 1 else None
    if not key or len(key) > KEY_MAX:
        sentence = "`Idempotency-Key` must be given once, with 1 to 255 printable characters."
        raise BadRequest(sentence, code="idempotency_key_invalid")
    return key


def _parsed(value: str) -> str | None:
    quoted = _QUOTED.fullmatch(value)
    if quoted is not None:
        return _ESCAPED.sub(r"\1", quoted[1])
    return value if _BARE.fullmatch(value) else None

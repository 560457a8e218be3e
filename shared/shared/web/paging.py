"""Pages of lists: `?limit=` and an opaque `?after=`.

A cursor is the sort key of the last row shown, so that a page costs the same however far
it lies, and rows that arrive meanwhile shift nothing.
"""

import base64
import binascii
import json
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Query
from pydantic import Field
from pydantic_core import core_schema as schemas

from shared.errors import FieldError, Malformed
from shared.web.fields import Spelled

LIMIT_MAX: Final = 500
"""Rows of one page: a few hundred kilobytes, well within a second."""

LIMIT_DEFAULT: Final = 100

CURSOR_MAX: Final = 1_000
"""Characters of a cursor: ours are a tenth of it."""

_BIGINT_MAX: Final = 2**63 - 1
_SHOWN: Final = {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX}

Limit = Annotated[
    int,
    Spelled(
        pattern=r"^[0-9]{1,3}$",
        value=schemas.int_schema(strict=False, ge=1, le=LIMIT_MAX),
        code="limit_out_of_range",
        sentence="Must be a whole number from 1 to 500.",
        shown=_SHOWN,
    ),
    Query(description="How many entries at most."),
]
"""The length of a page: `limit: Limit = LIMIT_DEFAULT`."""

_Cursor = Annotated[
    str,
    Field(
        max_length=CURSOR_MAX,
        pattern=r"^[A-Za-z0-9_-]+$",
        json_schema_extra={"format": "cursor"},
    ),
]

After = Annotated[_Cursor | None, Query(description="`next` of the page before.")]
"""Where a page starts: `after: After = None`."""


def encode_cursor(*parts: str | int) -> str:
    """Return an opaque cursor for a row's sort key."""
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *kinds: type[str] | type[int]) -> tuple[Any, ...]:
    """Return the sort key in a cursor, checked against the kinds of its parts.

    Raises:
        Malformed: `cursor_invalid`, for anything that `encode_cursor` did not make so.

    """
    parts = _parsed(cursor)
    if len(parts) != len(kinds) or not all(map(_fits, parts, kinds)):
        raise _not_ours()
    return tuple(parts)


def decode_id(cursor: str) -> UUID:
    """Return the id in the cursor of a list that is sorted by id alone.

    Raises:
        Malformed: `cursor_invalid`.

    """
    (given,) = decode_cursor(cursor, str)
    try:
        return UUID(given)
    except ValueError:
        raise _not_ours() from None


def _not_ours() -> Malformed:
    fault = FieldError("/query/after", "cursor_invalid", "Is not a cursor of this list.")
    message = "`after` is not a cursor that this list gave."
    return Malformed(message, code="cursor_invalid", errors=(fault,))


def _parsed(cursor: str) -> list[object]:
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        parts = json.loads(raw) if len(cursor) <= CURSOR_MAX else []
    except (ValueError, binascii.Error, RecursionError):
        return []
    return parts if isinstance(parts, list) else []


def _fits(part: object, kind: type[str] | type[int]) -> bool:
    if kind is int:
        return type(part) is int and -_BIGINT_MAX <= part <= _BIGINT_MAX
    return isinstance(part, str) and "\0" not in part and part.isprintable()

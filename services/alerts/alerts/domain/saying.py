"""Reading a value out of an event's content: of the right shape and within bounds, or `Unclear`.

Producers may grow: what we do not name is left alone, and what we need must be there.
"""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any, Final

from shared.time import SHANGHAI

FEN_MAX: Final = 10**18
"""A thousand times the greatest amount of the wire: sums of a posting fit."""

TEXT_MAX: Final = 2_000
NUMBER_MAX: Final = 1_000_000


class Unclear(ValueError):
    """An event whose content is not what its type promises; the field is named, never shown."""


def fen(body: Mapping[str, Any], name: str) -> int:
    """Return an amount in fen, not negative."""
    return _whole(body.get(name), name, FEN_MAX)


def number(body: Mapping[str, Any], name: str) -> int:
    """Return a count."""
    return _whole(body.get(name), name, NUMBER_MAX)


def _whole(value: object, name: str, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise Unclear(name)
    return value


def text(body: Mapping[str, Any], name: str) -> str:
    """Return a text."""
    value = body.get(name)
    if not isinstance(value, str) or len(value) > TEXT_MAX or "\x00" in value:
        raise Unclear(name)
    return value


def text_or_none(body: Mapping[str, Any], name: str) -> str:
    """Return a text; empty where there is none."""
    return "" if body.get(name) is None else text(body, name)


def instant(body: Mapping[str, Any], name: str) -> datetime:
    """Return an aware instant."""
    try:
        found = datetime.fromisoformat(text(body, name))
    except ValueError:
        raise Unclear(name) from None
    if found.tzinfo is None:
        raise Unclear(name)
    return found


def morning(body: Mapping[str, Any], name: str) -> datetime:
    """Return the first instant of a day in Asia/Shanghai."""
    try:
        day = date.fromisoformat(text(body, name))
    except ValueError:
        raise Unclear(name) from None
    return datetime.combine(day, time(0), SHANGHAI)


def rows(body: Mapping[str, Any], name: str, most: int = 1_000) -> list[Mapping[str, Any]]:
    """Return a list of objects, not empty."""
    value = body.get(name)
    if not isinstance(value, list) or not 0 < len(value) <= most:
        raise Unclear(name)
    if not all(isinstance(one, Mapping) for one in value):
        raise Unclear(name)
    return value

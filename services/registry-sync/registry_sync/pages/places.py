"""What a GB/T 2260 code is called, today and before it was changed.

The names come with the library that checks credit codes, each with the years it was in force.
"""

import re
from functools import lru_cache
from typing import Any, Final

from stdnum import numdb

_DIGITS: Final = 6
_SPAN: Final = re.compile(r"(?:\[(\d{4})?-(\d{4})?\])?([^,]+)")
_OF_THE_CITY: Final = frozenset({"市辖区", "县", "直辖市"})
"""Names of rows that group districts and name no place."""


@lru_cache(maxsize=4_096)
def place_name(code: str | None, year: int) -> str | None:
    """Return the name of a division as of a year; the last one it had where it is gone.

    >>> place_name("320602", 2026), place_name("440106", 2026)
    ('江苏省南通市崇川区', '广东省广州市天河区')
    """
    if not code or len(code) < _DIGITS:
        return None
    levels = [f"{code[:2]}0000", f"{code[:4]}00", code[:_DIGITS]]
    names: list[str] = []
    for level in dict.fromkeys(levels):
        name = _county(level, year)
        if name and name not in {*names, *_OF_THE_CITY}:
            names.append(name)
    return "".join(names) or None


def _county(code: str, year: int) -> str | None:
    parts: list[tuple[str, dict[str, str]]] = _names().info(code)
    said = parts[1][1].get("county", "") if len(parts) > 1 else ""
    spans = _SPAN.findall(said)
    if not spans:
        return None
    for first, last, name in spans:
        if int(first or 0) <= year <= int(last or 9999):
            return str(name)
    return str(spans[-1][2])


@lru_cache(maxsize=1)
def _names() -> Any:  # noqa: ANN401 - the library has no types
    return numdb.get("cn/loc")

"""Days as sources write them: dates, serials of a spreadsheet, Chinese and other spellings."""

import re
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

from registry_sync.domain.record import LONG_TERM
from registry_sync.domain.words import RowFault
from registry_sync.source.cells import Cell, CellFault, not_text, text_of

_SERIALS: Final = range(30_000, 60_001)
"""Days since 1899-12-30 that are taken for a date: 1982 to 2064."""

_SERIAL_ZERO: Final = date(1899, 12, 30)
_YEARS: Final = range(1949, 2200)
_FOR_EVER: Final = frozenset({"长期", "长期有效", LONG_TERM})
_SPELLINGS: Final = (
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00:00)?",
    r"(\d{4})/(\d{1,2})/(\d{1,2})(?: 0?0:00(?::00)?)?",
    r"(\d{4})\.(\d{1,2})\.(\d{1,2})",
    r"(\d{4}) ?年 ?(\d{1,2}) ?月 ?(\d{1,2}) ?日",
)
_DATES: Final = tuple(re.compile(spelling, re.ASCII) for spelling in _SPELLINGS)
_PERIODS: Final = (
    re.compile(r"(?P<first>[^至到~—–]*?) ?(?:[至到]|[~—–]{1,2}) ?(?P<last>[^至到~—–]+)"),
    re.compile(r"(?P<first>[^-]*?) ?- ?(?P<last>[^-]+)"),
)


def day_of(cell: Cell) -> str | None:
    """Return a day as `YYYY-MM-DD`: a date, a serial of a spreadsheet, or one of its spellings.

    Of a period (`2021年6月1日至2024年5月31日`) it is the last day.

    Raises:
        CellFault: when it is no day between 1949 and 2199, and not 长期.

    """
    if type(cell) is str:
        return _day_of_text(cell)
    if cell is None:
        return None
    if isinstance(cell, date):
        found = cell.date() if isinstance(cell, datetime) else cell
    elif isinstance(cell, int | float) and not isinstance(cell, bool) and _is_serial(cell):
        found = _SERIAL_ZERO + timedelta(days=int(cell))
    else:
        raise not_text(cell, RowFault.date_wrong)
    return _within(found)


def since_of(cell: Cell) -> date | None:
    """Return a day from which on something holds: never 长期.

    Raises:
        CellFault: when it is no such day.

    """
    text = day_of(cell)
    if text == LONG_TERM:
        raise CellFault(RowFault.date_wrong)
    return _date(text) if text else None


@lru_cache(maxsize=8_192)
def _date(text: str) -> date:
    return date.fromisoformat(text)


@lru_cache(maxsize=8_192)
def _day_of_text(cell: str) -> str | None:
    text = text_of(cell)
    if text is None:
        return None
    if found := _single(text):
        return found
    for period in filter(None, (pattern.fullmatch(text) for pattern in _PERIODS)):
        first, last = _single(period["first"]), _single(period["last"])
        if last and (first or not period["first"]) and (first or "") <= last:
            return last
    raise CellFault(RowFault.date_wrong)


def _single(text: str) -> str | None:
    if text in _FOR_EVER:
        return LONG_TERM
    found = _spelt(text)
    return _within(found) if found else None


def _spelt(text: str) -> date | None:
    for spelling in _DATES:
        if match := spelling.fullmatch(text):
            year, month, day = (int(digits) for digits in match.groups())
            try:
                return date(year, month, day)
            except ValueError:
                return None
    return None


def _within(found: date) -> str:
    text = found.isoformat()
    if found.year not in _YEARS and text != LONG_TERM:
        raise CellFault(RowFault.date_wrong)
    return text


def _is_serial(number: float) -> bool:
    """Tell a date's serial; what has a fraction is a time of that day."""
    return _SERIALS.start <= number < _SERIALS.stop

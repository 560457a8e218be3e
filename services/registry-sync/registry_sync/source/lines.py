"""Lines of JSON to rows: one record a line, each line on its own feet."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final, NoReturn

from registry_sync.domain.record import SetAside
from registry_sync.domain.words import RowFault
from registry_sync.source.cells import Cell
from registry_sync.source.parse import Row

LINE_MAX: Final = 65_536
"""Bytes of one line: a record has under 2,000."""


class Lines:
    """The rows of one file of JSON lines, and how many lines it had."""

    def __init__(self, chunks: Iterable[bytes], file: str = "") -> None:
        """Take the file in pieces, cut anywhere, and its name where there are several."""
        self._chunks = chunks
        self._where = f"{file} line" if file else "line"
        self.count = 0
        """Lines met so far; after the last row, all of them."""

    def __iter__(self) -> Iterator[Row]:
        """Yield one row a line; a line that is no record is set aside."""
        for line in self._lines():
            self.count += 1
            where = f"{self._where} {self.count}"
            cells = None if line is None else _cells(line)
            yield SetAside(where, RowFault.shape_wrong) if cells is None else (where, cells)

    def _lines(self) -> Iterator[bytes | None]:
        """Yield lines without their ends; None for one too long, of which little is kept."""
        rest, is_long = b"", False
        for chunk in self._chunks:
            *whole, last = chunk.split(b"\n")
            for line in whole:
                joined = rest + line
                yield None if is_long or len(joined) > LINE_MAX else joined
                rest, is_long = b"", False
            is_long = is_long or len(rest) + len(last) > LINE_MAX
            rest = b"" if is_long else rest + last
        if rest or is_long:
            yield None if is_long else rest


def _cells(line: bytes) -> dict[str, Cell] | None:
    """Return a line's record; None where it is not one JSON object."""
    try:
        found: object = _DECODER.decode(line.decode())
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that names a field twice: readers would differ on what it says."""
    found = dict(pairs)
    if len(found) != len(pairs):
        message = "a field stands twice"
        raise ValueError(message)
    return found


def _no_number(word: str) -> NoReturn:
    raise ValueError(word)


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_number)

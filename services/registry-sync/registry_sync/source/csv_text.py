"""A CSV file as a grid: UTF-8, with or without a mark, or GB 18030; commas or tabs.

A quote that is opened and never closed would take the rest of the file into one cell: a row
that spans too many lines is left, and reading goes on with its second line.
"""

import csv
import io
from collections.abc import Iterator
from typing import Final, Self

from registry_sync.domain.words import BatchFault
from registry_sync.source.grid import Grid
from registry_sync.source.headers import COLUMNS_LOOKED_AT
from registry_sync.source.refusals import BatchRefused

LINES_OF_A_ROW_MAX: Final = 10
"""Lines of one row: an address may have two or three."""

_ENCODINGS: Final = ("utf-8-sig", "gb18030")
_WIDE: Final = (b"\xff\xfe", b"\xfe\xff")
_SAMPLE: Final = 4_096
_UNREADABLE: Final = ["\0"] * (COLUMNS_LOOKED_AT + 1)
"""In place of a row that cannot be split into cells: more cells than any header has."""


def read_csv(content: bytes) -> Grid:
    """Return the rows of a CSV file, each by the line on which it begins.

    Raises:
        BatchRefused: when it is in no encoding that sheets are saved in.

    """
    text = _decoded(content)
    sample = text[:_SAMPLE]
    delimiter = "\t" if sample.count("\t") > sample.count(",") else ","
    return Grid("", _rows(text, delimiter))


def _decoded(content: bytes) -> str:
    if not content.startswith(_WIDE):
        for encoding in _ENCODINGS:
            try:
                return content.decode(encoding)
            except UnicodeDecodeError:
                continue
    sentence = "The file is no text in UTF-8 or GB 18030: save it as CSV UTF-8, or as .xlsx."
    raise BatchRefused(BatchFault.not_a_sheet, sentence)


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        first = lines.begin()
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            # The reader forgets what it had of this row: it begins anew with the second line.
            lines.go_back()
            row = _UNREADABLE
        yield first, row


class _Lines:
    """Lines of a text, of which a row may take only so many."""

    def __init__(self, text: str) -> None:
        self._lines = io.StringIO(text, newline="").readlines()
        self._first = 0
        self._next = 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        if self._next >= len(self._lines):
            raise StopIteration
        if self._next - self._first >= LINES_OF_A_ROW_MAX:
            raise csv.Error
        self._next += 1
        return self._lines[self._next - 1]

    def begin(self) -> int:
        """Begin a row, and return the number of its first line."""
        self._first = self._next
        return self._first + 1

    def go_back(self) -> None:
        """Go back to the second line of the row that was begun."""
        self._next = self._first + 1

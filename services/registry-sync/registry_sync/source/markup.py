"""The markup of a workbook: lists of parts, and what a sheet hides from a reader of values.

A reader of values takes a formula without a result for an empty cell, and room for every cell
between the first and the last.
So each sheet is looked over before: quickly where it is written as usual, cell by cell where not.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from registry_sync.domain.words import BatchFault
from registry_sync.source.refusals import BatchRefused

ROWS_MAX: Final = 200_000
HEADER_WITHIN: Final = 10
COLUMNS_MAX: Final = 52
"""To column AZ: a reader takes room for every cell up to the last one."""

_LAST_ROW: Final = ROWS_MAX + HEADER_WITHIN
_USUAL: Final = b'<c r="'
_TO_LOOK_AT: Final = (b":c", b"<f", b' t="e"')
_OUTSIDE: Final = re.compile(rb"<(?:\w+:)?c[\s/>]")
_FAR: Final = re.compile(rb'<c r="(?!A?[A-Z](?:[1-9]\d{0,4}|1\d{5})")')
_HIDDEN_ROW: Final = re.compile(rb'<row (?=[^>]*\bhidden="(?:1|true)")[^>]*?\br="(\d+)"')
_HIDDEN_COLUMN: Final = re.compile(rb'<col (?=[^>]*\bhidden="(?:1|true)")')
_MERGED: Final = re.compile(rb'<mergeCell ref="[A-Z]+(\d+):[A-Z]+(\d+)"')
_REFERENCE: Final = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})", re.ASCII)


@dataclass(slots=True)
class Look:
    """What a sheet's cells hide from a reader of values."""

    uncomputed: set[tuple[int, int]] = field(default_factory=set)
    """Cells whose formula has no result, by row and column from 1."""

    formulas: int = 0
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: int = 0
    merged_to: list[int] = field(default_factory=list)
    """The last rows of merged cells."""


def looked_over(part: bytes) -> Look:
    """Look over a sheet's markup.

    Raises:
        BatchRefused: when it reaches further than a list does, or is no markup.

    """
    look = Look()
    if b'hidden="' in part:
        look.hidden_rows = [int(match[1]) for match in _HIDDEN_ROW.finditer(part)]
        look.hidden_columns = len(_HIDDEN_COLUMN.findall(part))
    look.merged_to = [int(match[2]) for match in _MERGED.finditer(part)]
    if not _is_usual(part):
        _Cells(look).read(part)
    return look


def _is_usual(part: bytes) -> bool:
    """Tell whether every cell is within bounds and none can be a formula or an error.

    Few passes over what may be 100 MB: what only looks unusual is walked through, no more.
    """
    start, end = part.find(b"<sheetData"), part.rfind(b"</sheetData>")
    if start < 0 or end < 0:
        return False
    return (
        part.count(b"<c", start, end) == part.count(_USUAL, start, end)
        and all(part.find(mark, start, end) < 0 for mark in _TO_LOOK_AT)
        and not _FAR.search(part, start, end)
        and not _OUTSIDE.search(part, 0, start)
        and not _OUTSIDE.search(part, end)
    )


def elements(part: bytes) -> Iterator[tuple[str, dict[str, str]]]:
    """Return the names, without prefixes, and the attributes of a small part's elements."""
    found: list[tuple[str, dict[str, str]]] = []
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = lambda name, said: found.append((_local(name), said))
    parse(parser, part)
    return iter(found)


class _Cells:
    """Walks a sheet cell by cell, for formulas without results and cells too far out."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._reference = ""
        self._is_error = False
        self._is_formula = False
        self._has_value = False
        self._in_value = 0

    def read(self, part: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parse(parser, part)

    def _start(self, name: str, said: dict[str, str]) -> None:
        local = _local(name)
        if local == "c":
            self._reference = said.get("r", "")
            self._is_error = said.get("t") == "e"
            self._is_formula = False
            # A formula whose result is an empty text is written with that type and no text.
            self._has_value = said.get("t") == "str"
        elif local == "f":
            self._is_formula = True
        elif local in {"v", "is"}:
            self._in_value += 1

    def _text(self, _text: str) -> None:
        if self._in_value:
            self._has_value = True

    def _end(self, name: str) -> None:
        local = _local(name)
        if local in {"v", "is"}:
            self._in_value -= 1
        elif local == "c" and (self._is_formula or self._is_error or self._has_value):
            place = _placed(self._reference)
            self._look.formulas += self._is_formula
            if self._is_error or (self._is_formula and not self._has_value):
                self._look.uncomputed.add(place)


def _placed(reference: str) -> tuple[int, int]:
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        sentence = "The sheet's cells do not say where they stand: save the file anew."
        raise BatchRefused(BatchFault.not_a_sheet, sentence)
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    row = int(match[2])
    if row > _LAST_ROW:
        raise BatchRefused(BatchFault.too_many_rows, f"A sheet has more than {ROWS_MAX:,} rows.")
    if column > COLUMNS_MAX:
        sentence = f"A sheet has a value in column {match[1]}, beyond the {COLUMNS_MAX} of a list."
        raise BatchRefused(BatchFault.too_large, sentence)
    return row, column


def parse(parser: expat.XMLParserType, part: bytes) -> None:
    """Let a parser walk through a part.

    Raises:
        BatchRefused: when it is no markup.

    """
    parser.buffer_text = True
    try:
        parser.Parse(part, True)  # noqa: FBT003 - expat's own way to say that this is all
    except expat.ExpatError as error:
        sentence = "The workbook's markup is damaged."
        raise BatchRefused(BatchFault.not_a_sheet, sentence) from error


def _local(name: str) -> str:
    return name.rpartition(" ")[2]

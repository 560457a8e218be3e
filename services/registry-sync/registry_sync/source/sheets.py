"""Sheets that are brought by hand, XLSX or CSV, to records.

The header is searched in the first rows, below titles; every sheet that has one is read.
What a bureau writes below its list (备注, 合计) is no row of it.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from string import ascii_uppercase
from typing import Final

from registry_sync.domain.record import Parsed, SetAside
from registry_sync.domain.words import BatchFault, RowFault
from registry_sync.source.cells import Cell, Uncomputed
from registry_sync.source.csv_text import read_csv
from registry_sync.source.grid import Grid, letters
from registry_sync.source.headers import HEADER_LENGTH_MAX, Header, find_header, header_of
from registry_sync.source.mapping import Mapping
from registry_sync.source.markup import HEADER_WITHIN, ROWS_MAX
from registry_sync.source.parse import Parser, Row
from registry_sync.source.refusals import BatchRefused
from registry_sync.source.workbook import Workbook

SIZE_MAX: Final = 20 * 1_048_576
"""Bytes of a file: 200,000 rows of a white list are under 15 MB."""

BELOW_MAX: Final = 2
"""Cells of a line of text below a list; a row of it has more."""

_EMPTY: Final[frozenset[Cell]] = frozenset({None, ""})
_TEXTS: Final = (".csv", ".txt", ".tsv")


def read_sheet(content: bytes, file_name: str, mapping: Mapping) -> Parsed:
    """Return what a bureau's file holds.

    Raises:
        BatchRefused: when it is no sheet, has no header that is known, or may hurt.

    """
    if len(content) > SIZE_MAX:
        sentence = f"The file is larger than {SIZE_MAX // 1_048_576} MB: split it."
        raise BatchRefused(BatchFault.too_large, sentence)
    reading = _Reading(mapping)
    if file_name.lower().endswith(_TEXTS):
        reading.read(read_csv(content))
        return reading.parsed([])
    book = Workbook(content)
    for grid in book.grids():
        header = reading.read(grid)
        if header:
            book.remark_on(grid, header.row)
    return reading.parsed(book.remarks)


class _Reading:
    """Reads the sheets of one file into one batch."""

    def __init__(self, mapping: Mapping) -> None:
        self._mapping = mapping
        self._parser = Parser(mapping)
        self._rows = 0
        self._footers = 0
        self._without: list[str] = []
        self._found = False

    def read(self, grid: Grid) -> Header | None:
        """Read a sheet, and return its header where it has one that is known."""
        rows = iter(grid.rows)
        top = list(islice(rows, HEADER_WITHIN))
        header = find_header(grid, top, self._mapping)
        if header is None:
            if any(_is_filled(cells) for _, cells in top):
                self._without.append(grid.name)
            return None
        self._found = True
        below = ((number, cells) for number, cells in chain(top, rows) if number > header.row)
        columns = {name: letters(place + grid.first_column) for place, name in header.columns}
        self._parser.read(
            self._listed(grid, header, below), at=partial(_cell_at, columns) if grid.name else None
        )
        return header

    def parsed(self, remarks: Iterable[str]) -> Parsed:
        """Return what all sheets held.

        Raises:
            BatchRefused: when no sheet has a header that is known.

        """
        if not self._found:
            wanted = ", ".join(self._mapping.columns[name][0] for name in self._mapping.required)
            sentence = (
                f"No sheet has, in one of its first {HEADER_WITHIN} rows, a header: {wanted}."
            )
            raise BatchRefused(BatchFault.header_missing, sentence)
        parsed = self._parser.parsed()
        parsed.remarks += remarks
        parsed.remarks += [
            f"The sheet {name} has no header that is known: it was not read."
            for name in self._without
        ]
        if self._footers:
            parsed.remarks.append(f"{self._footers} rows below the list belong to no institution.")
        return parsed

    def _listed(
        self, grid: Grid, header: Header, rows: Iterable[tuple[int, Sequence[Cell]]]
    ) -> Iterator[Row]:
        """Yield the rows of the list, without blank ones and footers."""
        key = next(
            place
            for place, name in header.columns
            if name in self._mapping.columns["institution_id"]
        )
        is_below = False
        for number, cells in rows:
            if (cells[key] if key < len(cells) else None) in _EMPTY:
                filled = [cell for cell in cells if cell not in _EMPTY]
                is_footer = bool(filled) and self._is_footer(filled[0])
                is_below = is_below or is_footer
                if is_footer or (is_below and len(filled) <= BELOW_MAX):
                    self._footers += bool(filled)
                    continue
                if not filled:
                    continue
            self._rows += 1
            if self._rows > ROWS_MAX:
                sentence = f"The file has more than {ROWS_MAX:,} rows: split it."
                raise BatchRefused(BatchFault.too_many_rows, sentence)
            where = grid.place(number, key + grid.first_column)
            if not grid.name and len(cells) > header.width and _is_filled(cells[header.width :]):
                # More cells than columns: something moved, and which is which cannot be told.
                yield SetAside(where, RowFault.shape_wrong)
            else:
                yield where, self._named(grid, header, number, cells)

    def _named(
        self, grid: Grid, header: Header, number: int, cells: Sequence[Cell]
    ) -> dict[str, Cell]:
        """Return cells by header; a filled one without a header by its column."""
        if len(cells) < header.width:
            cells = [*cells, *[None] * (header.width - len(cells))]
        found = {name: cells[place] for place, name in header.columns}
        for place in header.unnamed:
            if cells[place] not in _EMPTY:
                found[f"column {letters(place + grid.first_column)}"] = cells[place]
        if grid.uncomputed:
            for place, name in header.columns:
                if (number, place + grid.first_column) in grid.uncomputed:
                    found[name] = Uncomputed.formula
        return found

    def _is_footer(self, first: Cell) -> bool:
        footers = tuple(self._mapping.footers)
        return isinstance(first, str) and header_of(first[:HEADER_LENGTH_MAX]).startswith(footers)


def _is_filled(cells: Sequence[Cell]) -> bool:
    return any(cell not in _EMPTY for cell in cells)


def _cell_at(columns: dict[str, str], where: str, header: str) -> str:
    """Return where a cell of a row stands, from where the row's credit code stands."""
    sheet, _, cell = where.rpartition("!")
    return f"{sheet}!{columns[header]}{cell.lstrip(ascii_uppercase)}"

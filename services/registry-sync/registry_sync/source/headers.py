"""Where a sheet's header stands, and which column is which."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from registry_sync.domain.words import BatchFault
from registry_sync.source.cells import Cell
from registry_sync.source.grid import Grid, letters
from registry_sync.source.mapping import Mapping
from registry_sync.source.refusals import BatchRefused

COLUMNS_LOOKED_AT: Final = 256
HEADER_LENGTH_MAX: Final = 100

_AROUND: Final = "*:＊："
_ASIDE: Final = re.compile(r"\((必填|选填|必填项)\)$")


@dataclass(frozen=True, slots=True)
class Header:
    """The row that names the columns, and the columns by their place in a row of cells."""

    row: int
    columns: tuple[tuple[int, str], ...]
    unnamed: tuple[int, ...]
    """Places between and beyond them that have no name."""

    width: int
    """How many cells the header's row has."""


def find_header(
    grid: Grid, rows: Sequence[tuple[int, Sequence[Cell]]], mapping: Mapping
) -> Header | None:
    """Return the first row that has every required column, None where there is none.

    Raises:
        BatchRefused: when it names one column twice.

    """
    known = mapping.headers
    for number, cells in rows:
        named = [header_of(cell) for cell in cells[:COLUMNS_LOOKED_AT]]
        targets = [known[name] for name in named if name in known]
        if not set(mapping.required) <= set(targets):
            continue
        for index, name in enumerate(named):
            meant = known.get(name, name)
            first = next(at for at, other in enumerate(named) if known.get(other, other) == meant)
            if name and first != index:
                _refuse_twice(grid, number, name, (first, index))
        return Header(
            number,
            tuple((place, name) for place, name in enumerate(named) if name),
            tuple(place for place, name in enumerate(named) if not name),
            len(named),
        )
    return None


def header_of(cell: Cell) -> str:
    """Return a column's name as it is compared: NFKC, no blanks, no star or colon around it."""
    if type(cell) is not str or len(cell) > HEADER_LENGTH_MAX:
        return ""
    text = "".join(unicodedata.normalize("NFKC", cell).split()).strip(_AROUND)
    return _ASIDE.sub("", text).strip(_AROUND)


def _refuse_twice(grid: Grid, row: int, name: str, places: tuple[int, int]) -> None:
    first, second = (letters(place + grid.first_column) for place in places)
    sentence = f"Row {row} names {name} twice, in columns {first} and {second}: leave one."
    raise BatchRefused(BatchFault.header_repeated, sentence)

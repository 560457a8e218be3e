"""A sheet as a grid: numbered rows of cells, whatever file it stood in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from registry_sync.source.cells import Cell


@dataclass(frozen=True, slots=True)
class Grid:
    """One sheet of a workbook, or a CSV file, whose name is empty."""

    name: str
    rows: Iterator[tuple[int, Sequence[Cell]]]
    """Each row's number from 1, and its cells from `first_column` on; read once."""

    first_column: int = 1
    uncomputed: frozenset[tuple[int, int]] = frozenset()
    """Cells by row and column from 1 whose value the file does not hold."""

    def place(self, row: int, column: int) -> str:
        """Return where a cell stands: `白名单!C17`, `line 17`."""
        return f"{self.name}!{letters(column)}{row}" if self.name else f"line {row}"


@lru_cache(maxsize=1_024)
def letters(column: int) -> str:
    """Return a column's letters: 1 is A, 27 is AA."""
    found = ""
    while column:
        column, letter = divmod(column - 1, 26)
        found = chr(65 + letter) + found
    return found

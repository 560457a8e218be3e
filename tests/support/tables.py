"""Reads the ASCII tables in which tests state their cases.

A table is a string: one case a line, columns two or more spaces apart, `-` for an empty one,
`#` opens a comment, blank lines are for the eye.
"""

import re
from collections.abc import Sequence

import pytest

_GAP = re.compile(r"\s{2,}")


def rows(table: str) -> list[list[str]]:
    """Return the cells of a table, row by row; `-` reads as an empty string."""
    found = []
    for line in table.splitlines():
        text = line.partition("#")[0].strip()
        if text:
            found.append(["" if cell == "-" else cell for cell in _GAP.split(text)])
    return found


def records(columns: str, table: str) -> list[dict[str, str]]:
    """Return a table's rows by the names of its columns; the last columns may be left out.

    Raises:
        ValueError: when a row has more cells than there are columns.

    """
    names = _GAP.split(columns.strip()) if "  " in columns.strip() else columns.split()
    found = []
    for row in rows(table):
        if len(row) > len(names):
            message = f"{len(row)} cells for {len(names)} columns: {'  '.join(row)}"
            raise ValueError(message)
        cells = row + [""] * (len(names) - len(row))
        found.append(dict(zip(names, cells, strict=True)))
    return found


def cases(table: str) -> pytest.MarkDecorator:
    """Parametrize a test by a table: its argument `row` is one row's cells, its id the line."""
    found = rows(table)
    ids = ["-".join(cell or "none" for cell in row).replace(" ", "_") for row in found]
    return pytest.mark.parametrize("row", found, ids=_numbered(ids))


def _numbered(ids: Sequence[str]) -> list[str]:
    """Put the row's number before each id, so that two equal rows stay apart."""
    return [f"{number}-{text}" for number, text in enumerate(ids, start=1)]

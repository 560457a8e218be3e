"""A statement of account as CSV, for spreadsheets.

UTF-8 with a header line. A cell that a spreadsheet would take for a formula is opened with an
apostrophe, so that an id which a caller made cannot run in an auditor's office.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

MEDIA_TYPE: Final = "text/csv"

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def is_wanted(accept: str) -> bool:
    """Tell whether a caller asks for CSV by name, and no less than for JSON."""
    weights: dict[str, int] = {}
    for part in accept.lower().split(","):
        kind, *parameters = (word.strip() for word in part.split(";"))
        weights[kind] = _weight(parameters)
    return weights.get(MEDIA_TYPE, 0) >= max(1, weights.get("application/json", 0))


def _weight(parameters: Iterable[str]) -> int:
    """Return a `q` in thousandths; 1,000 where there is none, 0 where it is no number."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            whole, _, rest = value.strip().partition(".")
            digits = whole[:1] + (rest + "000")[:3]
            return int(digits) if digits.isascii() and digits.isdigit() else 0
    return 1_000


def rendered(rows: Iterable[Mapping[str, object]], columns: Sequence[str]) -> bytes:
    """Return rows as CSV, one line each, under a header."""
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row[name]) for name in columns])
    return sheet.getvalue().encode()


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text

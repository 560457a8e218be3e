"""A report as people read it: lines, tables and charts, the same for page and workbook."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from markupsafe import Markup

from alerts.domain.reports import Unit
from alerts.domain.wording import percent, when
from shared.money import yuan

NOTHING: Final = "—"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: which value, its heading, in what it is counted."""

    key: str
    title: str
    unit: Unit = Unit.text

    def unit_in(self, row: Mapping[str, object]) -> Unit:
        """Return the unit of a row's value: its own, where rows are of several."""
        own = row.get("unit") if self.key == "value" else None
        return Unit(str(own)) if own else self.unit


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns; `not_shown` is how many more there are."""

    columns: Sequence[Column]
    rows: Sequence[Mapping[str, object]]
    not_shown: int = 0


@dataclass(frozen=True, slots=True)
class Section:
    """One part under a heading."""

    heading: str
    note: str = ""
    table: Table | None = None
    charts: Sequence[Markup] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One report, whole."""

    title: str
    subtitle: str
    file_name: str
    """ASCII, without an ending."""
    lines: Sequence[tuple[str, str]] = ()
    sections: Sequence[Section] = field(default_factory=list)


def said(value: object, unit: Unit) -> str:
    """Return a value as one reads it; a dash where there is none."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, int):
        return {Unit.fen: yuan, Unit.bps: percent}.get(unit, "{:,}".format)(value)
    if unit is Unit.moment:
        return when(value if isinstance(value, datetime) else datetime.fromisoformat(str(value)))
    return str(value)

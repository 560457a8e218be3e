"""Reports as workbooks (XLSX): one sheet for each table, written row by row.

What a spreadsheet would take for a formula is opened with an apostrophe, so that a name from
outside cannot run in an officer's room; ids are text. Amounts are shown in yuan: as numbers for
the reader's own sums, never read back.
"""

import io
import re
from collections.abc import Iterator
from datetime import datetime
from threading import Lock
from typing import Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from alerts.domain.reports import Unit
from alerts.reports.documents import Document, Section, Table, said

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

ROWS_MAX: Final = 50_000
"""Rows of one workbook: what a spreadsheet opens without a pause, and one core writes within a
minute; one is written at a time, so that the others are answered meanwhile."""

CELL_MAX: Final = 32_000
"""Characters of a cell; the format holds 32,767."""

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_TITLE: Final = re.compile(r"[\\/*?:\[\]']")
_TITLE_MAX: Final = 31
_FORMATS: Final = {Unit.fen: "#,##0.00", Unit.number: "#,##0", Unit.bps: "0.00%", Unit.text: "@"}
_ONE_AT_A_TIME: Final = Lock()
_WIDTH: Final = 18
_FEN_OF_YUAN: Final = 100
_BPS_OF_WHOLE: Final = 10_000


def rendered(document: Document) -> bytes:
    """Return a report as a workbook; called in a thread, it waits for the one before."""
    with _ONE_AT_A_TIME:
        return _written(document)


def _written(document: Document) -> bytes:
    book = Workbook(write_only=True)
    front = book.create_sheet("概要")
    for row in _front(document):
        front.append([_text(one) for one in row])
    for number, section in enumerate(document.sections, start=1):
        if section.table is not None:
            _write(book.create_sheet(_title(number, section)), section, section.table)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def plain(value: str) -> str:
    """Return a text that a spreadsheet takes for text: no formula, no control character."""
    text = ILLEGAL_CHARACTERS_RE.sub("", value)[:CELL_MAX]
    return f"'{text}" if text.startswith(_FORMULA) else text


def _front(document: Document) -> Iterator[tuple[str, ...]]:
    yield (document.title,)
    yield (document.subtitle,)
    yield from document.lines
    for section in document.sections:
        if section.note:
            yield (section.heading, section.note)
        if section.table is not None and section.table.not_shown:
            yield (section.heading, f"另有 {section.table.not_shown} 行未列出")


def _title(number: int, section: Section) -> str:
    return f"{number} {_TITLE.sub(' ', section.heading)}"[:_TITLE_MAX]


def _write(sheet: WriteOnlyWorksheet, section: Section, table: Table) -> None:
    sheet.freeze_panes = "A2"
    widths = sheet.column_dimensions  # type: ignore[attr-defined]
    for at in range(len(table.columns)):
        widths[chr(ord("A") + at)].width = _WIDTH
    heads = [WriteOnlyCell(sheet, f"{one.title}{_unit(one.unit)}") for one in table.columns]
    for head in heads:
        head.font = Font(bold=True)
    sheet.append(heads)
    for row in table.rows:
        sheet.append([_cell(sheet, row.get(one.key), one.unit_in(row)) for one in table.columns])
    if not table.rows:
        sheet.append([section.note or "没有记录"])


def _unit(unit: Unit) -> str:
    return "（元）" if unit is Unit.fen else ""


def _cell(sheet: WriteOnlyWorksheet, value: object, unit: Unit) -> object:
    """Return a cell; one without a format of its own costs a fraction of one that has it."""
    if value is None or value == "":
        return None
    if isinstance(value, int) and not isinstance(value, bool) and unit in _FORMATS:
        divisor = {Unit.fen: _FEN_OF_YUAN, Unit.bps: _BPS_OF_WHOLE}.get(unit)
        cell = WriteOnlyCell(sheet, value / divisor if divisor else value)
        cell.number_format = _FORMATS[unit]
        return cell
    return _text(said(value, unit) if isinstance(value, int | datetime) else _plain(value, unit))


def _plain(value: object, unit: Unit) -> str:
    return said(value, unit) if unit is Unit.moment else str(value)


def _text(value: str) -> str:
    return plain(value)

"""An XLSX workbook as grids of cells: values only, of the sheets one can see.

python-calamine reads the values, from a new zip that holds nothing but parts which were bounded
and looked over: two readers of one zip may differ on what it holds.
"""

import io
import posixpath
import zipfile
from collections.abc import Iterator, Sequence
from typing import Final

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from registry_sync.domain.words import BatchFault
from registry_sync.source.cells import Cell
from registry_sync.source.grid import Grid
from registry_sync.source.markup import Look, elements, looked_over
from registry_sync.source.package import RELATIONS, STRINGS, WORKBOOK, Package
from registry_sync.source.refusals import BatchRefused
from registry_sync.source.texts import Texts

SHEETS_MAX: Final = 64
"""Sheets of one workbook: a city has fewer districts."""

_SEEN: Final = ("", "visible")
_TRUE: Final = ("1", "true", "on")
_HYPERLINK: Final = "/hyperlink"
_SHARED: Final = ("/sharedStrings", "/styles")
_ROOT: Final = "_rels/.rels"
_OFFICE: Final = "/officeDocument"
_ROOT_WRITTEN: Final = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Target="xl/workbook.xml" Type="http://schemas.openxmlformats.org'
    '/officeDocument/2006/relationships/officeDocument"/></Relationships>'
)
"""Where a reader finds the workbook."""


class Workbook:
    """The sheets of a workbook that can be seen, and remarks on what cannot."""

    def __init__(self, content: bytes) -> None:
        """Open a workbook.

        Raises:
            BatchRefused: when it is none, or may not be read safely.

        """
        self.remarks: list[str] = []
        package = Package(content)
        _refuse_links(package)
        self._looks: dict[str, Look] = {}
        self._book = _opened(self._vetted(package))

    def grids(self) -> Iterator[Grid]:
        """Yield each sheet that can be seen."""
        for name, look in self._looks.items():
            with _READING:
                sheet = self._book.get_sheet_by_name(name)
            first = sheet.start[1] if sheet.start else 0
            yield Grid(name, _rows(sheet), first + 1, frozenset(look.uncomputed))

    def remark_on(self, grid: Grid, header_row: int) -> None:
        """Say what a reader of this sheet may not see, or may see and we do not."""
        look, name = self._looks[grid.name], grid.name
        if look.hidden_rows:
            first = look.hidden_rows[0]
            self.remarks.append(
                f"The sheet {name} has {len(look.hidden_rows)} hidden rows, first row {first}:"
                " they were read."
            )
        if look.hidden_columns:
            self.remarks.append(f"The sheet {name} has hidden columns: they were read.")
        if look.formulas:
            self.remarks.append(
                f"The sheet {name} has {look.formulas} formulas: their last results were taken."
            )
        if merged := sum(row > header_row for row in look.merged_to):
            self.remarks.append(
                f"The sheet {name} has {merged} merged cells below its header:"
                " each speaks for its first cell alone."
            )

    def _vetted(self, package: Package) -> bytes:
        """Return a zip of the parts that are read, and look each of them over."""
        related = _related(package)
        targets = {one: target for one, _, target in related}
        shared = [target for _, kind, target in related if kind.endswith(_SHARED)]
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as zipped:
            zipped.writestr(_ROOT, _ROOT_WRITTEN)
            for name in dict.fromkeys((WORKBOOK, RELATIONS, *shared)):
                if name.lower() in package:
                    zipped.writestr(name, package.part(name.lower()))
            texts = Texts(package.part(STRINGS) if STRINGS in package else b"")
            for name, target in self._seen(package, targets):
                part = package.part(target.lower())
                self._looks[name] = looked_over(part)
                texts.count(part)
                zipped.writestr(target, part)
        return written.getvalue()

    def _seen(self, package: Package, targets: dict[str, str]) -> Iterator[tuple[str, str]]:
        """Yield the names and parts of the sheets that can be seen."""
        count = 0
        for tag, said in elements(package.part(WORKBOOK)):
            if tag == "workbookPr" and said.get("date1904", "") in _TRUE:
                sentence = (
                    "The workbook counts its days from 1904: save it anew counting from 1900."
                )
                raise BatchRefused(BatchFault.not_a_sheet, sentence)
            if tag != "sheet":
                continue
            count += 1
            if count > SHEETS_MAX:
                sentence = f"The workbook has more than {SHEETS_MAX} sheets."
                raise BatchRefused(BatchFault.too_large, sentence)
            name, target = said.get("name", ""), targets.get(_relation(said), "")
            if said.get("state", "") not in _SEEN:
                self.remarks.append(f"The sheet {name} is hidden: it was not read.")
            elif target.startswith("xl/worksheets/") and name not in self._looks:
                yield name, target


class _Reading:
    """Turns the faults of calamine, its panics included, into a refusal."""

    def __enter__(self) -> None:
        """Begin reading."""

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        """Refuse the batch where calamine gave up."""
        # A panic in Rust is no `Exception` and its class cannot be imported.
        if kind and (issubclass(kind, CalamineError) or kind.__name__ == "PanicException"):
            raise BatchRefused(BatchFault.not_a_sheet, "The workbook cannot be read: save it anew.")


_READING: Final = _Reading()


def _opened(vetted: bytes) -> CalamineWorkbook:
    with _READING:
        return CalamineWorkbook.from_filelike(io.BytesIO(vetted))


def _rows(sheet: CalamineSheet) -> Iterator[tuple[int, Sequence[Cell]]]:
    with _READING:
        yield from enumerate(sheet.iter_rows(), start=1)


def _related(package: Package) -> list[tuple[str, str, str]]:
    """Return the ids, kinds and names of the parts that the workbook speaks of."""
    found = []
    if RELATIONS in package:
        for tag, said in elements(package.part(RELATIONS)):
            if tag == "Relationship":
                target = posixpath.normpath(posixpath.join("/xl", said.get("Target", "")))
                found.append((said.get("Id", ""), said.get("Type", ""), target.lstrip("/")))
    return found


def _refuse_links(package: Package) -> None:
    for name in package.related():
        for tag, said in elements(package.part(name)):
            kind = said.get("Type", "")
            if name == _ROOT and kind.endswith(_OFFICE) and not _is_workbook(said):
                sentence = "The file's workbook is not where an XLSX file has it: save it anew."
                raise BatchRefused(BatchFault.not_a_sheet, sentence)
            is_outside = tag == "Relationship" and said.get("TargetMode") == "External"
            if is_outside and not kind.endswith(_HYPERLINK):
                sentence = "The workbook points to other files: paste what they say as values."
                raise BatchRefused(BatchFault.external_links, sentence)


def _is_workbook(said: dict[str, str]) -> bool:
    return posixpath.normpath(said.get("Target", "")).lstrip("/").lower() == WORKBOOK


def _relation(said: dict[str, str]) -> str:
    """Return the id of a sheet's part, which stands in a namespace of its own."""
    return next((said[key] for key in said if key.endswith(" id")), "")

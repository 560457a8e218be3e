"""XLSX files: made by openpyxl as an office would, or changed by hand as an attacker would."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from tests.unit.registry_sync.source.codes import a_code

HEADER = ("机构名称", "统一社会信用代码", "办学许可证号", "状态", "有效期至", "地址")
SHEET_PART = "xl/worksheets/sheet1.xml"


def a_row(number: int, **changes: object) -> list[object]:
    """Return a row of a white list under `HEADER`."""
    usual: dict[str, object] = {
        "name": f"星光{number}学校",
        "code": a_code(number),
        "licence": f"15101047000{number:04d}",
        "status": "正常",
        "until": "2027-06-30",
        "address": f"春熙路{number}号",
    }
    return list((usual | changes).values())


def a_book(*rows: Sequence[object], change: Callable[[Worksheet], None] | None = None) -> bytes:
    """Return a workbook of one sheet, 白名单, changed as told before it is saved."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "白名单"
    for row in rows:
        sheet.append(list(row))
    if change:
        change(sheet)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def with_parts(content: bytes, parts: Mapping[str, bytes | str | None]) -> bytes:
    """Return a workbook with parts added, changed, or left out where they are None."""
    written = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as zipped,
    ):
        for name in old.namelist():
            if name not in parts:
                zipped.writestr(name, old.read(name))
        for name, part in parts.items():
            if part is not None:
                zipped.writestr(name, part)
    return written.getvalue()


def part_of(content: bytes, name: str = SHEET_PART) -> str:
    """Return a part of a workbook."""
    with zipfile.ZipFile(io.BytesIO(content)) as zipped:
        return zipped.read(name).decode()


def edited(content: bytes, old: str, replacement: str, name: str = SHEET_PART) -> bytes:
    """Return a workbook with one text of a part replaced, which must be there."""
    part = part_of(content, name)
    assert old in part, f"{old} is not in {name}"
    return with_parts(content, {name: part.replace(old, replacement)})


def with_shared(strings: str, cells: str) -> bytes:
    """Return a workbook whose strings stand in one part, as Excel writes it: markup both."""
    content = a_book(["x"])
    relations, types = "xl/_rels/workbook.xml.rels", "[Content_Types].xml"
    relation = (
        '<Relationship Id="rIdS" Target="sharedStrings.xml" Type="http://schemas.openxmlformats.org'
        '/officeDocument/2006/relationships/sharedStrings"/></Relationships>'
    )
    content = edited(content, "</Relationships>", relation, relations)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    content = edited(content, "</Types>", override, types)
    part = part_of(content)
    start, end = part.index("<sheetData>") + 11, part.index("</sheetData>")
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    parts = {
        "xl/sharedStrings.xml": f'<sst xmlns="{main}">{strings}</sst>',
        SHEET_PART: part[:start] + cells + part[end:],
    }
    return with_parts(content, parts)

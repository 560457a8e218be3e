"""The zip around a workbook: bounded before it is unpacked, values and nothing else."""

import io
import struct
import tracemalloc
import zipfile

import pytest

from registry_sync.source import package, texts
from registry_sync.source.package import LINKS_MAX, LIST_MAX, PARTS_MAX, Package
from registry_sync.source.refusals import BatchRefused
from registry_sync.source.workbook import Workbook
from tests.unit.registry_sync.source.books import (
    HEADER,
    SHEET_PART,
    a_book,
    a_row,
    edited,
    part_of,
    with_parts,
    with_shared,
)

GOOD = a_book(HEADER, a_row(1))
TYPES = "[Content_Types].xml"
RELATION = (
    '<Relationship Id="rIdX" Target="{target}" TargetMode="External"'
    ' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}"/>'
)
SHEET_RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    "{}</Relationships>"
)


def fault_of(content: bytes) -> str:
    with pytest.raises(BatchRefused) as refused:
        list(Workbook(content).grids())
    assert refused.value.detail.endswith((".", "it."))
    return refused.value.fault


def linked(kind: str) -> bytes:
    relation = RELATION.format(target="file:///other.xlsx", kind=kind)
    return with_parts(
        GOOD, {"xl/worksheets/_rels/sheet1.xml.rels": SHEET_RELATIONS.format(relation)}
    )


def test_a_good_workbook_is_taken() -> None:
    assert [grid.name for grid in Workbook(GOOD).grids()] == ["白名单"]


NO_BOOKS = [
    b"",
    b"PK",
    b"a,b\n1,2\n",
    bytes.fromhex("d0cf11e0a1b11ae1") + bytes(1_000),
    b"%PDF-1.7",
]


@pytest.mark.parametrize("content", NO_BOOKS)
def test_what_is_no_zip_is_no_sheet(content: bytes) -> None:
    assert fault_of(content) == "not_a_sheet"


def test_another_zip_is_no_sheet() -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as zipped:
        zipped.writestr("readme.txt", "hello")
    assert fault_of(written.getvalue()) == "not_a_sheet"
    binary = with_parts(GOOD, {"xl/workbook.xml": None, "xl/workbook.bin": b"x"})
    assert fault_of(binary) == "not_a_sheet"
    moved = edited(GOOD, "xl/workbook.xml", "xl/other.xml", "_rels/.rels")
    assert fault_of(moved) == "not_a_sheet"


def test_a_workbook_cut_short_is_truncated() -> None:
    for length in (100, len(GOOD) // 2, len(GOOD) - 30):
        assert fault_of(GOOD[:length]) == "truncated"


def test_a_damaged_part_is_truncated() -> None:
    at = GOOD.index(SHEET_PART.encode()) + len(SHEET_PART) + 40
    assert fault_of(GOOD[:at] + bytes(40) + GOOD[at + 40 :]) == "truncated"


BOMBS = {
    "a part that grows a thousandfold": {"xl/media/image1.png": bytes(20_000_000)},
    "a sheet of blanks": {SHEET_PART: b" " * 20_000_000},
    "parts without end": {f"xl/media/{number}.png": b"" for number in range(PARTS_MAX)},
}


@pytest.mark.parametrize("parts", BOMBS.values(), ids=list(BOMBS))
def test_a_bomb_is_not_unpacked(parts: dict[str, bytes]) -> None:
    assert fault_of(with_parts(GOOD, parts)) == "bomb"


def test_a_part_that_lies_about_its_size_is_not_unpacked() -> None:
    blanks = bytearray(with_parts(GOOD, {SHEET_PART: b" " * 20_000_000}))
    size = struct.pack("<I", 20_000_000)
    while (at := blanks.find(size)) >= 0:
        blanks[at : at + 4] = struct.pack("<I", 1_000)
    assert fault_of(bytes(blanks)) == "truncated"


def test_a_part_that_lies_about_its_size_takes_no_room() -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name in ("xl/workbook.xml", TYPES):
            zipped.writestr(name, b" " * 64_000_000 if name == TYPES else b"<a/>")
    content = written.getvalue().replace(struct.pack("<I", 64_000_000), struct.pack("<I", 1_000))
    tracemalloc.start()
    assert fault_of(content) == "truncated"
    (_, peak) = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8_000_000


def test_many_parts_that_unpack_to_too_much_are_a_bomb(monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(io.BytesIO(GOOD)) as zipped:
        size = sum(one.file_size for one in zipped.infolist())
    monkeypatch.setattr(package, "UNPACKED_MAX", size)
    assert TYPES.lower() in Package(GOOD)
    monkeypatch.setattr(package, "UNPACKED_MAX", size - 1)
    assert fault_of(GOOD) == "bomb"


def test_two_parts_of_one_name_are_refused() -> None:
    twice = with_parts(GOOD, {SHEET_PART.upper(): part_of(GOOD)})
    assert fault_of(with_parts(twice, {SHEET_PART: part_of(GOOD)})) == "not_a_sheet"


def test_a_protected_workbook_is_refused() -> None:
    content = bytearray(GOOD)
    at = content.index(b"PK\x01\x02")
    content[at + 8] |= 1
    assert fault_of(bytes(content)) == "not_a_sheet"


@pytest.mark.parametrize(
    "name", ["xl/vbaProject.bin", "xl/macrosheets/sheet1.xml", "xl/activeX/activeX1.bin"]
)
def test_macros_are_refused(name: str) -> None:
    assert fault_of(with_parts(GOOD, {name: b"x"})) == "macros"


def test_a_workbook_that_may_have_macros_is_refused() -> None:
    plain = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    enabled = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    assert fault_of(edited(GOOD, plain, enabled, TYPES)) == "macros"


@pytest.mark.parametrize(
    "name", ["xl/externalLinks/externalLink1.xml", "xl/connections.xml", "xl/queryTables/a.xml"]
)
def test_links_to_other_files_are_refused(name: str) -> None:
    assert fault_of(with_parts(GOOD, {name: b"<a/>"})) == "external_links"


def test_a_relation_to_another_file_is_refused_and_a_hyperlink_is_not() -> None:
    assert fault_of(linked("externalLinkPath")) == "external_links"
    assert fault_of(linked("oleObject")) == "external_links"
    assert list(Workbook(linked("hyperlink")).grids())


ENTITIES = [
    '<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>',
    '<!DOCTYPE a SYSTEM "file:///etc/passwd">',
    "<!DOCTYPE a>",
]


@pytest.mark.parametrize("prolog", ENTITIES)
@pytest.mark.parametrize(
    "name", [SHEET_PART, "xl/workbook.xml", "xl/styles.xml", "xl/_rels/workbook.xml.rels", TYPES]
)
def test_a_part_that_defines_entities_is_refused(prolog: str, name: str) -> None:
    assert fault_of(with_parts(GOOD, {name: prolog + part_of(GOOD, name)})) == "entities"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "cp037"])
def test_a_part_in_another_encoding_is_refused(encoding: str) -> None:
    part = '<?xml version="1.0" encoding="' + encoding + '"?>' + part_of(GOOD)
    content = with_parts(GOOD, {SHEET_PART: part.encode(encoding, "replace")})
    assert fault_of(content) in {"not_a_sheet", "truncated"}
    named = '<?xml version="1.0" encoding="cp037"?>' + part_of(GOOD)
    assert fault_of(with_parts(GOOD, {SHEET_PART: named})) == "not_a_sheet"


def test_markup_that_is_broken_is_no_sheet() -> None:
    assert fault_of(with_parts(GOOD, {"xl/workbook.xml": "<workbook>"})) == "not_a_sheet"
    assert fault_of(with_parts(GOOD, {SHEET_PART: "<worksheet>"})) == "not_a_sheet"
    assert fault_of(with_parts(GOOD, {SHEET_PART: None})) == "not_a_sheet"
    assert fault_of(with_parts(GOOD, {"xl/_rels/workbook.xml.rels": None})) == "not_a_sheet"


def test_a_package_knows_its_parts() -> None:
    found = Package(GOOD)
    assert "xl/workbook.xml" in found
    assert "xl/other.xml" not in found
    with pytest.raises(BatchRefused, match=r"no part xl/other\.xml"):
        found.part("xl/other.xml")


def test_too_many_sheets_are_refused() -> None:
    sheets = "".join(f'<sheet name="s{number}" sheetId="9" r:id="rId9" />' for number in range(65))
    content = edited(GOOD, "</sheets>", f"{sheets}</sheets>", "xl/workbook.xml")
    assert fault_of(content) == "too_large"


def repeated(text: str, times: int, cell: str = '<c r="A{}" t="s"><v>0</v></c>') -> bytes:
    """Return a small workbook whose cells all have one text."""
    rows = (f'<row r="{row}">{cell.format(row)}</row>' for row in range(1, times + 1))
    return with_shared(text, "".join(rows))


LONG = "x" * 10_000
USUAL_CELL = '<c r="A{}" t="s"><v>0</v></c>'
SHARED = {
    "as usual": (f"<si><t>{LONG}</t></si>", USUAL_CELL),
    "in two fonts": (f"<si><r><t>{LONG}</t></r><r><t>y</t></r></si>", USUAL_CELL),
    "by another quote": (f"<si><t>{LONG}</t></si>", "<c r='A{}' t='s'><v>0</v></c>"),
    "by a number with a sign": (f"<si><t>{LONG}</t></si>", '<c r="A{}" t="s"><v>+0</v></c>'),
    "behind an empty one": (
        f"<si><t/></si><si><t>{LONG}</t></si>",
        '<c r="A{}" t="s"><v>1</v></c>',
    ),
    "behind a comment": (
        f"<!--<si><t>a</t></si>--><si><t>{LONG}</t></si>",
        USUAL_CELL,
    ),
}


@pytest.mark.parametrize(("text", "cell"), SHARED.values(), ids=list(SHARED))
def test_a_text_that_many_cells_share_is_not_copied_for_each(text: str, cell: str) -> None:
    content = repeated(text, 20_000, cell)
    assert len(content) < 200_000
    assert fault_of(content) == "bomb"


@pytest.mark.parametrize(("text", "cell"), SHARED.values(), ids=list(SHARED))
def test_a_text_that_some_cells_share_is_read(text: str, cell: str) -> None:
    (grid,) = Workbook(repeated(text, 100, cell)).grids()
    assert {len(str(cells[0])) // 10_000 for _, cells in grid.rows} == {1}


def test_a_long_note_counts_for_its_own_cell_alone() -> None:
    """A large list with one long note is read: what counts is what each cell refers to."""
    note = '<row r="1"><c r="A1" t="s"><v>1</v></c></row>'
    rows = (f'<row r="{row}">{USUAL_CELL.format(row)}</row>' for row in range(2, 20_001))
    strings = f"<si><t>a</t></si><si><t>{LONG}</t></si>"
    (grid,) = Workbook(with_shared(strings, note + "".join(rows))).grids()
    assert sum(len(str(cells[0])) for _, cells in grid.rows) == 10_000 + 19_999


def test_texts_within_cells_are_bounded_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    cell = f'<c r="A{{}}" t="inlineStr"><is><t>{LONG}</t></is></c>'
    content = repeated("", 110, cell)
    assert list(Workbook(content).grids())
    monkeypatch.setattr(texts, "TEXT_MAX", 1_099_999)
    assert fault_of(content) == "bomb"


def test_texts_within_texts_are_damaged() -> None:
    strings = "<si><si><t>a</t></si><t>b</t></si>"
    assert fault_of(repeated(strings, 1)) == "not_a_sheet"


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("xl/workbook.xml", LIST_MAX),
        ("xl/_rels/workbook.xml.rels", LIST_MAX),
        ("xl/worksheets/_rels/sheet1.xml.rels", LINKS_MAX),
    ],
)
def test_a_list_of_parts_is_small(name: str, most: int) -> None:
    part = part_of(GOOD, name) if name in zipfile.ZipFile(io.BytesIO(GOOD)).namelist() else "<a/>"
    filled = part + " " * (most - len(part.encode()))
    assert list(Workbook(_stored(GOOD, name, filled)).grids())
    assert fault_of(_stored(GOOD, name, filled + " ")) == "too_large"


def _stored(content: bytes, name: str, part: str) -> bytes:
    """Return a workbook with one part that is not packed: its size is all that is wrong."""
    written = io.BytesIO(with_parts(content, {name: None}))
    with zipfile.ZipFile(written, "a", zipfile.ZIP_STORED) as zipped:
        zipped.writestr(name, part)
    return written.getvalue()

"""Sheets brought by hand: titles, footers, formulas, hidden things, odd numbers and dates."""

from datetime import date, datetime

import pytest
from openpyxl.worksheet.worksheet import Worksheet

from registry_sync.domain.record import LONG_TERM, Parsed
from registry_sync.source import sheets
from registry_sync.source.mapping import Mapping
from registry_sync.source.refusals import BatchRefused
from registry_sync.source.sheets import read_sheet
from tests.unit.registry_sync.source.books import (
    HEADER,
    SHEET_PART,
    a_book,
    a_row,
    edited,
    part_of,
    with_parts,
)
from tests.unit.registry_sync.source.codes import a_code

WHITE_LIST = Mapping.load("white_list")


def read(content: bytes, file_name: str = "名单.xlsx") -> Parsed:
    return read_sheet(content, file_name, WHITE_LIST)


def refused(content: bytes, file_name: str = "名单.xlsx") -> BatchRefused:
    with pytest.raises(BatchRefused) as found:
        read(content, file_name)
    return found.value


def test_a_white_list_is_read_with_its_places() -> None:
    found = read(a_book(HEADER, a_row(1), a_row(2)))
    first, second = found.records
    assert first.key == (a_code(1), "151010470000001")
    assert (first.get("name"), first.get("status")) == ("星光1学校", "normal")
    assert (first.get("valid_until"), first.get("white_listed")) == ("2027-06-30", "yes")
    assert (first.where, second.where) == ("白名单!B2", "白名单!B3")
    assert (found.set_aside, found.unknown_columns, found.remarks) == ([], [], [])


@pytest.mark.parametrize("titles", range(10))
def test_the_header_is_found_below_titles(titles: int) -> None:
    found = read(a_book(*[["某市白名单"]] * titles, HEADER, a_row(1)))
    assert found.records[0].where == f"白名单!B{titles + 2}"


def test_a_header_further_down_is_not_searched() -> None:
    found = refused(a_book(*[["某市白名单"]] * 10, HEADER, a_row(1)))
    assert found.fault == "header_missing"
    assert "统一社会信用代码, 机构名称" in found.detail


def test_a_merged_title_is_a_title_and_merged_cells_below_are_remarked() -> None:
    def merge(sheet: Worksheet) -> None:
        sheet.merge_cells("A1:F1")
        sheet.merge_cells("F3:F4")

    found = read(a_book(["某市白名单"], HEADER, a_row(1), a_row(2), change=merge))
    assert [record.get("address") for record in found.records] == ["春熙路1号", None]
    (remark,) = found.remarks
    assert remark.startswith("The sheet 白名单 has 1 merged cells below its header:")


def test_a_list_may_start_anywhere() -> None:
    def move(sheet: Worksheet) -> None:
        sheet.move_range("A1:F2", rows=3, cols=2)

    found = read(a_book(HEADER, a_row(1, until="soon"), change=move))
    assert found.set_aside[0].where == "白名单!G5"
    assert read(a_book(HEADER, a_row(1), change=move)).records[0].where == "白名单!D5"


HEADERS = [
    "统一社会信用代码",
    " 信用代码\n",
    "社会 信用代码*",
    "统一社会信用代码：",
    "信用代码（必填）",
]


@pytest.mark.parametrize("header", HEADERS)
def test_headers_have_synonyms_and_decorations(header: str) -> None:
    (record,) = read(a_book(["学校名称", header], ["星光", a_code(1)])).records
    assert record.institution_id == a_code(1)


@pytest.mark.parametrize(
    "header",
    [
        ("机构名称", "信用代码", "机构名称"),
        ("机构名称", "信用代码", "学校名称"),
        ("机构名称", "信用代码", "备注", "备注"),
        ("机构名称", "信用代码", "x", "x"),
    ],
)
def test_a_header_that_stands_twice_is_refused(header: tuple[str, ...]) -> None:
    found = refused(a_book(header, ["星光", a_code(1), "月光"]))
    assert found.fault == "header_repeated"
    assert "in columns" in found.detail


def test_unknown_columns_are_named_with_those_that_have_no_name() -> None:
    found = read(a_book([*HEADER, "星级", None, "备注"], [*a_row(1), "5", "see", "x"]))
    assert found.unknown_columns == ["星级", "column H"]
    assert len(found.records) == 1


DATES = [
    (date(2027, 6, 30), "2027-06-30"),
    (datetime(2027, 6, 30, 12), "2027-06-30"),  # noqa: DTZ001 - a sheet's days have no zone
    (46568, "2027-06-30"),
    ("2027年6月30日", "2027-06-30"),
    ("2027.6.30", "2027-06-30"),
    ("长期", LONG_TERM),
    (None, None),
]


def test_dates_of_every_kind_may_stand_in_one_column() -> None:
    rows = [a_row(number, until=cell) for number, (cell, _) in enumerate(DATES)]
    found = read(a_book(HEADER, *rows))
    assert [record.get("valid_until") for record in found.records] == [day for _, day in DATES]


def test_a_numeric_id_is_set_aside_at_its_cell() -> None:
    rows = [a_row(1, licence=133010570000123456), a_row(2, code=915101040000), a_row(3)]
    found = read(a_book(HEADER, *rows))
    assert [(one.where, one.reason, one.field) for one in found.set_aside] == [
        ("白名单!C2", "numeric_id", "licence_no"),
        ("白名单!B3", "numeric_id", "institution_id"),
    ]
    assert len(found.records) == 1


def test_a_formula_without_a_value_is_set_aside_and_one_with_a_value_is_read() -> None:
    content = a_book(HEADER, a_row(1, status="=1"), a_row(2, status="=2"), a_row(3))
    content = edited(content, "<f>2</f><v />", "<f>2</f><v>吊销</v>")
    content = edited(content, '<c r="D3">', '<c r="D3" t="str">')
    found = read(content)
    assert [(record.where, record.get("status")) for record in found.records] == [
        ("白名单!B3", "revoked"),
        ("白名单!B4", "normal"),
    ]
    (aside,) = found.set_aside
    assert (aside.where, aside.reason) == ("白名单!D2", "formula_without_value")
    assert found.remarks == ["The sheet 白名单 has 2 formulas: their last results were taken."]


def test_an_error_in_a_cell_is_not_an_empty_cell() -> None:
    found = read(a_book(HEADER, a_row(1, until="#N/A"), a_row(2)))
    assert [(one.where, one.reason) for one in found.set_aside] == [
        ("白名单!E2", "formula_without_value")
    ]


def test_hidden_sheets_are_not_read_and_hidden_rows_and_columns_are_told() -> None:
    def hide(sheet: Worksheet) -> None:
        sheet.row_dimensions[3].hidden = True
        sheet.column_dimensions["F"].hidden = True
        book = sheet.parent
        assert book is not None
        for state in ("hidden", "veryHidden"):
            other = book.create_sheet(state)
            other.sheet_state = state
            other.append(HEADER)
            other.append(a_row(9))

    found = read(a_book(HEADER, a_row(1), a_row(2), change=hide))
    assert len(found.records) == 2
    assert found.remarks == [
        "The sheet hidden is hidden: it was not read.",
        "The sheet veryHidden is hidden: it was not read.",
        "The sheet 白名单 has 1 hidden rows, first row 3: they were read.",
        "The sheet 白名单 has hidden columns: they were read.",
    ]


def test_every_sheet_with_a_header_is_read_into_one_batch() -> None:
    def add(sheet: Worksheet) -> None:
        book = sheet.parent
        assert book is not None
        second = book.create_sheet("二区")
        second.append(["信用代码", "名称"])
        second.append([a_code(2), "月光"])
        second.append([a_code(1), "另一个"])
        book.create_sheet("说明").append(["填表说明"])
        book.create_sheet("空")

    found = read(a_book(HEADER, a_row(1, licence=None), change=add))
    assert [record.where for record in found.records] == ["二区!A2"]
    assert {(one.where, one.reason) for one in found.set_aside} == {
        ("白名单!B2", "row_repeated"),
        ("二区!A3", "row_repeated"),
    }
    assert found.remarks == ["The sheet 说明 has no header that is known: it was not read."]


def test_what_stands_below_a_list_is_no_row_of_it() -> None:
    notes = [["合计", None, None, "2家"], ["备注：以上为截至本月的名单"], ["1.按区县排列"], []]
    found = read(a_book(HEADER, a_row(1), [], a_row(2), *notes))
    assert (len(found.records), found.set_aside) == (2, [])
    assert found.remarks == ["3 rows below the list belong to no institution."]


def test_a_row_without_a_code_is_no_footer() -> None:
    found = read(a_book(HEADER, ["小计"], a_row(1, code=None), a_row(2, name="备注学校"), ["散文"]))
    assert [record.get("name") for record in found.records] == ["备注学校"]
    assert [(one.where, one.reason) for one in found.set_aside] == [("白名单!B3", "field_missing")]


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "ROWS_MAX", 2)
    assert len(read(a_book(HEADER, a_row(1), a_row(2))).records) == 2
    assert refused(a_book(HEADER, a_row(1), a_row(2), a_row(3))).fault == "too_many_rows"


def test_a_file_too_large_is_refused() -> None:
    assert refused(bytes(sheets.SIZE_MAX + 1)).fault == "too_large"


@pytest.mark.parametrize(
    ("reference", "fault"),
    [
        ("XFD2", "too_large"),
        ("BA2", "too_large"),
        ("A1048576", "too_many_rows"),
        ("", "not_a_sheet"),
    ],
)
def test_a_cell_far_out_takes_no_room(reference: str, fault: str) -> None:
    content = a_book(HEADER, a_row(1))
    assert refused(edited(content, 'r="A2"', f'r="{reference}"')).fault == fault
    assert refused(edited(content, 'r="A2"', f"r='{reference}'")).fault == fault


def test_an_empty_cell_far_out_is_nothing() -> None:
    content = edited(
        a_book(HEADER, a_row(1)), "</row></sheetData>", '<c r="XFD2" s="1"/></row></sheetData>'
    )
    assert len(read(content).records) == 1


def test_markup_with_prefixes_is_read_as_well() -> None:
    content = a_book(HEADER, a_row(1, status="=1"), a_row(2))
    part = part_of(content).replace("</", "</x:").replace("<", "<x:").replace("<x:/x:", "</x:")
    part = part.replace("<x:worksheet xmlns=", "<x:worksheet xmlns:x=")
    found = read(with_parts(content, {SHEET_PART: part}))
    assert [record.where for record in found.records] == ["白名单!B3"]
    assert found.set_aside[0].where == "白名单!D2"


def test_days_counted_from_1904_are_refused() -> None:
    content = edited(
        a_book(HEADER, a_row(1)), "<workbookPr />", '<workbookPr date1904="1" />', "xl/workbook.xml"
    )
    assert refused(content).fault == "not_a_sheet"


CSV = f"机构名称,信用代码,许可证编号\r\n星光,{a_code(1)},151010470000001\r\n月光,{a_code(2)},\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_csv_is_read_in_the_encodings_of_offices(encoding: str, delimiter: str) -> None:
    found = read(CSV.replace(",", delimiter).encode(encoding), "名单.CSV")
    assert [(one.where, one.get("name")) for one in found.records] == [
        ("line 2", "星光"),
        ("line 3", "月光"),
    ]


@pytest.mark.parametrize("content", [CSV.encode("utf-16"), b"\xff\xff\xff\x81", b""])
def test_csv_in_no_known_encoding_is_refused(content: bytes) -> None:
    assert refused(content, "a.csv").fault in {"not_a_sheet", "header_missing"}


ROWS = [
    (f"月光\0,{a_code(2)},1", "shape_wrong"),
    (f"月光,{a_code(2)},1.51E+14", "numeric_id"),
    (f"月光,{a_code(2)},1,2", "shape_wrong"),
    (f"月光,{a_code(2)[:-1]},1", "credit_code_wrong"),
    ("月光", "field_missing"),
    ("x" * 140_000, "shape_wrong"),
    (f'"月光,{a_code(2)},1' + "\r\n" * 8, "shape_wrong"),
]


@pytest.mark.parametrize(("row", "reason"), ROWS, ids=range(len(ROWS)))
def test_a_broken_row_of_csv_is_set_aside_alone(row: str, reason: str) -> None:
    found = read(f"{CSV}{row}\r\n光光,{a_code(3)},3\r\n".encode(), "a.csv")
    assert len(found.records) == 3
    assert [(one.where, one.reason) for one in found.set_aside] == [("line 4", reason)]


def test_a_quote_that_is_never_closed_costs_one_row() -> None:
    rows = "".join(f"星光,{a_code(number)},{number}\r\n" for number in range(10, 200))
    found = read(f'{CSV}"月光,{a_code(3)},3\r\n{rows}'.encode(), "a.csv")
    assert len(found.records) == 192
    assert [(one.where, one.reason) for one in found.set_aside] == [("line 4", "shape_wrong")]


def test_a_quoted_cell_may_have_several_lines() -> None:
    found = read(f'{CSV}"月\r\n光",{a_code(3)},3\r\n'.encode(), "a.csv")
    assert (found.records[-1].get("name"), found.records[-1].where) == ("月 光", "line 4")


def test_what_says_it_is_text_is_never_opened_as_a_workbook() -> None:
    assert refused(a_book(HEADER), "a.csv").fault in {"not_a_sheet", "header_missing"}
    assert refused(CSV.encode(), "a.xlsx").fault == "not_a_sheet"

"""Reports as workbooks, pages and charts: nothing runs, nothing is lost, nothing is loaded."""

import io
import re
from datetime import UTC, date, datetime
from xml.etree import ElementTree as ET

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from alerts.domain.reports import Unit
from alerts.reports import charts
from alerts.reports.documents import Column, Document, Section, Table, said
from alerts.reports.forms import Form, wanted
from alerts.reports.rendering import ROWS_MAX, page
from alerts.reports.workbooks import plain, rendered

AMOUNT = Column("amount_fen", "金额", Unit.fen)
NAME = Column("name", "机构")


def a_document(*rows: dict[str, object], not_shown: int = 0) -> Document:
    table = Table((NAME, AMOUNT), rows, not_shown)
    return Document(
        "示例报告", "截至今日", "example", [("结论", "零报告")], [Section("名单", "", table)]
    )


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", "\n=1"])
def test_a_cell_never_becomes_a_formula(name: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(rendered(a_document({"name": name}))))
    cell = book["1 名单"]["A2"]
    assert cell.data_type == "s"
    assert str(cell.value).startswith("'")


@given(st.text(max_size=50))
def test_any_text_becomes_a_cell_that_is_text(name: str) -> None:
    assert not plain(name).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    kept = ILLEGAL_CHARACTERS_RE.sub("", name)
    assert plain(name) in {kept, f"'{kept}"}


def test_a_workbook_says_how_many_rows_it_does_not_show() -> None:
    book = openpyxl.load_workbook(io.BytesIO(rendered(a_document({"name": "甲"}, not_shown=7))))
    front = [cell.value for row in book["概要"].iter_rows() for cell in row]
    assert "另有 7 行未列出" in front


def test_an_amount_is_shown_in_yuan() -> None:
    book = openpyxl.load_workbook(io.BytesIO(rendered(a_document({"amount_fen": 123_456}))))
    assert book["1 名单"]["B2"].value == pytest.approx(1_234.56)
    assert "1,234.56" in bytes(page(a_document({"amount_fen": 123_456})).body).decode()


def test_a_page_escapes_what_others_said_and_loads_nothing() -> None:
    answer = page(a_document({"name": "<script>alert(1)</script>"}))
    text = bytes(answer.body).decode()
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert not re.search(r'(?:src|href)="(?!data:|#)', text)
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_page_lists_so_many_rows_and_says_how_many_more_there_are() -> None:
    rows: list[dict[str, object]] = [{"name": f"第{n}家"} for n in range(ROWS_MAX + 3)]
    text = bytes(page(a_document(*rows, not_shown=4)).body).decode()
    assert text.count("<tr>") == ROWS_MAX + 1
    assert "另有 7 行" in text


def test_what_is_not_there_is_a_dash() -> None:
    assert [said(None, Unit.fen), said("", Unit.text), said(0, Unit.fen)] == ["—", "—", "0.00"]
    assert said(datetime(2026, 11, 22, 1, tzinfo=UTC), Unit.moment) == "2026-11-22 09:00"
    assert said(12_345, Unit.bps) == "123.4%"


@given(st.lists(st.integers(-(10**12), 10**15), min_size=1, max_size=12))
def test_bars_stay_within_the_drawing_and_are_named(values: list[int]) -> None:
    labels = [f"{n:02d}" for n in range(len(values))]
    drawn = ET.fromstring(charts.bars("a", "图", labels, [("入账", values)]))  # noqa: S314 - ours
    assert drawn.get("role") == "img"
    for bar in drawn.iter("rect"):
        y, high = int(bar.get("y", "")), int(bar.get("height", ""))
        assert 0 <= y <= y + high <= charts.HEIGHT
        assert high >= 0
    assert drawn.find("title") is not None
    assert drawn.find("desc") is not None


@given(st.lists(st.integers(-(10**12), 10**15), min_size=1, max_size=26), st.integers(0, 10**12))
def test_a_line_stays_within_the_drawing(values: list[int], limit: int) -> None:
    points = [(date(2026, 1, 1), value) for value in values]
    drawn = ET.fromstring(charts.line("a", "<图>", "余额", points, ("最低", limit)))  # noqa: S314 - ours
    path = drawn.find("polyline")
    assert path is not None
    for pair in str(path.get("points")).split():
        x, y = map(int, pair.split(","))
        assert 0 <= x <= charts.WIDTH
        assert 0 <= y <= charts.HEIGHT


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", Form.json),
        ("*/*", Form.json),
        ("application/json", Form.json),
        ("text/html,application/xhtml+xml,*/*;q=0.8", Form.page),
        ("text/html;q=0.5, application/json", Form.json),
        (Form.workbook.value, Form.workbook),
        (f"{Form.workbook.value};q=0", Form.json),
        ("image/png", Form.json),
    ],
)
def test_the_form_is_the_one_that_is_asked_for_most(accept: str, form: Form) -> None:
    assert wanted(accept) is form

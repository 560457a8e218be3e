"""CSV: asked for by `Accept`, quoted, and never a formula."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from escrow.custody.sheets import is_wanted, rendered
from tests.support.tables import cases

# accept                                  wanted
ACCEPTED = """
  -                                         no
  */*                                       no
  application/json                          no
  text/csv                                  yes
  TEXT/CSV                                  yes
  text/csv, application/json                yes
  text/csv;q=0.5, application/json          no
  text/csv;q=0.9, application/json;q=0.5    yes
  text/csv; q=0                             no
  text/csv;q=0.001                          yes
  text/csv;header=present                   yes
  text/csv;q=much                           no
  text/html, text/csv;q=0.9, */*;q=0.8      yes
  text/*                                    no
"""


@cases(ACCEPTED)
def test_csv_is_for_those_who_ask_for_it(row: list[str]) -> None:
    assert is_wanted(row[0]) == (row[1] == "yes")


def test_rows_come_under_a_header() -> None:
    sheet = rendered([{"a": 1, "b": None}, {"b": "x", "a": 2}], ["a", "b"])
    assert sheet == b"a,b\r\n1,\r\n2,x\r\n"


# cell             written
CELLS = """
  =1+1             '=1+1
  +86              '+86
  -1               '-1
  @SUM(A1)         '@SUM(A1)
  a=1              a=1
  C-2026-0001      C-2026-0001
  少儿编程         少儿编程
"""


@cases(CELLS)
def test_what_a_spreadsheet_would_run_is_opened_with_an_apostrophe(row: list[str]) -> None:
    sheet = rendered([{"a": row[0]}], ["a"]).decode()
    assert list(csv.reader(io.StringIO(sheet, newline="")))[1] == [row[1]]


def test_blanks_that_hide_a_formula_are_caught() -> None:
    for cell in ("\t=1", "\r=1"):
        assert b"'" in rendered([{"a": cell}], ["a"])


@given(st.text(max_size=20))
def test_every_text_comes_back_from_its_cell(text: str) -> None:
    sheet = rendered([{"a": text}], ["a"]).decode("utf-8", "surrogatepass")
    (found,) = list(csv.reader(io.StringIO(sheet, newline="")))[1] or [""]
    assert found.removeprefix("'") == text.removeprefix("'")

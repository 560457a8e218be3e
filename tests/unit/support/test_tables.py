"""The tables in which tests state their cases read as they look."""

import pytest

from tests.support import tables

TABLE = """
  # contract  held   reason
  C1          600    -

  C 2         50     too little  # a remark
"""


def test_cells_are_two_spaces_apart_and_a_dash_is_empty() -> None:
    assert tables.rows(TABLE) == [["C1", "600", ""], ["C 2", "50", "too little"]]


def test_columns_are_named_and_the_last_may_be_left_out() -> None:
    found = tables.records("contract  held  reason", "C1  600\nC2  50  little")
    assert found == [
        {"contract": "C1", "held": "600", "reason": ""},
        {"contract": "C2", "held": "50", "reason": "little"},
    ]


def test_a_row_with_too_many_cells_is_refused() -> None:
    with pytest.raises(ValueError, match="3 cells for 2 columns"):
        tables.records("contract  held", "C1  600  more")


@tables.cases("""
  1   2   3
  10  20  30
""")
def test_a_table_makes_a_case_of_each_row(row: list[str]) -> None:
    first, second, total = map(int, row)
    assert first + second == total

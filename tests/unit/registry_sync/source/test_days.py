"""Days in every spelling that sources use."""

from datetime import date, datetime, time, timedelta

import pytest

from registry_sync.domain.words import RowFault
from registry_sync.source.cells import CellFault, Uncomputed
from registry_sync.source.days import day_of, since_of
from tests.support.tables import cases

# cell                          day
DAYS = """
  2027-06-30                    2027-06-30
  2027-6-3                      2027-06-03
  2027-06-30 00:00:00           2027-06-30
  2027-06-30T00:00:00           2027-06-30
  2027/6/30                     2027-06-30
  2027/6/30 0:00                2027-06-30
  2027.6.30                     2027-06-30
  2027年6月30日                 2027-06-30
  2027 年 6 月 30 日            2027-06-30
  ２０２７年６月３０日          2027-06-30
  长期                          9999-12-31
  长期有效                      9999-12-31
  9999-12-31                    9999-12-31
  2021年6月1日至2024年5月31日   2024-05-31
  2021-06-01至2024-05-31        2024-05-31
  2021-06-01 到 2024-05-31      2024-05-31
  2021.6.1-2024.5.31            2024-05-31
  2021.6.1—2024.5.31            2024-05-31
  2021-06-01～长期              9999-12-31
  至2024-05-31                  2024-05-31
  2024-05-31至2021-06-01        wrong
  明年至2024-05-31              wrong
  2021-06-01至2022-06-01至2023-06-01  wrong
  2027-13-01                    wrong
  2027-02-29                    wrong
  1948-12-31                    wrong
  2200-01-01                    wrong
  27-06-30                      wrong
  20270630                      wrong
  2027年6月                     wrong
  2027-06-30 12:00:00           wrong
  无                            wrong
"""


@cases(DAYS)
def test_a_day_is_read_in_every_spelling_known(row: list[str]) -> None:
    cell, expected = row
    if expected == "wrong":
        with pytest.raises(CellFault) as refused:
            day_of(cell)
        assert refused.value.reason is RowFault.date_wrong
    else:
        assert day_of(cell) == expected


VALUES = [
    (date(2027, 6, 30), "2027-06-30"),
    (datetime(2027, 6, 30, 12, 3), "2027-06-30"),  # noqa: DTZ001 - a sheet's days have no zone
    (46568, "2027-06-30"),
    (46568.5, "2027-06-30"),
    (30_000, "1982-02-18"),
    (60_000, "2064-04-08"),
    (None, None),
    ("", None),
]


@pytest.mark.parametrize(("cell", "day"), VALUES)
def test_a_day_is_read_from_a_spreadsheets_values(cell: object, day: str | None) -> None:
    assert day_of(cell) == day


WRONG = [29_999, 60_001, -1, True, float("nan"), float("inf"), time(1), timedelta(1), [], 10**400]


@pytest.mark.parametrize("cell", WRONG)
def test_what_is_no_day_is_refused(cell: object) -> None:
    with pytest.raises(CellFault) as refused:
        day_of(cell)
    assert refused.value.reason is RowFault.date_wrong


def test_a_formula_without_a_value_and_a_long_text_are_named() -> None:
    with pytest.raises(CellFault, match="formula_without_value"):
        day_of(Uncomputed.formula)
    with pytest.raises(CellFault, match="shape_wrong"):
        day_of("2" * 1_000)


def test_nothing_holds_since_for_ever() -> None:
    assert since_of("2026-01-02") == date(2026, 1, 2)
    assert since_of(None) is None
    with pytest.raises(CellFault, match="date_wrong"):
        since_of("长期")

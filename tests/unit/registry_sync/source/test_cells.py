"""Cells: text, words and ids, read strictly and never repaired."""

import random
from datetime import date

import pytest
from stdnum.cn import uscc

from registry_sync.domain.words import RowFault
from registry_sync.source.cells import (
    NAME_MAX,
    CellFault,
    Uncomputed,
    credit_code_of,
    district_of,
    licence_of,
    text_of,
    word_of,
)
from tests.support.tables import cases
from tests.unit.registry_sync.source.codes import a_code


def fault_of(read: object, cell: object) -> RowFault:
    with pytest.raises(CellFault) as refused:
        read(cell)
    return refused.value.reason


TEXTS = [
    ("星光学校", "星光学校"),
    ("  星光\u3000 学校\n", "星光 学校"),
    ("星光（教育）ＡＢＣ１２３", "星光(教育)ABC123"),
    ("\ufeff星\u200b光", "星光"),
    ("a\u202eb", "ab"),
    ("", None),
    (" \t", None),
    (None, None),
    ("𠮷田", "𠮷田"),
]


@pytest.mark.parametrize(("cell", "text"), TEXTS)
def test_text_is_normalised(cell: str | None, text: str | None) -> None:
    assert text_of(cell) == text


@pytest.mark.parametrize("cell", ["a\0b", "a\x07", "\ud800", "长" * 201, "\ufdfa" * 20, 12, ["a"]])
def test_what_is_no_text_is_shape_wrong(cell: object) -> None:
    assert fault_of(text_of, cell) is RowFault.shape_wrong


def test_a_text_may_be_as_long_as_it_may() -> None:
    assert text_of("长" * NAME_MAX) == "长" * NAME_MAX
    assert text_of("长" * 300, 300) == "长" * 300


def test_credit_codes_are_those_of_stdnum() -> None:
    chance = random.Random(1)
    for number in range(500):
        code = a_code(number)
        assert credit_code_of(code) == code
        place = chance.randrange(17)
        other = chance.choice([one for one in "0123456789" if one != code[place]])
        broken = code[:place] + other + code[place + 1 :]
        assert not uscc.is_valid(broken)
        assert fault_of(credit_code_of, broken) is RowFault.credit_code_wrong


# cell                     read
CODES = """
  92510104ma6000000d       92510104MA6000000D
  ９２５１０１０４ＭＡ６０００００0Ｄ   92510104MA6000000D
  92510104 MA6000000D      92510104MA6000000D
  -                        none
  92510104MA6000000        credit_code_wrong
  92510104MA6000000DD      credit_code_wrong
  92510104MA6000000C       credit_code_wrong
  92510104MA600000ID       credit_code_wrong
  9251-0104-MA60-0000-0D   credit_code_wrong
  9.2510104E+17            numeric_id
"""


@cases(CODES)
def test_a_credit_code_is_checked(row: list[str]) -> None:
    cell, expected = row
    if expected in set(RowFault):
        assert fault_of(credit_code_of, cell) == expected
    else:
        assert credit_code_of(cell) == (None if expected == "none" else expected)


def test_a_registrar_may_be_a_letter() -> None:
    body = "N2510104MA6000001"
    assert credit_code_of(body + uscc.calc_check_digit(body))


@pytest.mark.parametrize("cell", [133010570000123456, 1.33e17, True, date(2026, 1, 1)])
def test_an_id_that_is_a_number_is_never_repaired(cell: object) -> None:
    assert fault_of(credit_code_of, cell) is RowFault.numeric_id
    assert fault_of(licence_of, cell) is RowFault.numeric_id


# cell                     read
LICENCES = """
  151010470000012          151010470000012
  教民151010470000012号    教民151010470000012号
  教民〔2021〕１号         教民〔2021〕1号
  川民 证字第 a1号         川民证字第A1号
  1.5101047E+14            numeric_id
  ="151010470000012"       shape_wrong
  '151010470000012         shape_wrong
  @SUM(A1)                 shape_wrong
"""


@cases(LICENCES)
def test_a_licence_number_keeps_its_own_form(row: list[str]) -> None:
    cell, expected = row
    if expected in set(RowFault):
        assert fault_of(licence_of, cell) == expected
    else:
        assert licence_of(cell) == expected


def test_a_licence_number_has_an_end() -> None:
    assert licence_of("1" * 64) == "1" * 64
    assert fault_of(licence_of, "1" * 65) is RowFault.shape_wrong


@pytest.mark.parametrize("cell", ["510104", 510104, 510104.0, "５１０１０４", " 510104 "])
def test_a_district_has_six_digits(cell: str | float) -> None:
    assert district_of(cell) == "510104"


@pytest.mark.parametrize("cell", ["51010", "5101040", "010104", "锦江区", "51010x", -510104])
def test_what_is_no_district_is_a_word_unknown(cell: str | int) -> None:
    assert fault_of(district_of, cell) is RowFault.word_unknown


WORDS = [(1, "1"), (1.0, "1"), (True, "true"), (False, "false"), (" 是", "是"), (None, None)]


@pytest.mark.parametrize(("cell", "word"), WORDS)
def test_a_word_may_be_a_whole_number(cell: object, word: str | None) -> None:
    assert word_of(cell) == word


@pytest.mark.parametrize("cell", [1.5, float("inf"), float("nan"), [1], {}])
def test_no_other_number_is_a_word(cell: object) -> None:
    assert fault_of(word_of, cell) is RowFault.shape_wrong


@pytest.mark.parametrize("read", [text_of, word_of, licence_of, credit_code_of, district_of])
def test_a_formula_without_a_value_is_named(read: object) -> None:
    assert fault_of(read, Uncomputed.formula) is RowFault.formula_without_value

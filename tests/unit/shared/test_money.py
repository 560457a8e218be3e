"""Money as whole fen: nothing is lost and nothing is invented."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.money import BPS_WHOLE, FEN_MAX, Bps, Fen, lesson_fee, share, split, yuan
from tests.support.tables import cases

# total     lessons  lesson  fee
FEES = """
  480000    60       1       8000
  480000    60       60      8000
  100       3        1       33
  100       3        2       33
  100       3        3       34
  3         3        3       1
  1000      1        1       1000
  7         4        4       4
"""


@cases(FEES)
def test_the_remainder_is_on_the_last_lesson(row: list[str]) -> None:
    total, lessons, lesson, fee = map(int, row)
    assert lesson_fee(Fen(total), lessons, lesson) == fee


@pytest.mark.parametrize("lesson_no", [-1, 0, 4])
def test_a_lesson_outside_the_contract_has_no_fee(lesson_no: int) -> None:
    with pytest.raises(ValueError, match=r"1\.\.3"):
        lesson_fee(Fen(100), 3, lesson_no)


@given(st.integers(1, FEN_MAX), st.integers(1, 500))
def test_parts_sum_to_the_whole(total: int, parts: int) -> None:
    found = split(Fen(total), parts)
    assert sum(found) == total
    assert len(found) == parts
    assert len(set(found[:-1])) <= 1
    assert found[-1] >= found[0]


# amount   bps     share
SHARES = """
  1000     2500    250
  999      2500    249
  1        9999    0
  0        10000   0
  12345    10000   12345
  12345    0       0
"""


@cases(SHARES)
def test_a_share_is_rounded_down(row: list[str]) -> None:
    amount, ratio, expected = map(int, row)
    assert share(Fen(amount), Bps(ratio)) == expected


@given(st.integers(0, FEN_MAX), st.integers(0, BPS_WHOLE))
def test_a_share_and_the_rest_are_within_one_fen(amount: int, ratio: int) -> None:
    parts = share(Fen(amount), Bps(ratio)) + share(Fen(amount), Bps(BPS_WHOLE - ratio))
    assert amount - 1 <= parts <= amount


# fen        shown
SHOWN = """
  480000     4,800.00
  0          0.00
  5          0.05
  -5         -0.05
  -123456    -1,234.56
  100000000  1,000,000.00
"""


@cases(SHOWN)
def test_people_read_yuan(row: list[str]) -> None:
    assert yuan(int(row[0])) == row[1]


def test_the_largest_amount_is_exact_in_javascript() -> None:
    assert FEN_MAX < 2**53

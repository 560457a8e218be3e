"""A contract's line of the prepaid ledger: collected = consumed + refunded + remaining."""

from escrow.domain.prepaid import Prepaid
from shared.money import Fen
from tests.support.tables import cases

# lessons  paid  | collected consumed refunded taught | collected consumed refunded remaining
LINES = """
# a contract of ten lessons at 100 fen
  10  1000  0     0     0    0   0   0   0  0
  10  1000  1000  0     0    0   10  0   0  10
  10  1000  1000  300   0    3   10  3   0  7
  10  1000  1000  1000  0    10  10  10  0  0
# a part of the price covers whole lessons
  10  1000  250   0     0    0   2   0   0  2
  10  1000  250   200   0    2   2   2   0  0
  10  1000  99    0     0    0   0   0   0  0
# refunded: what was not taught went back
  10  1000  1000  300   700  3   10  3   7  0
  10  1000  250   100   150  1   2   1   1  0
  10  1000  1000  0     1000  0  10  0   10  0
# put back after the refund: one lesson's fee is held again
  10  1000  1000  200   700  2   10  2   7  1
# a price that does not divide leaves its rest on the last lesson
  3   100   100   33    0    1   3   1   0  2
  3   100   100   34    0    1   3   1   0  2
  3   100   100   66    0    2   3   2   0  1
  60  119   119   0     0    0   60  0   0  60
  60  119   119   1     118  1   60  1   59  0
  60  119   118   1     0    1   60  1   0  59
"""


@cases(LINES)
def test_a_line_says_what_became_of_the_money_and_the_lessons(row: list[str]) -> None:
    lessons, paid, collected, consumed, refunded, taught, *told = (int(cell) for cell in row)
    line = Prepaid("C1", lessons, Fen(paid), Fen(collected), Fen(consumed), Fen(refunded), taught)
    assert [
        line.collected_lessons,
        line.consumed_lessons,
        line.refunded_lessons,
        line.remaining_lessons,
    ] == told
    assert line.remaining_fen == collected - consumed - refunded
    assert (
        line.collected_lessons
        == line.consumed_lessons + line.refunded_lessons + line.remaining_lessons
    )


def test_lessons_taught_count_as_collected_whatever_a_part_covers() -> None:
    line = Prepaid("C1", 3, Fen(100), Fen(66), Fen(66), Fen(0), 2)
    assert (line.collected_lessons, line.remaining_lessons) == (2, 0)
    last = Prepaid("C1", 3, Fen(100), Fen(34), Fen(34), Fen(0), 1)
    assert (last.collected_lessons, last.remaining_lessons, last.refunded_lessons) == (1, 0, 0)

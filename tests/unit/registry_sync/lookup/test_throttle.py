"""So many look-ups a second for each caller, and memory for so many callers."""

import pytest

from registry_sync.lookup.throttle import BURST, Throttle, caller_of
from tests.support.tables import cases


def test_a_burst_goes_through_and_then_the_rate() -> None:
    throttle = Throttle(5)
    assert [throttle.wait_s("a", 0.0) for _ in range(5 * BURST)] == [0.0] * 5 * BURST
    assert throttle.wait_s("a", 0.0) == pytest.approx(0.2)
    assert throttle.wait_s("a", 0.2) == 0.0
    assert throttle.wait_s("a", 0.2) == pytest.approx(0.2)


def test_what_was_refused_costs_nothing() -> None:
    throttle = Throttle(1)
    for _ in range(BURST):
        throttle.wait_s("a", 0.0)
    assert {throttle.wait_s("a", 0.5) for _ in range(100)} == {0.5}
    assert throttle.wait_s("a", 1.0) == 0.0


def test_a_bucket_is_never_more_than_full() -> None:
    throttle = Throttle(1)
    throttle.wait_s("a", 0.0)
    went = [throttle.wait_s("a", 1_000.0) == 0.0 for _ in range(BURST + 1)]
    assert went == [True] * BURST + [False]


def test_callers_do_not_share_a_bucket() -> None:
    throttle = Throttle(1)
    for _ in range(BURST):
        throttle.wait_s("a", 0.0)
    assert throttle.wait_s("a", 0.0) > 0
    assert throttle.wait_s("b", 0.0) == 0.0


def test_no_rate_lets_everything_through_and_remembers_nobody() -> None:
    throttle = Throttle(0)
    assert {throttle.wait_s("a", 0.0) for _ in range(1_000)} == {0.0}
    assert len(throttle) == 0


def test_only_so_many_callers_are_remembered_the_last_ones() -> None:
    throttle = Throttle(1, callers_max=10)
    for _ in range(BURST):
        throttle.wait_s("last", 0.0)
    for number in range(9):
        throttle.wait_s(str(number), 0.0)
    assert len(throttle) == 10
    assert throttle.wait_s("last", 0.0) > 0
    for number in range(100):
        throttle.wait_s(str(number), 1.0)
    assert len(throttle) == 10


# address               stands for
CALLERS = """
  192.0.2.1             192.0.2.1
  2001:db8:1:2:3::4     2001:db8:1:2::
  2001:db8:1:2:ffff::   2001:db8:1:2::
  2001:db8:1:3::4       2001:db8:1:3::
  ::ffff:192.0.2.1      192.0.2.1
  nowhere               nowhere
  -                     -
"""


@cases(CALLERS)
def test_a_network_of_version_six_is_one_caller(row: list[str]) -> None:
    address, caller = row
    assert caller_of(address or None) == caller

"""What recurs by the month: of one kind, a month apart, in about the same amount."""

import pytest

from alerts.domain.facts import Fact
from alerts.domain.recurring import MOST, recurring
from tests.unit.alerts.rules.money_facts import DAY, HOUR, WAN, debit


def _monthly(*days: int, amount_fen: int = 10 * WAN, **more: object) -> list[Fact]:
    """Return debits of so many days before, in the order of booking."""
    return [debit(DAY * ago, amount_fen, **more) for ago in sorted(days, reverse=True)]


def test_the_fourth_of_its_kind_is_known() -> None:
    debits = _monthly(0, 30, 61, 91)
    assert recurring(debits) == {debits[-1].fact_id}
    assert recurring(debits[1:]) == frozenset()


def test_from_the_fourth_on_each_is_known() -> None:
    debits = _monthly(0, 30, 61, 91, 122, 153)
    assert recurring(debits) == {one.fact_id for one in debits[3:]}


@pytest.mark.parametrize(("gap", "is_known"), [(25, False), (26, True), (33, True), (34, False)])
def test_a_month_is_a_month_give_or_take_a_weekend(gap: int, *, is_known: bool) -> None:
    for place in range(3):
        gaps = [30, 30, 30]
        gaps[place] = gap
        debits = _monthly(0, gaps[0], sum(gaps[:2]), sum(gaps))
        assert (debits[-1].fact_id in recurring(debits)) is is_known


def test_days_are_counted_in_shanghai() -> None:
    earlier = [debit(26 * DAY * n - 5 * HOUR * (n == 1), WAN) for n in (3, 2, 1)]
    assert recurring([*earlier, debit(0 * DAY, WAN)])  # 25 days and 19 hours, 26 calendar days


@pytest.mark.parametrize(
    ("earlier_fen", "is_known"),
    [(100, True), (150, True), (149, True), (83_334, True), (83, False), (150_001, False)],
)
def test_amounts_are_about_the_same(earlier_fen: int, *, is_known: bool) -> None:
    amount_fen = 120 if earlier_fen < 1_000 else 100_000 if earlier_fen < 100_000 else 120_000
    debits = [*_monthly(30, 60, 90, amount_fen=earlier_fen), debit(0 * DAY, amount_fen)]
    assert bool(recurring(debits)) is is_known


def test_amounts_do_not_creep_up() -> None:
    rising = [debit(30 * DAY * n, amount) for n, amount in ((3, 100), (2, 118), (1, 139), (0, 164))]
    assert recurring(rising) == frozenset()


def test_another_counterparty_under_the_same_purpose_is_another_kind() -> None:
    earlier = _monthly(30, 60, 90, payee="landlord")
    assert recurring([*earlier, debit(0 * DAY, 10 * WAN, payee="boss")]) == frozenset()
    assert recurring([*earlier, debit(0 * DAY, 10 * WAN, payee="landlord", purpose="往来")])


def test_the_purpose_stands_in_where_a_counterparty_is_withheld() -> None:
    earlier = _monthly(30, 60, 90, payee=None)
    assert recurring([*earlier, debit(0 * DAY, 10 * WAN, payee=None)])
    assert recurring([*earlier, debit(0 * DAY, 10 * WAN, payee="told now")])
    assert not recurring([*earlier, debit(0 * DAY, 10 * WAN, payee=None, purpose="往来")])
    told = _monthly(30, 60, 90, payee="told")
    assert recurring([*told, debit(0 * DAY, 10 * WAN, payee=None)])


@pytest.mark.parametrize("purpose", [None, ""])
def test_without_purpose_and_counterparty_nothing_is_alike(purpose: str | None) -> None:
    assert recurring(_monthly(0, 30, 60, 90, payee=None, purpose=purpose)) == frozenset()


def test_what_is_looked_through_is_bounded() -> None:
    payroll = _monthly(30, 60, 90)
    many = [debit(DAY, WAN) for _ in range(MOST)]
    today = debit(0 * DAY, 10 * WAN)
    assert today.fact_id in recurring([*payroll, *many[3:], today])
    assert today.fact_id not in recurring([*payroll, *many, today])

"""Plans of planted failures: the same for a seed, in order, and each ends in a loss."""

from datetime import date, timedelta

import pytest

from sandbox.misbehaving.acts import (
    Failure,
    PauseClasses,
    Sell,
    Shut,
    SkipBills,
    Standing,
    Withdraw,
    gone_on,
)
from sandbox.misbehaving.plans import plan

START = date(2026, 3, 2)
STANDING = Standing("91320602MA00000000", "non_subject", 60, date(2026, 6, 30))
SEEDS = range(20)


@pytest.mark.parametrize("kind", Failure)
def test_a_plan_is_the_same_for_the_same_seed_and_another_for_another(kind: Failure) -> None:
    plans = [plan(kind, seed, START, STANDING) for seed in SEEDS]

    assert plans == [plan(kind, seed, START, STANDING) for seed in SEEDS]
    assert plans[0] != plans[1] or kind is Failure.not_clearing


@pytest.mark.parametrize("kind", Failure)
@pytest.mark.parametrize("seed", SEEDS)
def test_acts_are_in_order_begin_with_the_start_and_end_in_a_loss(kind: Failure, seed: int) -> None:
    acts = plan(kind, seed, START, STANDING)

    days = [act.day for act in acts]
    assert days == sorted(days)
    assert START <= days[0] <= START + timedelta(days=6)
    assert START < gone_on(acts) <= START + timedelta(days=160)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_runaway_stops_wages_sells_cheaply_drains_and_pauses_in_this_order(seed: int) -> None:
    acts = plan(Failure.runaway, seed, START, STANDING)

    first = {type(act): act.day for act in reversed(acts)}
    assert first[SkipBills] <= first[Sell] <= first[Withdraw] <= first[PauseClasses]
    assert all(act.off_bps > 0 for act in acts if isinstance(act, Sell))


@pytest.mark.parametrize("seed", SEEDS)
def test_one_who_splits_stays_below_the_published_limits(seed: int) -> None:
    debits = list(plan(Failure.structuring, seed, START, STANDING))

    assert len(debits) >= 10
    assert all(isinstance(one, Withdraw) for one in debits)
    assert all(one.share_bps < 1_000 for one in debits if isinstance(one, Withdraw))
    assert all((one.most_fen or 0) < 50_000_00 for one in debits if isinstance(one, Withdraw))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_sleeper_sleeps_for_more_than_two_months_before_it_pays(seed: int) -> None:
    acts = plan(Failure.dormant, seed, START, STANDING)

    paid = [act.day for act in acts if isinstance(act, Withdraw)]
    assert min(paid) - START > timedelta(days=60)


def test_a_missed_clearance_is_lost_on_the_campaigns_day() -> None:
    acts = plan(Failure.not_clearing, 1, START, STANDING)

    assert gone_on(acts) == STANDING.clear_by
    assert isinstance(acts[-1], Shut)


def test_a_clearance_is_not_missed_without_a_campaign() -> None:
    standing = Standing("91320602MA00000000", "subject", 60)

    with pytest.raises(ValueError, match="campaign"):
        plan(Failure.not_clearing, 1, START, standing)

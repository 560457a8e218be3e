"""Failures of those who can no longer: families leave and wait, a clearance is missed."""

from datetime import date, timedelta
from random import Random

from sandbox.misbehaving.acts import (
    Act,
    AskBack,
    PauseClasses,
    Shut,
    SkipBills,
    Standing,
    StopSelling,
    TipOff,
)


def be_left(chance: Random, start: date, _standing: Standing) -> list[Act]:
    """Let families ask for their money in a growing wave, pay few of them, and shut."""
    wave = chance.randint(14, 28)
    acts: list[Act] = []
    for day in range(0, wave, 2):
        share_bps = chance.randrange(100, 200, 10) + 15 * day
        is_paid = chance.random() < 0.25  # noqa: PLR2004 - the first loud ones are paid
        acts.append(AskBack(start + timedelta(days=day), share_bps, is_paid=is_paid))
    acts.append(SkipBills(start + timedelta(days=7)))
    acts.append(PauseClasses(start + timedelta(days=wave // 2), left_bps=5_000))
    acts.append(StopSelling(start + timedelta(days=wave // 2)))
    acts.append(TipOff(start + timedelta(days=wave), "refund", "家长反映退费一再拖延"))
    acts.append(Shut(start + timedelta(days=wave + chance.randint(14, 35))))
    return acts


def miss_clearance(chance: Random, start: date, standing: Standing) -> list[Act]:
    """Go slow while a campaign runs: too few lessons, no refunds, and a day that passes.

    Raises:
        ValueError: where the institution is under no campaign that ends later.

    """
    if standing.clear_by is None or standing.clear_by <= start:
        message = "an institution misses a clearance only under a campaign that ends later"
        raise ValueError(message)
    slow = PauseClasses(start, left_bps=chance.randrange(2_000, 6_000, 500))
    return [StopSelling(start), slow, Shut(standing.clear_by)]

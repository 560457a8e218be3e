"""Failures that look like business: lessons nobody gave, fees that never reach the account.

Each has ways that leave a trace on a feed, and one that leaves none: lessons claimed at hours at
which they might have been given, and fees taken in cash without a contract. No rule that reads
feeds can see those; they are planted because they exist.
"""

from collections.abc import Callable, Sequence
from datetime import date, time, timedelta
from random import Random
from typing import Final, TypeAlias

from sandbox.misbehaving.acts import Act, Claim, PauseClasses, Sell, SellUnseen, Standing, TipOff

_SATURDAY: Final = 5
SUBJECT: Final = "subject"
_Way: TypeAlias = Callable[[Random, date], Claim]
_TEXTS: Final[Sequence[str]] = ("老师让家长把学费转到个人微信", "机构称不走平台可打九折")


def pretend_lessons(chance: Random, start: date, standing: Standing) -> list[Act]:
    """Claim lessons that nobody gave, in one of three ways, several days a week."""
    ways: list[_Way] = [_overload, _overload, _at_good_hours]
    if standing.category == SUBJECT:
        ways += [_on_rest_days, _on_rest_days]
    way = chance.choice(ways)
    days = chance.randint(15, 35)
    claims = [way(chance, start + timedelta(days=day)) for day in range(0, days, 2)]
    last = start + timedelta(days=days)
    tip = TipOff(last + timedelta(days=chance.randint(1, 10)), "lessons", "家长反映课时被多扣")
    acts: list[Act] = [*claims, PauseClasses(last + timedelta(days=3)), tip]
    return acts


def _overload(chance: Random, day: date) -> Claim:
    """One teacher, who would have had to be in several rooms at a time, or in a very full one."""
    begins = time(chance.randint(9, 17), chance.choice((0, 15, 30)))
    share_bps = chance.randrange(1_500, 4_000, 250)
    return Claim(day, begins, 90, share_bps, 1, chance.randint(1, 4))


def _on_rest_days(chance: Random, day: date) -> Claim:
    """On Saturdays or Sundays, where school subjects may not be taught."""
    begins = time(chance.randint(9, 16), 0)
    ahead = 0 if day.weekday() >= _SATURDAY else _SATURDAY - day.weekday()
    return Claim(day + timedelta(days=ahead), begins, 60, chance.randrange(1_000, 3_000, 250), 4)


def _at_good_hours(chance: Random, day: date) -> Claim:
    """At an hour and by teachers that might have been: nothing on a feed says otherwise."""
    ahead = 7 - day.weekday() if day.weekday() >= _SATURDAY else 0
    share_bps = chance.randrange(1_000, 3_000, 250)
    return Claim(day + timedelta(days=ahead), time(12, 30), 45, share_bps, 30)


def collect_elsewhere(chance: Random, start: date, standing: Standing) -> list[Act]:
    """Take fees past the account: contracts signed and not paid in, or nothing signed at all."""
    days = chance.randint(30, 60)
    share = chance.randint(4, 10)
    is_signed = chance.random() < 0.75  # noqa: PLR2004 - one in four signs nothing
    acts: list[Act] = []
    for day in range(0, days, chance.randint(2, 4)):
        sold = max(1, standing.pupils * share // 100)
        on = start + timedelta(days=day)
        acts.append(Sell(on, sold, 1_000, is_paid_in=False) if is_signed else SellUnseen(on, sold))
    first_tip = chance.randint(15, days)
    acts.append(TipOff(start + timedelta(days=first_tip), "off_account", chance.choice(_TEXTS)))
    return acts

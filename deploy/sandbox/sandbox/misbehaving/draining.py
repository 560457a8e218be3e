"""Failures by which money leaves the account itself: a runaway, splitting, a sleeper that wakes.

What is drawn on policy.md (f): wages come late first, cheap packages bring money in, the account
is emptied within days, classes "pause", and a parent still pays. How large each debit is, to whom
it goes and what it is said to be for is the seed's to say, and knows nothing of any rule.
"""

from datetime import date, time, timedelta
from random import Random
from typing import Final

from sandbox.misbehaving.acts import (
    Act,
    PauseClasses,
    Sell,
    SkipBills,
    Standing,
    StopSelling,
    TipOff,
    Withdraw,
)

_SATURDAY: Final = 5
_SAID_FOR: Final = ("往来款", "货款", "教材款", "工资", "咨询服务费", "装修款", "还款", "备用金")
"""What the payer writes: some of it is what an institution may pay for."""
_LIMIT_FEN: Final = 50_000_00
_LIMIT_BPS: Final = 1_000
"""What one who splits stays below, because bureaus publish it: an amount, and Guangdong's share."""
_REST_BPS: Final = 9_500


def run_away(chance: Random, start: date, standing: Standing) -> list[Act]:
    """Stop paying wages, sell cheaply, empty the account over days, pause all classes."""
    acts: list[Act] = [SkipBills(start)]
    selling = chance.randint(14, 35)
    for after in range(2, selling, chance.randint(2, 4)):
        sold = max(2, standing.pupils * chance.randint(2, 6) // 100)
        off_bps = chance.randrange(2_500, 5_000, 500)
        acts.append(Sell(start + timedelta(days=after), sold, off_bps))
    payees = [f"亲友{number}" for number in range(1, chance.randint(2, 5))]
    if chance.random() < 0.3:  # noqa: PLR2004 - some send it to whom they always paid
        payees.append("房东")
    draining = chance.randint(3, 14)
    day = _working(start + timedelta(days=selling + chance.randint(0, 4)))
    for _ in range(draining):
        acts += [_debit(chance, day, payees) for _ in range(chance.choice((1, 1, 2)))]
        day = _working(day + timedelta(days=chance.choice((1, 1, 2))))
    acts.append(Withdraw(day, time(16, 40), _REST_BPS, payees[0], chance.choice(_SAID_FOR)))
    acts.append(PauseClasses(day - timedelta(days=chance.randint(0, 3))))
    acts.append(StopSelling(day + timedelta(days=2)))
    acts.append(TipOff(day + timedelta(days=1), "closed", "家长反映机构通知停课 7 至 10 天"))
    return acts


def _debit(chance: Random, day: date, payees: list[str]) -> Withdraw:
    share_bps = chance.randrange(400, 2_500, 50)
    at = time(chance.randint(15, 16), chance.randint(0, 30))
    return Withdraw(day, at, share_bps, chance.choice(payees), chance.choice(_SAID_FOR))


def split(chance: Random, start: date, _standing: Standing) -> list[Act]:
    """Take money out in pieces that stay below what a single debit may be."""
    payees = [f"个体户{number}" for number in range(1, chance.randint(3, 7))]
    acts: list[Act] = []
    day = _working(start)
    for _ in range(chance.randint(5, 12)):
        for number in range(chance.randint(2, 5)):
            part_bps = chance.randint(6_000, 9_800)
            acts.append(
                Withdraw(
                    day,
                    time(15 + number // 3, 15 * (number % 3) + chance.randint(0, 12)),
                    _LIMIT_BPS * part_bps // 10_000,
                    chance.choice(payees),
                    chance.choice(_SAID_FOR),
                    _LIMIT_FEN * part_bps // 10_000,
                )
            )
        day = _working(day + timedelta(days=chance.choice((1, 1, 1, 2))))
    return acts


def wake(chance: Random, start: date, _standing: Standing) -> list[Act]:
    """Pause everything for a season, then pay out what families had prepaid."""
    slept = chance.randint(65, 110)
    acts: list[Act] = [PauseClasses(start), SkipBills(start), StopSelling(start)]
    day = _working(start + timedelta(days=slept))
    payees = [f"关联公司{number}" for number in range(1, chance.randint(2, 4))]
    for _ in range(chance.randint(2, 5)):
        share_bps = chance.randrange(2_000, 6_000, 100)
        purpose = chance.choice(_SAID_FOR)
        acts.append(Withdraw(day, time(15, 20), share_bps, chance.choice(payees), purpose))
        day = _working(day + timedelta(days=chance.randint(1, 6)))
    return acts


def _working(day: date) -> date:
    """Return a day, or the Monday after it where it is on a weekend: banks ask who sends much."""
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() >= _SATURDAY else 0)

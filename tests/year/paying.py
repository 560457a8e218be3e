"""Bills of an institution that is under a reserve: what the bank takes from the supervised account.

Assumed, in yuan of what is taught in a month ("a month's taking"):

| what | when | how much | to whom |
|---|---|---|---|
| wages | monthly, before a weekend | 40 to 50 %: two thirds fixed, ±8 % | the same |
| year-end bonus | days before the Spring Festival | half to one and a half wages | the same |
| social insurance | monthly | a fifth of wages | the same |
| rent | monthly or quarterly | 10 to 18 % a month | the same; 3 in 100 move in a year |
| electricity, water | monthly | 1 to 2 %, nearly twice in summer and winter | the same |
| tax | quarterly | 3 % of three months | the same |
| books | before each term | 3 to 6 % | one of three suppliers |
| repairs, furniture | once in two years | 5,000 to 40,000 yuan | somebody new |
| equipment, announced | three in ten once in the year | 10 to 60 % | somebody new |

Its own money comes in days before payday, as the bank asks; before what is large, too; and within
2 to 5 working days of having fallen below a floor.
"""

from collections import deque
from datetime import date, timedelta
from random import Random
from typing import Final

from tests.year.days import FIRST, LAST, ONE_DAY, SPRING_FESTIVAL, at, calendar, next_workday
from tests.year.feed import Feed
from tests.year.places import Place
from tests.year.selling import Later

_BOOKS: Final = (2, 6, 8)
_TAXES: Final = (1, 4, 7, 10)
_COLD_OR_HOT: Final = (1, 2, 7, 8, 12)


class Paying:
    """How one institution's bills are paid."""

    def __init__(self, place: Place, chance: Random, feed: Feed, later: Later) -> None:
        self._place = place
        self._chance = chance
        self._feed = feed
        self._later = later
        self.is_skipping = False
        self._back_on: date | None = None
        self._taken: deque[int] = deque(maxlen=30)
        self._landlord = "landlord"
        span = (LAST - FIRST).days
        self._bonus = SPRING_FESTIVAL - chance.randint(5, 20) * ONE_DAY
        has_equipment = chance.random() < 0.3
        self._equipment = FIRST + chance.randint(0, span) * ONE_DAY if has_equipment else None
        self._moves = FIRST + chance.randint(0, span) * ONE_DAY if chance.random() < 0.03 else None
        self._rent_day = chance.randint(1, 5)
        self._light_day = chance.randint(18, 26)
        self._books_day = chance.randint(5, 25)
        self._light_bps = chance.randint(100, 200)

    def taught(self, amount_fen: int) -> None:
        """Count what a day's lessons came to."""
        self._taken.append(amount_fen)

    def month_fen(self) -> int:
        """Return a month's taking, as of late."""
        assumed_fen = self._place.pupils * self._place.fee_fen * 5
        if len(self._taken) < 30:
            return assumed_fen
        return max(sum(self._taken), assumed_fen // 3)

    def wages_fen(self) -> int:
        """Return a month's wages: two thirds as they are for years, a third as lessons go."""
        usual_fen = self._place.pupils * self._place.fee_fen * 5
        return (2 * usual_fen + self.month_fen()) // 3 * self._place.wages_bps // 10_000

    def top_up(self, day: date) -> None:
        """Bring in its own money some working days before payday, up to what it means to hold."""
        paydays = (self._payday(day), self._payday(day.replace(day=1) + 32 * ONE_DAY))
        if day in {_before(one, self._place.topped_up_days) for one in paydays}:
            bills_fen = self.wages_fen() * 6 // 5 + self.month_fen() // 10
            self._bring_in(day, bills_fen)
        self._mind_floor(day)

    def _mind_floor(self, day: date) -> None:
        """Come back over the floor some working days after having fallen below: the bank calls."""
        required_fen, balance_fen = self._feed.required_fen(), self._feed.balance_fen
        is_below = self._feed.has_floor and balance_fen < required_fen
        if is_below and self._back_on is None:
            self._back_on = next_workday(day, self._chance.randint(2, 5))
        elif self._back_on is not None and day >= self._back_on:
            self._back_on = None
            if is_below:
                missing = required_fen * 11 // 10 - balance_fen
                self._feed.mistyped(at(day, 10, 20), (missing // 1_000_00 + 1) * 1_000_00)

    def _bring_in(self, day: date, bills_fen: int) -> None:
        wanted = self._feed.held_fen * self._place.reserve_bps // 10_000 + bills_fen
        missing = wanted - self._feed.own_fen()
        if missing > 0:
            amount_fen = (missing // 1_000_00 + 1) * 1_000_00
            self._feed.mistyped(at(day, 10, 15), amount_fen)

    def pay(self, day: date) -> None:
        """Let the bank pay what is due on a day."""
        month_fen = self.month_fen()
        wages_fen = self.wages_fen()
        if day == self._payday(day):
            self._out(day, wages_fen, "payroll", "工资")
            self._out(day, wages_fen // 5, "social", "社会保险费")
        if day == next_workday(self._bonus):
            bonus_fen = wages_fen * self._chance.randint(5, 15) // 10
            self._announce(day, bonus_fen, "payroll", "工资（年终奖）")
        self._pay_rent(day)
        if self._is_on(day, self._light_day):
            season = 18 if day.month in _COLD_OR_HOT else 10
            self._out(day, month_fen * self._light_bps * season // 100_000, "light", "水电费")
        if day.month in _TAXES and self._is_on(day, 14):
            self._out(day, month_fen * 9 // 100, "taxes", "税款")
        if day.month in _BOOKS and self._is_on(day, self._books_day):
            supplier = f"books-{self._chance.randint(1, 3)}"
            self._out(day, month_fen * self._chance.randint(3, 6) // 100, supplier, "教材款")
        self._pay_once(day, month_fen)

    def _pay_rent(self, day: date) -> None:
        place = self._place
        if self._is_on(day, self._rent_day) and (day.month - 1) % place.rent_months == 0:
            if self._moves and day > self._moves:
                self._landlord, self._moves = "landlord-2", None
            rent_fen = place.pupils * place.fee_fen * 5 * place.rent_bps // 10_000
            self._announce(day, rent_fen * place.rent_months, self._landlord, "房租")

    def _pay_once(self, day: date, month_fen: int) -> None:
        is_workday = calendar().is_workday(day)
        if is_workday and self._chance.random() < 0.5 / 250:
            purpose = self._chance.choice(("维修款", "桌椅款", "装修款"))
            amount_fen = self._chance.randint(5_000_00, 40_000_00)
            self._announce(day, amount_fen, self._feed.name("supplier"), purpose)
        if self._equipment and day >= self._equipment and is_workday:
            amount_fen = month_fen * self._chance.randint(10, 60) // 100
            self._announce(day, amount_fen, self._feed.name("supplier"), "教学设备采购款")
            self._equipment = None

    def _announce(self, day: date, amount_fen: int, payee: str, purpose: str) -> None:
        """Bring in what a large bill will come to, and pay it some working days later."""
        self._bring_in(day, amount_fen)

        def pay(on: date) -> None:
            if not self.is_skipping:
                self._out(on, amount_fen, payee, purpose, spread_bps=0)

        self._later(next_workday(day, self._place.topped_up_days), pay)

    def _out(
        self, day: date, amount_fen: int, payee: str, purpose: str, *, spread_bps: int = 800
    ) -> None:
        amount_fen += amount_fen * self._chance.randint(-spread_bps, spread_bps) // 10_000
        amount_fen = min(amount_fen, max(0, self._feed.own_fen()))
        if amount_fen > 0:
            time = at(day, 14) + timedelta(seconds=self._chance.randint(0, 1_500))
            self._feed.withdraw(time, amount_fen, payee, purpose)

    def _payday(self, day: date) -> date:
        return _workday_until(day.replace(day=self._place.payday))

    def _is_on(self, day: date, number: int) -> bool:
        return day == _workday_until(day.replace(day=number))


def _workday_until(day: date) -> date:
    """Return a day, or the last working day before it."""
    while not calendar().is_workday(day):
        day -= ONE_DAY
    return day


def _before(day: date, number: int) -> date:
    """Return the so-manieth working day before a day."""
    left = number
    while left:
        day -= ONE_DAY
        left -= calendar().is_workday(day)
    return day

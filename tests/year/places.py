"""The institutions of the simulated city: how large they are, what they teach, how they pay.

What is assumed, none of it taken from a rule's threshold:

- Sizes are skewed (log-normal, median 45 pupils, from 15 to 900), one in eight teaches school
  subjects, on working days only; the others mostly at weekends, and twice as much in summer.
  In one district a clearance campaign ends the teaching of subjects by the end of the year.
- Packages keep to the national limits: three months, 60 lessons, 5,000 yuan where no school
  subject is taught. A lesson costs 60 to 190 yuan.
- Three in four are under custody by the lesson: what is taught is paid out the next day, wages
  and rent are paid from their own account, and no money leaves but by instruction.
- One in four of the others is under a reserve: wages, rent, taxes and suppliers are paid by the
  bank from the supervised account itself, where the institution keeps money of its own besides
  what families prepaid, and tops it up days before payday. Six in ten of them have a floor of 10
  to 20 % above what is prepaid, the others a fixed one.
- Four banks; one of them withholds counterparties, as Zhejiang's do.
- Costs: wages 40 to 50 % of what is taught, rent 10 to 18 %, monthly for some, quarterly for
  most; 4 in 100 open during the year, 3 in 100 close in good order.
"""

from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Final

from sandbox.city.places import credit_code
from tests.year.days import FIRST, LAST, ONE_DAY, OPENED, SPRING_FESTIVAL

DISTRICTS: Final = ("320602", "320612", "320613", "320681", "320682", "320685")
BANKS: Final = ("bank-a", "bank-b", "bank-c", "bank-d")
WITHHOLDING: Final = "bank-d"
"""The bank that tells no counterparties."""
CAMPAIGN_DISTRICT: Final = DISTRICTS[0]
"""Where a clearance campaign runs for school subjects."""


@dataclass(frozen=True, slots=True)
class Place:
    """One institution as it means to live."""

    number: int
    institution_id: str
    district_code: str
    category: str
    bank_id: str
    pupils: int
    fee_fen: int
    """Of one lesson."""
    growth: float
    """Pupils at the end of the year, of those at its beginning."""
    opens: date
    closes: date | None
    """The day on which it stops in good order; nothing for almost all."""
    has_reserve: bool
    floor_bps: int
    """Of a floor above the prepaid tuition; 0 where the floor is fixed or there is none."""
    wages_bps: int
    rent_bps: int
    rent_months: int
    payday: int
    topped_up_days: int
    """Working days before payday on which its own money comes in."""
    reserve_bps: int
    """What it means to hold of its own after payday, of the prepaid tuition."""
    spring_gap: tuple[date, date]
    licence_until: date
    seed: str = field(default="")

    @property
    def is_subject(self) -> bool:
        """Tell whether it teaches school subjects."""
        return self.category == "subject"


def places(seed: int, number: int) -> list[Place]:
    """Return the institutions of the city that grows from a seed."""
    return [_place(seed, one) for one in range(number)]


def _place(seed: int, number: int) -> Place:
    chance = Random(f"place:{seed}:{number}")
    district = DISTRICTS[number % len(DISTRICTS)]
    is_subject = chance.random() < (0.3 if district == CAMPAIGN_DISTRICT else 0.09)
    has_reserve = chance.random() < (0.0 if is_subject else 0.28)
    gap = SPRING_FESTIVAL - chance.randint(3, 12) * ONE_DAY
    is_cleared = is_subject and district == CAMPAIGN_DISTRICT
    is_late = chance.random() < 0.04 and not is_cleared
    is_closing = not is_late and chance.random() < 0.03
    span = (LAST - FIRST).days
    return Place(
        number,
        credit_code(chance, district),
        district,
        "subject" if is_subject else "non_subject",
        chance.choice(BANKS),
        int(min(900, max(15, chance.lognormvariate(3.8, 0.85)))),
        chance.randrange(60_00, 190_00, 5_00),
        chance.uniform(0.75, 1.3),
        FIRST + chance.randint(20, 250) * ONE_DAY if is_late else OPENED,
        FIRST + chance.randint(60, span) * ONE_DAY if is_closing else None,
        has_reserve,
        chance.choice((1_000, 1_500, 2_000)) if has_reserve and chance.random() < 0.6 else 0,
        chance.randint(4_000, 5_000),
        chance.randint(1_000, 1_800),
        chance.choice((1, 3, 3)),
        chance.choice((8, 10, 10, 15, 15, 20)),
        chance.randint(2, 6),
        chance.randint(3_000, 7_000),
        (gap, SPRING_FESTIVAL + chance.randint(7, 16) * ONE_DAY),
        FIRST + chance.randint(-20, 1_075) * ONE_DAY,
        f"{seed}:{number}",
    )

"""The planted failures: whom they befall, and their acts as events of the feed.

Whom: of each kind so many institutions, drawn by the seed from those it could befall; money only
leaves without an instruction where the bank lets it, so runaways and splitters are among those
under a reserve. Starts are spread over the year, so that each is over before the year is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Final

from sandbox.misbehaving.acts import (
    APART,
    Act,
    AskBack,
    Claim,
    Failure,
    PauseClasses,
    Sell,
    SellUnseen,
    Shut,
    SkipBills,
    Standing,
    StopSelling,
    TipOff,
    Withdraw,
    gone_on,
)
from sandbox.misbehaving.plans import plan
from shared.time import SHANGHAI, rfc3339
from tests.year.days import FIRST, ONE_DAY
from tests.year.living import CAMPAIGN_MADE, CLEAR_BY, Life
from tests.year.places import CAMPAIGN_DISTRICT, Place
from tests.year.school import lesson_of

HOW_MANY: Final[Mapping[Failure, int]] = {
    Failure.runaway: 6,
    Failure.structuring: 4,
    Failure.fake_lessons: 4,
    Failure.off_account: 4,
    Failure.refund_surge: 4,
    Failure.not_clearing: 4,
    Failure.dormant: 4,
}
"""Thirty in all; runaways are what people fear most (52.67 % of complaints in 2020)."""

_PAYEES: Final = {"房东": "landlord"}
_ALL: Final = 10_000


@dataclass(frozen=True, slots=True)
class Planted:
    """One failure of one institution."""

    kind: Failure
    place: Place
    start: date
    acts: Sequence[Act]

    @property
    def gone_on(self) -> date:
        """Return the day on which the planted loss is complete."""
        return gone_on(self.acts)

    @property
    def tipped_on(self) -> date | None:
        """Return the day of the first tip-off, which no feed tells of."""
        return min((one.day for one in self.acts if isinstance(one, TipOff)), default=None)


def planted(
    seed: int,
    city: Sequence[Place],
    how_many: Mapping[Failure, int] = HOW_MANY,
    span: tuple[int, int] = (30, 200),
) -> dict[str, Planted]:
    """Return the failures of the year, by institution; `span` are the days on which they begin."""
    found: dict[str, Planted] = {}
    for kind, number in how_many.items():
        chance = Random(f"planted:{seed}:{kind}")
        fit = [one for one in city if _may_befall(kind, one) and one.institution_id not in found]
        for place in chance.sample(fit, min(number, len(fit))):
            start = FIRST + chance.randint(*span) * ONE_DAY
            is_clearing = kind is Failure.not_clearing
            if is_clearing:
                start = CAMPAIGN_MADE + chance.randint(5, 40) * ONE_DAY
            clear_by = CLEAR_BY if is_clearing else None
            standing = Standing(place.institution_id, place.category, place.pupils, clear_by)
            acts = plan(kind, seed, start, standing)
            found[place.institution_id] = Planted(kind, place, start, acts)
    return found


def _may_befall(kind: Failure, place: Place) -> bool:
    if place.closes or place.opens > FIRST:
        return False
    is_clearing = place.is_subject and place.district_code == CAMPAIGN_DISTRICT
    if kind is Failure.not_clearing or is_clearing:
        return kind is Failure.not_clearing and is_clearing
    needs_reserve = kind in {Failure.runaway, Failure.structuring}
    return place.has_reserve or not needs_reserve


def play(life: Life, act: Act) -> None:
    """Let one act of a plan happen."""
    match act:
        case Withdraw():
            _withdraw(life, act)
        case Sell():
            for _ in range(act.contracts):
                life.selling.enrol(act.day, off_bps=act.off_bps, is_paid_in=act.is_paid_in)
        case Claim():
            _claim(life, act)
        case AskBack():
            there = sum(1 for _ in life.school.seats())
            families = -(-there * act.share_bps // _ALL)  # somebody asks, however few there are
            life.giving_back.ask(act.day, families, is_paid=act.is_paid)
        case _:
            _stop(life, act)


def _stop(life: Life, act: Act) -> None:
    """Let an act happen by which something is no longer done."""
    match act:
        case SellUnseen():
            life.sold_elsewhere = True
        case SkipBills():
            life.paying.is_skipping = True
        case PauseClasses():
            life.left_bps = act.left_bps
        case StopSelling():
            life.is_selling = False
        case Shut():
            life.is_shut = True
        case _:
            assert isinstance(act, TipOff), "every act is played"


def _withdraw(life: Life, act: Withdraw) -> None:
    amount_fen = life.feed.balance_fen * act.share_bps // _ALL
    if act.most_fen is not None:
        amount_fen = min(amount_fen, act.most_fen)
    if amount_fen > 0:
        time = datetime.combine(act.day, act.at, SHANGHAI)
        payee = _PAYEES.get(act.counterparty, act.counterparty)
        life.feed.withdraw(time, amount_fen, payee, act.purpose)


def _claim(life: Life, act: Claim) -> None:
    """Claim the next lessons of so many pupils, over some names and classes."""
    seats = [seat for _, seat in life.school.seats() if seat.may_begin]
    chosen = life.chance.sample(seats, len(seats) * act.share_bps // _ALL)
    known = sorted({group.teacher for group in life.school.groups}) or ["T1"]
    names = known[: act.teachers]
    begins = datetime.combine(act.day, act.begins, SHANGHAI)
    lessons = []
    for number, seat in enumerate(chosen):
        starts = begins + (number % act.classes) * APART
        said = rfc3339(starts), rfc3339(starts + timedelta(minutes=act.minutes))
        lessons.append(lesson_of(seat, *said, names[number % len(names)]))
    life.release(act.day, lessons)

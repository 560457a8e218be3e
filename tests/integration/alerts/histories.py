"""Months of institutions, drawn from a seed: every type of event, and something for every rule.

Each institution has a shape, so that one is robbed, one runs thin, one wakes, one teaches at night
and one sinks; amounts, hours and days are drawn around what the rules ask for. The days lie in a
year far ahead, at which the clock of the database is set: the same seed tells the same months
whenever it is asked.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Final, Literal
from uuid import UUID

from alerts.domain.events import Told
from alerts.domain.facts import Kind
from shared.feed.reader import FeedEvent
from shared.time import SHANGHAI, business_day, rfc3339
from tests.support.client import an_institution_id

START: Final = datetime(2040, 3, 5, 9, 0, tzinfo=SHANGHAI)
"""A Monday morning; before it lie four months that are told at once, after it five weeks live."""

LIVE_DAYS: Final = 35
TURNED: Final = {date(2040, 3, 10): True, date(2040, 3, 13): False, date(2040, 4, 4): False}
"""A Saturday that is worked and two weekdays that are not."""

DISTRICT: Final = "320602"
DAY: Final = timedelta(days=1)
WAN: Final = 1_000_000
"""Ten thousand yuan, in fen."""

Feed = Literal["escrow", "registry"]
Json = dict[str, Any]


@dataclass(frozen=True)
class Tale:
    """One event of a feed, or one fact that is told to us, and when we could first hear of it."""

    heard_at: datetime
    institution_id: str
    feed: Feed | None = None
    event: FeedEvent | None = None
    told: Told | None = None
    name: UUID | None = None
    """Of what was told to us: what tells it from everything else."""


@dataclass
class Teller:
    """Tells of one institution."""

    dice: Random
    category: str = "non_subject"
    institution_id: str = field(default_factory=an_institution_id)
    tales: list[Tale] = field(default_factory=list)
    numbers: int = 0

    def name(self, stem: str) -> str:
        """Return a name that nothing of the institution has yet."""
        self.numbers += 1
        return f"{stem}{self.numbers}"

    def at(self, day: float) -> datetime:
        """Return an instant of a day, give or take some minutes; days before the start are past."""
        return START + timedelta(minutes=round(day * 1_440) + self.dice.randrange(50))

    def draw_day(self, low: int = 1, high: int = 24) -> int:
        """Draw a day of the five weeks."""
        return self.dice.randrange(low, high)

    def tell(
        self, event_type: str, at: datetime, body: Json, feed: Feed = "escrow", late: float = 0
    ) -> None:
        """Tell an event, so many days late."""
        self.numbers += 1
        told = FeedEvent(
            id=UUID(int=self.dice.getrandbits(128), version=4),
            source=f"urn:yike:{feed}",
            type=event_type,
            subject=self.institution_id,
            time=at,
            sequence=self.numbers,
            data=body,
        )
        heard_at = max(at + late * DAY, START)
        self.tales.append(Tale(heard_at, self.institution_id, feed, told))

    def say(self, kind: Kind, at: datetime, **said: Any) -> None:  # noqa: ANN401 - of a fact
        """Let somebody tell us of the institution, as a bank or a neighbour does."""
        name = UUID(int=self.dice.getrandbits(128), version=4)
        told = Told(kind, at, **said)
        self.tales.append(Tale(max(at, START), self.institution_id, None, None, told, name))

    def opened(self, held_fen: int, *, paid_off: int = 0) -> str:
        """Tell the past: who it is, its account, a contract and its money; return the contract."""
        at = self.at(-110)
        named = {"name": "示例青竹培训中心", "district_code": DISTRICT, "category": self.category}
        self.tell("institution.changed", at, {**named, "delivery": "offline"})
        self.tell("account.changed", at, {"bank_id": "bank-a"})
        self.registered("institution.listed", self.at(-109), "normal", status_before=None)
        contract = self.contracted(-105, held_fen)
        self.paid_in(-104, held_fen, contract)
        if paid_off:
            self.taught(-60, paid_off, contract)
        return contract

    def registered(self, event_type: str, at: datetime, status: str, **more: object) -> None:
        """Tell a word of the registry."""
        body = {
            "status": status,
            "licence_no": "示例民 1320602000001 号",
            "since": business_day(at).isoformat(),
            "valid_until": "2042-06-30",
            **more,
        }
        self.tell(event_type, at, body, "registry", late=self.dice.choice([0, 0, 0.3]))

    def contracted(self, day: float, paid_fen: int, **more: object) -> str:
        """Tell a contract; return its id."""
        contract, at = self.name("C"), self.at(day)
        body = {
            "contract_id": contract,
            "paid_fen": paid_fen,
            "lessons": self.dice.choice([20, 59, 60]),
            "signed_on": business_day(at).isoformat(),
            "course_category": self.category,
            "starts_on": business_day(at + 5 * DAY).isoformat(),
            "ends_on": business_day(at + 90 * DAY).isoformat(),
            "student_ref": self.name("S"),
            **more,
        }
        self.tell("contract.accepted", at, body)
        return contract

    def paid_in(self, day: float, fen: int, contract: str = "C0", *, late: float = 0) -> str:
        """Tell money that found its contract; return the entry."""
        entry = self.name("E")
        at = self.at(day)
        body = {"entry_id": entry, "contract_id": contract, "amount_fen": fen, "entry_fen": fen}
        self.tell("receipt.matched", at, {**body, "booked_at": rfc3339(at)}, late=late)
        return entry

    def took_out(
        self, day: float, fen: int, payee: str | None = "P1", purpose: str = "装修", late: float = 0
    ) -> None:
        """Tell a debit that nobody instructed; now and then it is told anew with another amount."""
        at = self.at(day)
        body = {
            "entry_id": self.name("E"),
            "amount_fen": fen,
            "booked_at": rfc3339(at),
            "purpose": purpose,
            "counterparty_ref": payee,
        }
        self.tell("debit.unbacked", at, body, late=late)
        if self.dice.random() < 0.1:
            self.tell("debit.unbacked", at, {**body, "amount_fen": fen + 7}, late=late + 2)

    def taught(self, day: float, fen: int, contract: str, *, teacher: str = "T1") -> None:
        """Tell a lesson of a day's ninth hour and what it released; `day` is a whole number."""
        begins = self.at(day)
        lesson = {
            "contract_id": contract,
            "lesson_no": self.numbers,
            "amount_fen": fen,
            "taught_at": rfc3339(begins),
            "ended_at": rfc3339(begins + timedelta(minutes=60)),
            "teacher_ref": teacher,
            "student_ref": "S1",
        }
        self.tell("lessons.released", begins + DAY / 12, {"lessons": [lesson]})

    def reported(self, day: float) -> None:
        """Tell a statement of the bank."""
        at = self.at(day)
        closing = self.dice.randrange(200) * WAN
        body = {"statement_id": self.name("B"), "bank_id": "bank-a", "to": rfc3339(at)}
        self.tell("statement.received", at, {**body, "closing_balance_fen": closing})

    def refund(self, day: float, refund: str, state: str, fen: int, contract: str) -> None:
        """Tell where a refund stands."""
        body = {"refund_id": refund, "state": state, "amount_fen": fen, "contract_id": contract}
        self.tell("refund.changed", self.at(day), body, late=self.dice.choice([0, 0, 1]))


def robbed(me: Teller) -> None:
    """R01, R02, R03, R06 and R22: most of it goes, in large pieces, one of them while frozen."""
    day, contract = me.draw_day(), me.opened(100 * WAN)
    late = me.dice.choice([0, 0.4, 3])
    me.took_out(day, me.dice.randrange(31, 36) * WAN, "P1", late=late)
    me.took_out(day + 0.3, me.dice.randrange(21, 25) * WAN, "P2")
    freeze = {"freeze_id": "Z1", "scope": "payout", "reason": "示例", "authority": "示例局"}
    me.tell("freeze.placed", me.at(day + 1), freeze)
    me.tell("freeze.confirmed", me.at(day + 1.1), freeze)
    me.took_out(day + 2, me.dice.randrange(6, 12) * WAN, None)
    me.took_out(day + 2.5, 5 * WAN, "P3", "")
    me.tell("freeze.lifted", me.at(day + 4), freeze)
    warned = me.at(day + me.dice.choice([2, 3, 6]))
    me.say(Kind.bank_warning, warned, amount_fen=WAN, ref="W1", tag="blocked_debit")
    _kept_up(me, contract)


def thin(me: Teller) -> None:
    """R04, R05, R07 and R08: below its floor, below what it owes, by many small debits."""
    day, contract = me.draw_day(), me.opened(40 * WAN)
    floor = {"required_fen": me.dice.randrange(30, 38) * WAN, "floor_id": "F1"}
    me.tell("floor.changed", me.at(day - 8), floor)
    for number in range(me.dice.choice([3, 4, 7])):
        me.took_out(day + number / 12, me.dice.randrange(42, 49) * WAN // 10, "P1", "教材")
    me.paid_in(day + 4, 3 * WAN, contract, late=me.dice.choice([0, 1]))
    me.took_out(day + 4.4, me.dice.randrange(25, 30) * WAN // 10, "P2", "教材")
    said = {"floor": {"required_fen": 20 * WAN, "present_fen": 21 * WAN}}
    at = me.at(day + 6)
    paid = {"entry_id": me.name("E"), "amount_fen": WAN, "booked_at": rfc3339(at), "kind": "payout"}
    me.tell("debit.booked", at, {**paid, **said}, late=me.dice.choice([0, 0, 2]))
    _kept_up(me, contract)


def sleeper(me: Teller) -> None:
    """R09, R10, R20 and R21: it slept for months, lost its licence, and wakes."""
    contract = me.opened(80 * WAN)
    me.took_out(-90, 2 * WAN, "P1")
    day = me.draw_day(4)
    lost = me.dice.choice(["licence.revoked", "licence.suspended", "licence.expired"])
    me.registered(lost, me.at(day - 3), lost.split(".")[1])
    me.took_out(day, me.dice.randrange(6, 20) * WAN, "P1", late=me.dice.choice([0, 0, 1]))
    me.paid_in(day + 1, me.dice.randrange(1, 9) * WAN, contract)
    words = ["institution.missing", "list.black.added", "list.white.removed", "list.black.removed"]
    for place, word in enumerate(words):
        status = me.dice.choice(["revoked", "unknown"])
        me.registered(word, me.at(day + 3 + place), status, white_listed=False)
    me.registered("institution.restored", me.at(day + 9), "normal", white_listed=True)
    me.registered("institution.changed", me.at(day + 10), "winding_down", status_before="normal")
    me.paid_in(day + 10.5, WAN // 10, contract, late=2)


def schooling(me: Teller) -> None:
    """R11 to R15: lessons by night and at the weekend, contracts too long, unpaid, without days."""
    me.category = "subject"
    contract = me.opened(30 * WAN, paid_off=2 * WAN)
    for day in range(-8, LIVE_DAYS, me.dice.choice([3, 4])):
        me.taught(day, me.dice.randrange(1, 40) * WAN // 100, contract)
    night = me.draw_day(2, 20)
    me.taught(night + 0.49, 7_500, contract, teacher="T2")
    taken = {"contract_id": contract, "lesson_no": 7, "amount_fen": 5_000, "reason": "示例"}
    me.tell("lessons.reversed", me.at(night + 2), taken, late=me.dice.choice([0, 3]))
    ends = business_day(START + 200 * DAY).isoformat()
    long = me.contracted(me.draw_day(1, 15), 100_000, ends_on=ends, lessons=61)
    me.contracted(me.draw_day(1, 15), me.dice.randrange(2, 13) * WAN)
    me.tell("contract.closed", me.at(27), {"contract_id": long, "state": "completed"})
    me.contracted(me.dice.choice([28, 29]), 50_000, starts_on=None)


def sinking(me: Teller) -> None:
    """R16 to R19: refunds wait, wages stop, the bank is silent, and much is held."""
    contract = me.opened(60 * WAN)
    stopped = me.dice.randrange(3, 12)
    for month in (1, 2, 3):
        me.took_out(stopped - 30 * month, me.dice.randrange(25, 29) * WAN // 10, "P9", "工资")
    me.paid_in(-40 + stopped, 20 * WAN, contract)
    pupils = [f"R{number}" for number in range(me.dice.choice([7, 22]))]
    day = me.draw_day(1, 12)
    for number, name in enumerate(pupils):
        me.refund(day + number / 5, name, "requested", 100_000, f"C-{name}")
    for name in pupils[::2]:
        me.refund(day + 9, name, "agreed", 100_000, f"C-{name}")
        me.refund(day + me.dice.choice([10, 20]), name, "paid", 100_000, f"C-{name}")
    for number in range(0, me.dice.choice([10, 20]), 2):
        me.reported(number + 0.3)
    me.say(Kind.tip, me.at(day), ref="K1", tag="示例", body={"text": "示例"})


def newcomer(me: Teller) -> None:
    """Tell what cannot be judged: a short history, no payee, a register that knows no status."""
    day = me.draw_day(3, 12)
    named = {"name": "示例新竹培训中心", "district_code": "320602", "category": "non_subject"}
    me.tell("institution.changed", me.at(day), named, late=4)
    me.tell("account.changed", me.at(day), {"bank_id": "bank-a"})
    me.registered("institution.listed", me.at(day), "unknown", status_before=None)
    me.paid_in(day + 0.5, 30 * WAN)
    me.took_out(day + 2, me.dice.randrange(35, 60) * WAN // 10, None, "教材")
    odd = me.at(day + 3)
    body = {"entry_id": "X1", "amount_fen": 5, "entry_fen": 5, "booked_at": rfc3339(odd)}
    me.tell("receipt.unmatched", odd, {**body, "effect": "unknown_contract"})
    me.tell("receipt.returned", odd, {**body, "entry_id": "X2", "kind": "payout"})
    me.tell("instruction.changed", odd, _named("instruction", "rejected"))
    me.tell("instruction.changed", odd, _named("instruction", "booked"))
    me.tell("verification.failed", odd, {"verification_id": "V1", "findings": 1})
    me.tell("claim.refused", odd, {"claims": [{"code": "forbidden_slot"}]})
    me.tell("payout.planned", odd, {})
    me.tell("payout.retained", odd, {"payouts": [{"amount_fen": 7, "reason": "floor"}]})
    me.tell("tuition.teleported", odd, {"amount_fen": 5})
    me.tell("debit.unbacked", odd, {"amount_fen": -5})


def _named(stem: str, state: str) -> Json:
    return {f"{stem}_id": "N1", "state": state, "amount_fen": 40}


def _kept_up(me: Teller, contract: str) -> None:
    """Tell what goes on everywhere: small money in and out, some of it very late."""
    for _ in range(me.dice.randrange(4)):
        day = me.dice.randrange(-30, LIVE_DAYS - 5)
        me.paid_in(day, me.dice.randrange(1, 30) * WAN // 10, contract)
        late = me.dice.choice([0, 0, 1, 5, 33])
        me.took_out(day + 0.2, me.dice.randrange(1, 15) * WAN // 10, "P5", "租金", late)


SHAPES: Final[Sequence[Callable[[Teller], None]]] = (
    robbed,
    thin,
    sleeper,
    schooling,
    sinking,
    newcomer,
)


def history(seed: int) -> list[Tale]:
    """Return what is told of two institutions of each shape, in the order in which it happened."""
    tales: list[Tale] = []
    for place, shape in enumerate([*SHAPES, *SHAPES]):
        me = Teller(Random(f"{seed}:{place}"))
        shape(me)
        tales += me.tales
    return sorted(tales, key=lambda one: one.heard_at)

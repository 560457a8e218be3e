"""What was known of one institution as of an instant, in the shapes that rules ask for.

The one way to facts that a rule has: neither what came after the instant nor what was not known
by then can be reached from here, so that live, shadow, backtest and replay cannot differ.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import accumulate
from operator import attrgetter
from typing import Final

from alerts.domain.campaigns import Campaign
from alerts.domain.facts import BACKED, Fact, Kind
from alerts.domain.recurring import recurring
from alerts.domain.workdays import Calendar

_AT: Final = attrgetter("at", "fact_id")
_HEARD: Final = attrgetter("seen_at", "fact_id")
_OPEN_REFUND: Final = frozenset({"requested", "contested"})
"""States of a refund whose money is still tuition."""


class Flow:
    """Entries of one direction, in the order of booking, with running sums."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        """Take facts by `at`; of those that contradict each other the last heard is believed."""
        is_plain = len({one.ref for one in facts}) == len(facts)
        self.facts: Sequence[Fact] = facts if is_plain else _believed(facts)

    @cached_property
    def _at(self) -> list[datetime]:
        return [one.at for one in self.facts]

    @cached_property
    def _sums(self) -> list[int]:
        return [0, *accumulate(one.amount_fen for one in self.facts)]

    def between(self, after: datetime, until: datetime) -> Sequence[Fact]:
        """Return the entries booked after an instant, up to and with another."""
        return self.facts[bisect_right(self._at, after) : bisect_right(self._at, until)]

    def sum_fen(self, after: datetime, until: datetime) -> int:
        """Return the sum of what `between` returns, in fen."""
        return self._sums[bisect_right(self._at, until)] - self._sums[bisect_right(self._at, after)]

    def before_fen(self, instant: datetime) -> int:
        """Return the sum of everything booked before an instant, in fen."""
        return self._sums[bisect_left(self._at, instant)]

    def until_fen(self, instant: datetime) -> int:
        """Return the sum of everything booked up to and with an instant, in fen."""
        return self._sums[bisect_right(self._at, instant)]

    @cached_property
    def total_fen(self) -> int:
        """Return the sum of everything, in fen."""
        return sum(one.amount_fen for one in self.facts)


def _believed(facts: Sequence[Fact]) -> list[Fact]:
    """Return one fact for each entry: the one that was heard last."""
    heard: dict[str, Fact] = {}
    for fact in facts:
        known = heard.get(fact.ref)
        if known is None or _HEARD(known) <= _HEARD(fact):
            heard[fact.ref] = fact
    return sorted(heard.values(), key=_AT)


@dataclass(frozen=True, slots=True)
class Floor:
    """What escrow said must be in the account, and what it counted there (最低余额)."""

    required_fen: int
    present_fen: int | None
    """Tuition held, payable and reserve; None where only the requirement was told."""
    fact: Fact

    @classmethod
    def told_by(cls, fact: Fact) -> "Floor | None":
        """Return what a fact says of the floor; nothing where it says nothing, or no amount."""
        said = fact.body.get("floor")
        if isinstance(said, Mapping) and isinstance(said.get("required_fen"), int):
            present = said.get("present_fen")
            return cls(said["required_fen"], present if isinstance(present, int) else None, fact)
        return cls(fact.amount_fen, None, fact) if fact.kind is Kind.floor else None


class FactView:
    """One institution as of one instant."""

    def __init__(
        self,
        facts: Iterable[Fact],
        as_of: datetime,
        calendar: Calendar,
        campaigns: Iterable[Campaign] = (),
        open_scopes: frozenset[tuple[str, str]] = frozenset(),
    ) -> None:
        """Take whatever facts there are; what could not be known as of the instant is left out.

        `open_scopes` are the keys of rules, each with the scope, that a case was open of then.
        """
        self.as_of = as_of
        self.calendar = calendar
        self.open_scopes = open_scopes
        self._campaigns = campaigns
        self._by_kind: dict[Kind, list[Fact]] = {}
        for fact in facts:
            if fact.at <= as_of and fact.seen_at <= as_of:
                self._by_kind.setdefault(fact.kind, []).append(fact)
        for known in self._by_kind.values():
            known.sort(key=_AT)

    def of(self, kind: Kind) -> Sequence[Fact]:
        """Return every fact of a kind, by `at`."""
        return self._by_kind.get(kind, ())

    def latest(self, kind: Kind) -> Fact | None:
        """Return the last fact of a kind."""
        known = self._by_kind.get(kind)
        return known[-1] if known else None

    def since(self, kind: Kind, span: timedelta) -> Sequence[Fact]:
        """Return the facts of a kind of the last `span`."""
        known = self._by_kind.get(kind, [])
        return known[bisect_right(known, self.as_of - span, key=attrgetter("at")) :]

    @cached_property
    def credits(self) -> Flow:
        """Return what came into the supervised account."""
        return Flow(self.of(Kind.credit))

    @cached_property
    def debits(self) -> Flow:
        """Return what left the supervised account, for whatever reason."""
        return Flow(self.of(Kind.debit))

    @cached_property
    def outflows(self) -> Flow:
        """Return what left it and no instruction of escrow's stands behind."""
        return Flow([one for one in self.debits.facts if one.tag not in BACKED])

    @cached_property
    def recurring(self) -> frozenset[int]:
        """Return the facts of unbacked debits that recur by the month: payroll, rent."""
        return recurring(self.outflows.facts)

    @cached_property
    def unexplained(self) -> Flow:
        """Return what left without an instruction and does not recur by the month either."""
        if not self.recurring:
            return self.outflows
        return Flow([one for one in self.outflows.facts if one.fact_id not in self.recurring])

    @cached_property
    def balance_fen(self) -> int:
        """Return what the supervised account holds, in fen."""
        return self.credits.total_fen - self.debits.total_fen

    def balance_before_fen(self, instant: datetime) -> int:
        """Return what it held before an instant, in fen."""
        return self.credits.before_fen(instant) - self.debits.before_fen(instant)

    def balance_at_fen(self, instant: datetime) -> int:
        """Return what it held at an instant, with what was booked at it, in fen."""
        return self.credits.until_fen(instant) - self.debits.until_fen(instant)

    def peak_fen(self, after: datetime) -> int:
        """Return the most that it held after any booking since an instant, or holds now."""
        booked = {one.at for one in self.credits.between(after, self.as_of)}
        return max([self.balance_fen, *map(self.balance_at_fen, booked)])

    @cached_property
    def first_booking(self) -> datetime | None:
        """Return when the account's history begins; nothing where it has none."""
        firsts = [flow.facts[0].at for flow in (self.credits, self.debits) if flow.facts]
        return min(firsts, default=None)

    @cached_property
    def _telling(self) -> Sequence[Fact]:
        """Return the facts that may tell a floor, in the order in which they were heard.

        Not by `at`: of a late entry that is the bank's, and what it says of the floor is new.
        """
        telling = [one for known in self._by_kind.values() for one in known if "floor" in one.body]
        return sorted((*telling, *self.of(Kind.floor)), key=_HEARD)

    @cached_property
    def floor(self) -> Floor | None:
        """Return the floor as it was last told; nothing where nobody ever did."""
        said = map(Floor.told_by, reversed(self._telling))
        return next((one for one in said if one is not None), None)

    @cached_property
    def floors(self) -> Sequence[Floor]:
        """Return all that was said of the floor, in the order in which it was heard."""
        said = map(Floor.told_by, self._telling)
        return [one for one in said if one is not None]

    @cached_property
    def held_fen(self) -> int:
        """Return the prepaid tuition that is neither taught nor given back, in fen (存量资金)."""
        funded = sum(one.amount_fen for one in self.of(Kind.funded))
        taught = sum(one.amount_fen for one in self.of(Kind.released))
        put_back = sum(one.amount_fen for one in self.of(Kind.reversed))
        return funded - taught + put_back - self.refunded_fen

    @cached_property
    def refunds(self) -> dict[str, Fact]:
        """Return where each refund stands."""
        return {one.ref: one for one in self.of(Kind.refund)}

    @cached_property
    def refunded_fen(self) -> int:
        """Return what was agreed to be given back, in fen."""
        return sum(one.amount_fen for one in self.refunds.values() if one.tag not in _OPEN_REFUND)

    @cached_property
    def freezes(self) -> dict[str, Fact]:
        """Return the freezes that stand, by their id."""
        lifted = {one.ref for one in self.of(Kind.unfreeze)}
        return {one.ref: one for one in self.of(Kind.freeze) if one.ref not in lifted}

    @cached_property
    def campaigns(self) -> Sequence[Campaign]:
        """Return the clearance campaigns that concern the institution."""
        return [
            one
            for one in self._campaigns
            if one.made_at <= self.as_of and one.concerns(self.district_code, self.category)
        ]

    @cached_property
    def district_code(self) -> str:
        """Return the district that supervises it; empty where nobody said."""
        known = self.latest(Kind.identity)
        return str(known.body.get("district_code") or "") if known else ""

    @cached_property
    def category(self) -> str:
        """Return `subject` or `non_subject`; empty where nobody said."""
        known = self.latest(Kind.identity)
        return str(known.body.get("category") or "") if known else ""

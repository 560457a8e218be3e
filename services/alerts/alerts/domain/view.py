"""What was known of one institution as of an instant, in the shapes that rules ask for.

The one way to facts that a rule has: neither what came after the instant nor what was not known
by then can be reached from here, so that live, shadow, backtest and replay cannot differ.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from operator import attrgetter
from typing import Final

from alerts.domain.campaigns import Campaign
from alerts.domain.facts import BACKED, Fact, Kind
from alerts.domain.workdays import Calendar

_AT: Final = attrgetter("at", "fact_id")
_OPEN_REFUND: Final = frozenset({"requested", "contested"})
"""States of a refund whose money is still tuition."""


class Flow:
    """Entries of one direction, in the order of booking, with running sums."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        """Take facts of one entry each; of those that contradict the last heard is believed."""
        heard: dict[str, Fact] = {}
        for fact in facts:
            known = heard.get(fact.ref)
            if known is None or (known.seen_at, known.fact_id) <= (fact.seen_at, fact.fact_id):
                heard[fact.ref] = fact
        self.facts: Sequence[Fact] = sorted(heard.values(), key=_AT)
        self._at = [one.at for one in self.facts]
        self._sums = [0]
        for one in self.facts:
            self._sums.append(self._sums[-1] + one.amount_fen)

    def between(self, after: datetime, until: datetime) -> Sequence[Fact]:
        """Return the entries booked after an instant, up to and with another."""
        return self.facts[bisect_right(self._at, after) : bisect_right(self._at, until)]

    def sum_fen(self, after: datetime, until: datetime) -> int:
        """Return the sum of what `between` returns, in fen."""
        return self._sums[bisect_right(self._at, until)] - self._sums[bisect_right(self._at, after)]

    def before_fen(self, instant: datetime) -> int:
        """Return the sum of everything booked before an instant, in fen."""
        return self._sums[bisect_left(self._at, instant)]

    @property
    def total_fen(self) -> int:
        """Return the sum of everything, in fen."""
        return self._sums[-1]


class FactView:
    """One institution as of one instant."""

    def __init__(
        self,
        facts: Iterable[Fact],
        as_of: datetime,
        calendar: Calendar,
        campaigns: Iterable[Campaign] = (),
    ) -> None:
        """Take whatever facts there are; what could not be known as of the instant is left out."""
        self.as_of = as_of
        self.calendar = calendar
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
        believed = self.debits.facts
        return Flow(one for one in believed if one.tag not in BACKED)

    @cached_property
    def balance_fen(self) -> int:
        """Return what the supervised account holds, in fen."""
        return self.credits.total_fen - self.debits.total_fen

    def balance_before_fen(self, instant: datetime) -> int:
        """Return what it held before an instant, in fen."""
        return self.credits.before_fen(instant) - self.debits.before_fen(instant)

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

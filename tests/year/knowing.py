"""What is known of one institution, grown event by event: facts once made are used again.

`Knowing.view` gives what rules would find in a `FactView` of all facts, in a fraction of the time:
nothing is sorted anew, and once a month what is long over is added up into one fact of its kind.
A test compares the two.
"""

from bisect import insort
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache, cached_property
from operator import attrgetter
from typing import Final

from alerts.domain.campaigns import Campaign
from alerts.domain.events import facts_of
from alerts.domain.facts import Fact, Kind
from alerts.domain.rules import charging
from alerts.domain.view import FactView, Floor
from alerts.domain.workdays import Calendar
from shared.time import add_months
from tests.year.feed import Event

_AT: Final = attrgetter("at", "fact_id")
_LONG_OVER: Final = timedelta(days=130)
"""Longer ago than any rule looks, whatever its parameters are here."""
_FLOWS: Final = (Kind.credit, Kind.debit, Kind.funded, Kind.released, Kind.refund)


def quicken() -> None:
    """Remember what months come to: R14 adds the same months to the same days each evening."""
    vars(charging)["add_months"] = cache(add_months)


class NotUnderstoodError(Exception):
    """An event of a type that alerts does not know."""


class _Grown(FactView):
    """A view of facts that are sorted already, all of them known by `as_of`."""

    def __init__(
        self,
        by_kind: dict[Kind, list[Fact]],
        as_of: datetime,
        calendar: Calendar,
        campaigns: Sequence[Campaign],
        told: Sequence[Floor],
    ) -> None:
        super().__init__((), as_of, calendar, campaigns)
        self._by_kind = by_kind
        self._told = told

    @cached_property
    def floors(self) -> Sequence[Floor]:
        return self._told

    @cached_property
    def floor(self) -> Floor | None:
        return self._told[-1] if self._told else None


class Knowing:
    """The facts of one institution so far."""

    def __init__(self, calendar: Calendar, campaigns: Sequence[Campaign]) -> None:
        self.facts: list[Fact] = []
        self._by_kind: dict[Kind, list[Fact]] = {}
        self._calendar = calendar
        self._campaigns = campaigns
        self._floors: list[Floor] = []
        self._months = ""

    def hear(self, event: Event) -> list[Fact]:
        """Take in an event and return its facts; events come in the order of their time.

        Raises:
            NotUnderstoodError: where alerts does not know its type.

        """
        told = facts_of(event.source, event.type, event.time, event.body)
        if told is None:
            raise NotUnderstoodError(event.type)
        found = []
        for one in told:
            fact = Fact(
                len(self.facts) + 1,
                one.kind,
                one.at,
                event.time,
                one.amount_fen,
                one.ref,
                one.tag,
                one.number,
                one.body,
            )
            self.facts.append(fact)
            insort(self._by_kind.setdefault(fact.kind, []), fact, key=_AT)
            found.append(fact)
            floor = Floor.told_by(fact)
            self._floors += [floor] if floor else []
        return found

    def view(self, as_of: datetime) -> FactView:
        """Return everything heard so far, as of an instant that is no earlier."""
        month = as_of.strftime("%Y-%m")
        if month != self._months:
            self._months = month
            self._add_up(as_of - _LONG_OVER)
        return _Grown(self._by_kind, as_of, self._calendar, self._campaigns, self._floors)

    def _add_up(self, until: datetime) -> None:
        """Put one fact of each kind in the place of all that are long over."""
        closed = {one.ref for one in self._by_kind.get(Kind.contract_closed, ()) if one.at < until}
        refunds = self._by_kind.get(Kind.refund, ())
        paid = {one.ref for one in refunds if one.tag == "paid" and one.at < until}
        is_over: dict[Kind, Callable[[Fact], bool]] = {
            Kind.credit: lambda one: one.at < until,
            Kind.debit: lambda one: one.at < until and one.tag != "unbacked",
            Kind.funded: lambda one: one.at < until and one.ref in closed,
            Kind.released: lambda one: one.at < until,
            Kind.refund: lambda one: one.ref in paid,
        }
        for kind in _FLOWS:
            known = self._by_kind.get(kind, [])
            over = [one for one in known if is_over[kind](one)]
            if len(over) > 1:
                rest = [one for one in known if not is_over[kind](one)]
                self._by_kind[kind] = sorted([_sum_of(kind, over), *rest], key=_AT)
        for kind in (Kind.contract, Kind.contract_closed):
            known = self._by_kind.get(kind, [])
            self._by_kind[kind] = [one for one in known if one.ref not in closed]
        told = self._by_kind.get(Kind.statement, [])
        self._by_kind[Kind.statement] = told[-40:]


def _sum_of(kind: Kind, over: Sequence[Fact]) -> Fact:
    """Return one fact that weighs what all of them do, where the first one stood."""
    paid = [one for one in over if kind is not Kind.refund or one.tag == "paid"]
    if kind is Kind.credit:  # an entry is told again when it finds its contract
        paid = list({one.ref: one for one in paid}.values())
    total_fen = sum(one.amount_fen for one in paid)
    return replace(over[0], amount_fen=total_fen, tag=paid[0].tag, ref="earlier", body={})

"""One code path for live, shadow, backtest and replay: all 22 rules say the same in each.

The histories are those that the laws of the rules are tried on: late facts, facts told twice,
facts of the future. Live and shadow go through what the judge looks with, backtest through what
runs backtests, replay through rows as the database gives them, with all that came later in them.
"""

import contextlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import event, given, settings

from alerts.domain.backtest import Backtest, instants
from alerts.domain.campaigns import Campaign
from alerts.domain.events import Told, facts_of
from alerts.domain.facts import Fact, Kind
from alerts.domain.judging import NONE, Edition, Mode, edition_of
from alerts.domain.outcome import Outcome, Verdict
from alerts.domain.rule import Rule
from alerts.domain.rules.catalogue import RULES
from alerts.domain.rules.money import MONEY_RULES
from alerts.domain.saying import Unclear
from alerts.domain.view import FactView
from alerts.domain.workdays import Calendar
from alerts.judging.looking import look
from alerts.judging.presets import Presets
from alerts.judging.views import LESSONS_FOR, Known, facts_by_institution
from shared.time import SHANGHAI, business_day
from tests.integration.alerts import histories as months
from tests.property import test_rules_conduct as conduct
from tests.property import test_rules_money as money

NAME: Final = "91320602MA0000001X"
VALUES: Final[Mapping[str, Mapping[str, int]]] = {
    **conduct.SMALL,
    **{rule.key: money.SMALL.get(rule.number, {}) for rule in MONEY_RULES},
}
"""Small thresholds, so that a few facts cross them."""

NO_HOLIDAYS: Final = Calendar()

MANY: Final = 20
"""Instants of a rule and an institution of which not every one is judged four times."""

LOOK_BACK: Final = timedelta(days=3)
"""Before the instant of a history: how far back an instant is taken that a backtest judges."""


_END: Final = months.START + months.LIVE_DAYS * months.DAY


@dataclass(frozen=True)
class World:
    """What was ever told of an institution, and what else bears on judging it."""

    facts: Sequence[Fact]
    calendar: Calendar = NO_HOLIDAYS
    campaigns: Sequence[Campaign] = ()

    def view(self, as_of: datetime) -> FactView:
        """Return it as of an instant."""
        return FactView(self.facts, as_of, self.calendar, self.campaigns)


def _small(key: str) -> Edition:
    return edition_of(RULES[key], VALUES[key], version=3)


def _looked(world: World, edition: Edition, as_of: datetime) -> dict[Mode, list[Outcome]]:
    """Judge as the worker does, by live and shadow editions of the same values."""
    editions = [replace(edition, mode=mode) for mode in Mode]
    came = look([Known(NAME, world.view(as_of), NONE)], Presets.of(editions, [edition.rule]))
    assert sum(came.counts.values()) >= len(Mode)
    found: dict[Mode, list[Outcome]] = {mode: [] for mode in Mode}
    for one in came.found:
        found[one.edition.mode].append(one.outcome)
    return found


def _backtested(world: World, edition: Edition, as_of: datetime) -> Backtest:
    """Try values on one instant of the past."""
    backtest = Backtest(edition, edition, as_of, as_of)
    backtest.take(NAME, world.facts, world.calendar, world.campaigns)
    return backtest


def _row(fact: Fact, as_of: datetime) -> tuple[Any, ...]:
    """Return a fact as `read_fact.sql` does; of an older release it leaves the lessons out."""
    body = dict(fact.body)
    cut = as_of - LESSONS_FOR
    if fact.kind is Kind.released and fact.at < cut and fact.seen_at < cut:
        body = {"floor": body.get("floor")}
    columns = (fact.at, fact.seen_at, fact.amount_fen, fact.ref, fact.tag, fact.number)
    return (NAME, fact.fact_id, fact.kind.value, *columns, json.dumps(body))


def _replayed(world: World, edition: Edition, as_of: datetime) -> list[Outcome]:
    """Judge once more out of rows, with one more of each fact known since."""
    last = max((one.fact_id for one in world.facts), default=0)
    since = [
        replace(one, fact_id=last + number, seen_at=as_of + timedelta(seconds=number))
        for number, one in enumerate(world.facts, start=1)
    ]
    rows = [_row(one, as_of) for one in (*world.facts, *since)]
    facts = facts_by_institution(rows).get(NAME, [])
    again = replace(world, facts=facts)
    known = Known(NAME, again.view(as_of), NONE)
    found = look([known], Presets.of([edition], [edition.rule])).found
    return [one.outcome for one in found]


def _assert_the_same(world: World, edition: Edition, as_of: datetime) -> list[Outcome]:
    """See that an instant is judged alike in all four ways; return how."""
    found = _looked(world, edition, as_of)
    live = found[Mode.live]
    assert found[Mode.shadow] == live
    assert _replayed(world, edition, as_of) == live
    backtest = _backtested(world, edition, as_of)
    hits = [one for one in live if one.verdict is Verdict.hit]
    assert backtest.judged == 1
    assert backtest.found == backtest.before
    assert backtest.found.hits == len(hits)
    assert backtest.found.cases == [(NAME, one.scope, one.severity, as_of) for one in hits]
    assert backtest.found.unsure == Counter(
        one.reason for one in live if one.verdict is not Verdict.hit
    )
    return live


def _moments(world: World, rule: Rule, as_of: datetime) -> Iterable[datetime]:
    """Return the last instants before one at which a backtest judges."""
    return instants(world.facts, rule.key, as_of - LOOK_BACK, as_of)[-2:]


def _told(institution_id: str, tales: Iterable[months.Tale]) -> list[Fact]:
    """Return the facts of one institution of the drawn months, each heard when it was told."""
    found: list[Fact] = []
    for tale in tales:
        one = tale.event
        if one is None or tale.feed is None or tale.institution_id != institution_id:
            continue
        with contextlib.suppress(Unclear):
            for told in facts_of(tale.feed, one.type, one.time, one.data) or ():
                said = {name: getattr(told, name) for name in Told.__dataclass_fields__}
                found.append(Fact(fact_id=len(found) + 1, seen_at=tale.heard_at, **said))
    quarter = datetime(2040, 1, 1, tzinfo=SHANGHAI)
    return [*found, Fact(len(found) + 1, Kind.rank, quarter, months.START, number=3)]


def test_every_rule_finds_something_in_all_four_ways() -> None:
    """Drawn months in which each rule hits by its presets: the agreement is not about nothing."""
    tales = months.history(1)
    day = business_day(months.START)
    campaign = Campaign(
        UUID(int=1), "清零", "320600", None, day + timedelta(9), day + timedelta(4), months.START
    )
    hits: set[str] = set()
    for name in sorted({one.institution_id for one in tales}):
        world = World(_told(name, tales), Calendar(months.TURNED), [campaign])
        for rule in RULES.values():
            moments = instants(world.facts, rule.key, months.START, _END)
            for as_of in moments if len(moments) < MANY else moments[::5]:
                found = _assert_the_same(world, edition_of(rule), as_of)
                hits |= {rule.key for one in found if one.verdict is Verdict.hit}
    assert hits == {*RULES}


@pytest.mark.parametrize("key", [rule.key for rule in MONEY_RULES])
@given(facts=money.histories())
@settings(max_examples=30)
def test_the_four_ways_agree_where_money_moves(key: str, facts: list[Fact]) -> None:
    """Every rule of money on histories of money."""
    world = World(facts)
    for as_of in _moments(world, RULES[key], money.AS_OF):
        for one in _assert_the_same(world, _small(key), as_of):
            event(f"{key} {one.verdict}")


@pytest.mark.parametrize("key", conduct.SMALL)
@given(seed=conduct.seeds)
@settings(max_examples=10)
def test_the_four_ways_agree_where_people_act(key: str, seed: int) -> None:
    """Every rule of conduct on its own histories."""
    for history in conduct.histories(seed, key):
        world = World(history.told, Calendar(history.announced), history.campaigns)
        for as_of in _moments(world, RULES[key], history.as_of):
            for one in _assert_the_same(world, _small(key), as_of):
                event(f"{key} {one.verdict}")

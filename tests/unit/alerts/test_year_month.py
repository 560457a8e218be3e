"""A month of 30 institutions out of the simulated year: the same events, understood, and caught."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256

import pytest

from alerts.domain.events import facts_of
from alerts.domain.judging import edition_of, judge
from alerts.domain.outcome import Outcome
from alerts.domain.rules.catalogue import RULES
from alerts.domain.view import FactView
from sandbox.misbehaving.acts import Failure
from tests.year import summing_up
from tests.year.days import at, calendar
from tests.year.feed import Event
from tests.year.knowing import Knowing
from tests.year.living import Life
from tests.year.places import Place, places
from tests.year.planting import Planted, planted, play
from tests.year.values import SETS
from tests.year.watching import CAMPAIGN, Watched, watch

SEED = 3
OPENS = date(2025, 8, 1)
SPAN = (date(2025, 10, 20), date(2025, 11, 26))
PLANTED = {
    Failure.runaway: 1,
    Failure.structuring: 1,
    Failure.fake_lessons: 1,
    Failure.off_account: 1,
    Failure.refund_surge: 1,
}

# The month is a guard of the year's machinery as well: how many false cases its 30 institutions
# may cost, in a month, by the city's values. One a week for an officer of 100 is 1.6 for 30.
FALSE_MOST = 3


def _city() -> list[Place]:
    return [replace(one, opens=OPENS) for one in places(SEED, 30)]


def _failures(city: list[Place]) -> dict[str, Planted]:
    return planted(SEED, city, PLANTED, span=(50, 55))


@pytest.fixture(scope="module")
def watched() -> list[Watched]:
    city = _city()
    failures = _failures(city)
    return [watch(one, failures.get(one.institution_id), SETS, SEED, SPAN) for one in city]


def _events(number: int) -> list[Event]:
    city = _city()
    place = city[number]
    planting = _failures(city).get(place.institution_id)
    return Life(place, SEED, planting.acts if planting else ()).live(SPAN[1], play)


def _hash(events: list[Event]) -> str:
    told = [[one.time.isoformat(), one.source, one.type, dict(one.body)] for one in events]
    return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def test_the_same_seed_gives_the_same_events() -> None:
    assert _hash(_events(3)) == _hash(_events(3))
    assert _hash(_events(3)) != _hash(_events(4))


@pytest.mark.parametrize("number", range(0, 30, 6))
def test_every_event_is_understood_and_none_comes_before_it_is_true(number: int) -> None:
    events = _events(number)

    assert len(events) > 100
    for event in events:
        told = facts_of(event.source, event.type, event.time, event.body)
        assert told is not None, event.type
        assert all(one.at <= event.time for one in told), event.type


@pytest.mark.parametrize("number", range(0, 30, 6))
def test_books_add_up_to_what_the_feed_tells(number: int) -> None:
    city = _city()
    life = Life(city[number], SEED)
    knowing = Knowing(calendar(), ())
    for event in life.live(SPAN[1], play):
        knowing.hear(event)

    view = FactView(knowing.facts, at(SPAN[1] + timedelta(days=1), 1), calendar())

    assert view.balance_fen == life.feed.balance_fen
    assert view.held_fen == life.feed.held_fen
    assert view.balance_fen >= view.held_fen, "an honest institution keeps what is prepaid"


def test_no_rule_fails(watched: list[Watched]) -> None:
    assert [fault for one in watched for fault in one.faults] == []
    assert sum(one.judgings for one in watched) > 30 * 30 * len(RULES)


@pytest.mark.parametrize("name", SETS)
def test_every_failure_of_the_month_is_caught(watched: list[Watched], name: str) -> None:
    outcome = summing_up.of_rules(watched, name, SPAN)

    missed = [one.kind.value for one in outcome.catches if one.caught_on is None]
    assert len(outcome.catches) == len(PLANTED)
    assert missed == []


def test_the_citys_values_cost_few_false_cases(watched: list[Watched]) -> None:
    outcome = summing_up.of_rules(watched, "city", SPAN)

    assert outcome.false_cases <= FALSE_MOST, outcome.false_by


def test_fixed_thresholds_cost_more(watched: list[Watched]) -> None:
    rules = summing_up.of_rules(watched, "city", SPAN)
    fixed = summing_up.of_fixed(watched, "fixed", summing_up.fixed.WRITTEN)

    assert fixed.false_cases > 10 * max(1, rules.false_cases)


def _told(outcomes: tuple[Outcome, ...]) -> list[object]:
    return [
        (one.verdict, one.severity, one.scope, one.reason, dict(one.inputs)) for one in outcomes
    ]


def _evenings(place: Place, until: date) -> Iterator[tuple[FactView, FactView]]:
    """Yield each month's last evening as it is judged here, and as a view of all facts."""
    knowing = Knowing(calendar(), (CAMPAIGN,))
    events = iter(Life(place, SEED).live(until, play))
    event = next(events, None)
    day = OPENS
    while day <= until:
        evening = at(day, 23)
        while event is not None and event.time <= evening:
            knowing.hear(event)
            event = next(events, None)
        grown = knowing.view(evening)
        if day.day == 15:
            yield grown, FactView(knowing.facts, evening, calendar(), (CAMPAIGN,))
        day += timedelta(days=1)


def test_a_view_that_grew_says_what_a_view_of_all_facts_says() -> None:
    place = next(one for one in _city() if one.has_reserve and one.floor_bps)

    seen = 0
    for grown, whole in _evenings(place, date(2026, 4, 20)):
        assert grown.balance_fen == whole.balance_fen
        assert grown.held_fen == whole.held_fen
        for rule in RULES.values():
            edition = edition_of(rule)
            assert _told(judge(grown, edition)) == _told(judge(whole, edition)), rule.key
            seen += 1
    assert seen == 9 * len(RULES)

"""A campaign's dates, and how far an institution is with one: the figures always add up."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.domain.campaigns import faults_of
from alerts.domain.clearances import Clearance, State, clearance_of
from alerts.domain.facts import Fact, Kind
from alerts.domain.rules.clearance import CLEARANCE_OVERDUE, CLEARANCE_PROJECTION
from alerts.domain.view import FactView
from alerts.domain.workdays import Calendar
from tests.unit.alerts.rules.conduct_facts import YUAN, Told, at, campaign

TODAY = date(2026, 9, 1)
PRESETS = {one.key: one.presets for one in (CLEARANCE_PROJECTION, CLEARANCE_OVERDUE)}


@pytest.mark.parametrize(
    ("clear_by", "refund_by", "codes"),
    [
        ("2026-12-31", "2026-10-25", []),
        ("2026-10-25", "2026-10-25", []),
        ("2026-10-24", "2026-10-25", ["dates_cross"]),
        ("2026-12-31", "2026-09-01", ["not_in_future"]),
        ("2026-12-31", "2026-09-02", []),
        ("2026-09-01", "2026-08-31", ["not_in_future", "not_in_future"]),
        ("2027-09-02", "2026-10-25", []),
        ("2027-09-03", "2026-10-25", ["too_far"]),
    ],
)
def test_dates_that_cannot_be_kept_are_named(
    clear_by: str, refund_by: str, codes: list[str]
) -> None:
    found = faults_of(date.fromisoformat(clear_by), date.fromisoformat(refund_by), TODAY)
    assert [one.code for one in found] == codes
    assert all(one.sentence.endswith(".") for one in found)


def counted(facts: list[Fact], as_of: str) -> Clearance:
    under = campaign("2026-12-31", "2026-10-25", made_at=at("2026-09-01"))
    before = FactView(facts, under.made_at, Calendar())
    return clearance_of(before, FactView(facts, at(as_of), Calendar(), [under]), under, PRESETS)


def a_story(*, taught_yuan: int) -> Told:
    told = Told()
    told.institution()
    told.add("funded", "2026-08-01", 10_000 * YUAN)
    for week in range(4):
        day = at("2026-09-02") + timedelta(days=7 * week)
        told.add("released", day, taught_yuan * YUAN, number=1)
    return told


@pytest.mark.parametrize(
    ("taught_yuan", "as_of", "state"),
    [
        (2_500, "2026-10-01", State.clear),
        (1_500, "2026-10-01", State.on_track),
        (10, "2026-10-01", State.at_risk),
        (10, "2026-10-25 23:59", State.at_risk),
        (10, "2026-10-26", State.overdue),
        (1_500, "2026-12-31 23:59", State.overdue),
        (1_500, "2027-01-01", State.overdue),
        (2_500, "2027-01-01", State.clear),
    ],
)
def test_an_institution_is_clear_on_track_at_risk_or_overdue(
    taught_yuan: int, as_of: str, state: State
) -> None:
    found = counted(a_story(taught_yuan=taught_yuan).facts, as_of)
    assert found.state is state
    assert bool(found.sentence) == (state in {State.at_risk, State.overdue})


KINDS = st.sampled_from([Kind.funded, Kind.released, Kind.reversed, Kind.refund])


@given(
    st.lists(
        st.tuples(KINDS, st.integers(0, 200), st.integers(0, 30), st.integers(1, 10**7)),
        max_size=40,
    ),
    st.integers(1, 150),
)
def test_what_was_held_and_came_is_taught_given_back_or_still_held(
    happened: list[tuple[Kind, int, int, int]], days: int
) -> None:
    told = Told()
    told.institution()
    for kind, day, delay, amount_fen in happened:
        when = at("2026-07-01") + timedelta(days=day)
        seen = (when + timedelta(days=delay)).strftime("%Y-%m-%d")
        tag = "instructed" if kind is Kind.refund else ""
        told.add(kind.value, when, amount_fen, seen=seen, tag=tag)
    as_of = (at("2026-09-01") + timedelta(days=days)).strftime("%Y-%m-%d")
    one = counted(told.facts, as_of)
    assert one.start_fen + one.came_fen - one.taught_fen - one.refunded_fen == one.held_fen
    assert 0 <= one.remainder_fen <= max(0, one.held_fen)
    assert (one.state is State.clear) == (one.held_fen <= 0)

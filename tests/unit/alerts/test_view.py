"""A view shows what was known as of an instant, and nothing else."""

from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property
from typing import Final

import pytest

from alerts.domain.campaigns import Campaign
from alerts.domain.facts import Fact, Kind
from alerts.domain.rules.money import MONEY_RULES
from alerts.domain.view import FactView, Flow
from alerts.domain.workdays import Calendar
from shared.ids import new_id
from tests.unit.alerts.rules.money_facts import (
    AS_OF,
    DAY,
    HOUR,
    MOMENT,
    WAN,
    credit,
    debit,
    fact,
    floor,
)

SOON: Final = -MOMENT
"""Just after the instant."""


def view_of(*facts: Fact) -> FactView:
    """Return the view of some facts as of the instant of the tests."""
    return FactView(facts, AS_OF, Calendar())


def _told(kind: Kind, ago: timedelta, heard: timedelta) -> Fact:
    return fact(
        kind,
        ago,
        7,
        ref="same",
        tag="payout",
        heard=heard,
        body={
            "floor": {"required_fen": 5, "present_fen": 6},
            "district_code": "310104",
            "category": "subject",
        },
    )


def _shown(view: FactView) -> Iterator[tuple[str, object]]:
    """Return all that a view can be asked without an argument."""
    for name in dir(FactView):
        if isinstance(vars(FactView).get(name), cached_property | property):
            yield name, _plain(getattr(view, name))


def _plain(shown: object) -> object:
    return list(shown.facts) if isinstance(shown, Flow) else shown


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize(
    ("ago", "heard"), [(SOON, SOON), (SOON, DAY), (DAY, SOON)], ids=["both", "at", "seen_at"]
)
def test_what_came_or_was_heard_later_cannot_be_seen(
    kind: Kind, ago: timedelta, heard: timedelta
) -> None:
    nothing, hidden = view_of(), view_of(_told(kind, ago, heard))
    assert list(hidden.of(kind)) == []
    assert hidden.latest(kind) is None
    assert list(hidden.since(kind, 99 * DAY)) == []
    assert dict(_shown(hidden)) == dict(_shown(nothing))
    assert hidden.balance_at_fen(AS_OF + DAY) == 0
    assert hidden.balance_before_fen(AS_OF + DAY) == 0
    assert hidden.peak_fen(AS_OF - DAY) == 0


@pytest.mark.parametrize("kind", list(Kind))
def test_what_was_and_was_heard_at_the_instant_is_seen(kind: Kind) -> None:
    now = _told(kind, 0 * DAY, 0 * DAY)
    assert list(view_of(now).of(kind)) == [now]
    assert view_of(now).latest(kind) == now


@pytest.mark.parametrize("rule", MONEY_RULES, ids=lambda rule: rule.number)
def test_no_rule_sees_the_future(rule: object) -> None:
    past = [credit(200 * DAY, 100 * WAN), fact(Kind.funded, 200 * DAY, 90 * WAN)]
    future = [
        *(debit(SOON, 9 * WAN), debit(HOUR, 45 * WAN, heard=SOON), floor(SOON, 500 * WAN)),
        *(fact(Kind.funded, HOUR, 99 * WAN, heard=SOON), credit(HOUR, 1, heard=SOON)),
        fact(Kind.bank_warning, HOUR, 1, tag="blocked_debit", heard=SOON),
    ]
    by_then = {one.number: one for one in MONEY_RULES}[rule.number]  # type: ignore[attr-defined]
    with_future = by_then.evaluate(view_of(*past, *future), by_then.presets)
    assert with_future == by_then.evaluate(view_of(*past), by_then.presets)


def test_a_correction_counts_from_when_it_is_heard() -> None:
    first, corrected = debit(HOUR, 5, ref="e"), debit(HOUR, 9, ref="e", heard=SOON)
    assert view_of(first, corrected).debits.total_fen == 5
    heard = debit(HOUR, 9, ref="e", heard=HOUR / 2)
    assert view_of(heard, first).debits.total_fen == 9


def test_of_two_heard_at_once_the_later_written_is_believed() -> None:
    first, second = debit(HOUR, 5, ref="e"), debit(HOUR, 9, ref="e")
    assert view_of(second, first).debits.facts == [second]


def test_what_is_believed_to_be_instructed_is_no_outflow() -> None:
    left = debit(2 * HOUR, 5, ref="e")
    matched = debit(2 * HOUR, 5, ref="e", tag="payout", heard=HOUR)
    assert view_of(left, matched).outflows.facts == []
    assert view_of(left, matched).balance_fen == -5


def test_sums_have_their_ends() -> None:
    flow = view_of(credit(3 * HOUR, 1), credit(2 * HOUR, 2), credit(HOUR, 4)).credits
    assert flow.sum_fen(AS_OF - 3 * HOUR, AS_OF - 2 * HOUR) == 2
    assert flow.before_fen(AS_OF - 2 * HOUR) == 1
    assert flow.until_fen(AS_OF - 2 * HOUR) == 3
    assert [one.amount_fen for one in flow.between(AS_OF - 2 * HOUR, AS_OF)] == [4]


def test_the_peak_is_the_most_after_any_booking_since() -> None:
    view = view_of(credit(9 * HOUR, 10), debit(5 * HOUR, 8), credit(3 * HOUR, 4), debit(HOUR, 5))
    assert view.peak_fen(AS_OF - 9 * HOUR) == 6
    assert view.peak_fen(AS_OF - 10 * HOUR) == 10
    assert view.peak_fen(AS_OF - 3 * HOUR) == view.balance_fen == 1


def test_history_begins_with_the_first_booking_of_either_side() -> None:
    assert view_of(floor(9 * DAY, 1)).first_booking is None
    assert view_of(credit(DAY, 1), debit(2 * DAY, 1)).first_booking == AS_OF - 2 * DAY


def test_a_campaign_made_later_is_not_known() -> None:
    def campaign(made: timedelta) -> Campaign:
        day = AS_OF.date()
        return Campaign(new_id(), "清零", "310000", None, day, day, AS_OF - made)

    identity = fact(Kind.identity, DAY, body={"district_code": "310104", "category": "subject"})
    known, unknown = campaign(0 * DAY), campaign(SOON)
    view = FactView([identity], AS_OF, Calendar(), [known, unknown])
    assert view.campaigns == [known]


def test_what_is_open_is_what_was_said_to_be() -> None:
    scopes = frozenset({("min_balance_breach", "open")})
    assert FactView([], AS_OF, Calendar(), open_scopes=scopes).open_scopes == scopes
    assert view_of().open_scopes == frozenset()

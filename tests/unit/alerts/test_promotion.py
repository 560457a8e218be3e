"""Who may let values judge, when, and on what proof."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerts.domain.promotion import (
    BUDGET_MILLI,
    Moves,
    Proof,
    Refuses,
    State,
    Values,
    Waits,
    Wish,
    promote,
)

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
DRAFT = Values("large_outflow_24h", "320602", 3, State.draft, "h1", "supervisor:1", None, ())
SHADOW = replace(DRAFT, state=State.shadow, shadow_since=NOW - timedelta(days=7))
LIVE = replace(SHADOW, state=State.live)
PROOF = Proof(
    "large_outflow_24h",
    "h1",
    NOW - timedelta(days=90),
    NOW,
    {"is_empty": False, "cases_per_officer_week_milli": BUDGET_MILLI},
)


def _wish(to: str, by: str = "supervisor:2", **more: bool) -> Wish:
    return Wish(by, State(to), "期末前收紧", NOW, **more)


def _said(to: str, by: str) -> dict[str, str]:
    return {"by": by, "to": to, "reason": "r", "at": "t"}


def test_a_draft_goes_into_shadow_by_one_person() -> None:
    assert promote(DRAFT, _wish("shadow"), None) == Moves(State.shadow)


def test_live_takes_two_persons() -> None:
    assert promote(SHADOW, _wish("live"), PROOF) == Waits(1)
    once = replace(SHADOW, approvals=[_said("live", "supervisor:1")])
    assert promote(once, _wish("live"), PROOF) == Moves(State.live)


def test_one_person_saying_it_twice_is_one_person() -> None:
    once = replace(SHADOW, approvals=[_said("live", "supervisor:2")])
    assert promote(once, _wish("live"), PROOF) == Waits(1)


def test_a_word_for_another_place_does_not_count() -> None:
    once = replace(SHADOW, approvals=[_said("retired", "supervisor:1")])
    assert promote(once, _wish("live"), PROOF) == Waits(1)


def test_retiring_what_judges_takes_two_persons_and_the_rest_one() -> None:
    assert promote(LIVE, _wish("retired"), None) == Waits(1)
    assert promote(SHADOW, _wish("retired"), None) == Moves(State.retired)
    assert promote(DRAFT, _wish("retired"), None) == Moves(State.retired)


@pytest.mark.parametrize(
    ("values", "to"),
    [(DRAFT, "live"), (LIVE, "shadow"), (replace(LIVE, state=State.retired), "live")],
)
def test_other_ways_are_refused(values: Values, to: str) -> None:
    came = promote(values, _wish(to), PROOF)
    assert isinstance(came, Refuses)
    assert came.code == "illegal_transition"


@pytest.mark.parametrize(
    ("values", "proof", "code"),
    [
        (replace(SHADOW, shadow_since=NOW - timedelta(days=6)), PROOF, "shadow_too_short"),
        (SHADOW, None, "backtest_missing"),
        (SHADOW, replace(PROOF, params_hash="h2"), "backtest_missing"),
        (SHADOW, replace(PROOF, rule="structuring"), "backtest_missing"),
        (SHADOW, replace(PROOF, from_at=NOW - timedelta(days=89)), "backtest_too_short"),
        (SHADOW, replace(PROOF, result={"is_empty": True}), "backtest_empty"),
        (
            SHADOW,
            replace(PROOF, result={"cases_per_officer_week_milli": BUDGET_MILLI + 1}),
            "over_budget",
        ),
    ],
)
def test_what_is_missing_before_values_go_live(
    values: Values, proof: Proof | None, code: str
) -> None:
    came = promote(values, _wish("live"), proof)
    assert isinstance(came, Refuses)
    assert came.code == code


def test_a_cost_over_the_budget_may_be_accepted_knowingly() -> None:
    dear = replace(PROOF, result={"cases_per_officer_week_milli": BUDGET_MILLI + 1})
    assert promote(SHADOW, _wish("live", is_over_budget_accepted=True), dear) == Waits(1)

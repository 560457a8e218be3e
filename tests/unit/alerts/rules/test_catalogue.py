"""The catalogue: 22 rules, in order, each with presets that hold its own limits."""

import pytest

from alerts.domain.outcome import Verdict
from alerts.domain.rule import Rule, faults_of
from alerts.domain.rules.catalogue import RULES
from alerts.domain.view import FactView
from alerts.domain.workdays import Calendar
from tests.unit.alerts.rules.conduct_facts import at

DESIGNED = [
    "large_outflow_single",
    "large_outflow_24h",
    "large_outflow_7d",
    "min_balance_breach",
    "coverage_shortfall",
    "unusual_spend",
    "structuring",
    "rapid_in_out",
    "outflow_anomaly",
    "dormant_reactivation",
    "clearance_projection",
    "clearance_overdue",
    "release_prohibited_time",
    "overcollection_span",
    "off_account_collection",
    "refund_surge",
    "distress",
    "top_n_interview",
    "feed_silent",
    "registry_adverse",
    "collect_without_licence",
    "blocked_outflow_attempt",
]


def test_there_are_twenty_two_rules_in_the_order_of_the_design() -> None:
    assert list(RULES) == DESIGNED
    assert [one.number for one in RULES.values()] == [f"R{n:02d}" for n in range(1, 23)]
    assert all(key == one.key for key, one in RULES.items())


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda one: one.key)
def test_a_rules_presets_are_within_its_limits_and_have_a_basis(rule: Rule) -> None:
    assert faults_of(rule, rule.presets) == []
    assert all(one.basis and one.low <= one.default <= one.high for one in rule.parameters)
    assert len(rule.presets) == len(rule.parameters)
    assert rule.title
    assert rule.version >= 1


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda one: one.key)
def test_of_an_institution_of_which_nothing_is_known_nothing_is_claimed(rule: Rule) -> None:
    view = FactView([], at("2026-11-20"), Calendar())

    outcomes = rule.evaluate(view, rule.presets)

    assert outcomes
    assert all(one.verdict in {Verdict.no_hit, Verdict.indeterminate} for one in outcomes)

"""From what was read to what is shown: working days, bounds of reasons, words outside the sets."""

from collections.abc import Iterable
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from alerts.domain.workdays import Calendar
from alerts.watching.figures import Figures
from alerts.watching.reading import _STATEMENTS, Reading
from alerts.watching.shaping import last_report_due, shape, workdays_ago
from alerts.watching.words import REASONS_MAX, RULES

NATIONAL_DAY = Calendar(
    {date(2026, 10, day): False for day in range(1, 8)} | {date(2026, 10, 10): True}
)
LISTS = [name for name in _STATEMENTS if name not in {"waiting", "reopened"}]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}+08:00")


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("11-20T08:29", "11-19T08:30"),
        ("11-20T08:30", "11-20T08:30"),
        ("11-22T12:00", "11-20T08:30"),
        ("10-07T12:00", "09-30T08:30"),
        ("10-10T09:00", "10-10T08:30"),
    ],
)
def test_a_report_is_due_on_working_days_at_half_past_eight(now: str, due: str) -> None:
    assert last_report_due(instant(now), NATIONAL_DAY) == instant(due)


@pytest.mark.parametrize(
    ("now", "opened"),
    [
        ("11-23T10:00", "11-19T09:00"),
        ("11-22T10:00", "11-19T09:00"),
        ("11-19T00:10", "11-17T09:00"),
        ("10-08T10:00", "09-29T09:00"),
    ],
)
def test_two_working_days_ago_leaves_out_holidays(now: str, opened: str) -> None:
    assert workdays_ago(instant(now), 2, NATIONAL_DAY) == instant(opened)


def shaped(**rows: Iterable[dict[str, Any]]) -> Figures:
    found: dict[str, Any] = {name: [] for name in LISTS}
    found["waiting"] = [SimpleNamespace(number=0, oldest=None)]
    found["reopened"] = [SimpleNamespace(number=0)]
    for name, some in rows.items():
        found[name] = [SimpleNamespace(**row) for row in some]
    now = instant("11-20T12:00")
    return shape(Reading(now, now, 0, found))


def evaluated(rule: str, outcome: str, reason: str, number: int) -> dict[str, Any]:
    row = {"rule": rule, "mode": "live", "outcome": outcome, "severity": ""}
    return {**row, "reason": reason, "number": number}


def test_reasons_past_the_eighth_are_added_up() -> None:
    rows = [evaluated("distress", "indeterminate", f"reason_{n:02}", 1) for n in range(12)]
    found = shaped(evaluated=rows).values["tuition_alerts_rule_indeterminate_total"]
    of_rule = {labels: n for labels, n in found.items() if labels[0] == "distress"}
    assert len(of_rule) == REASONS_MAX + 1
    assert of_rule[("distress", "other")] == 4
    assert sum(of_rule.values()) == 12


def test_a_rule_nobody_knows_makes_no_series() -> None:
    silent = shaped().values["tuition_alerts_rule_evaluations_total"]
    found = shaped(evaluated=[evaluated("unheard_of", "no_hit", "", 3)])
    assert found.values["tuition_alerts_rule_evaluations_total"] == silent


def test_a_state_nobody_knows_is_other_and_still_counted() -> None:
    row = {"district_code": "320602", "severity": "info", "opened": "info", "state": "lost"}
    found = shaped(cases=[{**row, "number": 2}]).values
    assert found["tuition_alerts_cases_by_state"][("other", "info")] == 2
    assert found["tuition_alerts_cases"][("320602", "info")] == 2


def test_a_district_nobody_said_is_unknown() -> None:
    row = {"district_code": None, "risk": "ok", "number": 1, "custody_fen": 250, "held_fen": 0}
    more = {"outflow_fen": 0, "refunded_fen": 0, "gap_fen": 0}
    found = shaped(institutions=[{**row, **more}]).values
    assert found["tuition_alerts_supervised_balance_yuan"] == {("unknown",): 2.5}


def test_every_rule_judges_live_and_some_in_the_shadow() -> None:
    found = shaped(parameters=[{"rule": "distress"}]).values["tuition_alerts_rule_enabled"]
    assert {rule for (rule, mode), value in found.items() if mode == "live" and value} == set(RULES)
    assert [rule for (rule, mode), value in found.items() if mode == "shadow" and value] == [
        "distress"
    ]


def test_a_figure_that_the_catalogue_does_not_have_is_refused() -> None:
    with pytest.raises(KeyError):
        Figures().put("tuition_alerts_invented", (), 1)


def test_a_figure_with_other_labels_is_refused() -> None:
    with pytest.raises(AssertionError):
        Figures().put("tuition_alerts_cases", ("320602",), 1)

"""By when what must be done: golden cases around 国庆, 春节 and 调休, the days given here."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest

from alerts.domain import caseactions as deeds
from alerts.domain.caseactions import Command
from alerts.domain.cases import Case, Hit, Known, Stepped, entered
from alerts.domain.casesteps import step
from alerts.domain.casewords import Finding, Milestone, State
from alerts.domain.deadlines import next_due
from alerts.domain.outcome import Severity
from alerts.domain.workdays import Calendar
from shared.time import SHANGHAI
from tests.support.tables import cases


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


CALENDAR = Calendar(
    {
        **dict.fromkeys(days(date(2025, 10, 1), date(2025, 10, 8)), False),
        **dict.fromkeys(days(date(2026, 2, 15), date(2026, 2, 23)), False),
        **dict.fromkeys([date(2025, 9, 28), date(2025, 10, 11)], True),
        **dict.fromkeys([date(2026, 2, 14), date(2026, 2, 28)], True),
    }
)
"""国庆 2025 with the Sundays and Saturdays worked for it, and 春节 2026 likewise."""

STATES = {
    "acknowledge": State.new,
    "interview": State.acknowledged,
    "classify": State.interviewed,
    "close": State.classified,
    "recheck": State.closed,
}

# Since when, how grave, what is awaited, and by when; times are of Asia/Shanghai.
GOLDEN = """
  2025-09-30 09:00   critical  acknowledge  2025-09-30 11:00   # an ordinary morning
  2025-09-30 17:30   critical  acknowledge  2025-10-09 10:30   # over the whole of 国庆
  2025-10-03 12:00   critical  acknowledge  2025-10-09 11:00   # found on a holiday
  2025-09-27 20:00   critical  acknowledge  2025-09-28 11:00   # Saturday night, Sunday is worked
  2025-10-10 17:00   critical  acknowledge  2025-10-11 10:00   # Friday, Saturday is worked
  2025-10-11 17:00   critical  acknowledge  2025-10-13 10:00   # the worked Saturday, then Monday
  2025-09-30 10:00   critical  interview    2025-10-09 18:00
  2025-09-30 10:00   critical  classify     2025-10-10 18:00
  2025-09-30 10:00   critical  close        2025-10-21 18:00
  2025-09-30 10:00   warning   acknowledge  2025-10-09 18:00
  2025-09-30 10:00   warning   interview    2025-10-11 18:00   # the worked Saturday is the third
  2025-09-26 10:00   warning   acknowledge  2025-09-28 18:00   # Friday, Sunday is the next
  2025-09-26 10:00   warning   classify     2025-10-10 18:00
  2026-02-13 17:00   critical  acknowledge  2026-02-14 10:00   # the Saturday before 春节 is worked
  2026-02-14 17:00   critical  acknowledge  2026-02-24 10:00
  2026-02-13 10:00   warning   interview    2026-02-25 18:00
  2026-02-13 10:00   info      acknowledge  2026-02-25 18:00
  2026-02-13 10:00   info      classify     2026-03-05 18:00   # 28 February is worked too
  2026-02-13 10:00   info      close        2026-04-02 18:00
  2026-02-13 10:00   critical  recheck      2026-04-02 18:00
"""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@cases(GOLDEN)
def test_what_is_due_by_the_calendar_with_its_make_up_days(row: list[str]) -> None:
    since, severity, milestone, due = row
    clocks = [(Severity(severity), at(since))]
    found = next_due(STATES[milestone], clocks, CALENDAR)
    assert found == (Milestone(milestone), at(due))


def test_an_info_case_awaits_no_interview_and_no_recheck() -> None:
    clocks = [(Severity.info, at("2026-02-13 10:00"))]
    assert next_due(State.acknowledged, clocks, CALENDAR)[0] is Milestone.classify
    assert next_due(State.closed, clocks, CALENDAR) == (None, None)
    assert next_due(State.archived, clocks, CALENDAR) == (None, None)


def test_a_campaigns_case_is_due_on_the_plans_day() -> None:
    clocks = [(Severity.critical, at("2026-02-13 10:00"))]
    plan = date(2026, 12, 31)
    found = next_due(State.classified, clocks, CALENDAR, plan)
    assert found == (Milestone.close, at("2026-12-31 18:00"))
    assert next_due(State.new, clocks, CALENDAR, plan)[1] == at("2026-02-13 12:00")


def hit(severity: Severity, *fact_ids: int) -> Hit:
    return Hit("91320602MA1ABCDE16", "320602", "tip", "open", severity, "一句话", fact_ids)


def opened(severity: Severity, now: datetime) -> Case:
    case = entered(hit(severity, 1), Known(), UUID(int=1), now, CALENDAR).case
    assert case is not None
    return case


def test_a_case_that_becomes_red_is_due_by_the_sooner_of_both_clocks() -> None:
    case = opened(Severity.warning, at("2025-09-29 10:00"))
    assert case.due_at == at("2025-09-30 18:00")
    graver = hit(Severity.critical, 1)
    soon = entered(
        graver, Known(case, frozenset({1})), UUID(int=2), at("2025-09-29 11:00"), CALENDAR
    )
    assert soon.case is not None
    assert (soon.case.severity, soon.case.due_at) == (Severity.critical, at("2025-09-29 13:00"))
    late = entered(
        graver, Known(case, frozenset({1})), UUID(int=2), at("2025-09-30 17:30"), CALENDAR
    )
    assert late.case is not None
    assert late.case.due_at == at("2025-09-30 18:00")


def test_new_evidence_moves_no_deadline() -> None:
    case = opened(Severity.warning, at("2025-09-29 10:00"))
    grown = entered(
        hit(Severity.info, 2), Known(case), UUID(int=2), at("2025-09-30 10:00"), CALENDAR
    )
    assert grown.case is not None
    assert (grown.case.severity, grown.case.due_at) == (Severity.warning, case.due_at)


def test_a_reopened_case_runs_anew_and_its_recheck_from_its_closing() -> None:
    case = opened(Severity.info, at("2025-09-29 10:00"))
    case = replace(case, severity=Severity.warning)
    now = at("2025-10-09 10:00")
    for action in (
        deeds.Acknowledge(),
        deeds.Classify(Finding.explained, "小额"),
        deeds.Close(),
        deeds.Reopen(),
    ):
        taken = step(case, Command(action, "supervisor:1", "supervisor", "因为"), now, CALENDAR)
        assert isinstance(taken, Stepped)
        case = taken.case
        if isinstance(action, deeds.Close):
            assert case.due_at == CALENDAR.add_workdays(now, 60)
    assert (case.milestone, case.due_at) == (Milestone.acknowledge, at("2025-10-10 18:00"))


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("severity", list(Severity))
def test_every_state_of_every_severity_has_an_answer(state: State, severity: Severity) -> None:
    milestone, due_at = next_due(state, [(severity, at("2025-09-30 10:00"))], CALENDAR)
    assert (milestone is None) == (due_at is None)

"""The life of a case, step by step: what is legal, what it needs, and who else must say so."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest

from alerts.domain import caseactions as deeds
from alerts.domain.caseactions import Action, Command
from alerts.domain.cases import Case, Hit, Known, Stepped, entered
from alerts.domain.casesteps import MEASURES_MAX, WAYS, Refused, legal_steps, step
from alerts.domain.casewords import Finding, State
from alerts.domain.outcome import Severity
from alerts.domain.workdays import Calendar
from shared.time import SHANGHAI
from tests.support.tables import cases

MONDAY = datetime(2026, 11, 23, 10, tzinfo=SHANGHAI)
CALENDAR = Calendar()
LATER = date(2026, 12, 10)
INTERVIEW = deeds.Schedule(MONDAY, "一号会议室", ("教育局", "市场监管局"))
RECORD = deeds.Hold(
    at=MONDAY,
    place="一号会议室",
    departments=("教育局", "市场监管局"),
    representative="示例负责人",
    questions=("资金去向？",),
    commitments=("三日内说明",),
    attachments=(deeds.Attachment("笔录.pdf", "0" * 64),),
    signed_on=MONDAY.date(),
)
DEEDS: dict[str, Action] = {
    "acknowledge": deeds.Acknowledge(),
    "schedule": INTERVIEW,
    "hold": RECORD,
    "normal_business": deeds.Classify(Finding.normal_business, "小额"),
    "explained": deeds.Classify(Finding.explained, "小额"),
    "data_error": deeds.Classify(Finding.mistaken, "小额"),
    "rectifying": deeds.Classify(Finding.rectifying, "小额"),
    "loss": deeds.Classify(Finding.confirmed_loss, "小额"),
    "rectify": deeds.Rectify("补足专户余额", LATER),
    "refer": deeds.Refer("公安局", "示转〔2026〕1号", LATER),
    "supervise": deeds.Supervise("市教育局", "示督〔2026〕1号", LATER),
    "close": deeds.Close(),
    "begin_recheck": deeds.BeginRecheck(),
    "archive": deeds.Archive(),
    "relapse": deeds.Relapse(),
    "reopen": deeds.Reopen(),
}


def opened(severity: Severity = Severity.warning) -> Case:
    hit = Hit("91320602MA1ABCDE16", "320602", "tip", "open", severity, "一句话", (7,))
    found = entered(hit, Known(), UUID(int=1), MONDAY, CALENDAR).case
    assert found is not None
    return found


def done(
    case: Case, *words: str, by: str = "supervisor:1", now: datetime = MONDAY, reason: str = "因为"
) -> Case:
    for word in words:
        taken = step(case, Command(DEEDS[word], by, "supervisor", reason), now, CALENDAR)
        assert isinstance(taken, Stepped), (word, taken)
        case = taken.case
    return case


def refused(case: Case, word: str, by: str = "supervisor:1", reason: str = "因为") -> str:
    taken = step(case, Command(DEEDS[word], by, "supervisor", reason), MONDAY, CALENDAR)
    assert isinstance(taken, Refused), taken
    return taken.code


# What was done to a yellow case, and where it stands then.
WALKS = """
  acknowledge                                             acknowledged
  acknowledge schedule                                    interview_scheduled
  acknowledge schedule schedule                           interview_scheduled
  acknowledge schedule hold                               interviewed
  acknowledge schedule hold schedule                      interview_scheduled
  acknowledge explained                                   classified
  acknowledge schedule explained                          classified
  acknowledge schedule hold explained                     classified
  acknowledge explained rectifying                        classified
  acknowledge rectifying rectify                          rectifying
  acknowledge rectifying refer                            referred
  acknowledge rectifying refer refer                      referred
  acknowledge rectifying supervise                        supervised
  acknowledge rectifying rectify supervise refer          referred
  acknowledge rectifying rectify explained                classified
  acknowledge explained close                             closed
  acknowledge rectifying rectify close                    closed
  acknowledge loss refer close                            closed
  acknowledge explained close reopen                      reopened
  acknowledge explained close reopen acknowledge          acknowledged
"""


@cases(WALKS)
def test_what_may_be_done_after_what(row: list[str]) -> None:
    walk, state = row
    assert done(opened(), *walk.split()).state == state


# What was done, what is tried then, and the code of the refusal.
BARRED = """
  -                                        hold             illegal_transition
  -                                        explained        illegal_transition
  -                                        close            illegal_transition
  -                                        rectify          illegal_transition
  -                                        reopen           illegal_transition
  -                                        begin_recheck    illegal_transition
  acknowledge                              acknowledge      illegal_transition
  acknowledge                              hold             illegal_transition
  acknowledge                              close            illegal_transition
  acknowledge schedule hold                refer            illegal_transition
  acknowledge explained                    rectify          illegal_transition
  acknowledge explained                    acknowledge      illegal_transition
  acknowledge rectifying                   close            illegal_transition
  acknowledge loss                         close            illegal_transition
  acknowledge explained close              close            illegal_transition
  acknowledge explained close              begin_recheck    illegal_transition
  acknowledge explained close              archive          illegal_transition
  acknowledge explained close reopen       close            illegal_transition
"""


@cases(BARRED)
def test_what_may_not_be_done_after_what(row: list[str]) -> None:
    walk, word, code = row
    assert refused(done(opened(), *walk.split()), word) == code


def test_what_is_said_to_be_possible_is_what_the_table_lets() -> None:
    case = done(opened(), "acknowledge")
    assert legal_steps(case) == ("interview_scheduled", "classified")
    barred = [
        word for word, deed in DEEDS.items() if WAYS[type(deed)].word not in legal_steps(case)
    ]
    assert {refused(case, word) for word in barred} == {"illegal_transition"}


@pytest.mark.parametrize("word", ["explained", "close", "reopen"])
@pytest.mark.parametrize("reason", ["", "   "])
def test_judging_closing_and_reopening_need_a_reason(word: str, reason: str) -> None:
    walk = {
        "explained": ("acknowledge",),
        "close": ("acknowledge", "explained"),
        "reopen": ("acknowledge", "explained", "close"),
    }
    assert refused(done(opened(), *walk[word]), word, reason=reason) == "reason_needed"


def test_a_step_on_what_one_has_not_seen_is_a_conflict() -> None:
    case = done(opened(), "acknowledge")
    stale = Command(DEEDS["schedule"], "supervisor:1", "supervisor", version=1)
    taken = step(case, stale, MONDAY, CALENDAR)
    assert isinstance(taken, Refused)
    assert taken.code == "version_conflict"
    assert isinstance(step(case, replace(stale, version=2), MONDAY, CALENDAR), Stepped)


@pytest.mark.parametrize("severity", [Severity.info, Severity.warning])
def test_an_interview_is_left_out_with_a_reason_alone(severity: Severity) -> None:
    case = done(opened(severity), "acknowledge")
    silent = Command(deeds.Classify(Finding.explained), "supervisor:1", "supervisor", "因为")
    taken = step(case, silent, MONDAY, CALENDAR)
    assert isinstance(taken, Refused)
    assert "skip_reason" in taken.sentence
    assert done(case, "explained").state is State.classified


def test_of_a_red_case_an_interview_is_never_left_out() -> None:
    case = done(opened(Severity.critical), "acknowledge")
    assert refused(case, "explained") == "illegal_transition"
    assert done(case, "schedule", "hold", "explained").finding is Finding.explained
    again = done(case, "schedule", "hold", "explained", "close", "reopen", "acknowledge")
    assert refused(again, "explained") == "illegal_transition"


@pytest.mark.parametrize("word", ["normal_business", "data_error"])
def test_a_red_case_that_was_nothing_is_closed_by_two_officers(word: str) -> None:
    case = done(opened(Severity.critical), "acknowledge", "schedule", "hold", word)
    proposed = done(case, "close", by="supervisor:1")
    assert proposed.state is State.classified
    assert proposed.body["closing"]["by"] == "supervisor:1"
    assert refused(proposed, "close", by="supervisor:1") == "second_officer_needed"
    closed = done(proposed, "close", by="supervisor:2")
    assert (closed.state, closed.closed_at) == (State.closed, MONDAY)
    assert "closing" not in closed.body


def test_a_proposed_closing_is_void_once_anything_else_happens() -> None:
    case = done(opened(Severity.critical), "acknowledge", "schedule", "hold", "normal_business")
    proposed = done(case, "close")
    judged = done(proposed, "data_error", by="supervisor:2")
    assert "closing" not in judged.body
    assert done(judged, "close", by="supervisor:2").state is State.classified
    hit = Hit("91320602MA1ABCDE16", "320602", "tip", "open", Severity.info, "新情况", (8,))
    joined = entered(hit, Known(proposed), UUID(int=2), MONDAY, CALENDAR).case
    assert joined is not None
    assert "closing" not in joined.body


def test_a_yellow_case_that_was_nothing_needs_one_officer() -> None:
    assert done(opened(), "acknowledge", "normal_business", "close").state is State.closed


def test_the_class_follows_the_last_measure_but_a_loss_stays_one() -> None:
    case = done(opened(), "acknowledge", "rectifying", "rectify", "supervise")
    assert case.finding is Finding.supervised
    assert [one["kind"] for one in case.body["measures"]] == ["rectifying", "supervised"]
    assert done(opened(), "acknowledge", "loss", "refer").finding is Finding.confirmed_loss


def test_a_measure_ends_on_a_day_that_is_not_over() -> None:
    case = done(opened(), "acknowledge", "rectifying")
    late = deeds.Rectify("补足", MONDAY.date() - timedelta(days=1))
    taken = step(case, Command(late, "supervisor:1", "supervisor"), MONDAY, CALENDAR)
    assert isinstance(taken, Refused)
    assert taken.code == "date_passed"
    today = replace(late, until=MONDAY.date())
    on_time = Command(today, "supervisor:1", "supervisor")
    assert isinstance(step(case, on_time, MONDAY, CALENDAR), Stepped)


def test_an_interview_is_recorded_once_it_was_held_and_signed() -> None:
    case = done(opened(), "acknowledge", "schedule")
    early = replace(RECORD, at=MONDAY + timedelta(hours=1))
    unsigned = replace(RECORD, signed_on=MONDAY.date() + timedelta(days=1))
    for record in (early, unsigned):
        taken = step(case, Command(record, "supervisor:1", "supervisor"), MONDAY, CALENDAR)
        assert isinstance(taken, Refused)
        assert taken.code == "not_yet_held"


def test_the_record_of_an_interview_is_in_history_whole() -> None:
    case = done(opened(), "acknowledge", "schedule")
    taken = step(case, Command(RECORD, "supervisor:1", "supervisor"), MONDAY, CALENDAR)
    assert isinstance(taken, Stepped)
    payload = taken.event.payload
    assert payload["departments"] == ["教育局", "市场监管局"]
    assert payload["attachments"] == [{"name": "笔录.pdf", "sha256": "0" * 64}]
    assert (payload["at"], payload["signed_on"]) == ("2026-11-23T10:00:00+08:00", "2026-11-23")
    assert taken.case.body["interview"] == payload


def test_who_is_waited_for_is_noted_and_stops_no_clock() -> None:
    case = opened()
    waiting = Command(deeds.Acknowledge(), "supervisor:1", "supervisor", waiting_for="bank")
    plain = Command(deeds.Acknowledge(), "supervisor:1", "supervisor")
    with_it, without_it = (step(case, one, MONDAY, CALENDAR) for one in (waiting, plain))
    assert isinstance(with_it, Stepped)
    assert isinstance(without_it, Stepped)
    assert with_it.case.body["waiting_for"] == "bank"
    assert with_it.event.payload["waiting_for"] == "bank"
    assert with_it.case.due_at == without_it.case.due_at
    assert "waiting_for" not in done(with_it.case, "schedule").body


def test_a_recheck_waits_for_its_time_and_then_archives_or_reopens() -> None:
    closed = done(opened(), "acknowledge", "explained", "close")
    assert closed.due_at is not None
    begun = done(closed, "begin_recheck", now=closed.due_at)
    assert (begun.state, begun.due_at) == (State.recheck, closed.due_at)
    archived = done(begun, "archive", now=closed.due_at)
    assert (archived.state, archived.milestone, archived.due_at) == (State.archived, None, None)
    assert legal_steps(archived) == ()
    relapsed = done(begun, "relapse", now=closed.due_at)
    assert (relapsed.state, relapsed.closed_at, relapsed.finding) == (State.reopened, None, None)


def test_a_refusal_names_what_is_possible_instead() -> None:
    taken = step(opened(), Command(deeds.Close(), "a", "supervisor", "因为"), MONDAY, CALENDAR)
    assert isinstance(taken, Refused)
    assert "possible now: acknowledged" in taken.sentence


def test_a_case_has_so_many_measures_and_no_more() -> None:
    case = done(opened(), "acknowledge", "rectifying", *["refer"] * MEASURES_MAX)
    assert refused(case, "refer") == "illegal_transition"
    assert done(case, "close").state is State.closed

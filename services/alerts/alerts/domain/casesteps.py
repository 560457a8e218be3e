"""The life of a case: which deed is legal when, and what it makes of the case.

`step` decides everything, and writes nothing: what it refuses has no effect at all.
No clock is stopped and no case closes by itself. What a first officer proposed of a red case holds
only as long as nothing else happens to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from alerts.domain.caseactions import (
    Acknowledge,
    Action,
    Archive,
    BeginRecheck,
    Classify,
    Close,
    Command,
    Hold,
    Rectify,
    Refer,
    Relapse,
    Reopen,
    Schedule,
    Supervise,
    told,
    without,
)
from alerts.domain.cases import Case, Stepped, advanced
from alerts.domain.casewords import CONFIRMED, DISMISSED, Finding, State, Step
from alerts.domain.outcome import Severity
from alerts.domain.workdays import Calendar
from shared.time import business_day

MEASURES_MAX: Final = 20
"""Measures of one case: more belong into the file, not into the row."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a deed has no effect: a code for programs, a sentence for people."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Way:
    """One way from states to a state."""

    word: Step
    sources: frozenset[State]
    target: State
    needs_reason: bool = False


_TAKEN: Final = frozenset({State.acknowledged, State.interview_scheduled})
_WORKED: Final = frozenset({State.classified, State.rectifying, State.referred, State.supervised})

WAYS: Final[Mapping[type[Action], Way]] = {
    Acknowledge: Way(Step.acknowledged, frozenset({State.new, State.reopened}), State.acknowledged),
    Schedule: Way(
        Step.interview_scheduled, _TAKEN | {State.interviewed}, State.interview_scheduled
    ),
    Hold: Way(Step.interviewed, frozenset({State.interview_scheduled}), State.interviewed),
    Classify: Way(
        Step.classified,
        _TAKEN | {State.interviewed} | _WORKED,
        State.classified,
        needs_reason=True,
    ),
    Rectify: Way(Step.rectification_ordered, _WORKED, State.rectifying),
    Refer: Way(Step.referred, _WORKED, State.referred),
    Supervise: Way(Step.supervised, _WORKED, State.supervised),
    Close: Way(Step.closed, _WORKED, State.closed, needs_reason=True),
    BeginRecheck: Way(Step.recheck_begun, frozenset({State.closed}), State.recheck),
    Archive: Way(Step.archived, frozenset({State.recheck}), State.archived, needs_reason=True),
    Relapse: Way(Step.relapsed, frozenset({State.recheck}), State.reopened, needs_reason=True),
    Reopen: Way(
        Step.reopened,
        frozenset({State.closed, State.recheck}),
        State.reopened,
        needs_reason=True,
    ),
}
"""Every legal way but those of machines, which leave the state as it is."""

_FOUND_BY: Final[Mapping[type[Action], Finding]] = {
    Rectify: Finding.rectifying,
    Refer: Finding.referred,
    Supervise: Finding.supervised,
}


def step(case: Case, command: Command, now: datetime, calendar: Calendar) -> Stepped | Refused:
    """Return the case after an officer's deed with what history says of it, or why not."""
    action = command.action
    way = WAYS[type(action)]
    refused = _refused(case, command, way) or _barred(case, action, now)
    if refused is not None:
        return refused
    if isinstance(action, Close):
        return _close(case, command, now, calendar)
    changed = _changed(case, command, now)
    return _advanced(changed, command, way.word, way.target, now, calendar)


def legal_steps(case: Case) -> tuple[str, ...]:
    """Return the words of what may be done next, by anybody who may do it."""
    return tuple(way.word.value for way in WAYS.values() if case.state in way.sources)


def _refused(case: Case, command: Command, way: Way) -> Refused | None:
    if command.version is not None and command.version != case.version:
        sentence = "The case changed since you read it: read it again and decide anew."
        return Refused("version_conflict", sentence)
    if case.state not in way.sources:
        legal = ", ".join(legal_steps(case)) or "nothing"
        sentence = f"A case that is {case.state} cannot become that; possible now: {legal}."
        return Refused("illegal_transition", sentence)
    if way.needs_reason and not command.reason.strip():
        return Refused("reason_needed", "Give the reason: it is kept in the case's history.")
    return None


def _barred(case: Case, action: Action, now: datetime) -> Refused | None:
    """Return what bars a deed although the state would let it."""
    if isinstance(action, Classify):
        return _unheard(case, action)
    if isinstance(action, Rectify | Refer | Supervise):
        return _unmeasured(case, action, now)
    if isinstance(action, Hold) and (action.at > now or action.signed_on > business_day(now)):
        return Refused("not_yet_held", "Record the interview once it was held and signed.")
    if isinstance(action, Close) and case.state is State.classified and case.finding in CONFIRMED:
        sentence = "Record what was ordered first: a rectification, a referral or a supervision."
        return Refused("illegal_transition", sentence)
    if isinstance(action, BeginRecheck) and case.due_at is not None and now < case.due_at:
        sentence = "The recheck begins when its time has come: see `due_at`; until then, reopen."
        return Refused("illegal_transition", sentence)
    return None


def _unheard(case: Case, action: Classify) -> Refused | None:
    if case.body.get("interviewed") or case.state in _WORKED:
        return None
    if case.severity is Severity.critical:
        sentence = "A red case is classified after an interview: record one first."
        return Refused("illegal_transition", sentence)
    if not action.skip_reason.strip():
        sentence = "Record an interview first, or say in `skip_reason` why there is none."
        return Refused("illegal_transition", sentence)
    return None


def _unmeasured(case: Case, action: Rectify | Refer | Supervise, now: datetime) -> Refused | None:
    if case.finding not in CONFIRMED:
        sentence = "Classify the case as one that calls for a measure first."
        return Refused("illegal_transition", sentence)
    if len(case.body.get("measures", ())) >= MEASURES_MAX:
        sentence = f"A case has at most {MEASURES_MAX} measures: close it, or classify it anew."
        return Refused("illegal_transition", sentence)
    ends = action.deadline if isinstance(action, Refer) else action.until
    if ends < business_day(now):
        return Refused("date_passed", "Name a day that is not over yet.")
    return None


def _close(case: Case, command: Command, now: datetime, calendar: Calendar) -> Stepped | Refused:
    """Close, or propose to: of a red case that is to have been nothing, a second officer closes."""
    proposed = case.body.get("closing")
    if case.severity is Severity.critical and case.finding in DISMISSED:
        if proposed is None:
            word = {"by": command.actor, "reason": command.reason, "at": now.isoformat()}
            body = {**without(case.body, "waiting_for"), "closing": word}
            noted = replace(case, body=body)
            return _advanced(noted, command, Step.closing_proposed, case.state, now, calendar)
        if proposed["by"] == command.actor:
            sentence = "You proposed this yourself; a second officer, with another key, closes it."
            return Refused("second_officer_needed", sentence)
    body = without(case.body, "closing", "waiting_for", "proposed")
    body["clocks"] = [[case.severity.value, now.isoformat()]]
    closed = replace(case, closed_at=now, body=body)
    return _advanced(closed, command, Step.closed, State.closed, now, calendar)


def _changed(case: Case, command: Command, now: datetime) -> Case:
    """Return the case with what a deed leaves in it; a closing proposed before is void."""
    action = command.action
    body = without(case.body, "closing", "waiting_for")
    if command.waiting_for is not None:
        body["waiting_for"] = command.waiting_for
    if isinstance(action, Acknowledge):
        return replace(case, owner=command.actor, body=body)
    if isinstance(action, Schedule):
        return replace(case, body={**body, "interview": told(action)})
    if isinstance(action, Hold):
        return replace(case, body={**body, "interview": told(action), "interviewed": True})
    if isinstance(action, Classify):
        return replace(case, finding=action.finding, body=without(body, "proposed"))
    if isinstance(action, Rectify | Refer | Supervise):
        return _measured(case, action, body)
    if isinstance(action, Relapse | Reopen):
        body = without(body, "interview", "interviewed", "measures", "withdrawn", "plan_on")
        body["clocks"] = [[case.severity.value, now.isoformat()]]
        return replace(case, finding=None, owner=None, closed_at=None, body=body)
    return replace(case, body=body)


def _measured(case: Case, action: Rectify | Refer | Supervise, body: Mapping[str, Any]) -> Case:
    """Add a measure; the class follows the last one, but a confirmed loss stays one."""
    measures = [*body.get("measures", ()), {"kind": _FOUND_BY[type(action)].value, **told(action)}]
    is_loss = case.finding is Finding.confirmed_loss
    finding = case.finding if is_loss else _FOUND_BY[type(action)]
    return replace(case, finding=finding, body={**body, "measures": measures})


def _advanced(
    case: Case, command: Command, word: Step, target: State, now: datetime, calendar: Calendar
) -> Stepped:
    payload = told(command.action)
    if command.waiting_for is not None:
        payload["waiting_for"] = command.waiting_for
    return advanced(
        case,
        word,
        now,
        calendar,
        state=target,
        by=(command.actor, command.role),
        reason=command.reason,
        payload=payload,
    )

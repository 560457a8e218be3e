"""By when what must be done next (三早: 早发现、早应对、早处置), in working hours and days.

Nothing stops a clock: neither that somebody is waited for nor that new evidence came. A case that
becomes graver runs by the clocks of both severities, and the sooner holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter
from typing import Final, TypeAlias

from alerts.domain.casewords import Milestone, State
from alerts.domain.outcome import Severity
from alerts.domain.workdays import CLOSES, Calendar
from shared.time import SHANGHAI

Clock: TypeAlias = tuple[Severity, datetime]
"""Since when a case runs by the terms of a severity."""


@dataclass(frozen=True, slots=True)
class Term:
    """How long: so many working hours, or else so many working days."""

    hours: int = 0
    days: int = 0

    def end(self, since: datetime, calendar: Calendar) -> datetime:
        """Return when it is over."""
        if self.hours:
            return calendar.add_hours(since, self.hours)
        return calendar.add_workdays(since, self.days)


TERMS: Final[Mapping[Severity, Mapping[Milestone, Term]]] = {
    Severity.critical: {
        Milestone.acknowledge: Term(hours=2),
        Milestone.interview: Term(days=1),
        Milestone.classify: Term(days=2),
        Milestone.close: Term(days=10),
        Milestone.recheck: Term(days=30),
    },
    Severity.warning: {
        Milestone.acknowledge: Term(days=1),
        Milestone.interview: Term(days=3),
        Milestone.classify: Term(days=5),
        Milestone.close: Term(days=20),
        Milestone.recheck: Term(days=60),
    },
    Severity.info: {
        Milestone.acknowledge: Term(days=3),
        Milestone.classify: Term(days=10),
        Milestone.close: Term(days=30),
    },
}
"""The design's proposal for the closed loop that Zhejiang's rules of 2020 ask for."""

_AWAITED: Final[Mapping[State, tuple[Milestone, ...]]] = {
    State.new: (Milestone.acknowledge,),
    State.reopened: (Milestone.acknowledge,),
    State.acknowledged: (Milestone.interview, Milestone.classify),
    State.interview_scheduled: (Milestone.interview, Milestone.classify),
    State.interviewed: (Milestone.classify,),
    State.classified: (Milestone.close,),
    State.rectifying: (Milestone.close,),
    State.referred: (Milestone.close,),
    State.supervised: (Milestone.close,),
    State.closed: (Milestone.recheck,),
    State.recheck: (Milestone.recheck,),
    State.archived: (),
}
"""What is awaited in a state: what is due first is next.

A case that rises does not push back what was due of it before.
"""


def next_due(
    state: State, clocks: Sequence[Clock], calendar: Calendar, plan_on: date | None = None
) -> tuple[Milestone | None, datetime | None]:
    """Return what must be done next and by when; nothing where nothing is awaited.

    `clocks` run since the case was opened, reopened or closed, one for each severity it had since;
    a case of a clearance campaign is to be closed by the plan's day (`plan_on`) instead.
    """
    due: list[tuple[datetime, Milestone]] = []
    for milestone in _AWAITED[state]:
        if milestone is Milestone.close and plan_on is not None:
            return milestone, datetime.combine(plan_on, CLOSES, SHANGHAI)
        ends = [
            term.end(since, calendar)
            for severity, since in clocks
            if (term := TERMS[severity].get(milestone)) is not None
        ]
        if ends:
            due.append((min(ends), milestone))
    if not due:
        return None, None
    due_at, milestone = min(due, key=itemgetter(0))
    return milestone, due_at

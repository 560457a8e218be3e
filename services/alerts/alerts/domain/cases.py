"""What a case is, and what machines may do to it: open it, add to it, make it graver, doubt it.

One open case per rule, institution and scope. Evidence is added and never taken away; severity
only rises; nothing here closes a case: that is for people (`alerts.domain.casesteps`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, TypeAlias
from uuid import UUID

from alerts.domain.casewords import SETTLED, Finding, Milestone, State, Step
from alerts.domain.chain import GENESIS, Event, sealed
from alerts.domain.deadlines import Clock, next_due
from alerts.domain.outcome import Severity
from alerts.domain.workdays import Calendar

Key: TypeAlias = tuple[str, str, str]
"""Institution, rule, scope."""

MACHINE: Final = ("alerts", "service")
"""Actor and role of steps that nobody took by hand."""

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Hit:
    """What a rule, or a person's word, says of an institution: ground for a case."""

    institution_id: str
    district_code: str
    rule: str
    scope: str
    severity: Severity
    sentence: str
    fact_ids: tuple[int, ...]
    evaluation_id: UUID | None = None
    amount_fen: int = 0
    plan_on: date | None = None
    """The day by which a clearance campaign wants it settled."""

    @property
    def key(self) -> Key:
        """Return what at most one open case has."""
        return self.institution_id, self.rule, self.scope


@dataclass(frozen=True, slots=True)
class Case:
    """Where one case stands."""

    institution_id: str
    case_id: UUID
    rule: str
    scope: str
    district_code: str
    severity: Severity
    state: State
    finding: Finding | None
    version: int
    """How many steps it has had; raised by each."""
    opened_at: datetime
    changed_at: datetime
    closed_at: datetime | None
    milestone: Milestone | None
    due_at: datetime | None
    owner: str | None
    sentence: str
    amount_fen: int
    newest_fact: int
    last_hash: str
    opened_severity: Severity | None = None
    body: Mapping[str, Any] = field(default_factory=dict)
    """What JSON holds: clocks, the last interview, measures, a proposed closing, who is awaited."""

    @property
    def clocks(self) -> tuple[Clock, ...]:
        """Return since when the case runs by which severity's terms."""
        said = self.body.get("clocks", ())
        return tuple((Severity(word), datetime.fromisoformat(at)) for word, at in said)

    @property
    def plan_on(self) -> date | None:
        """Return the day by which a campaign wants it settled."""
        said = self.body.get("plan_on")
        return date.fromisoformat(said) if said else None

    @property
    def is_open(self) -> bool:
        """Tell whether a hit would be added to it."""
        return self.state not in SETTLED


class Entry(StrEnum):
    """What came of a hit."""

    opened = "opened"
    joined = "joined"
    raised = "raised"
    known = "known"
    """Everything it rests on is in evidence already: nothing was written."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a hit's key when it comes."""

    case: Case | None = None
    """The open one."""
    fact_ids: frozenset[int] = frozenset()
    """Which of the hit's facts it has in evidence."""
    newest_fact: int = 0
    """The newest that any case of the key rests on, closed ones included."""
    has_past: bool = False
    """Whether the key ever had a case."""


@dataclass(frozen=True, slots=True)
class Stepped:
    """A step that was taken: the case after it, and what history says of it."""

    case: Case
    event: Event


@dataclass(frozen=True, slots=True)
class Entered:
    """What came of one hit: the case it is in (None where it opens none), and what to write."""

    entry: Entry
    case: Case | None
    event: Event | None = None
    fact_ids: tuple[int, ...] = ()
    """Facts that are new to the case."""


def merged(hits: Iterable[Hit]) -> dict[Key, Hit]:
    """Return one hit per key: the gravest, with the facts of all."""
    found: dict[Key, Hit] = {}
    for hit in hits:
        before = found.get(hit.key, hit)
        graver = hit if hit.severity.weight > before.severity.weight else before
        facts = tuple(sorted({*before.fact_ids, *hit.fact_ids}))
        found[hit.key] = replace(graver, fact_ids=facts)
    return found


def entered(hit: Hit, known: Known, case_id: UUID, now: datetime, calendar: Calendar) -> Entered:
    """Decide what a hit comes to: a new case, under `case_id`, or one more of what is known.

    After a closed case only a fact newer than all that it rested on opens another: what a person
    has judged is not asked again.
    """
    if known.case is not None:
        return _joined(known.case, hit, known.fact_ids, now, calendar)
    if known.has_past and max(hit.fact_ids, default=0) <= known.newest_fact:
        return Entered(Entry.known, None)
    return _opened(hit, case_id, now, calendar)


def _opened(hit: Hit, case_id: UUID, now: datetime, calendar: Calendar) -> Entered:
    clock = [[hit.severity.value, now.isoformat()]]
    plan = {"plan_on": hit.plan_on.isoformat()} if hit.plan_on else {}
    case = Case(
        institution_id=hit.institution_id,
        case_id=case_id,
        rule=hit.rule,
        scope=hit.scope,
        district_code=hit.district_code,
        severity=hit.severity,
        state=State.new,
        finding=None,
        version=0,
        opened_at=now,
        changed_at=now,
        closed_at=None,
        milestone=None,
        due_at=None,
        owner=None,
        sentence=hit.sentence,
        amount_fen=hit.amount_fen,
        newest_fact=max(hit.fact_ids, default=0),
        last_hash=GENESIS,
        opened_severity=hit.severity,
        body={"clocks": clock, **plan},
    )
    taken = advanced(case, Step.opened, now, calendar, payload=_told(hit, hit.fact_ids))
    return Entered(Entry.opened, taken.case, taken.event, hit.fact_ids)


def _joined(
    case: Case, hit: Hit, known: Collection[int], now: datetime, calendar: Calendar
) -> Entered:
    fresh = tuple(one for one in hit.fact_ids if one not in known)
    rises = hit.severity.weight > case.severity.weight
    if not fresh and not rises:
        return Entered(Entry.known, case)
    body = {name: said for name, said in case.body.items() if name not in {"closing", "proposed"}}
    if rises:
        body["clocks"] = [*case.body.get("clocks", ()), [hit.severity.value, now.isoformat()]]
    if hit.plan_on:
        body["plan_on"] = hit.plan_on.isoformat()
    grown = replace(
        case,
        severity=hit.severity if rises else case.severity,
        sentence=hit.sentence,
        amount_fen=hit.amount_fen,
        newest_fact=max(case.newest_fact, *hit.fact_ids) if hit.fact_ids else case.newest_fact,
        body=body,
    )
    word = Step.severity_raised if rises else Step.evidence_added
    taken = advanced(grown, word, now, calendar, payload=_told(hit, fresh))
    return Entered(Entry.raised if rises else Entry.joined, taken.case, taken.event, fresh)


def _told(hit: Hit, fact_ids: Sequence[int]) -> dict[str, Any]:
    """Return what history says of a hit: enough to find the evaluation and to read it without."""
    return {
        "rule": hit.rule,
        "severity": hit.severity.value,
        "sentence": hit.sentence,
        "amount_fen": hit.amount_fen,
        "fact_ids": list(fact_ids),
        "evaluation_id": str(hit.evaluation_id) if hit.evaluation_id else None,
    }


def doubted(
    case: Case, fact_ids: Iterable[int], sentence: str, now: datetime, calendar: Calendar
) -> Stepped | None:
    """Note that a correction took the ground from a case, and propose the class 数据错误.

    A person closes it, or does not; a closing proposed before was of other grounds. None where
    that was noted before, or the case is settled.
    """
    before = set(case.body.get("withdrawn", ()))
    gone = sorted(set(fact_ids) - before)
    if not case.is_open or not gone:
        return None
    kept = {name: said for name, said in case.body.items() if name != "closing"}
    body = {**kept, "withdrawn": sorted(before | {*gone}), "proposed": Finding.mistaken.value}
    payload = {"fact_ids": gone, "sentence": sentence, "proposed": Finding.mistaken.value}
    changed = replace(case, body=body)
    return advanced(changed, Step.evidence_withdrawn, now, calendar, payload=payload)


def advanced(  # noqa: PLR0913 - what one line of history holds
    case: Case,
    step: Step,
    now: datetime,
    calendar: Calendar,
    *,
    state: State | None = None,
    by: tuple[str, str] = MACHINE,
    reason: str = "",
    payload: Mapping[str, Any] = _NOTHING,
) -> Stepped:
    """Return a case one step on: its state, deadline, version and history, all in one.

    Everything else that the step changes stands in `case` already.
    """
    after = state or case.state
    milestone, due_at = next_due(after, case.clocks, calendar, case.plan_on)
    event = sealed(
        Event(
            institution_id=case.institution_id,
            case_id=case.case_id,
            step_no=case.version + 1,
            at=now,
            actor=by[0],
            role=by[1],
            step=step.value,
            state_before=case.state.value if case.version else None,
            state_after=after.value,
            reason=reason,
            payload=dict(payload),
            prev_hash=case.last_hash,
        )
    )
    moved = replace(
        case,
        state=after,
        version=event.step_no,
        changed_at=now,
        milestone=milestone,
        due_at=due_at,
        last_hash=event.hash,
    )
    return Stepped(moved, event)

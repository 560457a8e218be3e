"""Whatever officers, rules and corrections do to a case in whatever order, its laws hold."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from alerts.domain import caseactions as deeds
from alerts.domain.caseactions import Action, Command
from alerts.domain.cases import Case, Entry, Hit, Known, doubted, entered
from alerts.domain.casesteps import WAYS, Refused, legal_steps, step
from alerts.domain.casewords import DISMISSED, Finding, State, Step
from alerts.domain.chain import Event, verify_chain
from alerts.domain.deadlines import TERMS
from alerts.domain.outcome import Severity
from alerts.domain.workdays import Calendar
from shared.time import SHANGHAI

START = datetime(2025, 9, 26, 10, tzinfo=SHANGHAI)
HOLIDAYS = {date(2025, 10, day): False for day in range(1, 9)}
CALENDAR = Calendar({**HOLIDAYS, date(2025, 9, 28): True, date(2025, 10, 11): True})

ACTIONS: st.SearchStrategy[Action] = st.one_of(
    st.just(deeds.Acknowledge()),
    st.just(deeds.Schedule(START, "会议室", ("教育局",))),
    st.just(deeds.Hold(START, "会议室", ("教育局",), "示例", (), (), (), START.date())),
    st.builds(deeds.Classify, st.sampled_from(Finding), st.sampled_from(["", "小额"])),
    st.just(deeds.Rectify("补足", date(2027, 1, 1))),
    st.just(deeds.Refer("公安局", "1号", date(2025, 10, 20))),
    st.just(deeds.Supervise("市教育局", "2号", date(2027, 1, 1))),
    st.just(deeds.Close()),
    st.just(deeds.BeginRecheck()),
    st.just(deeds.Archive()),
    st.just(deeds.Relapse()),
    st.just(deeds.Reopen()),
)
DEEDS = st.builds(
    Command,
    ACTIONS,
    st.sampled_from(["supervisor:1", "supervisor:2"]),
    st.just("supervisor"),
    st.sampled_from(["", "因为"]),
    st.sampled_from([None, None, 1, 3]),
    st.sampled_from([None, "bank"]),
)
HITS = st.builds(
    Hit,
    st.just("91320602MA1ABCDE16"),
    st.just("320602"),
    st.just("tip"),
    st.just("open"),
    st.sampled_from(Severity),
    st.just("一句话"),
    st.lists(st.integers(1, 9), max_size=3, unique=True).map(tuple),
)
CORRECTIONS = st.lists(st.integers(1, 9), max_size=3).map(tuple)
GOES_ON = st.sampled_from([timedelta(), timedelta(hours=3), timedelta(days=4), timedelta(days=90)])
# Legal walks are rare among random ones: whole stretches of one are thrown in.
STRETCHES = st.sampled_from(
    [
        ("acknowledge", "explained", "close"),
        ("acknowledge", "schedule", "hold", "dismissed", "close", "close"),
        ("acknowledge", "schedule", "hold", "loss", "refer", "close", "begin", "archive"),
        ("acknowledge", "schedule", "hold", "loss", "rectify", "close", "reopen"),
    ]
)
_WORDS: dict[str, Action] = {
    "acknowledge": deeds.Acknowledge(),
    "schedule": deeds.Schedule(START, "会议室", ("教育局", "公安局")),
    "hold": deeds.Hold(START, "会议室", ("教育局",), "示例", (), (), (), START.date()),
    "explained": deeds.Classify(Finding.explained, "小额"),
    "dismissed": deeds.Classify(Finding.normal_business),
    "loss": deeds.Classify(Finding.confirmed_loss),
    "refer": deeds.Refer("公安局", "1号", date(2027, 1, 1)),
    "rectify": deeds.Rectify("补足", date(2027, 1, 1)),
    "close": deeds.Close(),
    "begin": deeds.BeginRecheck(),
    "archive": deeds.Archive(),
    "reopen": deeds.Reopen(),
}
WALKS = st.tuples(
    STRETCHES, st.lists(st.sampled_from(["supervisor:1", "supervisor:2"]), min_size=8)
)


def spelled(walk: tuple[Sequence[str], list[str]]) -> list[Command]:
    words, officers = walk
    return [
        Command(_WORDS[word], by, "supervisor", "因为")
        for word, by in zip(words, officers, strict=False)
    ]


MOMENTS = st.lists(
    st.one_of(
        st.tuples(GOES_ON, st.one_of(DEEDS, HITS, CORRECTIONS)).map(lambda one: [one]),
        st.tuples(GOES_ON, WALKS).map(lambda one: [(one[0], deed) for deed in spelled(one[1])]),
    ),
    max_size=12,
).map(lambda parts: [moment for part in parts for moment in part])


class Life:
    """One case through everything that happens to it, with its history as it is written."""

    def __init__(self, hit: Hit) -> None:
        self.now = START
        found = entered(hit, Known(), UUID(int=1), self.now, CALENDAR)
        assert found.case is not None
        assert found.event is not None
        self.case: Case = found.case
        self.events: list[Event] = [found.event]
        self.facts = set(hit.fact_ids)

    def happen(self, what: Command | Hit | tuple[int, ...]) -> None:
        before = self.case
        if isinstance(what, Command):
            self._act(before, what)
        elif isinstance(what, Hit):
            self._hit(before, what)
        else:
            noted = doubted(before, what, "更正", self.now, CALENDAR)
            if noted is not None:
                self._take(noted.case, noted.event)
                assert noted.case.state is before.state
        assert self.case.severity.weight >= before.severity.weight

    def _act(self, before: Case, command: Command) -> None:
        taken = step(before, command, self.now, CALENDAR)
        way = WAYS[type(command.action)]
        if isinstance(taken, Refused):
            assert taken.sentence
            return
        assert before.state in way.sources
        assert way.word.value in legal_steps(before)
        assert taken.case.state in {way.target, before.state}
        if taken.case.state is before.state and way.target is not before.state:
            assert taken.event.step == Step.closing_proposed
        self._take(taken.case, taken.event)

    def _hit(self, before: Case, hit: Hit) -> None:
        if not before.is_open:
            return
        known = Known(before, frozenset(self.facts & {*hit.fact_ids}), before.newest_fact)
        found = entered(hit, known, UUID(int=2), self.now, CALENDAR)
        if found.entry is Entry.known:
            assert self.facts >= {*hit.fact_ids}
            return
        assert found.case is not None
        assert found.event is not None
        assert found.case.state is before.state
        assert not self.facts & {*found.fact_ids}
        if before.due_at is not None and found.case.due_at is not None:
            assert found.case.due_at <= before.due_at
        self.facts |= {*found.fact_ids}
        self._take(found.case, found.event)

    def _take(self, case: Case, event: Event) -> None:
        self.case = case
        self.events.append(event)


@given(HITS, MOMENTS)
def test_a_case_keeps_its_laws_whatever_happens(
    hit: Hit, moments: list[tuple[timedelta, Command | Hit | tuple[int, ...]]]
) -> None:
    life = Life(hit)
    for passed, what in moments:
        life.now += passed
        life.happen(what)
        case = life.case
        assert case.version == len(life.events)
        assert verify_chain(life.events, case.last_hash) is None
        assert (case.closed_at is None) == (
            case.state not in {State.closed, State.recheck, State.archived}
        )
        assert due_by_the_calendar(case)
    closed_red_has_two_officers(life.events)


def due_by_the_calendar(case: Case) -> bool:
    """Tell whether a deadline is one that the calendar makes of a clock of the case."""
    if case.milestone is None or case.due_at is None:
        return case.milestone is None and case.due_at is None
    possible = {
        term.end(since, CALENDAR)
        for severity, since in case.clocks
        if (term := TERMS[severity].get(case.milestone)) is not None
    }
    return case.due_at == min(possible)


def closed_red_has_two_officers(events: Sequence[Event]) -> None:
    """Check in the history alone: who closed as nothing what was red was not alone."""
    is_red, finding, before = False, None, None
    for event in events:
        is_red = is_red or event.payload.get("severity") == Severity.critical
        if event.step == Step.classified:
            finding = Finding(event.payload["finding"])
        elif event.step in {Step.rectification_ordered, Step.referred, Step.supervised}:
            finding = None
        if event.step == Step.closed and is_red and finding in DISMISSED:
            assert before is not None
            assert before.step == Step.closing_proposed
            assert before.actor != event.actor
        before = event


@given(st.lists(HITS, max_size=6))
def test_hits_in_any_order_come_to_the_same_evidence_and_severity(hits: list[Hit]) -> None:
    first = Hit("91320602MA1ABCDE16", "320602", "tip", "open", Severity.info, "一句话", (100,))
    forth, back = Life(first), Life(first)
    for one in hits:
        forth.happen(one)
    for one in reversed(hits):
        back.happen(one)
    assert forth.facts == back.facts
    assert forth.case.severity is back.case.severity
    assert forth.case.newest_fact == back.case.newest_fact

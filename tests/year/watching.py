"""Watching one institution through the year: judged at each day's end and at each unbacked debit.

The rules judge exactly as in the service, by `alerts.domain.judging.judge`. Several sets of values
are compared on the same views; where two sets agree on a rule, it is judged once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from time import process_time
from typing import Final
from uuid import UUID

from alerts.domain.campaigns import Campaign
from alerts.domain.cases import Hit
from alerts.domain.judging import Edition, edition_of, judge
from alerts.domain.outcome import Outcome, Severity, Verdict
from alerts.domain.rules.catalogue import RULES
from alerts.domain.view import FactView
from tests.year.casework import Casework, Noted
from tests.year.days import FIRST, ONE_DAY, at, calendar
from tests.year.feed import Event
from tests.year.fixed import Day, Days
from tests.year.knowing import Knowing, quicken
from tests.year.living import CAMPAIGN_MADE, CLEAR_BY, REFUND_BY, Life
from tests.year.places import CAMPAIGN_DISTRICT, Place
from tests.year.planting import Planted, play

EVENING: Final = 23
"""The hour at which a day is judged."""
_HYSTERETIC: Final = frozenset({"min_balance_breach", "coverage_shortfall"})
"""Rules that ask whether a case of theirs is open."""

Values = Mapping[str, Mapping[str, int]]
"""Values of parameters by rule, where they are not the presets."""

CAMPAIGN: Final = Campaign(
    UUID(int=1),
    "学科类预收费清零",
    CAMPAIGN_DISTRICT,
    "subject",
    CLEAR_BY,
    REFUND_BY,
    at(CAMPAIGN_MADE, 9),
)


@dataclass(slots=True)
class Watched:
    """What was noted of one institution, by the name of the set of values."""

    place: Place
    planted: Planted | None
    noted: dict[str, list[Noted]] = field(default_factory=dict)
    days: list[Day] = field(default_factory=list)
    """What fixed thresholds look at."""
    events: int = 0
    judgings: int = 0
    generated_s: float = 0.0
    """Processor time that its events took."""
    judged_s: float = 0.0
    faults: list[str] = field(default_factory=list)
    """Reasons of rules that failed: there should be none."""


class Watch:
    """One institution, judged by several sets of values."""

    def __init__(self, place: Place, sets: Mapping[str, Values], first: date = FIRST) -> None:
        self._place = place
        self._first = first
        self._knowing = Knowing(calendar(), (CAMPAIGN,))
        self._editions = {
            name: [edition_of(rule, values.get(key)) for key, rule in RULES.items()]
            for name, values in sets.items()
        }
        self._work = {name: Casework(calendar()) for name in sets}
        self.judgings = 0
        self.faults: list[str] = []

    def watch(self, events: Sequence[Event], until: date) -> dict[str, list[Noted]]:
        """Hear events in their order, judge where it is due, and return what was noted."""
        place = 0
        day = self._place.opens
        while day <= until:
            evening = at(day, EVENING)
            while place < len(events) and events[place].time <= evening:
                event = events[place]
                place += 1
                self._knowing.hear(event)
                if event.type == "debit.unbacked" and day >= self._first:
                    self._judge(event.time)
            if day >= self._first:
                self._judge(evening)
            day += ONE_DAY
        return {name: work.noted for name, work in self._work.items()}

    def _judge(self, now: datetime) -> None:
        view = self._knowing.view(now)
        seen: dict[tuple[str, str, frozenset[tuple[str, str]]], tuple[Outcome, ...]] = {}
        for name, editions in self._editions.items():
            work = self._work[name]
            work.close_due(now)
            hits: list[Hit] = []
            for edition in editions:
                key = edition.rule.key
                is_asking = key in _HYSTERETIC
                scopes = work.open_scopes(key) if is_asking else frozenset()
                known = (key, edition.params_hash, scopes)
                if known not in seen:
                    view.open_scopes = scopes
                    seen[known] = judge(view, edition)
                    self.judgings += 1
                hits += self._hits(view, edition, seen[known])
            if hits:
                work.take(hits, now)

    def _hits(self, view: FactView, edition: Edition, outcomes: Iterable[Outcome]) -> Iterable[Hit]:
        for one in outcomes:
            if one.verdict is Verdict.error:
                self.faults.append(f"{edition.rule.key}: {one.reason}")
            if one.verdict is Verdict.hit and one.severity is not Severity.info:
                yield Hit(
                    self._place.institution_id,
                    view.district_code,
                    edition.rule.key,
                    one.scope,
                    one.severity or Severity.warning,
                    one.sentence,
                    one.fact_ids,
                )


def watch(
    place: Place,
    planted: Planted | None,
    sets: Mapping[str, Values],
    seed: int,
    span: tuple[date, date],
) -> Watched:
    """Let one institution live, and judge it, through a span of days."""
    first, last = span
    began = process_time()
    life = Life(place, seed, planted.acts if planted else ())
    events = life.live(last, play)
    lived = process_time()
    watching = Watch(place, sets, first)
    noted = watching.watch(events, last)
    return Watched(
        place,
        planted,
        noted,
        Days(first).of(events),
        len(events),
        watching.judgings,
        lived - began,
        process_time() - lived,
        watching.faults,
    )


quicken()

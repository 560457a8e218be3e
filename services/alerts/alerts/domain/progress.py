"""How far an institution is with clearing its prepaid fees, and how far it will get.

The pace is what was taught in the last weeks before today for each day on which teaching was
permitted; today counts among the days that are left, so that the morning of a day foretells no
less than the evening before it. Lessons put back count against the pace.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from alerts.domain.facts import Fact, Kind
from alerts.domain.teaching import permitted_days
from alerts.domain.view import FactView
from shared.money import BPS_WHOLE
from shared.time import business_day

WEEK: Final = 7

AHEAD_DAYS: Final = 366
"""Days counted at most towards the end of a campaign: none lasts longer."""

_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Week:
    """What seven days before today came to."""

    taught_fen: int
    permitted: int


@dataclass(frozen=True, slots=True)
class Projection:
    """What an institution holds, and what of it can be taught by a day."""

    held_fen: int
    taught_fen: int
    """In the window before today."""
    permitted: int
    """Days on which teaching was permitted in the window."""
    left: int
    """Days on which it is permitted from today to the last day."""
    weeks: Sequence[Week]
    facts: Sequence[Fact]
    """The fees that came, and the lessons of the window."""

    @property
    def rate_fen(self) -> int:
        """Return what is taught on a permitted day, in fen, cut."""
        return self.taught_fen // self.permitted if self.permitted else 0

    @property
    def remainder_fen(self) -> int:
        """Return what will be left untaught, in fen; above 0 exactly where something will be."""
        reach = self.taught_fen * self.left // self.permitted if self.permitted else 0
        return max(0, self.held_fen - reach)

    @property
    def required_fen(self) -> int:
        """Return what would have to be taught on each day that is left, in fen, cut."""
        return self.held_fen // self.left if self.left else self.held_fen

    def outpaces_best_week(self, bps: int) -> bool:
        """Tell whether the pace required is above a share of the best week's; none left, it is."""
        return all(
            self.held_fen * week.permitted * BPS_WHOLE > bps * week.taught_fen * self.left
            for week in self.weeks
            if week.permitted
        )


def project(view: FactView, last_day: date, window_days: int) -> Projection:
    """Return how far the pace of the window before today leads by a day."""
    today = business_day(view.as_of)
    since = today - window_days * _ONE_DAY
    taught = _in_days(view, Kind.released, since, today)
    put_back = _in_days(view, Kind.reversed, since, today)
    until = min(last_day, today + AHEAD_DAYS * _ONE_DAY) + _ONE_DAY
    return Projection(
        view.held_fen,
        _net_fen(taught, put_back, since, today),
        permitted_days(view.calendar, view.category, since, today),
        permitted_days(view.calendar, view.category, today, until),
        [
            _week(view, taught, put_back, today - n * WEEK * _ONE_DAY)
            for n in range(window_days // WEEK)
        ],
        [*view.of(Kind.funded), *taught, *put_back],
    )


def _in_days(view: FactView, kind: Kind, since: date, until: date) -> list[Fact]:
    span = until - since + 2 * _ONE_DAY
    return [one for one in view.since(kind, span) if since <= business_day(one.at) < until]


def _week(view: FactView, taught: list[Fact], put_back: list[Fact], until: date) -> Week:
    since = until - WEEK * _ONE_DAY
    return Week(
        _net_fen(taught, put_back, since, until),
        permitted_days(view.calendar, view.category, since, until),
    )


def _net_fen(taught: list[Fact], put_back: list[Fact], since: date, until: date) -> int:
    def within(facts: list[Fact]) -> int:
        return sum(one.amount_fen for one in facts if since <= business_day(one.at) < until)

    return max(0, within(taught) - within(put_back))

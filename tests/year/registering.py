"""What is said of an institution from outside: its bank's statements, and the registry's word.

Assumed: three in four licences are renewed 31 to 75 days before they run out, one in five 5 to 30
days before; one in twenty is late by 3 to 20 days, during which the registry calls it expired.
A bank is late with a working day's statements in 3 of 100 cases, and then in one of four by a day
more; an account by itself stays without statements for 3 to 6 working days in one of 15 years.
"""

from datetime import date, timedelta
from functools import cache
from random import Random
from typing import Any, Final

from tests.year.days import FIRST, LAST, ONE_DAY, OPENED, at, calendar
from tests.year.feed import Feed
from tests.year.places import Place

_TERM: Final = timedelta(days=3 * 365 + 1)
"""Three years, as licences are given."""


class Registering:
    """How others speak of one institution."""

    def __init__(self, place: Place, chance: Random, feed: Feed, seed: int) -> None:
        self._place = place
        self._feed = feed
        self._seed = seed
        self._until = place.licence_until
        self._said_until = place.opens - ONE_DAY
        self._renewal = self._when_renewed(chance)
        if self._renewal <= place.opens:  # it begins with a licence that was just given
            self._until += _TERM
            self._renewal = self._until
        span = (LAST - FIRST).days
        self._gap: tuple[date, date] | None = None
        if chance.random() < 1 / 15:
            begins = FIRST + chance.randint(0, span) * ONE_DAY
            self._gap = (begins, begins + chance.randint(4, 9) * ONE_DAY)
        self._missing = (
            FIRST + chance.randint(0, span) * ONE_DAY if chance.random() < 0.01 else None
        )

    def _when_renewed(self, chance: Random) -> date:
        luck = chance.random()
        if luck < 0.75:
            before = chance.randint(31, 75)
        elif luck < 0.95:
            before = chance.randint(5, 30)
        else:
            before = -chance.randint(3, 20)
        return max(self._until - before * ONE_DAY, OPENED + 2 * ONE_DAY)

    def open(self, day: date) -> None:
        """Tell of an institution for the first time."""
        place = self._place
        self._registry(day, "institution.listed", "normal")
        described = {
            "name": f"示例机构{place.number}",
            "district_code": place.district_code,
            "category": place.category,
            "delivery": "offline",
            "policy": "national",
            "may_charge": True,
            "may_be_paid": True,
        }
        self._feed.tell(at(day, 9), "institution.changed", described)
        account = {"bank_id": place.bank_id, "opened_on": day.isoformat()}
        self._feed.tell(at(day, 9, 5), "account.changed", account)

    def speak(self, day: date) -> None:
        """Tell what the morning brings: statements of the days before, a renewal, an expiry."""
        self._state(day)
        if day == self._until and self._renewal > day:
            self._registry(day, "licence.expired", "expired", effect="no_collection")
        if day == self._renewal:
            is_late = day > self._until
            self._until += _TERM
            word = "institution.restored" if is_late else "institution.changed"
            self._registry(day, word, "normal")
        if day == self._missing:
            self._registry(day, "institution.missing", "normal", effect="review")

    def close(self, day: date) -> None:
        """Tell that the licence was given up."""
        self._registry(day, "institution.changed", "deregistered", effect="no_collection")

    def _state(self, day: date) -> None:
        if not calendar().is_workday(day) or is_late(self._seed, self._place.bank_id, day):
            return
        if self._gap and self._gap[0] <= day <= self._gap[1]:
            return
        yesterday = day - ONE_DAY
        if yesterday > self._said_until:
            self._feed.statement(at(day, 8, 30), self._said_until + ONE_DAY, yesterday)
            self._said_until = yesterday

    def _registry(self, day: date, event_type: str, status: str, *, effect: str = "none") -> None:
        place = self._place
        body: dict[str, Any] = {
            "status": status,
            "status_before": None if event_type == "institution.listed" else "normal",
            "effect": effect,
            "source": "national",
            "rank": 1,
            "licence_no": f"教民{place.number:08d}",
            "licence_class": "both",
            "document_no": f"national:{place.number:016x}",
            "evidence_sha256": f"{place.number:064x}",
            "since": day.isoformat(),
            "stale": False,
            "white_listed": status == "normal",
            "black_listed": False,
            "name": f"示例机构{place.number}",
            "district_code": place.district_code,
            "category": place.category,
            "delivery": "offline",
            "valid_until": self._until.isoformat(),
            "conflicts": [],
        }
        self._feed.tell(at(day, 7, 30), event_type, body, source="registry")


@cache
def is_late(seed: int, bank_id: str, day: date) -> bool:
    """Tell whether a bank's statements do not come on a working day."""
    yesterday = day - ONE_DAY
    while not calendar().is_workday(yesterday):
        yesterday -= ONE_DAY
    was_late = yesterday > OPENED and is_late(seed, bank_id, yesterday)
    return Random(f"late:{seed}:{bank_id}:{day}").random() < (0.25 if was_late else 0.03)

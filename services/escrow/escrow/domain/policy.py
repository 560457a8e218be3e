"""A place's rules as data, effective-dated.

A contract keeps the policy and version it was signed under.
Numbers come from preset files, each with its source; none is a constant here.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from shared.money import Fen
from shared.time import SHANGHAI


@dataclass(frozen=True, slots=True)
class SlotRule:
    """Hours of some weekdays (0 is Monday) in which a lesson may not touch."""

    category: str | None
    delivery: str | None
    weekdays: frozenset[int]
    starts: time
    ends: time


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of a place's rules."""

    name: str
    version: int
    effective_from: date
    span_months_max: int
    lessons_max: int
    amount_max_fen: dict[str, Fen]
    """The most one charge may reach, by category; a category without one has no cap."""
    charge_months_before: int
    renew_lessons_left: int
    forbidden_slots: tuple[SlotRule, ...] = ()


class Policies:
    """The policies known here, by name, each with its versions."""

    def __init__(self, versions: tuple[Policy, ...]) -> None:
        """Take every version of every policy."""
        self.versions = tuple(sorted(versions, key=lambda one: (one.name, one.version)))
        self._by_key = {(one.name, one.version): one for one in versions}

    def is_known(self, name: str) -> bool:
        """Tell whether there is a policy of this name."""
        return any(one.name == name for one in self.versions)

    def in_force(self, name: str, day: date) -> Policy | None:
        """Return the version of a policy that holds on a day, or None."""
        holding = [one for one in self.versions if one.name == name and one.effective_from <= day]
        return holding[-1] if holding else None

    def version(self, name: str, number: int) -> Policy:
        """Return one version; a contract never names one that is not kept."""
        return self._by_key[name, number]


def is_forbidden(
    policy: Policy, *, category: str, delivery: str, taught_at: datetime, ended_at: datetime | None
) -> bool:
    """Tell whether a lesson touches hours that its policy forbids (policy.md, a.3)."""
    starts = taught_at.astimezone(SHANGHAI)
    ends = max(starts, (ended_at or taught_at).astimezone(SHANGHAI))
    return any(
        _touches(rule, starts, ends)
        for rule in policy.forbidden_slots
        if rule.category in {None, category} and rule.delivery in {None, delivery}
    )


def _touches(rule: SlotRule, starts: datetime, ends: datetime) -> bool:
    """Compare day by day; a lesson of more than a week touches every weekday."""
    days = min((ends.date() - starts.date()).days, 7)
    for offset in range(days + 1):
        day = starts.date() + timedelta(days=offset)
        if day.weekday() not in rule.weekdays:
            continue
        since = datetime.combine(day, rule.starts, SHANGHAI)
        until = datetime.combine(day, rule.ends, SHANGHAI)
        if starts < until and (ends > since or starts >= since):
            return True
    return False

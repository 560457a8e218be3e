"""What was known as of an instant, as plain lists, each question asked of all facts anew.

No view, no bisection, no running sums: nothing of how the rules look for what they judge.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from alerts.domain.facts import Fact

Params: TypeAlias = Mapping[str, int]
Scopes: TypeAlias = frozenset[tuple[str, str]]

_HERE: Final = ZoneInfo("Asia/Shanghai")
_INSTRUCTED: Final = ("payout", "refund", "return")


class Books:
    """Everything that was known as of an instant, as lists to be searched from end to end."""

    def __init__(self, facts: Sequence[Fact], as_of: datetime, open_scopes: Scopes) -> None:
        self.as_of = as_of
        self.open_scopes = open_scopes
        self.known = [one for one in facts if not (one.at > as_of or one.seen_at > as_of)]
        self.credits = self._entries("credit")
        self.debits = self._entries("debit")
        self.unbacked = [one for one in self.debits if one.tag not in _INSTRUCTED]

    def _entries(self, kind: str) -> list[Fact]:
        """Return the entries of a kind that nothing heard later contradicts."""
        of_kind = self.of(kind)
        return [
            one
            for one in of_kind
            if not any(
                other.ref == one.ref and (other.seen_at, other.fact_id) > (one.seen_at, one.fact_id)
                for other in of_kind
            )
        ]

    def of(self, kind: str) -> list[Fact]:
        return [one for one in self.known if one.kind.value == kind]

    def balance_at(self, instant: datetime) -> int:
        """Return what the account held, with what was booked at the instant."""
        came = total(one for one in self.credits if one.at <= instant)
        return came - total(one for one in self.debits if one.at <= instant)

    def balance_before(self, instant: datetime) -> int:
        came = total(one for one in self.credits if one.at < instant)
        return came - total(one for one in self.debits if one.at < instant)

    @property
    def balance_now(self) -> int:
        return total(self.credits) - total(self.debits)

    def floors(self) -> list[tuple[int, Fact]]:
        """Return what was required, by when it was heard."""
        told = []
        for one in sorted(self.known, key=lambda fact: (fact.seen_at, fact.fact_id)):
            said = one.body.get("floor")
            if said is not None:
                told.append((said["required_fen"], one))
            elif one.kind.value == "floor":
                told.append((one.amount_fen, one))
        return told

    def is_fresh(self, one: Fact, params: Params) -> bool:
        day = timedelta(hours=params["fresh_hours"])
        is_new = self.as_of - one.at < day or self.as_of - one.seen_at < day
        return is_new and (
            self.as_of - one.at < timedelta(days=params["late_days"]) or self.as_of - one.at < day
        )

    def fresh(self, params: Params) -> list[Fact]:
        return [one for one in self.unbacked if self.is_fresh(one, params)]

    def ends(self, params: Params) -> list[datetime]:
        """Return when rolling windows end, the latest first."""
        booked = {one.at for one in self.fresh(params)} | {self.as_of}
        return sorted(booked, reverse=True)

    def is_monthly(self, one: Fact) -> bool:
        """Tell whether three like it lie before it, a month apart each."""
        earlier = [old for old in self.unbacked if old is not one and _is_alike(old, one)]
        firsts = [old for old in earlier if _is_month(old, one)]
        seconds = [old for old in earlier if any(_is_month(old, later) for later in firsts)]
        return any(_is_month(old, later) for old in earlier for later in seconds)

    def unexplained(self) -> list[Fact]:
        return [one for one in self.unbacked if not self.is_monthly(one)]


def day_of(instant: datetime) -> date:
    """Return the day in Shanghai."""
    return instant.astimezone(_HERE).date()


def _is_month(old: Fact, later: Fact) -> bool:
    return (day_of(later.at) - day_of(old.at)).days in range(26, 34)


def _is_alike(old: Fact, one: Fact) -> bool:
    if 5 * abs(old.amount_fen - one.amount_fen) > old.amount_fen:
        return False
    payees = (old.body.get("counterparty_ref"), one.body.get("counterparty_ref"))
    if None not in payees:
        return payees[0] == payees[1]
    return bool(one.body.get("purpose")) and old.body.get("purpose") == one.body.get("purpose")


def total(facts: Iterable[Fact]) -> int:
    """Return the sum of amounts, in fen."""
    return sum(one.amount_fen for one in facts)


def ids(*facts: Fact) -> frozenset[int]:
    """Return the numbers of facts."""
    return frozenset(one.fact_id for one in facts)


def is_share(part: int, whole: int, bps: int) -> bool:
    """Tell whether an amount is at least so many basis points of another."""
    return 10_000 * part >= bps * whole


def within(facts: Iterable[Fact], end: datetime, hours: int) -> list[Fact]:
    """Return the facts of the hours that end so."""
    return [one for one in facts if end - timedelta(hours=hours) < one.at <= end]

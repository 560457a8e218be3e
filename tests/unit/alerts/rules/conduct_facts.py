"""Facts of an invented institution, in few words, and its judging by one rule."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from alerts.domain.campaigns import Campaign
from alerts.domain.facts import Fact, Kind
from alerts.domain.outcome import Outcome
from alerts.domain.rules.conduct import CONDUCT_RULES
from alerts.domain.view import FactView
from alerts.domain.workdays import Calendar
from shared.time import SHANGHAI

RULES = {one.key: one for one in CONDUCT_RULES}
YUAN = 100


def at(text: str) -> datetime:
    """Read `2026-11-20 09:12` or `2026-11-20` as an instant in Asia/Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


class Told:
    """Facts in the order of telling, each with the next number."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.facts: list[Fact] = []

    def add(self, kind: str, when: str | datetime, amount_fen: int = 0, **said: object) -> Fact:
        """Tell one fact with ref, tag and number; whatever else is `said` is its body.

        It is seen when it happens, unless `seen` says later.
        """
        instant = at(when) if isinstance(when, str) else when
        seen = said.pop("seen", None)
        fact = Fact(
            len(self.facts) + 1,
            Kind(kind),
            instant,
            at(str(seen)) if seen else instant,
            amount_fen,
            str(said.pop("ref", f"{kind}-{len(self.facts) + 1}")),
            str(said.pop("tag", "")),
            int(str(said.pop("number", 0))),
            said,
        )
        self.facts.append(fact)
        return fact

    def institution(self, category: str = "non_subject", delivery: str = "offline") -> None:
        """Tell who it is: an institution of the district 320602."""
        self.add(
            "identity",
            "2020-01-01",
            name="青禾艺术（虚构）",
            district_code="320602",
            category=category,
            delivery=delivery,
        )

    def lessons(self, when: str, *rows: Mapping[str, object]) -> Fact:
        """Tell of a release with its lessons."""
        total = sum(int(str(one["amount_fen"])) for one in rows)
        return self.add("released", when, total, number=len(rows), lessons=list(rows))


def lesson(starts: str, ends: str | None, **fields: object) -> dict[str, object]:
    """Describe one lesson as its release told it."""
    return {
        "contract_id": "C-1",
        "lesson_no": 1,
        "amount_fen": 100 * YUAN,
        "taught_at": at(starts).isoformat(),
        "ended_at": at(ends).isoformat() if ends else None,
        "teacher_ref": None,
        "room_ref": None,
        "student_ref": None,
        **fields,
    }


def campaign(clear_by: str, refund_by: str, number: int = 1, **fields: object) -> Campaign:
    """Describe a campaign of the district, made long ago."""
    values: dict[str, Any] = {
        "name": "预收费清零",
        "district_code": "320602",
        "category": None,
        "made_at": at("2020-01-01"),
        **fields,
    }
    return Campaign(
        campaign_id=UUID(int=number),
        clear_by=date.fromisoformat(clear_by),
        refund_by=date.fromisoformat(refund_by),
        **values,
    )


def judge(
    key: str,
    told: Told | Iterable[Fact],
    as_of: str,
    *,
    calendar: Calendar | None = None,
    campaigns: Iterable[Campaign] = (),
    **params: int,
) -> list[Outcome]:
    """Judge by one rule, with its presets and what is set otherwise."""
    facts = told.facts if isinstance(told, Told) else told
    rule = RULES[key]
    view = FactView(facts, at(as_of), calendar or Calendar(), [*campaigns])
    return list(rule.evaluate(view, rule.presets | params))


def verdicts(outcomes: Iterable[Outcome]) -> list[tuple[str, str | None, str]]:
    """Say of each outcome its verdict, severity and scope."""
    return [
        (one.verdict.value, one.severity.value if one.severity else None, one.scope)
        for one in outcomes
    ]


def level(outcomes: Iterable[Outcome]) -> str:
    """Say the one outcome's severity; its verdict where it is no hit."""
    (one,) = outcomes
    return one.severity.value if one.severity else one.verdict.value


def days(first: str, number: int, every: int = 1) -> list[str]:
    """Return so many days from one on, at noon."""
    return [
        (at(first) + timedelta(days=n * every, hours=12)).strftime("%Y-%m-%d %H:%M")
        for n in range(number)
    ]

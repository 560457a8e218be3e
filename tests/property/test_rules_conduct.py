"""R11 to R21 against an oracle that goes through every fact, on histories drawn at random.

Ages, amounts and counts lie at thresholds and next to them; facts come late, twice, and contradict
each other. What the rule says and what the oracle says must be the same: scopes, severities,
verdicts and the facts they rest on.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.domain.campaigns import Campaign
from alerts.domain.facts import Fact, Kind
from alerts.domain.rules.conduct import CONDUCT_RULES
from alerts.domain.view import FactView
from alerts.domain.workdays import Calendar
from shared.time import SHANGHAI
from tests.oracle.conduct import ORACLE
from tests.oracle.world import Finding, World

RULES = {one.key: one for one in CONDUCT_RULES}
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)

seeds = st.integers(0, 2**40)

INSTANTS = [
    datetime(2026, 11, 20, 10, 0, tzinfo=SHANGHAI),
    datetime(2026, 11, 23, 18, 0, tzinfo=SHANGHAI),
    datetime(2026, 12, 31, 23, 59, tzinfo=SHANGHAI),
    datetime(2027, 1, 1, 0, 0, tzinfo=SHANGHAI),
]

SMALL: dict[str, dict[str, int]] = {
    "clearance_projection": {"window_days": 7},
    "clearance_overdue": {"window_days": 7},
    "release_prohibited_time": {
        "critical_lessons": 3,
        "critical_fen": 15_000,
        "teacher_hours_max": 2,
    },
    "overcollection_span": {"critical_contracts": 3},
    "off_account_collection": {"warning_fen": 10_000, "critical_fen": 20_000},
    "refund_surge": {"families": 2, "surge_bps": 20_000, "backlog_working_days": 2},
    "distress": {"refunds_min": 2},
    "top_n_interview": {"top": 2},
    "feed_silent": {},
    "registry_adverse": {},
    "collect_without_licence": {"look_back_days": 28},
}
"""Values by which a few facts are enough to cross each threshold."""


@dataclass(frozen=True)
class History:
    """What is judged, as of when, by which values."""

    told: list[Fact]
    as_of: datetime
    announced: dict[date, bool]
    campaigns: list[Campaign]
    values: dict[str, int]


CONTRACTS = ["C-1", "C-2", "C-3", "C-4"]
ENTRIES = ["E-1", "E-2", "E-3", "E-4"]
PUPILS = [None, "S-1", "S-2", "S-3"]
CATEGORIES = ["subject", "non_subject"]
STATUSES = ["normal", "revoked", "suspended", "expired", "deregistered", "unknown", None]
REGISTRY = [
    *("institution.listed", "institution.changed", "institution.missing"),
    *("institution.restored", "licence.revoked", "licence.suspended", "licence.expired"),
    *("list.black.added", "list.black.removed", "list.white.removed"),
]
PAYDAYS = [5, 35, 36, 41, 66, 71, 101, 106, 136]

REFS: dict[str, list[str]] = {
    "contract": CONTRACTS,
    "contract_closed": CONTRACTS,
    "funded": CONTRACTS,
    "reversed": CONTRACTS,
    "credit": ENTRIES,
    "unallocated": ENTRIES,
    "debit": [f"D-{n}" for n in range(1, 7)],
    "refund": [f"F-{n}" for n in range(1, 10)],
}
TAGS: dict[str, list[str]] = {
    "account": ["bank-a", "bank-b"],
    "statement": ["bank-a", "bank-b"],
    "contract": CATEGORIES,
    "funded": ENTRIES,
    "debit": ["unbacked", "unbacked", "return", "payout"],
    "refund": ["requested", "contested", "payer_unknown", "instructed", "paid"],
    "registry": REGISTRY,
}
AMOUNTS: dict[str, list[int]] = {
    "contract": [9_999, 10_000, 10_001, 20_001, 500_000, 500_001],
    "funded": [7, 8, 14, 21, 22, 10_000],
    "released": [0, 1, 2, 3],
    "reversed": [0, 1, 2],
    "credit": [2_999, 3_000, 9_999, 10_000, 10_001],
}
NUMBERS: dict[str, list[int]] = {
    "contract": [59, 60, 61],
    "reversed": [1, 2, 3],
    "rank": [*range(5)],
}

KINDS: dict[str, list[str]] = {
    "clearance_projection": ["funded", "released", "released", "released", "reversed", "refund"],
    "clearance_overdue": ["funded", "released", "released", "released", "reversed", "refund"],
    "release_prohibited_time": ["released", "released", "reversed", "contract"],
    "overcollection_span": ["contract", "contract", "contract", "contract_closed"],
    "off_account_collection": ["contract", "funded", "unallocated", "debit", "contract_closed"],
    "refund_surge": ["refund", "refund", "refund", "contract"],
    "distress": ["credit", "debit", "debit", "refund"],
    "top_n_interview": ["rank"],
    "feed_silent": ["account", "statement", "statement"],
    "registry_adverse": ["registry", "registry", "registry", "account"],
    "collect_without_licence": ["registry", "credit"],
}


class Dice:
    """Draws one history of a rule, from a seed: drawing each value by itself would be slow."""

    def __init__(self, seed: int, key: str) -> None:
        """Begin anew: the same seed draws the same history."""
        self.key = key
        self.of = Random(f"{seed}:{key}")
        self.as_of = self.of.choice(INSTANTS)
        self.today = self.as_of.date()
        self.is_sudden = self.of.random() < 0.3

    def age(self) -> timedelta:
        """Draw an age at a threshold or next to it, or any."""
        if self.of.random() < 0.5:
            days = self.of.choice([0, 1, 2, 3, 7, 8, 14, 28, 35, 36, 56])
            return days * DAY + self.of.choice([-1, 0, 0, 1]) * SECOND
        return self.of.randrange(40 * 24) * 3_600 * SECOND

    def day(self, *offsets: int) -> str | None:
        """Draw a day at so many days from the one that is judged, or next to it, or none."""
        near = self.of.choice(offsets) + self.of.randint(-1, 1)
        return None if self.of.random() < 0.1 else (self.today + near * DAY).isoformat()

    def lesson(self, number: int) -> dict[str, object]:
        """Draw a lesson of one of the last days."""
        day = self.today - self.of.choice([0, 0, 1, 6]) * DAY
        starts = datetime.combine(day, datetime.min.time(), SHANGHAI) + timedelta(
            minutes=self.of.choice([600, 630, 660, 1_170, 1_200, 1_260])
        )
        length = self.of.choice([None, 0, 30, 31, 60, 61, 90])
        ends = None if length is None else (starts + timedelta(minutes=length)).isoformat()
        return {
            "contract_id": self.of.choice(CONTRACTS),
            "lesson_no": number,
            "amount_fen": self.of.choice([1, 5_000, 7_500]),
            "taught_at": starts.isoformat(),
            "ended_at": ends,
            "teacher_ref": self.of.choice([None, "T-1", "T-2"]),
            "student_ref": self.of.choice(PUPILS),
            "room_ref": None,
        }

    def body(self, kind: str) -> dict[str, object]:
        """Draw what a fact of a kind holds besides its columns."""
        one = self.of.choice
        match kind:
            case "identity":
                return {
                    "category": one(CATEGORIES),
                    "district_code": one(["320602", "320602", "320500"]),
                    "delivery": one(["online", "offline", None]),
                }
            case "contract":
                return {
                    "starts_on": self.day(0, 15, 30, -60),
                    "ends_on": self.day(0, 60, 91, 106, 121),
                    "signed_on": self.day(-2, -16, 0),
                    "student_ref": one(PUPILS),
                    "course_delivery": one([None, "online", "offline"]),
                }
            case "debit":
                return {"purpose": one(["工资", "SALA", "租金", None])}
            case "released" if self.of.random() < 0.9:
                return {"lessons": [self.lesson(n) for n in range(self.of.randint(1, 4))]}
            case "refund":
                return {"contract_id": one(CONTRACTS)}
            case "registry":
                return {
                    "status": one(STATUSES),
                    "status_before": one([None, "normal"]),
                    "since": self.day(0, -7, -28, 30),
                    "valid_until": self.day(0, 30, 31),
                    "white_listed": one([True, False, None]),
                }
        return {}

    def fact(self, kind: str, number: int) -> Fact:
        """Draw a fact: late now and then, and of few refs, so that some contradict each other."""
        at = self.as_of - self.age()
        if kind == "debit" and self.key == "distress":
            at = self.as_of - self.of.choice(PAYDAYS) * DAY
        if kind == "refund" and self.is_sudden:
            at = self.as_of - self.of.choice([0, 1, 2]) * DAY
        if kind == "rank" and self.of.random() < 0.5:
            at = datetime(2026, 10, 1, tzinfo=SHANGHAI)
        return Fact(
            number,
            Kind(kind),
            at,
            at + self.of.choice([0, 0, 0, 0, 0, 0, 1, 3, 30]) * DAY,
            self.of.choice(AMOUNTS.get(kind, [1, 5_000, 10_000, 10_001])),
            self.of.choice(REFS.get(kind, [f"R-{number}"])),
            self.of.choice(TAGS.get(kind, [""])),
            self.of.choice(NUMBERS.get(kind, [1])),
            self.body(kind),
        )

    def pace(self, first: int) -> list[Fact]:
        """Draw a week of even teaching, and fees next to what it would clear in a few days."""
        noon = datetime.combine(self.today, datetime.min.time(), SHANGHAI) + DAY / 2
        taught = [
            Fact(first + n, Kind.released, noon - n * DAY, noon - n * DAY, 4) for n in range(1, 8)
        ]
        held = self.of.choice([4, 8, 16, 28, 32, 42, 48]) + self.of.randint(-1, 1)
        long_ago = self.as_of - 50 * DAY
        return [*taught, Fact(first, Kind.funded, long_ago, long_ago, 28 + held, "C-9")]

    def wages(self, first: int) -> list[Fact]:
        """Draw three pay days a month apart, and a month in which more came in than now."""
        last = self.of.choice([34, 35, 36, 41])
        paid = [self.as_of - (last + n * self.of.choice([30, 35])) * DAY for n in range(3)]
        before = self.as_of - 40 * DAY
        return [
            *(
                Fact(first + n, Kind.debit, at, at, 5, f"W-{n}", "unbacked", 1, {"purpose": "工资"})
                for n, at in enumerate(paid)
            ),
            Fact(first + 3, Kind.credit, before, before, 10_000, "E-9"),
        ]

    def campaign(self, number: int) -> Campaign:
        """Draw a campaign that concerns the institution more often than not."""
        return Campaign(
            UUID(int=number),
            "清零",
            self.of.choice(["320602", "320600", "320000", "320100"]),
            self.of.choice([None, None, *CATEGORIES]),
            self.today + self.of.choice([-1, 0, 1, 3, 6, 7, 13]) * DAY,
            self.today + self.of.choice([-1, 0, 1, 14, 15, 15]) * DAY,
            self.as_of - self.of.choice([100, 0, -1]) * SECOND,
        )

    def history(self) -> History:
        """Draw facts in any order, a calendar, campaigns and values."""
        kinds = ["identity", *self.of.choices(KINDS[self.key], k=self.of.randint(1, 14))]
        self.of.shuffle(kinds)
        told = [self.fact(kind, number) for number, kind in enumerate(kinds, start=1)]
        under = []
        if self.key.startswith("clearance"):
            under = [self.campaign(n) for n in range(self.of.randint(1, 2))]
            told = told[: self.of.choice([3, 99])] + self.pace(100)
        if self.key == "distress" and self.of.random() < 0.5:
            told += self.wages(100)
        turned = [self.of.randint(-14, 7) for _ in range(self.of.randint(0, 3))]
        announced = {self.today + n * DAY: self.of.random() < 0.5 for n in turned}
        values = RULES[self.key].presets | (SMALL[self.key] if self.of.random() < 0.8 else {})
        return History(told, self.as_of, announced, under, values)


EACH = 10
"""Histories of one seed: one example of Hypothesis's tries them all."""


def histories(seed: int, key: str) -> list[History]:
    """Return the histories of a seed."""
    return [Dice(seed * EACH + n, key).history() for n in range(EACH)]


def _judged(key: str, history: History) -> list[Finding]:
    calendar = Calendar(history.announced)
    view = FactView(history.told, history.as_of, calendar, history.campaigns)
    return [
        (
            key,
            one.scope,
            one.severity.value if one.severity else None,
            one.verdict.value,
            frozenset(one.fact_ids),
        )
        for one in RULES[key].evaluate(view, history.values)
    ]


def _expected(key: str, history: History) -> list[Finding]:
    calendar = Calendar(history.announced)
    world = World(history.told, history.as_of, calendar, history.campaigns)
    return ORACLE[key](world, history.values)


def test_the_oracle_knows_every_rule_of_conduct() -> None:
    assert list(ORACLE) == [*RULES] == [*SMALL] == [*KINDS]


@pytest.mark.parametrize("key", RULES)
@given(seed=seeds)
def test_rule_and_oracle_say_the_same(key: str, seed: int) -> None:
    for history in histories(seed, key):
        found = _judged(key, history)
        assert found
        assert sorted(found, key=repr) == sorted(_expected(key, history), key=repr), history


@pytest.mark.parametrize("key", RULES)
@given(seed=seeds)
def test_the_order_of_facts_and_what_came_later_change_nothing(key: str, seed: int) -> None:
    for history in histories(seed, key):
        known = [
            one for one in history.told if one.at <= history.as_of and one.seen_at <= history.as_of
        ]
        assert _judged(key, replace(history, told=known[::-1])) == _judged(key, history), history


REACHED = [
    ("clearance_projection", "warning"),
    ("clearance_projection", "critical"),
    ("clearance_overdue", "critical"),
    ("release_prohibited_time", "warning"),
    ("release_prohibited_time", "critical"),
    ("overcollection_span", "warning"),
    ("overcollection_span", "critical"),
    ("off_account_collection", "warning"),
    ("off_account_collection", "critical"),
    ("refund_surge", "warning"),
    ("refund_surge", "critical"),
    ("distress", "warning"),
    ("distress", "critical"),
    ("top_n_interview", "info"),
    ("feed_silent", "warning"),
    ("feed_silent", "critical"),
    ("registry_adverse", "info"),
    ("registry_adverse", "warning"),
    ("registry_adverse", "critical"),
    ("collect_without_licence", "critical"),
]


def test_the_histories_reach_every_level() -> None:
    reached = {
        (key, finding[2])
        for key in RULES
        for seed in range(25)
        for history in histories(seed, key)
        for finding in _judged(key, history)
    }

    assert [one for one in REACHED if one not in reached] == []

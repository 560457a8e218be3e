"""Facts about money for the tests of R01 to R10 and R22, told by how long before they were."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final

from alerts.domain.facts import Fact, Kind
from alerts.domain.outcome import Outcome, Severity, Verdict
from alerts.domain.rule import Rule
from alerts.domain.rules.money import MONEY_RULES
from alerts.domain.view import FactView
from alerts.domain.workdays import Calendar

AS_OF: Final = datetime(2026, 11, 20, 1, 12, tzinfo=UTC)
"""Friday 2026-11-20 09:12 in Shanghai."""
YUAN: Final = 100
WAN: Final = 10_000 * YUAN
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
MOMENT: Final = timedelta(microseconds=1)
RED, YELLOW = Severity.critical, Severity.warning

_RULES: Final = {rule.number: rule for rule in MONEY_RULES}
_NUMBERS: Final = count(1)


def fact(kind: Kind, ago: timedelta, amount_fen: int = 0, **more: Any) -> Fact:  # noqa: ANN401
    """Return a fact of so long ago, heard at once unless `heard` says how long ago."""
    number = next(_NUMBERS)
    at = AS_OF - ago
    heard = AS_OF - more.pop("heard", ago)
    return Fact(number, kind, at, heard, amount_fen, more.pop("ref", f"e{number}"), **more)


def credit(ago: timedelta, amount_fen: int, **more: Any) -> Fact:  # noqa: ANN401
    """Return money that came in."""
    return fact(Kind.credit, ago, amount_fen, **more)


def debit(ago: timedelta, amount_fen: int, **more: Any) -> Fact:  # noqa: ANN401
    """Return money that left without an instruction, for rent, to a known counterparty."""
    body = {"purpose": more.pop("purpose", "租金"), "counterparty_ref": more.pop("payee", "p")}
    return fact(Kind.debit, ago, amount_fen, **{"tag": "unbacked", "body": body, **more})


def floor(ago: timedelta, required_fen: int) -> Fact:
    """Return that escrow told a floor."""
    return fact(Kind.floor, ago, required_fen)


def rule(number: str) -> Rule:
    """Return a rule by its number."""
    return _RULES[number]


def judge(
    number: str, *facts: Fact, open_scopes: frozenset[tuple[str, str]] = frozenset(), **set_to: int
) -> tuple[Outcome, ...]:
    """Return what a rule says with its presets, or with some of them set otherwise."""
    view = FactView(facts, AS_OF, Calendar(), open_scopes=open_scopes)
    return _RULES[number].evaluate(view, {**_RULES[number].presets, **set_to})


def level(number: str, *facts: Fact, **more: Any) -> Severity | str | None:  # noqa: ANN401
    """Return how grave the one outcome is; its reason where it could not be judged."""
    (only,) = judge(number, *facts, **more)
    return only.reason if only.verdict is Verdict.indeterminate else only.severity

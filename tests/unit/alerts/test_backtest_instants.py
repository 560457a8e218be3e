"""When a backtest judges: whenever something becomes known that live would judge anew by."""

from datetime import UTC, datetime, timedelta

import pytest

from alerts.domain.backtest import Backtest, instants
from alerts.domain.facts import Fact, Kind
from alerts.domain.judging import edition_of
from alerts.domain.rules.catalogue import RULES
from alerts.domain.workdays import Calendar

WAN = 1_000_000
NOON = datetime(2026, 11, 16, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _debit(number: int, hours: int, heard: int, fen: int, tag: str = "unbacked") -> Fact:
    body = {"counterparty_ref": "P", "purpose": "教材"}
    at, seen_at = NOON + hours * HOUR, NOON + heard * HOUR
    return Fact(number, Kind.debit, at, seen_at, fen, f"D{number}", tag, 0, body)


def _credit(number: int, hours: int, heard: int, fen: int) -> Fact:
    return Fact(number, Kind.credit, NOON + hours * HOUR, NOON + heard * HOUR, fen, f"C{number}")


LATE = {
    "rapid_in_out": [
        _credit(1, -2_000, -2_000, 500 * WAN),
        _credit(2, -3, 5, 10 * WAN),
        _debit(3, 0, 0, 9 * WAN),
    ],
    "large_outflow_single": [
        _credit(1, -2_000, -2_000, 100 * WAN),
        _debit(2, -30, 5, 60 * WAN, "payout"),
        _debit(3, 0, 0, 7 * WAN),
    ],
    "large_outflow_24h": [
        _credit(1, -2_000, -2_000, 100 * WAN),
        _debit(2, -30, 5, 60 * WAN, "payout"),
        _debit(3, 0, 0, 14 * WAN),
    ],
}


@pytest.mark.parametrize("rule", LATE)
def test_what_is_heard_after_a_debit_is_judged_as_live_does(rule: str) -> None:
    edition = edition_of(RULES[rule])
    backtest = Backtest(edition, edition, NOON - 24 * HOUR, NOON + 48 * HOUR)
    backtest.take("X", LATE[rule], Calendar())
    assert backtest.found.hits >= 1


def test_without_a_debit_nobody_instructed_such_a_rule_has_nothing_to_judge() -> None:
    facts = [_credit(1, 0, 0, WAN), _debit(2, 1, 1, WAN, "payout")]
    span = (NOON - HOUR, NOON + 9 * HOUR)
    assert instants(facts, "large_outflow_single", *span) == []
    assert len(instants(facts, "refund_surge", *span)) == 2

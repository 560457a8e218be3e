"""Silence: of one rule at one institution, for a while, never over a red hit."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerts.domain.outcome import Severity
from alerts.domain.suppressions import LONGEST, Suppression, fault_of, suppresses

NOW = datetime(2026, 11, 23, tzinfo=UTC)
HOUR = timedelta(hours=1)
ONE = Suppression("A", "tip", NOW, NOW + 3 * HOUR)


@pytest.mark.parametrize("severity", [Severity.info, Severity.warning])
def test_what_is_not_red_is_silenced(severity: Severity) -> None:
    assert suppresses([ONE], "A", "tip", severity, NOW)


def test_what_is_red_is_not() -> None:
    assert not suppresses([ONE], "A", "tip", Severity.critical, NOW)


def test_it_silences_no_other_rule_and_no_other_institution() -> None:
    assert not suppresses([ONE], "B", "tip", Severity.info, NOW)
    assert not suppresses([ONE], "A", "inspection", Severity.info, NOW)
    assert not suppresses([], "A", "tip", Severity.info, NOW)


@pytest.mark.parametrize(
    ("hours", "holds"), [(-1, False), (0, True), (2, True), (3, False), (4, False)]
)
def test_it_holds_from_its_making_to_its_end(hours: int, holds: bool) -> None:
    assert ONE.holds(NOW + hours * HOUR) is holds


def test_it_ends_when_a_person_ends_it_and_never_later_than_it_would() -> None:
    ended = replace(ONE, ended_at=NOW + HOUR)
    assert ended.holds(NOW)
    assert not ended.holds(NOW + HOUR)
    assert not replace(ONE, ended_at=NOW + 9 * HOUR).holds(NOW + 4 * HOUR)


@pytest.mark.parametrize(
    ("ends", "is_fit"),
    [
        (NOW, False),
        (NOW + timedelta(seconds=1), True),
        (NOW + LONGEST, True),
        (NOW + LONGEST + timedelta(seconds=1), False),
    ],
)
def test_it_ends_within_thirty_days(ends: datetime, is_fit: bool) -> None:
    assert (fault_of(NOW, ends) is None) is is_fit

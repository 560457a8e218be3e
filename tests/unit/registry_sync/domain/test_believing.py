"""Which rows of a batch are believed: those that hold by the day of their list."""

from datetime import timedelta

import pytest

from registry_sync.domain.believing import compared, within_time
from registry_sync.domain.record import Parsed, Record
from registry_sync.domain.words import RowFault
from tests.unit.registry_sync.domain.registers import TODAY, a_record, held_of


def dated(days: int, **said: str | None) -> Record:
    one = a_record(1, **said)
    since = TODAY + timedelta(days=days)
    return Record(one.institution_id, one.licence_no, one.values, since, one.where)


@pytest.mark.parametrize(("days", "is_believed"), [(-400, True), (0, True), (1, True), (2, False)])
def test_what_is_dated_ahead_waits_for_its_day(days: int, *, is_believed: bool) -> None:
    timely, early = within_time([dated(days)], TODAY)
    assert (len(timely), len(early)) == ((1, 0) if is_believed else (0, 1))


def test_a_record_without_a_day_holds_from_its_list_on() -> None:
    one = a_record(1)
    undated = Record(one.institution_id, one.licence_no, one.values)
    assert within_time([undated], TODAY) == ([undated], [])


def test_a_revocation_of_the_day_after_tomorrow_changes_nothing_and_is_not_missing() -> None:
    parsed = Parsed([dated(2, status="revoked")])
    found = compared(held_of(a_record(1)), parsed, TODAY, is_full=True)
    assert found.changes.is_empty
    (aside,) = found.set_aside
    assert (aside.reason, aside.field, aside.where) == (RowFault.date_wrong, "since", "line 1")

"""A case's history: whatever is changed, dropped, inserted or put elsewhere is found."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from alerts.domain.chain import GENESIS, Event, hash_of, sealed, verify_chain

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)


def a_chain(length: int = 4) -> list[Event]:
    events: list[Event] = []
    for number in range(1, length + 1):
        before = events[-1] if events else None
        event = Event(
            institution_id="91320602MA1ABCDE16",
            case_id=UUID(int=1),
            step_no=number,
            at=NOW + timedelta(hours=number),
            actor=f"supervisor:{number}",
            role="supervisor",
            step="acknowledged",
            state_before=before.state_after if before else None,
            state_after=f"s{number}",
            reason="因为",
            payload={"fact_ids": [1, 2], "sentence": "流出 1,234.00 元"},
            prev_hash=before.hash if before else GENESIS,
        )
        events.append(sealed(event))
    return events


def test_a_chain_as_it_was_written_is_whole() -> None:
    events = a_chain()
    assert verify_chain(events, events[-1].hash) is None
    assert verify_chain([], GENESIS) is None


def test_an_instant_hashes_alike_in_every_time_zone() -> None:
    (event,) = a_chain(1)
    here = replace(event, at=event.at.astimezone(timezone(timedelta(hours=8))))
    assert hash_of(here) == event.hash


CHANGES: dict[str, Callable[[Event], Event]] = {
    "at": lambda one: replace(one, at=one.at + timedelta(microseconds=1)),
    "actor": lambda one: replace(one, actor="supervisor:9"),
    "role": lambda one: replace(one, role="operator"),
    "step": lambda one: replace(one, step="closed"),
    "state_after": lambda one: replace(one, state_after="closed"),
    "state_before": lambda one: replace(one, state_before="closed"),
    "reason": lambda one: replace(one, reason="别的"),
    "payload": lambda one: replace(one, payload={**one.payload, "fact_ids": [1]}),
    "institution_id": lambda one: replace(one, institution_id="91320602MA1ABCDE24"),
    "case_id": lambda one: replace(one, case_id=UUID(int=2)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_step_is_found(name: str) -> None:
    events = a_chain()
    last = events[-1].hash
    events[1] = CHANGES[name](events[1])
    assert verify_chain(events, last) == 2


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_step_with_its_own_hash_mended_is_found_by_the_next(name: str) -> None:
    events = a_chain()
    last = events[-1].hash
    events[1] = sealed(CHANGES[name](events[1]))
    found = verify_chain(events, last)
    assert found in {2, 3}


def test_a_dropped_step_is_found_wherever_it_stood() -> None:
    events = a_chain()
    for number in range(len(events)):
        left = events[:number] + events[number + 1 :]
        assert verify_chain(left, events[-1].hash) == number + 1


def test_steps_in_another_order_are_found() -> None:
    first, second, *rest = a_chain()
    assert verify_chain([second, first, *rest], rest[-1].hash) == 1


def test_a_step_that_does_not_begin_where_the_last_ended_is_found() -> None:
    events = a_chain(3)
    events[1] = sealed(replace(events[1], state_before="closed"))
    events[2] = sealed(replace(events[2], prev_hash=events[1].hash))
    assert verify_chain(events, events[2].hash) == 2

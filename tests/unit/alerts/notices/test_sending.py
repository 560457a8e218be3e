"""When notices go out: the rate, the pauses, office hours, turns and digests."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.domain.outcome import Severity
from alerts.domain.sending import (
    PAUSE_MAX_S,
    PAUSE_MIN_S,
    Queued,
    goes_at,
    noted,
    pause,
    plan,
    room,
)
from alerts.domain.workdays import Calendar
from shared.time import SHANGHAI

START = datetime(2026, 11, 20, tzinfo=UTC)


@given(gaps=st.lists(st.integers(0, 20_000), max_size=200), per_minute=st.integers(1, 20))
def test_no_sixty_seconds_ever_hold_more_than_a_minutes_messages(
    gaps: list[int], per_minute: int
) -> None:
    now, sent = START, ()
    went: list[datetime] = []
    for gap in gaps:
        now += timedelta(milliseconds=gap)
        if room(sent, now, per_minute):
            sent = noted(sent, now, per_minute)
            went.append(now)
    for first in went:
        window = [one for one in went if first <= one < first + timedelta(seconds=60)]
        assert len(window) <= per_minute
    assert len(sent) <= per_minute


def test_a_minute_after_the_first_there_is_room_again() -> None:
    sent = tuple(START + timedelta(seconds=n) for n in range(20))
    assert room(sent, START + timedelta(seconds=60), 20) == 0
    assert room(sent, START + timedelta(seconds=61), 20) == 1
    assert room(sent, START + timedelta(seconds=90), 20) == 20
    assert room((), START, 20) == 20


def test_room_is_never_below_nothing() -> None:
    assert room((START,) * 20, START, 5) == 0


@given(failures=st.integers(0, 10**6), jitter=st.integers(0, 1_000))
def test_a_pause_is_bounded_and_at_least_half_of_what_it_would_be(
    failures: int, jitter: int
) -> None:
    waited = pause(failures, jitter)
    longest = pause(failures, 0)
    assert longest / 2 <= waited <= longest
    assert timedelta(seconds=PAUSE_MIN_S) <= longest <= timedelta(seconds=PAUSE_MAX_S)
    assert pause(failures + 1, 0) >= longest


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 5), (1, 5), (2, 10), (3, 20), (8, 640), (9, 900), (99, 900)]
)
def test_pauses_double_up_to_a_quarter_of_an_hour(failures: int, seconds: int) -> None:
    assert pause(failures, 0) == timedelta(seconds=seconds)
    assert pause(failures, 1_000) == timedelta(seconds=seconds) / 2


@pytest.mark.parametrize(
    ("severity", "is_quiet", "hour", "goes"),
    [
        (Severity.critical, True, 3, (27, 3)),
        (Severity.warning, False, 3, (27, 3)),
        (Severity.warning, True, 3, (27, 9)),
        (Severity.warning, True, 10, (27, 10)),
        (Severity.info, True, 17, (27, 17)),
        (Severity.warning, True, 18, (30, 9)),
        (Severity.info, True, 20, (30, 9)),
    ],
)
def test_all_but_red_wait_for_office_hours_of_a_working_day(
    severity: Severity, is_quiet: bool, hour: int, goes: tuple[int, int]
) -> None:
    # Friday the 27th; the 28th and 29th are a weekend.
    now = datetime(2026, 11, 27, hour, tzinfo=SHANGHAI)
    expected = datetime(2026, 11, goes[0], goes[1], tzinfo=SHANGHAI)
    assert goes_at(severity, now, Calendar(), is_quiet=is_quiet) == expected


def test_a_make_up_workday_is_one() -> None:
    now = datetime(2026, 11, 27, 20, tzinfo=SHANGHAI)
    calendar = Calendar({date(2026, 11, 28): True})
    went = goes_at(Severity.warning, now, calendar, is_quiet=True)
    assert went == datetime(2026, 11, 28, 9, tzinfo=SHANGHAI)


def queue_of(*parts: int, begun: tuple[int, ...] = ()) -> list[Queued]:
    return [Queued(UUID(int=n), one, n in begun) for n, one in enumerate(parts)]


@given(
    parts=st.lists(st.tuples(st.integers(1, 5), st.booleans()), max_size=40),
    free=st.integers(0, 20),
)
def test_a_turn_sends_no_more_than_is_free_and_forgets_nothing(
    parts: list[tuple[int, bool]], free: int
) -> None:
    queue = [Queued(UUID(int=n), size, begun) for n, (size, begun) in enumerate(parts)]
    turn = plan(queue, free)
    sizes = {one.notice_id: one.parts for one in queue}
    assert sum(sizes[one] for one in turn.sent) + bool(turn.digested) <= free
    assert not {*turn.sent} & {*turn.digested}
    assert len({*turn.sent}) == len(turn.sent)
    assert not {one.notice_id for one in queue if one.is_begun} & {*turn.digested}
    assert len(turn.digested) != 1
    if free and sum(not one.is_begun for one in queue if one.notice_id not in turn.sent) > 1:
        assert {*turn.sent, *turn.digested} >= {one.notice_id for one in queue if not one.is_begun}


@pytest.mark.parametrize(
    ("queue", "free", "sent", "digested"),
    [
        (queue_of(1, 1, 1), 3, [0, 1, 2], []),
        (queue_of(1, 1, 1), 2, [0], [1, 2]),
        (queue_of(1, 1), 1, [], [0, 1]),
        (queue_of(1, 5), 5, [0], []),
        (queue_of(5), 4, [], []),
        (queue_of(1, 1), 0, [], []),
        (queue_of(1, 2, 1, begun=(1,)), 3, [1], [0, 2]),
        (queue_of(), 20, [], []),
    ],
)
def test_what_goes_now_and_what_a_digest_replaces(
    queue: list[Queued], free: int, sent: list[int], digested: list[int]
) -> None:
    turn = plan(queue, free)
    assert [one.int for one in turn.sent] == sent
    assert [one.int for one in turn.digested] == digested

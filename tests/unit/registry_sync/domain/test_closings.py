"""Closings that are no revocations: an ordinary day's act, many at once wait for two persons."""

import pytest

from registry_sync.domain.record import Record
from registry_sync.domain.safeguards import Release
from tests.unit.registry_sync.domain.batches import a_batch, judged, spread, withheld
from tests.unit.registry_sync.domain.registers import a_record, register_of

CLOSINGS: list[dict[str, str | None]] = [
    {"status": "suspended"},
    {"status": "expired"},
    {"status": "winding_down"},
    {"status": "deregistered"},
    {"status": "transformed"},
    {"white_listed": "no"},
]


def with_closed(held: list[Record], number: int, said: dict[str, str | None]) -> list[Record]:
    """Return the same register after so many closings."""
    return [
        a_record(at, **{"district_code": one.get("district_code"), **said}) if at < number else one
        for at, one in enumerate(held)
    ]


@pytest.mark.parametrize("said", CLOSINGS)
@pytest.mark.parametrize(
    ("size", "number", "waits"), [(10, 5, 0), (10, 6, 6), (4_000, 20, 0), (4_000, 21, 21)]
)
def test_many_closings_wait_and_everything_else_goes_on(
    size: int, number: int, waits: int, said: dict[str, str | None]
) -> None:
    held = spread(size)
    after = [*with_closed(held, number, said), a_record(size, status="suspended")]
    judgement = judged(a_batch(held, after))
    assert withheld(judgement) == ({"mass_closing": waits} if waits else {})
    assert len(judgement.records) == 1 + (0 if waits else number), "an addition takes nothing away"


def test_many_closings_of_one_bureau_wait() -> None:
    own = register_of(range(100), district_code="510104")
    others = [a_record(one, district_code="320602") for one in range(100, 4_000)]
    for number, waits in ((10, 0), (11, 11)):
        after = with_closed([*own, *others], number, {"status": "deregistered"})
        found = withheld(judged(a_batch([*own, *others], after)))
        assert found == ({"mass_closing": waits} if waits else {})


def test_who_is_closed_already_closes_no_more() -> None:
    shut = [a_record(one, status="suspended", white_listed="no") for one in range(9)]
    taken = [a_record(one, status="revoked", white_listed="no") for one in range(9, 18)]
    after = [a_record(one, status="deregistered", white_listed="no") for one in range(18)]
    assert withheld(judged(a_batch([*shut, *taken], after))) == {}


def test_closings_that_two_persons_saw_act() -> None:
    held = spread(10)
    batch = a_batch(held, with_closed(held, 8, {"status": "suspended"}))
    seen = frozenset(one.key for one in held[:7])
    judgement = judged(batch, mass_closing=Release(7, seen))
    assert {one.key for one in judgement.records} == seen
    assert withheld(judgement) == {"mass_closing": 1}

"""Every safeguard at the edge of its threshold: one less acts, one more waits."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from registry_sync.domain.record import Record
from registry_sync.domain.safeguards import (
    COLUMNS_SHOWN,
    WHOLE,
    Release,
    Withheld,
    fill_of,
)
from registry_sync.domain.words import HoldReason
from tests.unit.registry_sync.domain.batches import a_batch, judged, spread, withheld
from tests.unit.registry_sync.domain.registers import a_record, held_of, register_of

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


DRIFT = "unknown columns: creditLevel"


def revoked(numbers: Iterable[int], **said: str | None) -> list[Record]:
    return register_of(numbers, **{"status": "revoked", **said})


def with_revoked(held: list[Record], number: int) -> list[Record]:
    """Return the same register after so many revocations."""
    return [
        a_record(at, district_code=one.get("district_code"), status="revoked")
        if at < number
        else one
        for at, one in enumerate(held)
    ]


@pytest.mark.parametrize(
    ("size", "number", "waits"),
    [
        (10, 5, 0),
        (10, 6, 6),
        (1_000, 5, 0),
        (1_000, 6, 6),
        (1_199, 5, 0),
        (1_199, 6, 6),
        (1_200, 6, 0),
        (1_200, 7, 7),
        (4_000, 20, 0),
        (4_000, 21, 21),
    ],
)
def test_mass_revocation_is_more_than_five_and_more_than_a_half_percent(
    size: int, number: int, waits: int
) -> None:
    held = spread(size)
    judgement = judged(a_batch(held, with_revoked(held, number)))
    assert withheld(judgement) == ({"mass_revocation": waits} if waits else {})
    assert len(judgement.records) == (0 if waits else number)


@pytest.mark.parametrize(
    ("bureau", "number", "waits"),
    [(200, 10, False), (100, 10, False), (100, 11, True), (110, 11, False), (109, 11, True)],
)
def test_mass_revocation_of_one_bureau_is_more_than_ten_and_more_than_a_tenth(
    bureau: int, number: int, *, waits: bool
) -> None:
    own = register_of(range(bureau), district_code="510104")
    others = [a_record(one, district_code="320602") for one in range(bureau, 4_000)]
    after = [*revoked(range(number), district_code="510104"), *own[number:], *others]
    judgement = judged(a_batch([*own, *others], after))
    assert withheld(judgement) == ({"mass_revocation": number} if waits else {})


@pytest.mark.parametrize(
    ("size", "lately", "number", "waits"),
    [(40, 5, 1, True), (40, 4, 1, False), (40, 3, 3, True), (4_000, 19, 1, False),
     (4_000, 20, 1, True), (40, 30, 0, False)],
)  # fmt: skip
def test_revocations_that_drip_are_counted_together_for_a_day(
    size: int, lately: int, number: int, *, waits: bool
) -> None:
    before = with_revoked(spread(size), lately)
    dripped = frozenset(one.key for one in before[:lately])
    after = with_revoked(spread(size), lately + number)
    judgement = judged(a_batch(before, after, revoked_lately=dripped))
    assert withheld(judgement) == ({"mass_revocation": number} if waits else {})


def test_a_bureau_emptied_drop_by_drop_waits() -> None:
    own = register_of(range(100), district_code="510104")
    others = spread(8_000)[4_000:]
    before = [*revoked(range(10), district_code="510104"), *own[10:], *others]
    after = [*revoked(range(11), district_code="510104"), *own[11:], *others]
    dripped = frozenset(one.key for one in before[:10])
    assert withheld(judged(a_batch(before, after, revoked_lately=dripped))) == {
        "mass_revocation": 1
    }
    assert withheld(judged(a_batch(before, after))) == {}


def test_one_revoked_twice_in_a_day_counts_once() -> None:
    held = spread(40)
    dripped = frozenset(one.key for one in held[:5])
    judgement = judged(a_batch(held, with_revoked(held, 5), revoked_lately=dripped))
    assert withheld(judgement) == {}


def test_those_revoked_already_do_not_count_as_active() -> None:
    dead, alive = revoked(range(1_000)), spread(1_300)[1_000:]
    after = [*dead, *(a_record(n, district_code=f"{320_000 + n // 2}", status="revoked")
                      for n in range(1_000, 1_006)), *alive[6:]]  # fmt: skip
    assert withheld(judged(a_batch([*dead, *alive], after))) == {"mass_revocation": 6}


def test_a_first_list_holds_whoever_was_revoked_before() -> None:
    judgement = judged(a_batch([], revoked(range(50))))
    assert (withheld(judgement), len(judgement.records)) == ({}, 50)


def test_additions_changes_and_restorations_act_while_revocations_wait() -> None:
    held = [*register_of(range(20)), *revoked([20])]
    after = [
        *revoked(range(10)),
        a_record(10, address="示例路2号"),
        *register_of(range(11, 22)),
    ]
    judgement = judged(a_batch(held, after))
    assert withheld(judgement) == {"mass_revocation": 10}
    assert sorted(one.institution_id for one in judgement.records) == ["I10", "I20", "I21"]


@pytest.mark.parametrize(
    ("seen", "ceiling", "acts", "waits"),
    [
        (range(10), 10, 10, {}),
        (range(12), 12, 10, {}),
        (range(6), 6, 6, {"mass_revocation": 4}),
        (range(10), 7, 7, {"mass_revocation": 3}),
        (range(30, 40), 10, 0, {"mass_revocation": 10}),
    ],
)
def test_what_two_persons_saw_acts_and_never_more(
    seen: range, ceiling: int, acts: int, waits: dict[str, int]
) -> None:
    batch = a_batch(register_of(range(20)), [*revoked(range(10)), *register_of(range(10, 20))])
    release = Release(ceiling, frozenset((f"I{one}", f"L{one}") for one in seen))
    judgement = judged(batch, mass_revocation=release)
    assert (len(judgement.records), withheld(judgement)) == (acts, waits)
    assert (HoldReason.mass_revocation in judgement.released) == bool(acts)


@pytest.mark.parametrize(("left_out", "waits"), [(0, 0), (10, 0), (11, 11)])
def test_a_list_shrinks_by_two_percent_and_no_more(left_out: int, waits: int) -> None:
    held = spread(500)
    judgement = judged(a_batch(held, held[left_out:]))
    assert withheld(judgement) == ({"shrink": waits} if waits else {})
    assert len(judgement.missing) == (0 if waits else left_out)


@pytest.mark.parametrize(("left_out", "waits"), [(20, 0), (21, 21)])
def test_a_bureau_loses_twenty_and_no_more(left_out: int, waits: int) -> None:
    own, others = register_of(range(100), district_code="510104"), register_of(range(100, 4_000))
    judgement = judged(a_batch([*own, *others], [*own[left_out:], *others]))
    assert withheld(judgement) == ({"shrink": waits} if waits else {})


def test_those_missing_before_are_counted_on_while_others_wait() -> None:
    gone, rest = register_of(range(5)), register_of(range(5, 100))
    held = held_of(*gone, missing_fulls=1) | held_of(*rest)
    judgement = judged(a_batch([], rest[10:], held=held))
    assert withheld(judgement) == {"shrink": 10}
    assert judgement.missing == [one.key for one in gone]


def test_absences_that_two_persons_saw_are_counted() -> None:
    held = register_of(range(100))
    release = Release(10, frozenset(one.key for one in held[:10]))
    judgement = judged(a_batch(held, held[15:]), shrink=release)
    assert (len(judgement.missing), withheld(judgement)) == (10, {"shrink": 5})


def test_revocations_act_while_absences_wait() -> None:
    held = register_of(range(100))
    judgement = judged(a_batch(held, [*revoked([0]), *held[1:50]]))
    assert (len(judgement.records), withheld(judgement)) == (1, {"shrink": 50})


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"version": 1_017, "version_before": 17}, None),
        ({"version": 1_018, "version_before": 17}, "fast_forward"),
        ({"version": 99_999, "version_before": None}, None),
        ({"as_of": NOW + timedelta(minutes=5), "now": NOW}, None),
        ({"as_of": NOW + timedelta(minutes=5, seconds=1), "now": NOW}, "clock"),
        ({"as_of": NOW - timedelta(days=9), "now": NOW}, None),
        ({"unknown_columns": ["creditLevel"]}, "schema_drift"),
        ({"fill_before_bps": {"name": 9_800}, "fill_bps": {"name": 9_300}}, None),
        ({"fill_before_bps": {"name": 9_800}, "fill_bps": {"name": 9_299}}, "fill_rate"),
        ({"fill_before_bps": {"name": 9_800}, "fill_bps": {}}, "fill_rate"),
        ({"fill_before_bps": {}, "fill_bps": {"name": 0}}, None),
        ({"is_full": False, "fill_before_bps": {"name": 9_800}}, "fill_rate"),
    ],
)
def test_a_batch_as_such_is_doubted(facts: dict[str, Any], reason: str | None) -> None:
    held = register_of(range(3))
    judgement = judged(a_batch(held, [*revoked([0]), *held[1:]], **facts))
    assert withheld(judgement) == ({reason: 1} if reason else {})
    assert judgement.is_whole == bool(reason)
    assert len(judgement.records) == (0 if reason else 1)


@pytest.mark.parametrize(
    ("held", "count", "is_full", "waits"),
    [(3, 0, True, True), (0, 0, True, False), (3, 0, False, False), (3, 1, True, False)],
)
def test_an_empty_list_is_doubted_where_anything_is_held(
    held: int, count: int, *, is_full: bool, waits: bool
) -> None:
    batch = a_batch(register_of(range(held)), [], count=count, is_full=is_full)
    assert (HoldReason.empty in {one.reason for one in judged(batch).withheld}) == waits


def test_an_empty_list_that_was_let_through_counts_everybody_as_missing() -> None:
    held = register_of(range(50))
    judgement = judged(a_batch(held, []), empty=Release(50))
    assert (len(judgement.missing), withheld(judgement)) == (50, {})


@pytest.mark.parametrize(("ceiling", "acts"), [(0, False), (1, False), (2, True), (9, True)])
def test_a_whole_batch_acts_up_to_what_was_seen(ceiling: int, *, acts: bool) -> None:
    held = register_of(range(9))
    batch = a_batch(held, [*revoked([0, 1]), *held[2:]], unknown_columns=["creditLevel"])
    judgement = judged(batch, schema_drift=Release(ceiling, detail=DRIFT))
    assert (len(judgement.records), judgement.is_whole) == ((2, False) if acts else (0, True))


def test_letting_a_batch_through_does_not_let_its_revocations_through() -> None:
    held = register_of(range(20))
    batch = a_batch(held, [*revoked(range(10)), *held[10:]], unknown_columns=["creditLevel"])
    assert withheld(judged(batch, schema_drift=Release(10, detail=DRIFT))) == {
        "mass_revocation": 10
    }


def test_other_columns_than_people_saw_are_another_question() -> None:
    held = register_of(range(9))
    batch = a_batch(held, [*revoked([0]), *held[1:]], unknown_columns=["orgStatus2"])
    assert judged(batch, schema_drift=Release(9, detail=DRIFT)).is_whole


def test_a_batch_doubted_twice_needs_both() -> None:
    facts = {"unknown_columns": ["creditLevel"], "version": 5_000, "version_before": 1}
    batch = a_batch(register_of([1]), revoked([1]), **facts)
    assert withheld(judged(batch, schema_drift=Release(1, detail=DRIFT))) == {"fast_forward": 1}
    both = judged(batch, schema_drift=Release(1, detail=DRIFT), fast_forward=Release(1))
    assert (withheld(both), len(both.records)) == ({}, 1)


@pytest.mark.parametrize(
    ("said", "waits"),
    [
        ({}, True),
        ({"status": "suspended"}, True),
        ({"name": "示例青竹艺术培训中心"}, False),
        ({"status": "revoked"}, False),
        ({"black_listed": "yes"}, False),
    ],
)
def test_a_name_with_nothing_of_the_old_one_waits_but_never_a_revocation(
    said: dict[str, str | None], *, waits: bool
) -> None:
    held = register_of(range(3))
    after = [
        a_record(0, **{"name": "蓝海游泳俱乐部", **said}),
        a_record(1, address="示例路9号"),
        held[2],
    ]
    judgement = judged(a_batch(held, after))
    assert withheld(judgement) == ({"renamed": 1} if waits else {})
    assert len(judgement.records) == (1 if waits else 2)
    release = Release(1, frozenset({held[0].key}))
    assert len(judged(a_batch(held, after), renamed=release).records) == 2


@pytest.mark.parametrize(
    ("times", "said", "waits"),
    [
        (2, {"status": "suspended"}, False),
        (3, {"status": "suspended"}, True),
        (4, {"status": "revoked"}, True),
        (4, {"black_listed": "yes"}, True),
        (4, {"address": "示例路2号"}, False),
    ],
)
def test_who_keeps_turning_waits_and_nobody_else(
    times: int, said: dict[str, str | None], *, waits: bool
) -> None:
    held = register_of(range(3))
    after = [a_record(0, **said), *revoked([1]), held[2]]
    judgement = judged(a_batch(held, after, toggles={"I0": times}))
    assert withheld(judgement) == ({"flapping": 1} if waits else {})
    assert len(judgement.records) == (1 if waits else 2)
    release = Release(1, frozenset({held[0].key}))
    assert len(judged(a_batch(held, after, toggles={"I0": times}), flapping=release).records) == 2


def test_a_new_site_never_flaps() -> None:
    batch = a_batch([], register_of([1]), toggles={"I1": 9})
    assert len(judged(batch).records) == 1


@pytest.mark.parametrize(
    ("changes", "keys", "detail", "covered"),
    [
        (2, "ab", "", True),
        (2, "abc", "", True),
        (2, "a", "", False),
        (1, "ab", "", False),
        (9, "ab", "", True),
        (2, "ab", "other", True),
    ],
)
def test_a_hold_covers_what_was_seen_of_it(
    changes: int, keys: str, detail: str, *, covered: bool
) -> None:
    one = Withheld(HoldReason.shrink, 2, (("a", ""), ("b", "")))
    release = Release(changes, frozenset((key, "") for key in keys))
    assert one.is_covered(release, detail) == covered


@pytest.mark.parametrize(("detail", "covered"), [("a", True), ("b", False)])
def test_other_columns_are_another_hold(detail: str, *, covered: bool) -> None:
    assert Withheld(HoldReason.schema_drift, 0, (), "a").is_covered(Release(0), detail) == covered


def test_the_columns_are_named_but_not_all_of_many() -> None:
    def detail(number: int) -> str:
        columns = [f"c{one:02}" for one in range(number)]
        return judged(a_batch([], [], unknown_columns=columns)).withheld[0].detail

    assert detail(1) == "unknown columns: c00"
    assert detail(COLUMNS_SHOWN).endswith("c09")
    assert detail(COLUMNS_SHOWN + 1).endswith("c09, and 1 more")


def test_the_fill_of_a_full_batch_is_its_own() -> None:
    records = [a_record(1), a_record(2, name=None), a_record(3, address=None)]
    fill = fill_of(records, {})
    assert (fill["name"], fill["status"], "address" in fill) == (6_666, 10_000, False)
    assert fill_of([], {}) == {}


def test_the_fill_of_a_delta_is_what_it_leaves_behind() -> None:
    held = held_of(*register_of(range(9)), a_record(9, name=None))
    assert fill_of([], held)["name"] == 9_000
    assert fill_of([a_record(0, name=None)], held)["name"] == 8_000
    assert fill_of([a_record(9)], held)["name"] == 10_000
    assert fill_of([a_record(10, name=None)], held)["name"] == 8_181


def test_every_reason_is_whole_or_part() -> None:
    part = {"mass_revocation", "mass_closing", "shrink", "flapping", "renamed", "conflict"}
    assert {one.value for one in HoldReason} - {one.value for one in WHOLE} == part

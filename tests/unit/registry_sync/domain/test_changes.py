"""What a batch changes: by key, and only a full batch can leave something out."""

import pytest

from registry_sync.domain.changes import Changes, compare
from registry_sync.domain.record import speaks_ill
from tests.unit.registry_sync.domain.registers import a_record, held_of, register_of

KINDS = ("added", "modified", "revoked", "restored")
GOOD: dict[str, str | None] = {"status": "normal", "black_listed": "no"}
REVOKED: dict[str, str | None] = {"status": "revoked", "black_listed": "no"}
BLACK: dict[str, str | None] = {"status": "normal", "black_listed": "yes"}


def sorted_as(changes: Changes) -> list[str]:
    return [kind for kind in KINDS if getattr(changes, kind)]


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (GOOD, REVOKED, "revoked"),
        (GOOD, BLACK, "revoked"),
        (GOOD, {"status": "suspended"}, "modified"),
        (GOOD, {"status": "expired"}, "modified"),
        (GOOD, {"status": "deregistered"}, "modified"),
        (GOOD, {"white_listed": "no"}, "modified"),
        (GOOD, {"address": "示例路2号"}, "modified"),
        (REVOKED, GOOD, "restored"),
        (BLACK, GOOD, "restored"),
        (REVOKED, {"status": "suspended"}, "restored"),
        (REVOKED, BLACK, "modified"),
        (BLACK, REVOKED, "modified"),
        (REVOKED, {"status": "revoked", "address": "示例路2号"}, "modified"),
    ],
)
def test_a_change_is_what_it_does_to_the_licence(
    before: dict[str, str | None], after: dict[str, str | None], kind: str
) -> None:
    changes = compare(held_of(a_record(**before)), [a_record(**after)], is_full=False)
    assert sorted_as(changes) == [kind]
    assert [one.key for one in changes.records] == [("I1", "L1")]


@pytest.mark.parametrize("said", [GOOD, REVOKED, BLACK])
def test_a_site_never_held_before_is_an_addition(said: dict[str, str | None]) -> None:
    assert sorted_as(compare({}, [a_record(**said)], is_full=True)) == ["added"]


@pytest.mark.parametrize("is_full", [True, False])
def test_what_is_said_again_changes_nothing(*, is_full: bool) -> None:
    records = register_of(range(3))
    changes = compare(held_of(*records), records, is_full=is_full)
    assert (changes.is_empty, changes.unchanged) == (True, 3)


@pytest.mark.parametrize(("is_full", "missing"), [(True, [("I2", "L2")]), (False, [])])
def test_only_a_full_batch_leaves_out(*, is_full: bool, missing: list[tuple[str, str]]) -> None:
    one, other = register_of((1, 2))
    changes = compare(held_of(one, other), [one], is_full=is_full)
    assert changes.missing == missing
    assert changes.records == []


def test_a_row_that_was_set_aside_is_not_missing() -> None:
    one, other = register_of((1, 2))
    assert compare(held_of(one, other), [one], is_full=True, set_aside=[other.key]).is_empty


@pytest.mark.parametrize("said", [{}, {"status": "revoked"}, {"address": "示例路2号"}])
def test_who_was_missing_is_seen_again_whatever_is_said(said: dict[str, str | None]) -> None:
    changes = compare(held_of(a_record(), missing_fulls=2), [a_record(**said)], is_full=False)
    assert changes.seen_again == [("I1", "L1")]
    assert not changes.is_empty


@pytest.mark.parametrize(
    ("said", "adverse"),
    [
        (GOOD, False),
        (REVOKED, True),
        (BLACK, True),
        ({"status": "unknown"}, False),
        ({"status": "deregistered"}, False),
        ({"black_listed": None}, False),
    ],
)
def test_adverse_is_an_explicit_word_alone(said: dict[str, str | None], *, adverse: bool) -> None:
    assert speaks_ill(a_record(**said).values) == adverse

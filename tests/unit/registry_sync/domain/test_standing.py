"""How an institution stands: the best rank is believed, and of equals neither."""

from datetime import date, timedelta

import pytest

from registry_sync.domain.standing import Said, View, contradicted_of, resolve, view_of
from registry_sync.domain.words import Status
from tests.unit.registry_sync.domain.registers import TODAY, a_few_words, a_word


def view(*said: Said, before: View | None = None, day: date = TODAY) -> View:
    return resolve("I1", said, day, before)


def test_the_best_rank_that_says_something_is_believed_field_by_field() -> None:
    found = view(
        a_few_words("bureau", 3, name="旧名", address="旧路", status="revoked"),
        a_few_words("province", 2, name="示例", district_code="320602"),
        a_few_words("national", 1, status="normal"),
    )
    assert (found.name, found.address, found.status) == ("示例", "旧路", "normal")
    assert (found.source, found.rank, found.conflicts) == ("national", 1, ())


def test_a_lower_rank_never_wins_however_many_say_so() -> None:
    others = [a_few_words(f"bureau{n}", 3, status="revoked") for n in range(3)]
    assert view(a_word(), *others).status == "normal"


@pytest.mark.parametrize("name", ["status", "name", "valid_until", "black_listed", "address"])
def test_equals_that_differ_leave_what_was_believed(name: str) -> None:
    words = {
        "status": ("normal", "revoked"),
        "name": ("示例", "另名"),
        "valid_until": ("2030-01-01", "2031-01-01"),
        "black_listed": ("no", "yes"),
        "address": ("一路", "二路"),
    }[name]
    before = view(a_word(**{name: words[0]}))
    one, other = a_word(**{name: words[0]}), a_word("province", **{name: words[1]})
    found = view(one, other, before=before)
    assert (found.conflicts, found.sites[0].conflicts) == ((name,), (name,))
    assert found.sites[0].values[name] == words[0]
    assert view(other, one, before=before) == found, "the order they came in is nothing"
    assert contradicted_of(found, [one, other]) == {("province", ("I1", "L1"))}


def test_equals_that_differ_from_the_start_leave_nothing() -> None:
    found = view(a_word(status="normal"), a_word("province", status="revoked"))
    assert (found.status, found.conflicts) == ("unknown", ("status",))
    said = [a_word(status="normal"), a_word("province", status="revoked")]
    assert {one for one, _ in contradicted_of(found, said)} == {"national", "province"}


def test_equals_that_agree_are_no_conflict_and_a_lower_rank_makes_none() -> None:
    assert view(a_word(), a_word("province"), a_word("bureau", 2, name="另名")).conflicts == ()


def test_a_lower_rank_is_no_party_to_a_conflict() -> None:
    said = [
        a_word(status="normal"),
        a_word("province", status="revoked"),
        a_word("bureau", 3, status="suspended"),
    ]
    found = view(*said, before=view(a_word()))
    assert contradicted_of(found, said) == {("province", ("I1", "L1"))}


def test_two_persons_let_one_word_of_equals_through_and_it_stays() -> None:
    said = [a_word(status="normal"), a_word("province", status="revoked")]
    before = view(*said, before=view(a_word()))
    settled = [("province", ("I1", "L1"))]
    after = resolve("I1", said, TODAY, before, settled)
    assert (after.status, after.conflicts) == ("revoked", ("status",))
    assert view(*said, before=after) == after
    both = [*settled, ("national", ("I1", "L1"))]
    assert resolve("I1", said, TODAY, before, both).status == "normal"


@pytest.mark.parametrize(
    ("licensed", "registered", "expected"),
    [
        ("yes", "yes", "both"),
        ("yes", "no", "licence_only"),
        ("no", "yes", "registration_only"),
        ("no", "no", "neither"),
        (None, None, "neither"),
        ("yes", None, "licence_only"),
    ],
)
def test_the_four_classes(licensed: str | None, registered: str | None, expected: str) -> None:
    assert view(a_word(licensed=licensed, registered=registered)).licence_class == expected


def test_classes_add_up_over_sites() -> None:
    one = a_word(licensed="yes", registered="no")
    other = a_word(licence_no="L2", licensed="no", registered="yes")
    assert view(one, other).licence_class == "both"


@pytest.mark.parametrize(
    ("valid_until", "status"),
    [
        (TODAY.isoformat(), "normal"),
        ((TODAY - timedelta(days=1)).isoformat(), "expired"),
        ("9999-12-31", "normal"),
        (None, "normal"),
    ],
)
def test_a_licence_is_good_through_its_last_day(valid_until: str | None, status: str) -> None:
    assert view(a_word(valid_until=valid_until)).status == status


@pytest.mark.parametrize("status", [one for one in Status if one is not Status.normal])
def test_only_good_standing_expires(status: Status) -> None:
    assert view(a_word(status=status.value, valid_until="2020-01-01")).status == status


@pytest.mark.parametrize("better", range(len(Status)))
def test_an_institution_stands_as_well_as_its_best_site(better: int) -> None:
    order = [one for one in Status if one not in {Status.unknown, Status.revoked}]
    order += [Status.unknown, Status.revoked]  # what nobody knows of the first source is no 吊销
    sites = [a_word(licence_no=f"L{at}", status=one.value) for at, one in enumerate(order[better:])]
    assert view(*reversed(sites)).status == order[better]


def test_what_a_lower_rank_says_nothing_of_is_no_better_than_a_revocation() -> None:
    on_a_list = a_few_words("bureau", 3, "L2", white_listed="yes")
    assert view(a_word(status="revoked"), on_a_list).status == Status.revoked


def test_sites_stand_each_for_itself() -> None:
    found = view(a_word(status="revoked"), a_word(licence_no="L2", name="分校", valid_until=None))
    assert [(one.licence_no, one.values["status"]) for one in found.sites] == [
        ("L1", "revoked"),
        ("L2", "normal"),
    ]
    assert (found.name, found.ends_on) == ("分校", None)


def test_the_first_day_that_ends_a_good_site_is_known() -> None:
    found = view(
        a_word(valid_until="2031-01-01"),
        a_word(licence_no="L2", valid_until="2029-05-05"),
        a_word(licence_no="L3", valid_until="2027-01-01", status="revoked"),
    )
    assert (found.valid_until, found.ends_on) == ("2031-01-01", "2029-05-05")


@pytest.mark.parametrize(
    ("words", "listed"),
    [(["yes", "no"], True), (["no", "no"], False), ([None, None], None), ([None, "no"], False)],
)
def test_a_white_list_holds_any_site_and_none_where_nobody_keeps_one(
    words: list[str | None], *, listed: bool | None
) -> None:
    said = [a_word(licence_no=f"L{n}", white_listed=one) for n, one in enumerate(words)]
    assert view(*said).white_listed is listed


def test_who_is_believed_on_the_black_list_is_known_apart() -> None:
    found = view(a_word(black_listed=None), a_few_words("bureau", 3, black_listed="yes"))
    assert found.black_listed
    assert (found.sites[0].rank, found.sites[0].black_rank) == (1, 3)
    assert view(a_few_words("bureau", 3, name="示例")).sites[0].black_rank is None


def test_a_view_is_what_its_body_says() -> None:
    found = view(a_word(status="revoked"), a_word("province"), a_word(licence_no="L2"))
    assert view_of(found.body()) == found

"""What is told of a change and what it asks for: only an explicit word may freeze."""

from collections.abc import Collection

import pytest

from registry_sync.domain.standing import Said, View, resolve
from registry_sync.domain.telling import Told, confirmed_of, tell, tell_missing
from registry_sync.domain.words import Status
from tests.unit.registry_sync.domain.registers import TODAY, a_few_words, a_word

CONFIRMED = ("L1", "L2")
Words = dict[str, str | None]


def view(*said: Said, before: View | None = None) -> View:
    return resolve("I1", said, TODAY, before)


def told(
    before: View | None, after: View, confirmed: Collection[str] = CONFIRMED
) -> list[tuple[str, str]]:
    return [(one.type, one.body["effect"]) for one in tell(before, after, confirmed)]


WELL = view(a_word())
CHANGES: list[tuple[Words, Words, list[tuple[str, str]]]] = [
    ({}, {"status": "revoked"}, [("licence.revoked", "freeze")]),
    ({}, {"black_listed": "yes"}, [("list.black.added", "freeze")]),
    (
        {},
        {"status": "revoked", "black_listed": "yes"},
        [("licence.revoked", "freeze"), ("list.black.added", "freeze")],
    ),
    ({}, {"status": "suspended"}, [("licence.suspended", "no_collection")]),
    ({}, {"status": "expired"}, [("licence.expired", "no_collection")]),
    ({}, {"valid_until": "2020-01-01"}, [("licence.expired", "no_collection")]),
    ({}, {"white_listed": "no"}, [("list.white.removed", "no_collection")]),
    ({}, {"white_listed": None}, [("institution.changed", "none")]),
    ({}, {"status": "winding_down"}, [("institution.changed", "no_collection")]),
    ({}, {"status": "deregistered"}, [("institution.changed", "no_collection")]),
    ({}, {"status": "transformed"}, [("institution.changed", "no_collection")]),
    ({}, {"status": "unknown"}, [("institution.changed", "none")]),
    ({}, {"address": "示例路2号"}, [("institution.changed", "none")]),
    ({"status": "revoked"}, {}, [("institution.restored", "restore_proposed")]),
    ({"status": "suspended"}, {}, [("institution.restored", "restore_proposed")]),
    ({"status": "unknown"}, {}, [("institution.restored", "restore_proposed")]),
    ({"black_listed": "yes"}, {}, [("list.black.removed", "none")]),
    ({"white_listed": "no"}, {}, [("institution.changed", "none")]),
    ({"status": "revoked"}, {"status": "suspended"}, [("licence.suspended", "no_collection")]),
    ({"status": "unknown"}, {"status": "revoked"}, [("licence.revoked", "freeze")]),
    (
        {},
        {"status": "suspended", "white_listed": "no"},
        [("licence.suspended", "no_collection"), ("list.white.removed", "no_collection")],
    ),
    ({}, {}, []),
]


@pytest.mark.parametrize(("before", "after", "expected"), CHANGES)
def test_a_change_is_told_with_its_effect(
    before: Words, after: Words, expected: list[tuple[str, str]]
) -> None:
    assert told(view(a_word(**before)), view(a_word(**after))) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, [("institution.listed", "none")]),
        ({"status": "revoked"}, [("institution.listed", "none"), ("licence.revoked", "review")]),
        (
            {"black_listed": "yes"},
            [("institution.listed", "none"), ("list.black.added", "review")],
        ),
        (
            {"status": "suspended"},
            [("institution.listed", "no_collection"), ("licence.suspended", "no_collection")],
        ),
        ({"white_listed": "no"}, [("institution.listed", "none")]),
    ],
)
def test_who_is_listed_first_is_never_frozen(said: Words, expected: list[tuple[str, str]]) -> None:
    assert told(None, view(a_word(**said))) == expected


ADVERSE: list[Words] = [{"status": "revoked"}, {"black_listed": "yes"}]


@pytest.mark.parametrize("word", ADVERSE)
class TestNobodyIsFrozen:
    """By less than an explicit, doubly keyed word of the top source on a licence it knew."""

    def effects(self, before: View, *said: Said) -> set[str]:
        after = view(*said, before=before)
        known = {(one.source, ("I1", one.licence_no)) for one in before.sites}
        found = {effect for _, effect in told(before, after, confirmed_of(said, known))}
        assert found, "something is told all the same"
        return found

    def test_but_this_freezes(self, word: Words) -> None:
        assert self.effects(WELL, a_word(**word)) == {"freeze"}

    @pytest.mark.parametrize("rank", [2, 3, 99])
    def test_by_a_lower_rank(self, word: Words, rank: int) -> None:
        before = view(a_word(rank=rank))
        assert "freeze" not in self.effects(before, a_word(rank=rank, **word))

    def test_on_a_licence_that_only_others_knew(self, word: Words) -> None:
        bureau = a_word("bureau", 3)
        assert "freeze" not in self.effects(view(bureau), bureau, a_word(**word))

    def test_by_the_first_list_of_a_second_source_of_the_rank(self, word: Words) -> None:
        known = a_few_words("province", 1, white_listed="yes")
        assert "freeze" not in self.effects(view(known), known, a_word(**word))

    def test_without_a_licence_number(self, word: Words) -> None:
        before = view(a_word(licence_no=""))
        assert "freeze" not in self.effects(before, a_word(licence_no="", **word))

    def test_that_stands_by_another_licence(self, word: Words) -> None:
        other = a_word(licence_no="L2")
        assert "freeze" not in self.effects(view(a_word(), other), a_word(**word), other)

    @pytest.mark.parametrize("status", ["suspended", "expired", "unknown", "winding_down"])
    def test_whose_other_licence_is_not_taken_away(self, word: Words, status: str) -> None:
        other = a_word(licence_no="L2", status=status)
        assert "freeze" not in self.effects(view(a_word(), other), a_word(**word), other)

    def test_that_stands_by_a_licence_another_source_knows(self, word: Words) -> None:
        other = a_word("bureau", 3, licence_no="L2")
        assert "freeze" not in self.effects(view(a_word(), other), a_word(**word), other)

    def test_while_an_equal_contradicts(self, word: Words) -> None:
        equal = a_word("province")
        assert "freeze" not in self.effects(view(a_word(), equal), a_word(**word), equal)

    def test_by_the_word_of_an_equal_that_two_persons_let_through(self, word: Words) -> None:
        said = [a_word(), a_word("province", **word)]
        before = view(*said, before=WELL)
        after = resolve("I1", said, TODAY, before, [("province", ("I1", "L1"))])
        assert {effect for _, effect in told(before, after)} == {"review"}

    def test_but_a_bureaus_list_without_a_licence_stands_in_nobodys_way(self, word: Words) -> None:
        on_a_list = a_few_words("bureau", 3, "", white_listed="yes")
        assert "freeze" in self.effects(view(a_word(), on_a_list), a_word(**word), on_a_list)


def test_a_black_list_of_a_lower_rank_does_not_freeze_by_the_top_sources_licence() -> None:
    national = a_word(black_listed=None)
    bureau = a_few_words("bureau", 3, black_listed="yes")
    assert told(view(national), view(national, bureau)) == [("list.black.added", "review")]


@pytest.mark.parametrize("given_up", ["deregistered", "transformed"])
@pytest.mark.parametrize("word", ADVERSE)
def test_a_licence_that_was_given_up_stands_in_nobodys_way(word: Words, given_up: str) -> None:
    """It is no licence that an institution could carry on by (decision 0302)."""
    before = view(a_word(licence_no="L2"), a_word(status=given_up))
    after = view(a_word(licence_no="L2", **word), a_word(status=given_up))
    assert "freeze" in {effect for _, effect in told(before, after)}


def test_the_last_good_licence_taken_by_a_lower_rank_closes_to_pupils() -> None:
    """Less than a freeze, and never nothing: 注销 alone would have done as much."""
    old = a_word(status="deregistered")
    before = view(old, a_word("bureau", 3, licence_no="L2"))
    after = view(old, a_word("bureau", 3, licence_no="L2", status="revoked"))
    assert told(before, after) == [("licence.revoked", "no_collection")]


def test_the_last_licence_to_go_freezes() -> None:
    one, other = a_word(status="revoked"), a_word(licence_no="L2")
    gone = a_word(licence_no="L2", status="revoked")
    assert told(view(one, other), view(one, gone)) == [("licence.revoked", "freeze")]


def test_a_licence_that_goes_is_told_though_another_stands() -> None:
    one, other = a_word(), a_word(licence_no="L2")
    gone = a_word(licence_no="L2", status="revoked")
    assert told(view(one, other), view(one, gone)) == [("licence.revoked", "review")]


def test_a_licence_that_goes_is_told_though_the_other_is_suspended_at_once() -> None:
    before = view(a_word(), a_word(licence_no="L2"))
    after = view(a_word(status="suspended"), a_word(licence_no="L2", status="revoked"))
    assert told(before, after) == [
        ("licence.revoked", "review"),
        ("licence.suspended", "no_collection"),
    ]


@pytest.mark.parametrize("status", list(Status))
def test_absence_is_reviewed_and_never_more(status: Status) -> None:
    absent = tell_missing(view(a_word(status=status.value)))
    assert (absent.type, absent.body["effect"]) == ("institution.missing", "review")
    assert absent.body["stale"] is False


def body_of(before: View | None, after: View) -> dict[str, object]:
    (only,) = tell(before, after, CONFIRMED)
    assert isinstance(only, Told)
    return only.body


@pytest.mark.parametrize("turned", ["L1", "L2", "L3"])
@pytest.mark.parametrize("word", [*ADVERSE, {"white_listed": "no"}, {"address": "示例路2号"}])
def test_an_event_names_the_licence_that_turned_and_its_evidence(word: Words, turned: str) -> None:
    licences = ("L1", "L2", "L3")
    others: Words = {name: None for name in word if name == "white_listed"}
    before = [
        a_word(licence_no=one, evidence="0" * 64, **({} if one == turned else others))
        for one in licences
    ]
    after = [
        a_word(licence_no=turned, evidence="c" * 64, **word) if one.key[1] == turned else one
        for one in before
    ]
    body = body_of(view(*before), view(*after))
    assert body["licence_no"] == turned
    assert body["evidence_sha256"] == "c" * 64
    assert body["document_no"] == f"national:{'c' * 16}"


def test_an_event_names_the_site_that_turned_not_one_that_moved() -> None:
    before = view(a_word(), a_word(licence_no="L2"))
    after = view(a_word(address="示例路2号"), a_word(licence_no="L2", status="revoked"))
    assert body_of(before, after)["licence_no"] == "L2"


def test_an_event_names_who_said_so_of_that_site() -> None:
    best, other = a_word(licence_no="L1"), a_word("bureau", 3, licence_no="L2")
    after = view(best, a_word("bureau", 3, licence_no="L2", status="revoked"))
    body = body_of(view(best, other), after)
    assert (body["source"], body["rank"], body["status"]) == ("bureau", 3, "normal")


def test_an_event_says_how_the_institution_stands() -> None:
    body = body_of(WELL, view(a_word(status="revoked")))
    assert body | {"evidence_sha256": "", "document_no": ""} == {
        "status": "revoked",
        "status_before": "normal",
        "effect": "freeze",
        "source": "national",
        "rank": 1,
        "licence_no": "L1",
        "licence_class": "both",
        "document_no": "",
        "evidence_sha256": "",
        "since": "2026-01-05",
        "stale": False,
        "white_listed": True,
        "black_listed": False,
        "name": "示例青竹科技培训中心",
        "district_code": "320602",
        "category": "non_subject",
        "delivery": "offline",
        "valid_until": "2030-12-31",
        "conflicts": [],
    }

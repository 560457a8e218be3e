"""Who is frozen: by an explicit, doubly keyed word of the first rank, and never by less."""

from typing import Final

from tests.guards.guard import Edit, Guard

_REGISTRY: Final = "services/registry-sync/registry_sync/"
_TELLING: Final = f"{_REGISTRY}domain/telling.py"
_UNIT: Final = "tests/unit/registry_sync/domain/"
_TOLD: Final = f"{_UNIT}test_telling.py::"
_FROZEN: Final = f"{_TOLD}TestNobodyIsFrozen::"
_TESTS: Final = "tests/integration/registry/"

GUARDS: Final = (
    Guard(
        "Missing never freezes",
        (Edit(_TELLING, 'view, view, "review")', 'view, view, "freeze")'),),
        (
            f"{_TOLD}test_absence_is_reviewed_and_never_more",
            (
                f"{_TESTS}test_missing.py"
                "::test_three_lists_and_three_days_make_one_event_that_freezes_nobody"
            ),
        ),
    ),
    Guard(
        "Missing for an hour is not missing",
        (
            Edit(
                f"{_REGISTRY}mirror/sql/read_absent.sql",
                "  AND s.missing_since <= $3::timestamptz\n",
                "  AND (s.missing_since <= $3::timestamptz OR true)\n",
            ),
        ),
        (
            (
                f"{_TESTS}test_missing.py"
                "::test_three_lists_and_three_days_make_one_event_that_freezes_nobody"
            ),
        ),
    ),
    Guard(
        "What an overdue manifest says waits for a fresh one",
        (
            Edit(
                "services/registry-sync/registry_sync/sync/run.py",
                "if not manifest.is_over(now):",
                "if True:",
            ),
        ),
        (f"{_TESTS}test_faults.py::test_a_stale_source_freezes_nobody_and_loses_no_revocation",),
    ),
    Guard(
        "The word of the first rank alone freezes",
        (
            Edit(_TELLING, "        and site.rank == TOP_RANK\n", ""),
            Edit(_TELLING, "        and site.black_rank == TOP_RANK\n", ""),
            Edit(_TELLING, "one.rank == TOP_RANK and speaks_ill", "speaks_ill"),
        ),
        (f"{_FROZEN}test_by_a_lower_rank",),
    ),
    Guard(
        "A black list of a lower rank does not freeze",
        (Edit(_TELLING, "        and site.black_rank == TOP_RANK\n", ""),),
        ((f"{_TOLD}test_a_black_list_of_a_lower_rank_does_not_freeze_by_the_top_sources_licence"),),
    ),
    Guard(
        "A licence freezes that the speaker itself had confirmed",
        (Edit(_TELLING, " and (one.source, one.key) in known", ""),),
        (
            f"{_FROZEN}test_on_a_licence_that_only_others_knew",
            f"{_FROZEN}test_by_the_first_list_of_a_second_source_of_the_rank",
        ),
    ),
    Guard(
        "Both keys freeze, and one does not",
        (Edit(_TELLING, "bool(site.licence_no) and ", ""),),
        (f"{_FROZEN}test_without_a_licence_number",),
    ),
    Guard(
        "Whoever stands by another licence is not frozen",
        (
            Edit(
                _TELLING,
                "all(_is_explicit(one, confirmed) for one in speaking)",
                "any(_is_explicit(one, confirmed) for one in speaking)",
            ),
        ),
        (f"{_FROZEN}test_that_stands_by_another_licence",),
    ),
    Guard(
        "A word that an equal contradicts does not freeze",
        (
            Edit(_TELLING, '        and "status" not in site.conflicts\n', ""),
            Edit(_TELLING, '        and "black_listed" not in site.conflicts\n', ""),
        ),
        (f"{_FROZEN}test_by_the_word_of_an_equal_that_two_persons_let_through",),
    ),
)

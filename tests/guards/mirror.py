"""What is believed of a source and what of it is too much at once, and that it is kept."""

from typing import Final

from tests.guards.guard import Edit, Guard

_REGISTRY: Final = "services/registry-sync/registry_sync/"
_ACCEPT: Final = f"{_REGISTRY}sync/accept.py"
_MIGRATIONS: Final = f"{_REGISTRY}migrations/__init__.py"
_SAFEGUARDS: Final = f"{_REGISTRY}domain/safeguards.py"
_UNIT: Final = "tests/unit/registry_sync/domain/"
_JUDGED: Final = f"{_UNIT}test_safeguards.py::"
_TESTS: Final = "tests/integration/registry/"
_HELD: Final = f"{_TESTS}test_holds.py::"
_SYNCED: Final = f"{_TESTS}test_sync.py::"
_CRASHES: Final = f"{_TESTS}test_crashes.py::"

GUARDS: Final = (
    Guard(
        "One applies at a time",
        (Edit(_ACCEPT, "        await applying.lock(tx)\n", ""),),
        (f"{_CRASHES}test_who_applies_waits_for_who_applies",),
    ),
    Guard(
        "A batch of which nothing is believed moves nothing",
        (Edit(_ACCEPT, "    if judgement.is_whole:\n", "    if False:\n"),),
        (f"{_SYNCED}test_a_batch_of_which_nothing_is_believed_moves_nothing",),
    ),
    Guard(
        "An answer without news is fresh",
        (
            Edit(
                f"{_REGISTRY}mirror/sources.py",
                "last_success_at = :now,\"\n        \" last_result = 'unchanged' WHERE",
                "\"\n        \" last_result = 'unchanged' WHERE",
            ),
        ),
        (f"{_SYNCED}test_an_answer_without_news_is_fresh_and_no_change",),
    ),
    Guard(
        "A list without news is no change",
        (Edit(_ACCEPT, "CASE WHEN $10 THEN $2", "CASE WHEN $10 OR true THEN $2"),),
        (f"{_SYNCED}test_an_answer_without_news_is_fresh_and_no_change",),
    ),
    Guard(
        "A clock ahead of ours makes nothing last longer",
        (Edit(f"{_REGISTRY}sync/run.py", "            if is_ahead:\n", "            if False:\n"),),
        (f"{_TESTS}test_faults.py::test_a_clock_ahead_of_ours_is_not_believed_to_last_longer",),
    ),
    Guard(
        "A licence that is another's is not believed",
        (Edit(f"{_REGISTRY}domain/identity.py", "if owner == record.institution_id:", "if True:"),),
        (f"{_UNIT}test_identity.py::test_a_licence_that_is_anothers_is_set_aside",),
    ),
    Guard(
        "A lower rank never wins",
        (
            Edit(
                f"{_REGISTRY}domain/standing.py",
                "    return [(one, word) for one, word in stated if one.rank == best]\n",
                "    return stated if best else []\n",
            ),
        ),
        (f"{_UNIT}test_standing.py::test_a_lower_rank_never_wins_however_many_say_so",),
    ),
    Guard(
        "Equals that differ leave what was believed",
        (
            Edit(
                f"{_REGISTRY}domain/standing.py",
                "        if len(words) > 1:\n",
                "        if False:\n",
            ),
        ),
        (f"{_TESTS}test_conflicts.py::test_the_last_writer_does_not_win",),
    ),
    Guard(
        "Many revocations at once wait",
        (Edit(_SAFEGUARDS, "    if _is_mass_revocation(batch, limits):\n", "    if False:\n"),),
        (f"{_JUDGED}test_mass_revocation_is_more_than_five_and_more_than_a_half_percent",),
    ),
    Guard(
        "Many closings at once wait",
        (
            Edit(
                _SAFEGUARDS,
                "    if _is_mass_closing(batch, closing, limits):\n",
                "    if False:\n",
            ),
        ),
        (f"{_UNIT}test_closings.py::test_many_closings_wait_and_everything_else_goes_on",),
    ),
    Guard(
        "Who left the white list closes, too",
        (
            Edit(
                f"{_REGISTRY}domain/changes.py",
                'closes or (before.white_listed and record.get("white_listed") == "no")',
                "closes",
            ),
        ),
        (f"{_UNIT}test_closings.py::test_many_closings_wait_and_everything_else_goes_on",),
    ),
    Guard(
        "A row dated ahead is set aside",
        (
            Edit(
                f"{_REGISTRY}domain/believing.py",
                "if one.since is not None and one.since > latest:",
                "if False:",
            ),
        ),
        (
            (
                "tests/unit/registry_sync/domain/test_believing.py"
                "::test_what_is_dated_ahead_waits_for_its_day"
            ),
        ),
    ),
    Guard(
        "A bureau emptied waits, however long the list",
        (Edit(_SAFEGUARDS, "        number > limits.revoked_of_bureau\n", "        False\n"),),
        (f"{_JUDGED}test_mass_revocation_of_one_bureau_is_more_than_ten_and_more_than_a_tenth",),
    ),
    Guard(
        "Revocations of one day are judged together",
        (
            Edit(
                _ACCEPT,
                "        revoked_lately=await sources.read_revoked"
                "(tx, arrived.source, arrived.now),\n",
                "",
            ),
        ),
        (f"{_HELD}test_revocations_that_drip_wait_from_the_sixth_of_a_day_on",),
    ),
    Guard(
        "What two persons let through is no revocation of the day",
        (
            Edit(
                f"{_REGISTRY}mirror/sql/read_revoked.sql",
                "h.reason = 'mass_revocation' AND h.state = 'applied'",
                "false",
            ),
        ),
        (f"{_HELD}test_what_two_persons_let_through_is_no_drop_of_the_day",),
    ),
    Guard(
        "An empty list waits",
        (
            Edit(
                _SAFEGUARDS,
                "    if batch.is_full and batch.count == 0 and batch.held:\n",
                "    if False:\n",
            ),
        ),
        (f"{_JUDGED}test_an_empty_list_is_doubted_where_anything_is_held",),
    ),
    Guard(
        "A list that shrinks too much counts nobody as missing",
        (
            Edit(
                _SAFEGUARDS,
                "if not shrunk and max(by_bureau.values(), default=0) <= limits.shrink_of_bureau:",
                "if True:",
            ),
        ),
        (f"{_JUDGED}test_a_list_shrinks_by_two_percent_and_no_more",),
    ),
    Guard(
        "A row that was set aside is not missing",
        (Edit(f"{_REGISTRY}domain/changes.py", "named = set(set_aside)", "named = set()"),),
        (f"{_UNIT}test_changes.py::test_a_row_that_was_set_aside_is_not_missing",),
    ),
    Guard(
        "Whoever keeps turning waits",
        (
            Edit(
                _ACCEPT,
                "        toggles=await sources.read_toggles(tx, arrived.source, arrived.now),\n",
                "",
            ),
        ),
        (f"{_TESTS}test_faults.py::test_an_institution_that_keeps_turning_is_held_alone",),
    ),
    Guard(
        "What was said is never changed",
        (Edit(_MIGRATIONS, '"SELECT, INSERT": ', '"SELECT, INSERT, UPDATE, DELETE": '),),
        (f"{_TESTS}test_grants.py::test_the_mirrors_login_may_do_this_much_and_no_more",),
    ),
    Guard(
        "Nothing that is held is deleted",
        (Edit(_MIGRATIONS, '"SELECT, INSERT, UPDATE": ', '"SELECT, INSERT, UPDATE, DELETE": '),),
        (f"{_TESTS}test_grants.py::test_the_mirrors_login_may_do_this_much_and_no_more",),
    ),
    Guard(
        "The mirror makes no keys",
        (
            Edit(
                _MIGRATIONS,
                "GRANT SELECT ON access.api_key",
                "GRANT SELECT, INSERT, UPDATE ON access.api_key",
            ),
        ),
        (f"{_TESTS}test_grants.py::test_the_mirrors_login_may_do_this_much_and_no_more",),
    ),
)

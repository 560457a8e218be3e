"""What waits for people: who decides it, how long, and no more than was seen."""

from typing import Final

from tests.guards.guard import Edit, Guard

_REGISTRY: Final = "services/registry-sync/registry_sync/"
_SAFEGUARDS: Final = f"{_REGISTRY}domain/safeguards.py"
_HOLDING: Final = f"{_REGISTRY}mirror/holding.py"
_UNIT: Final = "tests/unit/registry_sync/domain/"
_JUDGED: Final = f"{_UNIT}test_safeguards.py::"
_TESTS: Final = "tests/integration/registry/"
_HELD: Final = f"{_TESTS}test_holds.py::"
_DESK: Final = f"{_TESTS}test_hold_routes.py::"
_IMPORTS: Final = f"{_TESTS}test_imports.py::"

GUARDS: Final = (
    Guard(
        "It takes two persons",
        (
            Edit(f"{_REGISTRY}domain/holds.py", "{one.voter for one", "[one.voter for one"),
            Edit(
                f"{_REGISTRY}domain/holds.py",
                'one.verdict == "approve"}',
                'one.verdict == "approve"]',
            ),
        ),
        (f"{_UNIT}test_holds.py::test_votes_come_to_a_state",),
    ),
    Guard(
        "One person refuses",
        (
            Edit(
                f"{_REGISTRY}domain/holds.py",
                '    if any(one.verdict == "reject" for one in votes):\n',
                "    if False:\n",
            ),
        ),
        (f"{_HELD}test_one_person_rejects_and_nothing_acts",),
    ),
    Guard(
        "An officer decides, and nobody else",
        (
            Edit(
                f"{_REGISTRY}holds/api.py",
                "Officer = Annotated[Principal, Depends(allow(Role.supervisor))]",
                "Officer = Annotated[Principal, Depends(allow(*Role))]",
            ),
        ),
        (f"{_DESK}test_who_may_read_and_who_may_decide",),
    ),
    Guard(
        "A district decides what lies within it, and the country the rest",
        (
            Edit(
                _HOLDING,
                "        if hold_id not in await within(connection, [hold_id], word.area_code):\n",
                "        if False:\n",
            ),
        ),
        (
            f"{_DESK}test_a_district_decides_what_lies_within_it_alone",
            f"{_DESK}test_what_concerns_a_whole_batch_is_not_a_districts_to_decide",
        ),
    ),
    Guard(
        "A district decides what lies within it wholly",
        (Edit(_HOLDING, "HAVING bool_and(", "HAVING bool_or("),),
        (f"{_DESK}test_a_district_decides_what_lies_within_it_alone",),
    ),
    Guard(
        "A site without a district is no district's to decide",
        (Edit(_HOLDING, "coalesce(district_code, '')", "district_code"),),
        (f"{_DESK}test_a_site_without_a_district_is_the_countrys_to_decide",),
    ),
    Guard(
        "Nobody votes on what ran out",
        (Edit(_HOLDING, 'row.state != "open" or row.is_over', 'row.state != "open"'),),
        (f"{_HELD}test_a_hold_runs_out_after_a_day_and_is_made_anew",),
    ),
    Guard(
        "An approval runs out as well",
        (Edit(_HOLDING, "AND h.expires_at > $2", "AND (h.expires_at > $2 OR true)"),),
        (f"{_HELD}test_an_approval_runs_out_too_when_the_source_stays_away",),
    ),
    Guard(
        "What two persons saw acts, and nothing else",
        (Edit(_SAFEGUARDS, "for one in records if one.key in seen]", "for one in records]"),),
        (f"{_JUDGED}test_what_two_persons_saw_acts_and_never_more",),
    ),
    Guard(
        "No more acts than two persons saw",
        (
            Edit(
                _SAFEGUARDS,
                "one.key in seen][: release.ceiling if release else 0]",
                "one.key in seen]",
            ),
        ),
        (f"{_JUDGED}test_what_two_persons_saw_acts_and_never_more",),
    ),
    Guard(
        "A whole batch acts up to what was seen",
        (
            Edit(
                _SAFEGUARDS,
                "return size <= self.ceiling and (",
                "return (",
            ),
        ),
        (f"{_JUDGED}test_a_whole_batch_acts_up_to_what_was_seen",),
    ),
    Guard(
        "Other columns than people saw are another question",
        (Edit(_SAFEGUARDS, "(reason not in NAMED or self.detail == detail)", "True"),),
        (f"{_JUDGED}test_other_columns_than_people_saw_are_another_question",),
    ),
    Guard(
        "What was approved is tried until it acts",
        (
            Edit(
                "services/registry-sync/registry_sync/sync/run.py",
                "        self.everything |= held.is_approved\n",
                "",
            ),
        ),
        (f"{_HELD}test_what_was_approved_acts_though_the_first_try_fails",),
    ),
    Guard(
        "Votes end when more waits than was voted on",
        (
            Edit(
                _SAFEGUARDS,
                "if self.count > release.ceiling or not release.keys.issuperset(self.keys):",
                "if False:",
            ),
        ),
        (f"{_HELD}test_votes_end_when_more_waits_than_was_voted_on",),
    ),
    Guard(
        "What was let through is fetched anew at once",
        (
            Edit(
                f"{_REGISTRY}worker.py",
                "if is_let or tried is None or",
                "if tried is None or",
            ),
        ),
        (f"{_HELD}test_two_persons_let_through_what_they_saw",),
    ),
    Guard(
        "A sheet that was let through is judged again",
        (
            Edit(
                f"{_REGISTRY}worker.py",
                "await sheets.apply_again(self.database, self.syncing.ranks, source)",
                "pass",
            ),
        ),
        (f"{_IMPORTS}test_a_shrunken_sheet_is_held_and_acts_once_two_persons_say_so",),
    ),
    Guard(
        "A fault at one source keeps no other waiting",
        (
            Edit(
                f"{_REGISTRY}worker.py",
                "                faults.append(fault)\n",
                "                raise\n",
            ),
        ),
        (
            (
                "tests/integration/registry/test_sync.py"
                "::test_a_fault_of_ours_at_one_source_keeps_no_other_waiting"
            ),
        ),
    ),
)

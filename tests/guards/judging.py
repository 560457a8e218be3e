"""Facts once each, judgings as of then, values by two persons."""

from typing import Final

from tests.guards.guard import Edit, Guard

_ALERTS: Final = "services/alerts/alerts/"
_PULL: Final = f"{_ALERTS}intake/pull.py"
_VIEW: Final = f"{_ALERTS}domain/view.py"
_JUDGING: Final = f"{_ALERTS}domain/judging.py"
_PROMOTION: Final = f"{_ALERTS}domain/promotion.py"
_HEARD: Final = "tests/integration/alerts/test_intake.py::"
_JUDGED: Final = "tests/integration/alerts/test_judging.py::"
_AGAIN: Final = "tests/integration/alerts/test_replay.py::"
_TRIED: Final = "tests/integration/alerts/test_backtests.py::"
_LIFE: Final = "tests/unit/alerts/test_promotion.py::"
_SAID: Final = "tests/unit/alerts/test_events.py::"

_FACTS: Final = (
    Guard(
        "A fact that was told before is not told again",
        (
            Edit(
                f"{_ALERTS}intake/sql/add_fact.sql",
                "SELECT t.institution_id, t.event_id, t.part",
                "SELECT t.institution_id, gen_random_uuid(), t.part",
            ),
        ),
        (f"{_HEARD}test_an_event_told_again_changes_nothing",),
    ),
    Guard(
        "The place in a feed moves with the facts that were read there",
        (
            Edit(
                _PULL,
                "            await place.move(tx, self.feed, following, now)\n",
                "            pass\n        async with self._database.ledger() as tx:\n"
                "            await place.move(tx, self.feed, following, now)\n",
            ),
        ),
        (f"{_HEARD}test_a_page_broken_off_leaves_nothing_and_is_read_again",),
    ),
    Guard(
        "What nobody understands stops nothing",
        (Edit(_PULL, "    except Unclear as unclear:\n", "    except KeyError as unclear:\n"),),
        (f"{_HEARD}test_what_nobody_understands_is_kept_and_stops_nothing",),
    ),
    Guard(
        "An amount is a whole number of fen within bounds",
        (
            Edit(
                f"{_ALERTS}domain/saying.py",
                "    if not isinstance(value, int) or isinstance(value, bool)"
                " or not 0 <= value <= most:\n",
                "    if not isinstance(value, int):\n",
            ),
        ),
        (f"{_SAID}test_a_field_that_is_not_what_it_should_be_is_named",),
    ),
)

_AS_OF: Final = (
    Guard(
        "A rule does not see what was not known by then",
        (
            Edit(
                _VIEW,
                "            if fact.at <= as_of and fact.seen_at <= as_of:\n",
                "            if fact.at <= as_of:\n",
            ),
        ),
        (f"{_AGAIN}test_a_contradiction_that_came_since_changes_only_what_is_judged_from_now_on",),
    ),
    Guard(
        "Which cases were open is read as of then",
        (
            Edit(
                f"{_ALERTS}judging/sql/read_open.sql",
                "  AND (c.closed_at IS NULL OR c.closed_at > $2)",
                "  AND c.closed_at IS NULL",
            ),
        ),
        (f"{_AGAIN}test_a_case_that_was_closed_since_does_not_change_what_was_judged",),
    ),
    Guard(
        "A judging that finds the same writes nothing",
        (
            Edit(
                f"{_ALERTS}migrations/ddl_rules.py",
                '        "CREATE UNIQUE INDEX evaluation_once_idx',
                '        "CREATE INDEX evaluation_once_idx',
            ),
        ),
        (f"{_JUDGED}test_judging_again_finds_nothing_new",),
    ),
    Guard(
        "A suppression never mutes red",
        (
            Edit(
                _JUDGING,
                " and severity is not Severity.critical\n",
                "\n",
            ),
        ),
        (f"{_JUDGED}test_a_suppression_mutes_yellow_and_never_red",),
    ),
    Guard(
        "A sweep leaves alone what was judged today",
        (
            Edit(
                f"{_ALERTS}judging/judge.py",
                "    \" OR i.judged_at < date_trunc('day', t.now, 'Asia/Shanghai')\"\n",
                '    " OR i.judged_at < t.now"\n',
            ),
        ),
        (f"{_JUDGED}test_a_sweep_judges_what_was_not_judged_for_a_while",),
    ),
)

_TOGETHER: Final = (
    Guard(
        "An institution that cannot be judged stops no other",
        (
            Edit(
                f"{_ALERTS}judging/judge.py",
                "                if len(some) > 1:\n",
                "                if False:\n",
            ),
        ),
        (f"{_JUDGED}test_an_institution_that_cannot_be_judged_stops_no_other",),
    ),
)

_VALUES: Final = (
    Guard(
        "Values go live by two persons",
        (
            Edit(
                _PROMOTION,
                "    return Moves(wish.to) if len(said) >= PERSONS else Waits(len(said))\n",
                "    return Moves(wish.to)\n",
            ),
        ),
        (f"{_LIFE}test_live_takes_two_persons",),
    ),
    Guard(
        "One person who says it twice is one person",
        (
            Edit(
                _PROMOTION,
                '    said = {one["by"] for one in values.approvals if one["to"] == wish.to}'
                " | {wish.by}\n",
                '    said = [*(one["by"] for one in values.approvals), wish.by]\n',
            ),
        ),
        (f"{_LIFE}test_one_person_saying_it_twice_is_one_person",),
    ),
    Guard(
        "A backtest proves the values it tried and no others",
        (
            Edit(
                _PROMOTION,
                "    if proof is None or (proof.rule, proof.params_hash)"
                " != (values.rule, values.params_hash):\n",
                "    if proof is None:\n",
            ),
        ),
        (f"{_LIFE}test_what_is_missing_before_values_go_live",),
    ),
    Guard(
        "Asking again for promotion does not begin the shadow anew",
        (
            Edit(
                f"{_ALERTS}rules/store.py",
                "WHEN $4 = 'shadow' AND state <> 'shadow' THEN $6",
                "WHEN $4 = 'shadow' THEN $6",
            ),
        ),
        (f"{_TRIED}test_values_go_live_by_shadow_proof_and_two_persons",),
    ),
    Guard(
        "A district sets its own values and no others",
        (
            Edit(
                f"{_ALERTS}rules/api.py",
                "    if not area_covers(officer.district_code, asked or None):\n",
                "    if False:\n",
            ),
        ),
        (f"{_TRIED}test_another_districts_values_are_not_ones_own",),
    ),
)

GUARDS: Final = (*_FACTS, *_AS_OF, *_TOGETHER, *_VALUES)

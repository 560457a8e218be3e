"""Posting: locks, time, what is read and written, and what gathers before it."""

from typing import Final

from tests.guards.guard import Edit, Guard

_GATHER: Final = "tests/unit/escrow/ledger/test_gather.py::"
_LEDGER: Final = "services/escrow/escrow/ledger/"
_TESTS: Final = "tests/integration/escrow/"
_RACES: Final = f"{_TESTS}test_races.py::"
_POST: Final = f"{_TESTS}test_post.py::"
_WRITING: Final = f"{_TESTS}test_writing.py::"

GUARDS: Final = (
    Guard(
        "Postings of one institution wait for one another",
        (
            Edit(
                f"{_LEDGER}store/locking.py",
                '        await rows(tx, "lock", sorted(keys.institutions))',
                "        pass",
            ),
        ),
        (
            f"{_RACES}test_one_lesson_in_two_batches_is_released_once",
            f"{_RACES}test_the_last_fundable_lesson_goes_to_one_of_two",
        ),
    ),
    Guard(
        "Institutions are locked in one order, whoever posts",
        (
            Edit(
                f"{_LEDGER}store/locking.py",
                '"lock", sorted(keys.institutions)',
                '"lock", sorted(keys.institutions, key=lambda _: __import__("random").random())',
            ),
            Edit(
                f"{_LEDGER}sql/lock.sql",
                "WHERE b.institution_id = ANY ($1::text[])\nORDER BY b.institution_id",
                "JOIN unnest($1::text[]) WITH ORDINALITY AS k (i, n) ON k.i = b.institution_id\n"
                "ORDER BY k.n",
            ),
        ),
        (f"{_RACES}test_overlapping_batches_in_opposite_orders_never_deadlock",),
    ),
    Guard(
        "A posting's time is read after the wait for the lock",
        (
            Edit(
                f"{_LEDGER}sql/read_standing.sql",
                "  statement_timestamp()",
                "  transaction_timestamp()",
            ),
        ),
        (f"{_POST}test_the_ledgers_time_is_read_after_the_wait",),
    ),
    Guard(
        "An institution's time never goes back",
        (
            Edit(
                f"{_LEDGER}store/reading.py",
                'max(found[0]["clock"], *posted) if posted else found[0]["clock"]',
                'found[0]["clock"]',
            ),
        ),
        (f"{_POST}test_the_ledgers_time_never_goes_back",),
    ),
    Guard(
        "A standing that another changed since it was read is not written over",
        (
            Edit(
                f"{_LEDGER}sql/write_balance.sql",
                "\n  AND b.sequence = v.read_sequence\n  AND b.movements = v.read_movements",
                "",
            ),
        ),
        (f"{_WRITING}test_a_standing_that_changed_since_it_was_read_is_not_written",),
    ),
    Guard(
        "Rows written by arrays are counted",
        (Edit(f"{_LEDGER}store/statements.py", "if written != expected:", "if False:"),),
        (f"{_WRITING}test_a_row_that_is_not_written_is_noticed",),
    ),
    Guard(
        "Rows written by COPY are counted",
        (Edit(f"{_LEDGER}store/statements.py", "if written != len(found):", "if False:"),),
        (f"{_WRITING}test_a_row_that_is_not_written_is_noticed",),
    ),
    Guard(
        "One submission's fault is kept from those gathered with it",
        (
            Edit(
                f"{_LEDGER}gather.py",
                "            await self._post_alone(batch, error)\n",
                "            for waiter in batch:\n"
                "                waiter.done.set_exception(error)\n",
            ),
        ),
        (f"{_WRITING}test_a_constraint_that_fires_spares_those_gathered_with_it",),
    ),
    Guard(
        "One who hangs up costs those gathered with it nothing",
        (
            Edit(f"{_LEDGER}gather.py", "await asyncio.shield(waiter.done)", "await waiter.done"),
            Edit(
                f"{_LEDGER}gather.py",
                "            if not waiter.done.done():",
                "            if True:",
            ),
        ),
        (
            (
                "tests/unit/escrow/ledger/test_gather.py"
                "::test_one_who_hangs_up_costs_the_others_nothing"
            ),
        ),
    ),
    Guard(
        "What waits in a process is bounded",
        (
            Edit(
                f"{_LEDGER}gather.py",
                "if self._queued + len(submission.commands) > WAITING_MAX:",
                "if False:",
            ),
        ),
        (f"{_POST}test_more_than_may_wait_is_refused_at_once",),
    ),
    Guard(
        "A posting has a bounded number of commands",
        (
            Edit(
                f"{_LEDGER}gather.py",
                "elif taken and size + waiter.size > BATCH_MAX:",
                "elif False:",
            ),
        ),
        (f"{_GATHER}test_a_posting_holds_a_bounded_batch",),
    ),
    Guard(
        "A hot institution keeps to one lane",
        (
            Edit(
                f"{_LEDGER}gather.py",
                "if is_over or waiter.institutions & (self._busy | held):",
                "if is_over:",
            ),
        ),
        (f"{_GATHER}test_an_institution_is_in_one_lane_at_a_time",),
    ),
    Guard(
        "A lane takes its share of what waits, and leaves the other something to do",
        (Edit(f"{_LEDGER}gather.py", "is_over = size >= share and", "is_over = False and"),),
        (f"{_GATHER}test_what_comes_while_all_lanes_are_taken_goes_together",),
    ),
    Guard(
        "A lane's share never cuts an institution in two",
        (Edit(f"{_LEDGER}gather.py", " and not waiter.institutions <= mine", ""),),
        (f"{_GATHER}test_a_lanes_share_never_cuts_an_institution_in_two",),
    ),
    Guard(
        "What is passed by holds back what shares an institution with it",
        (Edit(f"{_LEDGER}gather.py", "(self._busy | held)", "self._busy"),),
        (f"{_GATHER}test_nobody_overtakes_on_an_institution",),
    ),
    Guard(
        "A lesson released under an id is known by that id",
        (
            Edit(
                f"{_LEDGER}store/keys.py",
                "    keys.items.add((command.institution_id, command.item_id))\n",
                "",
            ),
        ),
        (f"{_TESTS}test_acceptance.py::test_an_item_id_is_known_long_after_its_batch",),
    ),
    Guard(
        "A reversal made under an id is known by that id",
        (
            Edit(
                f"{_LEDGER}store/keys.py",
                "    keys.reversals.add((command.institution_id, command.item_id))\n",
                "",
            ),
        ),
        (f"{_TESTS}test_acceptance.py::test_a_reversals_conflict_is_an_outcome_and_no_fault",),
    ),
    Guard(
        "An entry is known by its account and id",
        (
            Edit(
                f"{_LEDGER}store/keys.py",
                "def _entry(keys: Keys, command: asked.TakeEntry) -> None:\n"
                "    keys.entries.add((command.institution_id, command.account_number,"
                " command.entry_id))\n",
                "def _entry(keys: Keys, command: asked.TakeEntry) -> None:\n",
            ),
        ),
        (f"{_RACES}test_one_entry_in_two_batches_is_booked_once",),
    ),
    Guard(
        "A retained lesson is paid under the text of its release",
        (Edit(f"{_LEDGER}sql/read_payable.sql", "p.tries, p.remittance", "p.tries, ''::text"),),
        (f"{_TESTS}test_custody.py::test_a_payout_freeze_retains_and_its_end_pays",),
    ),
    Guard(
        "A lesson retained beyond the part of the queue that is read can be put back",
        (
            Edit(
                f"{_LEDGER}store/reading.py",
                "                await _read_single_payables(tx, book, institution_id)\n",
                "",
            ),
        ),
        (f"{_POST}test_a_lesson_retained_far_back_in_the_queue_can_be_put_back",),
    ),
    Guard(
        "A new institution that all register at once is one",
        (Edit(f"{_LEDGER}sql/open_balance.sql", "\nON CONFLICT DO NOTHING", ""),),
        (f"{_RACES}test_a_new_institution_registered_by_all_at_once_is_one",),
    ),
    Guard(
        "An account filed for one institution is not taken over for another",
        (
            Edit(
                f"{_LEDGER}sql/write_account.sql",
                "\n  WHERE a.institution_id = excluded.institution_id",
                "",
            ),
        ),
        (f"{_RACES}test_one_account_filed_for_two_institutions_at_once_goes_to_one",),
    ),
)

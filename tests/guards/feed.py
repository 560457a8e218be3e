"""The feed: nothing skipped, nothing twice, nothing out of order, and nobody held up by it."""

from typing import Final

from tests.guards.guard import Edit, Guard

_OUTBOX: Final = "shared/shared/feed/outbox.py"
_ESCROW: Final = "tests/integration/escrow/"
_SHARED: Final = "tests/integration/shared/test_feed.py::"

GUARDS: Final = (
    Guard(
        "An event's place is never before its institution's last",
        (
            Edit(
                "services/escrow/escrow/ledger/sql/write_balance.sql",
                "greatest(pg_current_xact_id(), b.order_xid)",
                "pg_current_xact_id()",
            ),
        ),
        (f"{_ESCROW}test_feed.py::test_an_older_posting_that_writes_later_keeps_the_sequence",),
    ),
    Guard(
        "A page shows only what no running transaction can come before",
        (
            Edit(
                _OUTBOX,
                "  AND (order_xid < pg_snapshot_xmin(pg_current_snapshot())\n"
                "       OR epoch < (SELECT max(epoch) FROM {epochs}))\n",
                "",
            ),
        ),
        (
            f"{_SHARED}test_an_event_that_commits_late_is_not_skipped",
            (
                f"{_ESCROW}test_feed.py"
                "::test_a_transaction_held_open_holds_the_feed_back_visibly_and_loses_nothing"
            ),
        ),
    ),
    Guard(
        "What is held back is counted, and what is shown is not",
        (
            Edit(
                _OUTBOX,
                "       AND order_xid >= pg_snapshot_xmin(pg_current_snapshot())\n     LIMIT",
                "     LIMIT",
            ),
        ),
        (f"{_SHARED}test_an_event_that_commits_late_is_not_skipped",),
    ),
    Guard(
        "What an older server numbered is shown after a restore",
        (Edit(_OUTBOX, "OR epoch < (SELECT max(epoch) FROM {epochs}))", "OR false)"),),
        (f"{_SHARED}test_a_new_epoch_goes_on_after_the_old_one",),
    ),
    Guard(
        "Events are in the order of their transactions, then of their sequence",
        (
            Edit(
                _OUTBOX,
                "ORDER BY epoch, order_xid, institution_id, sequence\n",
                "ORDER BY event_id\n",
            ),
        ),
        (f"{_SHARED}test_ids_are_ordered_as_numbers",),
    ),
    Guard(
        "One who waits for events holds no connection",
        (
            Edit(
                _OUTBOX,
                "            found = await page(connection, table, after, limit)\n"
                "        left_s = deadline - time.monotonic()\n"
                "        if found.items or left_s <= 0:\n"
                "            return found\n"
                "        await asyncio.sleep(min(POLL_S, left_s))\n",
                "            found = await page(connection, table, after, limit)\n"
                "            left_s = deadline - time.monotonic()\n"
                "            if found.items or left_s <= 0:\n"
                "                return found\n"
                "            await asyncio.sleep(left_s)\n",
            ),
        ),
        (f"{_SHARED}test_one_who_waits_holds_no_connection",),
    ),
    Guard(
        "Nobody waits longer than thirty seconds",
        (Edit("shared/shared/web/events.py", "ge=0, le=WAIT_MAX_S", "ge=0"),),
        (f"{_ESCROW}test_events.py::test_a_wait_is_at_most_thirty_seconds",),
    ),
    Guard(
        "A cursor's parts are of their kinds and within their bounds",
        (
            Edit(
                _OUTBOX,
                "            0 <= epoch <= _INT_MAX\n"
                "            and 0 <= order_xid <= _BIGINT_MAX\n"
                "            and 0 <= sequence <= _BIGINT_MAX\n"
                "            and institution_id.isascii()\n"
                "            and institution_id.isalnum()\n",
                "            True\n",
            ),
        ),
        ("tests/unit/shared/feed/test_outbox.py::test_a_cursor_that_no_page_gave_is_refused",),
    ),
    Guard(
        "A database restored elsewhere is not started on",
        (
            Edit(
                _OUTBOX,
                "    if await connection.scalar(statement):\n",
                "    if False:\n",
            ),
        ),
        (f"{_SHARED}test_ids_ahead_of_the_server_refuse_the_start",),
    ),
)

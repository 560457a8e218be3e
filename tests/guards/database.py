"""What the database refuses by itself, and how its faults are told and borne."""

from typing import Final

from tests.guards.guard import Edit, Guard

_MIGRATIONS: Final = "services/escrow/escrow/migrations/"
_TABLES: Final = f"{_MIGRATIONS}ddl_0001_ledger.py"
_PG: Final = "shared/shared/pg/"
_TESTS: Final = "tests/integration/escrow/"
_POST: Final = f"{_TESTS}test_post.py::"
_GRANTS: Final = f"{_TESTS}test_grants.py::"
_SESSIONS: Final = "tests/integration/shared/test_database.py::"
_CANNOT_BE: Final = (f"{_TESTS}test_backstops.py::test_a_row_that_cannot_be_is_refused",)
_ONCE: Final = (f"{_TESTS}test_backstops.py::test_a_row_is_there_once",)

GUARDS: Final = (
    Guard(
        "Held tuition is never negative",
        (Edit(_TABLES, "CHECK (tuition_held_fen >= 0)", "CHECK (true)"),),
        _CANNOT_BE,
    ),
    Guard(
        "What a contract was funded with is held, released or refunded",
        (
            Edit(
                _TABLES,
                "CHECK (released_fen + refunded_fen + held_fen = funded_fen)",
                "CHECK (true)",
            ),
        ),
        _CANNOT_BE,
    ),
    Guard(
        "A contract releases no more lessons than it has",
        (Edit(_TABLES, "CHECK (lessons_released BETWEEN 0 AND lessons)", "CHECK (true)"),),
        _CANNOT_BE,
    ),
    Guard(
        "A movement moves something",
        (
            Edit(
                _TABLES,
                "CONSTRAINT movement_amount_fen_check CHECK (amount_fen > 0)",
                "CONSTRAINT movement_amount_fen_check CHECK (true)",
            ),
        ),
        _CANNOT_BE,
    ),
    Guard(
        "A movement goes from one account to another",
        (Edit(_TABLES, "CHECK (debit <> credit\n        AND ", "CHECK (true AND "),),
        _CANNOT_BE,
    ),
    Guard(
        "A lesson is released once an attempt",
        (
            Edit(
                _TABLES,
                ",\n    CONSTRAINT lesson_pkey"
                " PRIMARY KEY (institution_id, contract_id, lesson_no, attempt)",
                "",
            ),
        ),
        _ONCE,
    ),
    Guard(
        "An item id is one release",
        (
            Edit(
                _TABLES, "CREATE UNIQUE INDEX lesson_item_id_key", "CREATE INDEX lesson_item_id_key"
            ),
        ),
        _ONCE,
    ),
    Guard(
        "A reversal's id is one reversal",
        (
            Edit(
                _TABLES,
                "CREATE UNIQUE INDEX lesson_reversal_item_id_key",
                "CREATE INDEX lesson_reversal_item_id_key",
            ),
        ),
        _ONCE,
    ),
    Guard(
        "A bank's entry is there once",
        (
            Edit(
                _TABLES,
                ",\n    CONSTRAINT bank_entry_pkey"
                " PRIMARY KEY (institution_id, account_number, entry_id)",
                "",
            ),
        ),
        _ONCE,
    ),
    Guard(
        "A sequence number is one event",
        (Edit(_TABLES, ",\n    CONSTRAINT event_pkey PRIMARY KEY (institution_id, sequence)", ""),),
        _ONCE,
    ),
    Guard(
        "Keys compare byte by byte, whatever the server's locale",
        (Edit(f"{_MIGRATIONS}ddl_0001.py", "'text COLLATE \"C\" NOT NULL'", "'text NOT NULL'"),),
        (
            (
                "tests/integration/migrations/test_migrations.py"
                "::test_keys_compare_byte_by_byte_in_the_code_as_in_the_database"
            ),
        ),
    ),
    Guard(
        "The service cannot rewrite what is appended",
        (
            Edit(
                f"{_MIGRATIONS}__init__.py",
                '"SELECT, INSERT": ',
                '"SELECT, INSERT, UPDATE, DELETE": ',
            ),
        ),
        (f"{_GRANTS}test_the_services_login_may_do_this_much_and_no_more",),
    ),
    Guard(
        "The service cannot delete what changes",
        (
            Edit(
                f"{_MIGRATIONS}__init__.py",
                '"SELECT, INSERT, UPDATE": ',
                '"SELECT, INSERT, UPDATE, DELETE": ',
            ),
        ),
        (f"{_GRANTS}test_the_services_login_may_do_this_much_and_no_more",),
    ),
    Guard(
        "The service cannot raise the clock",
        (
            Edit(
                f"{_MIGRATIONS}__init__.py",
                "GRANT SELECT ON access.clock,",
                "GRANT SELECT, UPDATE ON access.clock,",
            ),
        ),
        (f"{_GRANTS}test_the_services_login_may_do_this_much_and_no_more",),
    ),
    Guard(
        "Rights that the service has beyond its own are taken back",
        (
            Edit(
                f"{_MIGRATIONS}__init__.py",
                'f"REVOKE ALL ON ALL TABLES IN SCHEMA escrow, access FROM {ROLE}"',
                '"SELECT 1"',
            ),
        ),
        (
            (
                "tests/integration/migrations/test_migrations.py"
                "::test_a_login_that_may_do_too_much_is_limited_again"
            ),
        ),
    ),
    Guard(
        "Only the service sees how old the oldest transaction is",
        (
            Edit(
                f"{_MIGRATIONS}ddl_0001.py",
                '    "REVOKE ALL ON FUNCTION access.oldest_transaction_ms() FROM PUBLIC",\n',
                "",
            ),
        ),
        (f"{_GRANTS}test_another_services_login_has_no_access",),
    ),
    Guard(
        "What runs as the owner looks names up in the catalog alone",
        (Edit(f"{_MIGRATIONS}ddl_0001.py", " SET search_path = pg_catalog", ""),),
        (f"{_GRANTS}test_what_runs_as_the_owner_looks_names_up_in_the_catalog_alone",),
    ),
    Guard(
        "A transaction that another got in the way of is tried again",
        (Edit(f"{_PG}retry.py", "TRIES_MAX: Final = 3", "TRIES_MAX: Final = 1"),),
        (f"{_POST}test_a_posting_that_could_not_get_the_lock_is_tried_again",),
    ),
    Guard(
        "A lock that cannot be had is contention, not a fault of ours or a refusal",
        (Edit(f"{_PG}faults.py", '"55P03", "57014"', '"57014"'),),
        (f"{_TESTS}test_acceptance.py::test_a_fault_is_never_called_insufficient",),
    ),
    Guard(
        "A commit whose end nobody saw is doubtful",
        (Edit(f"{_PG}database.py", "raise DoubtfulCommit from error", "raise"),),
        (f"{_POST}test_a_commit_whose_end_nobody_saw_is_doubtful",),
    ),
    Guard(
        "Nothing is asked of the server after a commit",
        (Edit(f"{_PG}database.py", "            reset=_nothing,\n", ""),),
        (f"{_POST}test_nothing_is_asked_of_the_server_after_the_commit",),
    ),
    Guard(
        "The wait for a lock keeps no old picture, whatever the server's default",
        (
            Edit(
                f"{_PG}database.py",
                '    "default_transaction_isolation": "read committed",\n',
                "",
            ),
        ),
        (f"{_POST}test_a_server_whose_default_is_another_isolation_changes_nothing",),
    ),
    Guard(
        "Nobody waits for a lock for ever",
        (Edit(f"{_PG}database.py", '    "lock_timeout": str(LOCK_TIMEOUT_MS),\n', ""),),
        (f"{_SESSIONS}test_every_session_has_its_limits",),
    ),
    Guard(
        "No statement runs for ever",
        (Edit(f"{_PG}database.py", '    "statement_timeout": str(STATEMENT_TIMEOUT_MS),\n', ""),),
        (f"{_SESSIONS}test_every_session_has_its_limits",),
    ),
    Guard(
        "No transaction is left open for ever",
        (
            Edit(
                f"{_PG}database.py",
                '    "idle_in_transaction_session_timeout": str(IDLE_TIMEOUT_MS),\n',
                "",
            ),
        ),
        (f"{_SESSIONS}test_every_session_has_its_limits",),
    ),
    Guard(
        "The hot statements keep their plans",
        (Edit(f"{_PG}database.py", "{**_TIMEOUTS, **_PINNED_PLANS, ", "{**_TIMEOUTS, "),),
        (f"{_SESSIONS}test_the_hot_statements_keep_their_plans",),
    ),
    Guard(
        "The auditor can change nothing while it looks",
        (
            Edit(
                "services/escrow/escrow/ledger/verify/run.py",
                'isolation_level="REPEATABLE READ", postgresql_readonly=True',
                'isolation_level="REPEATABLE READ"',
            ),
        ),
        (f"{_TESTS}test_verify.py::test_a_snapshot_can_change_nothing",),
    ),
)

"""What a process refuses to start on, and how migrations keep out of the way."""

from typing import Final

from tests.guards.guard import Edit, Guard

_MIGRATE: Final = "shared/shared/pg/migrate.py"
_START: Final = "shared/shared/service/startup.py"
_LOGINS: Final = "tests/unit/shared/pg/test_logins.py::"
_STARTED: Final = "tests/integration/escrow/test_startup.py::"
_MIGRATED: Final = "tests/integration/migrations/test_migrations.py::"

GUARDS: Final = (
    Guard(
        "A raised clock is never production's",
        (
            Edit(
                _START,
                "if offset_s and settings.environment is Environment.production:",
                "if False:",
            ),
        ),
        (f"{_STARTED}test_a_raised_clock_is_refused_in_production_alone",),
    ),
    Guard(
        "A server older than 15 is refused",
        (Edit(_MIGRATE, "if number // 10_000 < VERSION_MIN:", "if False:"),),
        (f"{_STARTED}test_a_server_older_than_15_is_refused",),
    ),
    Guard(
        "A schema that is not the code's is refused",
        (Edit(_MIGRATE, "    if found != expected:", "    if False:"),),
        (
            f"{_STARTED}test_an_unmigrated_database_is_refused_with_the_command",
            f"{_STARTED}test_an_old_revision_is_refused_with_the_command",
        ),
    ),
    Guard(
        "A feed restored elsewhere is refused",
        (Edit(_START, "        await self.check_feed(connection)\n", ""),),
        (f"{_STARTED}test_a_restored_feed_is_refused_until_a_new_epoch_is_open",),
    ),
    Guard(
        "A process without a database says what to run",
        (
            Edit(
                _START,
                "if settings.database_url is None or not settings.database_url.get_secret_value():",
                "if False:",
            ),
        ),
        (f"{_STARTED}test_without_a_url_the_command_that_prints_it_is_named",),
    ),
    Guard(
        "A login's password follows from a password alone",
        (
            Edit("shared/shared/pg/logins.py", "if not owner.password:", "if False:"),
            Edit(
                "shared/shared/pg/logins.py",
                "secret = str(owner.password)",
                "secret = str(owner.password or owner.username)",
            ),
        ),
        (f"{_LOGINS}test_an_owner_without_a_password_is_refused",),
    ),
    Guard(
        "Two migrations at once queue",
        (
            Edit(
                _MIGRATE,
                '    connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))\n',
                "",
            ),
        ),
        (f"{_MIGRATED}test_two_processes_at_once_migrate_once",),
    ),
    Guard(
        "A migration does not wait long for a table",
        (
            Edit(
                _MIGRATE,
                "    connection.execute(text(f\"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_S}s'\"))\n",
                "",
            ),
        ),
        (f"{_MIGRATED}test_a_long_lock_makes_it_give_up_and_say_so",),
    ),
    Guard(
        "A setting that is wrong is named without its value",
        (Edit("shared/shared/settings.py", ", hide_input_in_errors=True", ""),),
        ("tests/unit/shared/test_settings.py::test_a_wrong_setting_is_not_repeated",),
    ),
)

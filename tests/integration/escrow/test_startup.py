"""What a process refuses to start on, what it tells an operator, and what its commands do."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncConnection

from escrow.app import build
from escrow.migrations import migrate, service_url
from escrow.settings import Settings
from escrow.startup import SERVICE
from sandbox import postgres
from shared.errors import StartupRefused
from shared.ids import new_id
from shared.pg.database import Database
from shared.pg.migrate import newest_revision
from shared.settings import Environment
from tests.integration.escrow.books import Books, add_bank, poster_on
from tests.support.client import ok, running
from tests.support.postgres import MakeDatabase, in_thread, run_sql


def settings_on(owner_url: str, environment: Environment = Environment.test) -> Settings:
    return Settings(database_url=SecretStr(service_url(owner_url)), environment=environment)


async def started(settings: Settings) -> None:
    """Start as every process does, and stop."""
    database = SERVICE.database(settings)
    try:
        await SERVICE.start(database, settings)
    finally:
        await database.close()


async def refusal(owner_url: str, environment: Environment = Environment.test) -> str:
    """Return the sentence with which a process refuses to start."""
    with pytest.raises(StartupRefused) as refused:
        await started(settings_on(owner_url, environment))
    return refused.value.detail


def escrow(*arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
    """Run `python -m escrow` with nothing of ours in its environment but what is given."""
    plain = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("ESCROW_") and name != "DATABASE_URL"
    }
    return subprocess.run(
        [sys.executable, "-m", "escrow", *arguments],
        env={**plain, **env},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.fixture
def books(fresh_database: MakeDatabase) -> Callable[[], str]:
    """Return a function that makes a database with a lesson released, and returns its owner's URL.

    It is made in a thread, so that tests of commands need no loop.
    """

    def make() -> str:
        url = fresh_database()
        in_thread(lambda: post_lesson(url, 1))
        return url

    return make


async def post_lesson(owner_url: str, number: int) -> None:
    """Release a lesson of the one institution's one contract; the first one opens both."""
    database = await Database(service_url(owner_url), application="tests").open()
    try:
        await add_bank(database)
        my = Books(poster_on(database), database, "I1")
        if number == 1:
            await my.open()
            await my.post(my.contract("C1", 5, 500), my.credit("E1", 500, "C1"))
        await my.post(my.lesson("C1", number))
    finally:
        await database.close()


async def test_a_migrated_database_is_started_on(fresh_database: MakeDatabase) -> None:
    await started(settings_on(fresh_database()))


async def test_an_unmigrated_database_is_refused_with_the_command(
    empty_database: MakeDatabase,
) -> None:
    url = empty_database()
    settings = Settings(database_url=SecretStr(url), environment=Environment.test)
    with pytest.raises(StartupRefused) as refused:
        await started(settings)
    assert "`python -m escrow migrate`" in refused.value.detail
    assert "revision none" in refused.value.detail


async def test_an_old_revision_is_refused_with_the_command(fresh_database: MakeDatabase) -> None:
    url = fresh_database()
    run_sql(url, "UPDATE escrow.alembic_version SET version_num = '0000'")
    sentence = await refusal(url)
    assert "revision 0000" in sentence
    assert "`python -m escrow migrate`" in sentence


class OldServer(Database):
    """A database whose server says that it is PostgreSQL 14.11, and is asked nothing else."""

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        class Connection:
            async def scalar(self, statement: object) -> str:
                assert str(statement) == "SHOW server_version_num"
                return "140011"

        yield Connection()  # type: ignore[misc]


async def test_a_server_older_than_15_is_refused(database_url: str) -> None:
    settings = Settings(database_url=SecretStr(database_url), environment=Environment.test)
    with pytest.raises(StartupRefused, match=r"PostgreSQL 14 is too old.*version 15 or newer"):
        await SERVICE.start(OldServer(database_url, application="tests"), settings)


async def test_a_raised_clock_is_refused_in_production_alone(fresh_database: MakeDatabase) -> None:
    url = fresh_database()
    await started(settings_on(url, Environment.production))
    run_sql(url, "UPDATE access.clock SET offset_s = 1")
    assert "never production" in await refusal(url, Environment.production)
    for environment in (Environment.sandbox, Environment.test):
        await started(settings_on(url, environment))


async def test_a_restored_feed_is_refused_until_a_new_epoch_is_open(
    books: Callable[[], str],
) -> None:
    url = books()
    for table in ("event", "balance"):
        run_sql(
            url,
            f"UPDATE escrow.{table}"
            " SET order_xid = (order_xid::text::bigint + 1000000)::text::xid8",
        )
    assert "`python -m escrow open-epoch`" in await refusal(url)
    opened = escrow("open-epoch", DATABASE_URL=url)
    assert (opened.returncode, opened.stderr) == (0, "")
    assert opened.stdout.startswith("Epoch 2 of the feed is open")
    await started(settings_on(url))
    before = await told(url)
    await post_lesson(url, 2)
    await post_lesson(url, 3)
    after = before
    async with asyncio.timeout(20):  # another database's transaction may hold the feed back
        while len(after) < len(before) + 2:
            after = await told(url)
    assert after[: len(before)] == before
    assert after == sorted(after), "an institution's events come in its sequence"
    assert after == list(range(1, len(after) + 1))
    assert len(after) > len(before) > 0


async def told(owner_url: str) -> list[int]:
    """Return the sequence numbers of the institution's events, page by page from the start."""
    found: list[int] = []
    async with running(service_url(owner_url)) as city:
        await city.feed_is_whole()
        query: dict[str, str | int] = {"limit": 2}
        while True:
            page = ok(await city.service.get("/v1/events", **query))
            found += [one["sequence"] for one in page["items"] if one["subject"] == "I1"]
            if not page["items"]:
                return [int(one) for one in found]
            query["after"] = page["next"]


def test_without_a_url_the_command_that_prints_it_is_named() -> None:
    for command in (["verify"], ["keys", "list"], ["serve"], ["work"]):
        done = escrow(*command)
        assert (done.returncode, done.stdout) == (2, ""), command
        assert "ESCROW_DATABASE_URL is not set" in done.stderr
        assert "`python -m escrow migrate --json`" in done.stderr
    done = escrow("migrate")
    assert (done.returncode, "DATABASE_URL is not set" in done.stderr) == (2, True)


def test_migrate_says_what_it_did_and_prints_the_services_url(empty_database: MakeDatabase) -> None:
    url = empty_database()
    said = escrow("migrate", DATABASE_URL=url)
    assert (said.returncode, said.stderr) == (0, "")
    assert f"is at revision {newest_revision('escrow')}." in said.stdout
    printed = json.loads(escrow("migrate", "--json", DATABASE_URL=url).stdout)
    assert printed == {"escrow": service_url(url)}


def test_keys_are_created_listed_and_revoked(fresh_database: MakeDatabase) -> None:
    env = {"ESCROW_DATABASE_URL": service_url(fresh_database())}
    made = escrow("keys", "create", "--role", "service", "--label", "alerts", "--json", **env)
    record: dict[str, Any] = json.loads(made.stdout)
    assert (record["role"], record["label"]) == ("service", "alerts")
    assert record["key"].startswith("yk_")
    listed = [json.loads(line) for line in escrow("keys", "list", **env).stdout.splitlines()]
    assert [(one["id"], one["revoked_at"]) for one in listed] == [(record["id"], None)]
    assert record["key"].rsplit("_", 1)[1] not in str(listed)
    assert escrow("keys", "revoke", record["id"], **env).stdout == "The key is revoked.\n"
    (listed,) = [json.loads(line) for line in escrow("keys", "list", **env).stdout.splitlines()]
    assert listed["revoked_by"] == "cli"
    unknown = escrow("keys", "revoke", str(new_id()), **env)
    assert (unknown.returncode, "`python -m escrow keys list`" in unknown.stdout) == (1, True)
    assert "is revoked" not in unknown.stdout
    refused = escrow("keys", "create", "--role", "king", **env)
    assert (refused.returncode, "invalid choice" in refused.stderr) == (2, True)


def test_all_keys_are_listed(fresh_database: MakeDatabase) -> None:
    url = fresh_database()
    run_sql(
        url,
        "INSERT INTO access.api_key (id, prefix, digest, role, created_by) SELECT"
        " gen_random_uuid(), n::text, sha256(n::text::bytea), 'service', 'test'"
        " FROM generate_series(1, 501) AS n",
    )
    listed = escrow("keys", "list", ESCROW_DATABASE_URL=service_url(url)).stdout.splitlines()
    assert len({json.loads(line)["id"] for line in listed}) == len(listed) == 501


def test_settings_are_shown_with_secrets_masked() -> None:
    url = "postgresql://yike_escrow:hunter2@127.0.0.1:5432/yike"
    done = escrow("settings", ESCROW_DATABASE_URL=url, ESCROW_PORT="8123")
    assert (done.returncode, done.stderr) == (0, "")
    assert "hunter2" not in done.stdout
    shown = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert (shown["ESCROW_DATABASE_URL"], shown["ESCROW_PORT"]) == ("********", "8123")
    assert len(shown) == len(Settings.model_fields)


def test_a_setting_out_of_bounds_is_named_without_its_value() -> None:
    done = escrow("settings", ESCROW_PORT="hunter2")
    assert done.returncode != 0
    assert "port" in done.stderr.lower()
    assert "hunter2" not in done.stderr
    assert "Traceback" not in done.stderr


def test_verify_says_by_its_exit_code_whether_the_books_verify(books: Callable[[], str]) -> None:
    url = books()
    env = {"ESCROW_DATABASE_URL": service_url(url)}
    done = escrow("verify", **env)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("The books verify: 1 institutions,")
    run_sql(url, "UPDATE escrow.movement SET amount_fen = amount_fen + 1 WHERE sequence = 1")
    done = escrow("verify", **env)
    assert done.returncode == 1
    assert "movement I1/1" in done.stdout
    assert "The books do not verify" in done.stdout


async def test_readiness_is_gone_with_the_database_and_back_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "cluster"
    server = postgres.start(folder, durable=False, settings={"shared_buffers": "16MB"})
    try:
        await asyncio.to_thread(migrate, server.url)
        app = build(settings_on(server.url))
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://escrow.test") as http,
        ):
            assert ok(await http.get("/readyz")) == {"status": "ok"}
            server.stop()
            answer = await http.get("/readyz")
            assert answer.status_code == 503
            assert answer.headers["content-type"] == "application/problem+json"
            assert (answer.json()["code"], answer.json()["outcome"]) == ("unavailable", "none")
            assert int(answer.headers["Retry-After"]) >= 1
            assert ok(await http.get("/healthz")) == {"status": "ok"}
            port = server.cluster.port
            server = postgres.start(folder, durable=False, port=port)
            assert server.cluster.port == port
            assert ok(await http.get("/readyz")) == {"status": "ok"}
    finally:
        server.stop()
        postgres.remove(folder)

"""The auditor on sound books, on books that move meanwhile, and on what it keeps itself."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final, TypeAlias

import asyncpg
import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from escrow.ledger.verify import Scope, checks, chunks, run, verify
from escrow.ledger.verify.report import FINDINGS_MAX
from escrow.migrations import service_url
from escrow.worker import Rounds
from shared.pg.database import Database
from tests.integration.escrow.books import (
    Books,
    Day,
    add_bank,
    post_a_day,
    post_yesterday,
    poster_on,
)
from tests.support.postgres import MakeDatabase, run_sql

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

SCOPES: Final[tuple[Scope, ...]] = ("new", "whole")

LARGE = {
    *("movement", "event", "lesson", "contract", "tuition", "deposit", "refund", "payable"),
    *("instruction", "instruction_line", "bank_entry", "bank_statement"),
}


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await Database(database_url, application="test-verify").open()
    yield opened
    await opened.close()


@pytest.fixture
async def owner(owner_url: str) -> AsyncIterator[Owner]:
    connection = await asyncpg.connect(owner_url)
    yield connection
    await connection.close()


@pytest.fixture
async def day(database: Database) -> Day:
    """Return a whole day of two institutions of this test alone, not verified yet."""
    mark = secrets.token_hex(3)
    return await post_a_day(database, await post_yesterday(database, (f"P{mark}", f"H{mark}")))


@pytest.fixture
async def my(database: Database) -> Books:
    """Return an institution with one funded contract."""
    await add_bank(database)
    books = Books(poster_on(database), database, f"I{secrets.token_hex(4)}")
    await books.open()
    await books.post(books.contract("C1", 20, 200_000))
    await books.post(books.credit("e-1", 200_000, "C1"))
    return books


def names(day: Day) -> list[str]:
    return [day.paid, day.held_back]


async def test_a_varied_day_verifies(database: Database, day: Day) -> None:
    for scope in (*SCOPES, *SCOPES):
        report = await verify(database, scope=scope, institution_ids=names(day))
        assert report.findings == ()
        assert report.is_clean


async def test_what_is_new_begins_where_the_last_check_ended(database: Database, my: Books) -> None:
    me = [my.institution_id]
    assert (await verify(database, scope="new", institution_ids=me)).movements == 2
    assert (await verify(database, scope="new", institution_ids=me)).institutions == 0
    await my.post(my.lesson("C1", 1), my.lesson("C1", 2))
    again = await verify(database, scope="new", institution_ids=me)
    assert (again.institutions, again.movements) == (1, 3)


async def test_a_run_is_written_down_and_shown(database: Database, my: Books) -> None:
    report = await verify(database, scope="whole", institution_ids=[my.institution_id])
    async with database.connect() as connection:
        query = text("SELECT * FROM escrow.verification WHERE verification_id = :id")
        row = (await connection.execute(query, {"id": report.verification_id})).one()
    assert (row.scope, row.institutions, row.movements, row.findings) == ("whole", 1, 2, [])
    assert row.started_at <= row.finished_at == report.finished_at
    labels = {"scope": "whole"}
    assert REGISTRY.get_sample_value("tuition_escrow_verification_findings", labels) == 0
    assert REGISTRY.get_sample_value("tuition_escrow_book_imbalance_yuan") == 0
    assert REGISTRY.get_sample_value("tuition_escrow_verified_timestamp_seconds", labels)


async def test_a_finding_is_written_down_as_it_was_reported(
    database: Database, owner: Owner, my: Books
) -> None:
    await _change(owner, "balance", "custody_cash_fen = custody_cash_fen + 1", my)
    report = await verify(database, scope="whole", institution_ids=[my.institution_id])
    found = await owner.fetchval(
        "SELECT findings FROM escrow.verification WHERE verification_id = $1",
        report.verification_id,
    )
    assert json.loads(found) == [
        {
            "table": "balance",
            "key": my.institution_id,
            "rule": "custody_cash",
            "expected": "200000",
            "found": "200001",
        }
    ]
    assert REGISTRY.get_sample_value("tuition_escrow_book_imbalance_yuan") == 0.01
    await _change(owner, "balance", "custody_cash_fen = custody_cash_fen - 1", my)


async def test_a_balance_changed_while_nothing_moves_is_found_as_new(
    database: Database, owner: Owner, my: Books
) -> None:
    me = [my.institution_id]
    assert (await verify(database, scope="new", institution_ids=me)).is_clean
    await _change(owner, "balance", "reserve_fen = reserve_fen + 1", my)
    found = (await verify(database, scope="new", institution_ids=me)).findings
    assert [(one.table, one.key, one.rule) for one in found] == [("balance", me[0], "reserve")]


async def test_what_is_wrong_stays_new_until_it_is_put_right(
    database: Database, owner: Owner, my: Books
) -> None:
    me = [my.institution_id]
    await my.post(my.lesson("C1", 1))
    await _change(owner, "lesson", "amount_fen = amount_fen + 1", my)
    for _ in range(2):
        assert not (await verify(database, scope="new", institution_ids=me)).is_clean
    await _change(owner, "lesson", "amount_fen = amount_fen - 1", my)
    assert (await verify(database, scope="new", institution_ids=me)).is_clean


@pytest.mark.parametrize("scope", SCOPES)
async def test_a_wrong_figure_of_its_own_is_named_and_put_right(
    database: Database, owner: Owner, my: Books, scope: Scope
) -> None:
    me = [my.institution_id]
    assert (await verify(database, scope="new", institution_ids=me)).is_clean
    await _change(owner, "verified_balance", "tuition_held_fen = tuition_held_fen + 5", my)
    found = (await verify(database, scope=scope, institution_ids=me)).findings
    assert {(one.table, one.key) for one in found} == {("verified_balance", me[0])}
    assert (await verify(database, scope="new", institution_ids=me)).is_clean


async def test_a_base_that_only_the_next_check_misses_is_put_down_to_itself(
    database: Database, owner: Owner, my: Books
) -> None:
    """What floors go by cannot be recomputed for a moment gone by."""
    me = [my.institution_id]
    assert (await verify(database, scope="new", institution_ids=me)).is_clean
    await _change(owner, "verified_balance", "funded_running_fen = 1", my)
    found = (await verify(database, scope="new", institution_ids=me)).findings
    assert [one.table for one in found] == ["verified_balance"]


async def test_books_behind_what_was_verified_are_named(
    database: Database, owner: Owner, my: Books
) -> None:
    """A copy from yesterday put in the place of the books of today."""
    me = [my.institution_id]
    await my.post(my.lesson("C1", 1))
    assert (await verify(database, scope="new", institution_ids=me)).is_clean
    await owner.execute(
        "DELETE FROM escrow.movement WHERE institution_id = $1 AND sequence > 2", me[0]
    )
    await _change(owner, "balance", "movements = 2", my)
    assert not (await verify(database, scope="new", institution_ids=me)).is_clean


async def test_an_event_that_cannot_be_read_is_named_and_the_rest_is_checked(
    database: Database, owner: Owner, my: Books
) -> None:
    await my.post(my.lesson("C1", 1))
    await _change(owner, "event", "body = '{not json'", my, "type = 'lessons.released'")
    await _change(owner, "tuition", "lessons_released = 2", my)
    number = await owner.fetchval(
        "SELECT sequence FROM escrow.event WHERE institution_id = $1 AND type = 'lessons.released'",
        my.institution_id,
    )
    for scope in SCOPES:
        report = await verify(database, scope=scope, institution_ids=[my.institution_id])
        named = {(one.table, one.key) for one in report.findings}
        assert ("event", f"{my.institution_id}/{number}") in named
        assert ("tuition", f"{my.institution_id}/C1") in named


async def test_rows_of_no_known_institution_are_named(
    database: Database, owner: Owner, my: Books
) -> None:
    me = my.institution_id
    gone = f"X{me}"
    await owner.execute(
        "INSERT INTO escrow.payable (institution_id, release_sequence, contract_id, lesson_no,"
        " release_id, amount_fen, tries, remittance)"
        " VALUES ($1, 1, 'C1', 1, gen_random_uuid(), 5, 0, 'C1 1/20')",
        gone,
    )
    report = await verify(database, scope="whole")
    assert [one.key for one in report.findings if one.rule == "stray"] == [f"{gone}/1"]
    await owner.execute("DELETE FROM escrow.payable WHERE institution_id = $1", gone)


async def test_an_institution_without_a_balance_row_is_named_by_its_rows(
    database: Database, owner: Owner, my: Books
) -> None:
    me = my.institution_id
    await owner.execute(
        f"CREATE TEMPORARY TABLE kept AS SELECT * FROM escrow.balance WHERE institution_id = '{me}'"
    )
    await owner.execute("DELETE FROM escrow.balance WHERE institution_id = $1", me)
    report = await verify(database, scope="whole")
    await owner.execute("INSERT INTO escrow.balance SELECT * FROM kept")
    named = {one.table for one in report.findings if one.institution_id == me}
    assert {"movement", "event", "contract", "tuition"} <= named


async def test_a_bounded_number_of_findings_of_a_kind_is_kept(
    database: Database, owner: Owner, my: Books
) -> None:
    await owner.execute(
        "INSERT INTO escrow.payable (institution_id, release_sequence, contract_id, lesson_no,"
        " release_id, amount_fen, tries, remittance)"
        " SELECT $1, 1000 + n, 'C1', 1, gen_random_uuid(), 5, 0, 'C1 1/20'"
        " FROM generate_series(1, $2::int) AS n",
        my.institution_id,
        FINDINGS_MAX + 20,
    )
    report = await verify(database, scope="whole", institution_ids=[my.institution_id])
    kinds: dict[tuple[str, str], int] = {}
    for one in report.findings:
        kinds[one.table, one.rule] = kinds.get((one.table, one.rule), 0) + 1
    assert max(kinds.values()) == FINDINGS_MAX


async def test_postings_go_on_while_the_books_are_checked(database: Database, my: Books) -> None:
    async def teach() -> None:
        for number in range(1, 19):
            await my.post(my.lesson("C1", number))

    teaching = asyncio.create_task(teach())
    checked = 0
    while not teaching.done():
        scope = SCOPES[checked % 2]
        report = await verify(database, scope=scope, institution_ids=[my.institution_id])
        assert report.findings == ()
        checked += 1
    await teaching
    assert checked > 0


async def test_a_snapshot_can_change_nothing(database: Database) -> None:
    async with run._snapshot(database) as connection:
        level = await connection.scalar(text("SHOW transaction_isolation"))
        is_closed = await connection.scalar(text("SHOW transaction_read_only"))
    assert (level, is_closed) == ("repeatable read", "on")
    async with database.connect() as connection:
        assert await connection.scalar(text("SHOW transaction_read_only")) == "off"


async def test_chunks_hold_a_bounded_number_of_movements() -> None:
    most = chunks.MOVEMENTS_MAX
    fresh = {"a": most - 1, "b": 1, "c": 1, "d": 3 * most, "e": 1}
    assert list(chunks._cut(fresh)) == [("a", "b"), ("c",), ("d",), ("e",)]
    many = {f"i{number}": 0 for number in range(chunks.INSTITUTIONS_MAX + 1)}
    assert [len(one) for one in chunks._cut(many)] == [chunks.INSTITUTIONS_MAX, 1]


@pytest.mark.parametrize("name", [*checks.CHECKS, *checks.TOLD])
async def test_what_is_new_is_read_by_key_alone(database: Database, my: Books, name: str) -> None:
    """With sequential scans forbidden, on tables never analysed, there is a key for each read."""
    async with run._snapshot(database) as connection:
        await connection.execute(text("SET LOCAL enable_seqscan = off"))
        chunk = await chunks.open_chunk(connection, "new", [my.institution_id])
        asked = text(f"EXPLAIN (FORMAT JSON) {chunks.query(name).text}")
        binds = {**chunk.binds, "types": list(checks.EVENT_TYPES)}
        plan = (await connection.execute(asked, binds)).scalar_one()
    unkeyed = [
        node["Relation Name"]
        for node in _nodes(plan[0]["Plan"])
        if node.get("Relation Name") in LARGE and not _is_keyed(node)
    ]
    assert unkeyed == []


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from _nodes(inner)


def _is_keyed(node: dict[str, Any]) -> bool:
    if node["Node Type"] == "Bitmap Heap Scan":
        return all("Index Cond" in inner for inner in _nodes(node) if inner is not node)
    return "Index Cond" in node


async def _change(owner: Owner, table: str, change: str, my: Books, where: str = "true") -> None:
    await owner.execute(
        f"UPDATE escrow.{table} SET {change} WHERE institution_id = $1 AND {where}",
        my.institution_id,
    )


async def test_the_whole_is_checked_once_a_day_by_the_books_clock(
    fresh_database: MakeDatabase,
) -> None:
    url = fresh_database()
    run_sql(url, "UPDATE access.clock SET offset_s = 864000")
    opened = await Database(service_url(url), application="test-verify").open()
    try:
        rounds = Rounds(opened, poster_on(opened))
        for _ in range(2):
            await rounds.check_new()
        run_sql(url, "UPDATE access.clock SET offset_s = offset_s + 90000")
        await rounds.check_new()
        query = text("SELECT scope FROM escrow.verification ORDER BY started_at")
        async with opened.connect() as connection:
            scopes = (await connection.execute(query)).scalars().all()
    finally:
        await opened.close()
    assert scopes == ["whole", "new", "whole"]

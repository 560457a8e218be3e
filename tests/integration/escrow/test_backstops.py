"""What the database itself refuses, whoever asks: a bug of ours must not become a wrong book.

The domain decides and never comes near these; each is met here by hand, as the owner or as the
service's login, and the lists are held against the database so that none is left out.
"""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from escrow.domain import commands as ask
from escrow.domain.book import decide
from escrow.ledger import store
from escrow.ledger.gather import Poster
from escrow.migrations import ROLE
from shared.errors import InvariantBroken
from shared.ids import new_id
from shared.pg.database import Database
from tests.integration.escrow.books import Books, Day, post_a_day, poster_on
from tests.integration.escrow.locks import SEEN_S, holding
from tests.integration.escrow.offices import findings, offices
from tests.support.client import City, Place
from tests.support.postgres import in_thread, run_sql
from tests.support.tables import cases, rows

# Each row is broken in one way alone, so that its own constraint answers.
IMPOSSIBLE = """
  # table           change                                                      constraint
  balance           tuition_held_fen=-1                                         balance_tuition_held_fen_check
  balance           institution_payable_fen=-1                                  balance_institution_payable_fen_check
  balance           institution_receivable_fen=-1                               balance_institution_receivable_fen_check
  balance           refund_payable_fen=-1                                       balance_refund_payable_fen_check
  balance           unmatched_receipt_fen=-1                                    balance_unmatched_receipt_fen_check
  balance           unbacked_debit_fen=-1                                       balance_unbacked_debit_fen_check
  balance           reserve_fen=-1                                              balance_reserve_fen_check
  balance           retained_fen=-1                                             balance_retained_check
  balance           retained_count=-1                                           balance_retained_check
  balance           charging_freezes=-1                                         balance_freezes_check
  balance           payout_freezes=-1                                           balance_freezes_check
  balance           full_freezes=-1                                             balance_freezes_check
  tuition           held_fen=-1,released_fen=funded_fen-refunded_fen+1          tuition_held_fen_check
  tuition           funded_fen=paid_fen+1,held_fen=held_fen+paid_fen+1-funded_fen  tuition_funded_fen_check
  tuition           held_fen=held_fen+1                                         tuition_whole_check
  tuition           released_fen=released_fen+1                                 tuition_whole_check
  tuition           refunded_fen=refunded_fen+1                                 tuition_whole_check
  tuition           lessons_released=lessons+1                                  tuition_lessons_released_check
  tuition           lessons_released=-1                                         tuition_lessons_released_check
  tuition           state='lost'                                                tuition_state_check
  lesson            amount_fen=0                                                lesson_amount_fen_check
  movement          amount_fen=0                                                movement_amount_fen_check
  movement          amount_fen=-amount_fen                                      movement_amount_fen_check
  movement          debit=credit                                                movement_accounts_check
  movement          debit='pocket'                                              movement_accounts_check
  movement          credit='pocket'                                             movement_accounts_check
  payable           amount_fen=0                                                payable_amount_fen_check
  instruction       kind='gift'                                                 instruction_kind_check
  instruction       state='lost'                                                instruction_state_check
  instruction       amount_fen=0                                                instruction_amount_fen_check
  instruction_line  state='lost'                                                instruction_line_state_check
  instruction_line  amount_fen=0                                                instruction_line_amount_fen_check
  bank_entry        direction='sideways'                                        bank_entry_direction_check
  bank_entry        amount_fen=0                                                bank_entry_amount_fen_check
  bank_entry        unallocated_fen=-1                                          bank_entry_unallocated_fen_check
  deposit           amount_fen=0                                                deposit_amount_fen_check
  refund            state='lost'                                                refund_state_check
  refund            waiting_fen=-1                                              refund_waiting_fen_check
  event             sequence=0                                                  event_sequence_check
  feed_epoch        epoch=0                                                     feed_epoch_epoch_check
  bank              delivery='pigeon'                                           bank_delivery_check
  bank              delivery='push',endpoint=NULL                               bank_endpoint_check
  bank              finality_s=-1                                               bank_finality_s_check
  institution       category='sport'                                            institution_category_check
  institution       delivery='pigeon'                                           institution_delivery_check
  custody_account   kind='own'                                                  custody_account_kind_check
  freeze            scope='nothing'                                             freeze_scope_check
  verification      scope='half'                                                verification_scope_check
  access.api_key    role='king'                                                 api_key_role_check
  access.api_key    digest='short'                                              api_key_digest_check
  access.api_key    revoked_at=now()                                            api_key_revoked_check
  access.clock      only_row=false                                              clock_only_row_check
  access.clock      offset_s=-1                                                 clock_offset_s_check
"""  # noqa: E501

# A row's copy, with these fields changed, meets the key; without any it is the row's own copy.
TWICE = """
  # table           changed                                     constraint
  balance           {}                                          balance_pkey
  contract          {}                                          contract_pkey
  tuition           {}                                          tuition_pkey
  lesson            {"item_id":"x"}                             lesson_pkey
  lesson            {"lesson_no":99}                            lesson_item_id_key
  lesson            {"lesson_no":99,"item_id":"x"}              lesson_reversal_item_id_key
  movement          {}                                          movement_pkey
  payable           {}                                          payable_pkey
  instruction       {}                                          instruction_pkey
  instruction_line  {}                                          instruction_line_pkey
  bank_entry        {}                                          bank_entry_pkey
  deposit           {}                                          deposit_pkey
  refund            {}                                          refund_pkey
  event             {}                                          event_pkey
  feed_epoch        {}                                          feed_epoch_pkey
  bank              {}                                          bank_pkey
  institution       {}                                          institution_pkey
  custody_account   {}                                          custody_account_pkey
  freeze            {}                                          freeze_pkey
  floor             {}                                          floor_pkey
  request           {}                                          request_pkey
  bank_statement    {}                                          bank_statement_pkey
  bank_statement    {"statement_id":"x"}                        bank_statement_reconciliation_id_key
  verification      {}                                          verification_pkey
  verified_balance  {}                                          verified_balance_pkey
  access.api_key    {}                                          api_key_pkey
  access.api_key    {"id":"00000000-0000-0000-0000-000000000001"}  api_key_prefix_key
  access.clock      {}                                          clock_pkey
"""

MAY = {
    **dict.fromkeys(
        ("movement", "event", "contract", "deposit", "bank_statement", "verification"), "SI"
    ),
    **dict.fromkeys(("payable", "request"), "SID"),
    **dict.fromkeys(
        (
            *("bank", "institution", "custody_account", "freeze", "floor", "balance", "tuition"),
            *("lesson", "instruction", "instruction_line", "bank_entry", "refund"),
            "verified_balance",
        ),
        "SIU",
    ),
    **dict.fromkeys(("feed_epoch", "alembic_version", "access.clock"), "S"),
    "access.api_key": "SIU",
}
"""What the service's login may do with each table: select, insert, update, delete; no more."""


def named(table: str) -> str:
    return table if "." in table else f"escrow.{table}"


@pytest.fixture(scope="module")
def day(owner_url: str, database_url: str) -> Day:
    """Return a day that was posted, with at least one row in every table."""

    async def post() -> Day:
        database = await Database(database_url, application="tests").open()
        try:
            posted = await post_a_day(database)
            assert await findings(database) == []
        finally:
            await database.close()
        return posted

    posted = in_thread(post)
    for statement in _REST:
        run_sql(owner_url, statement)
    return posted


_REST = (
    "INSERT INTO escrow.request VALUES ('\\x00', '\\x00', 200, '\\x00', now())",
    """INSERT INTO escrow.bank_statement VALUES ('62P1', 'S', 'P1', 'bank-a', now(), now(), 0, 0,
    '[]', '\\x00', now(), gen_random_uuid(), '[]')""",
    """INSERT INTO access.api_key (id, prefix, digest, role, created_by)
    VALUES (gen_random_uuid(), 'p', sha256('x'), 'service', 'tests')""",
)


async def refused(owner_url: str, statement: str, *bound: object) -> str:
    """Run a statement as the owner, undo it, and return the constraint that refused it."""
    connection = await asyncpg.connect(owner_url)
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(statement, *bound)
    except asyncpg.IntegrityConstraintViolationError as error:
        return str(error.constraint_name)
    else:
        return "nothing refused it"
    finally:
        await transaction.rollback()
        await connection.close()


@cases(IMPOSSIBLE)
async def test_a_row_that_cannot_be_is_refused(owner_url: str, day: Day, row: list[str]) -> None:
    table, change, constraint = row
    assert await refused(owner_url, f"UPDATE {named(table)} SET {change}") == constraint


@cases(TWICE)
async def test_a_row_is_there_once(owner_url: str, day: Day, row: list[str]) -> None:
    table, changed, constraint = named(row[0]), *row[1:]
    key = "reversal_item_id" if "reversal" in constraint else "reconciliation_id"
    having = f"to_jsonb(t) ->> '{key}' IS NOT NULL OR NOT to_jsonb(t) ? '{key}'"
    statement = (
        f"INSERT INTO {table} SELECT (jsonb_populate_record(t, CAST($1 AS jsonb))).*"
        f" FROM {table} AS t WHERE {having} LIMIT 1"
    )
    assert await refused(owner_url, statement, changed) == constraint


async def test_every_constraint_of_the_database_is_met_above(owner_url: str) -> None:
    there = await asyncio.to_thread(run_sql, owner_url, _CONSTRAINTS_SQL)
    met = {constraint for *_, constraint in (*rows(IMPOSSIBLE), *rows(TWICE))}
    assert {row["name"] for row in there} == met


_CONSTRAINTS_SQL = """
SELECT conname AS name FROM pg_constraint
WHERE connamespace IN ('escrow'::regnamespace, 'access'::regnamespace)
  AND contype IN ('c', 'p', 'u') AND conname <> 'alembic_version_pkc'
UNION
SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE indisunique AND relnamespace IN ('escrow'::regnamespace, 'access'::regnamespace)
  AND relname <> 'alembic_version_pkc'
"""


async def denied(database_url: str, statement: str) -> bool:
    """Tell whether the service's login is denied a statement, which is undone."""
    connection = await asyncpg.connect(database_url)
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(statement)
    except asyncpg.InsufficientPrivilegeError:
        return True
    else:
        return False
    finally:
        await transaction.rollback()
        await connection.close()


@pytest.mark.parametrize("table", sorted(MAY))
async def test_the_services_login_may_do_this_much_and_no_more(
    database_url: str, owner_url: str, table: str
) -> None:
    column = await asyncio.to_thread(run_sql, owner_url, _first_column(table))
    name = column[0]["name"]
    asked = {
        "S": f"SELECT FROM {named(table)}",
        "I": f"INSERT INTO {named(table)} SELECT * FROM {named(table)} WHERE false",
        "U": f"UPDATE {named(table)} SET {name} = {name} WHERE false",
        "D": f"DELETE FROM {named(table)} WHERE false",
        "T": f"TRUNCATE {named(table)}",
    }
    may = [right for right, one in asked.items() if not await denied(database_url, one)]
    assert "".join(may) == MAY[table]


def _first_column(table: str) -> str:
    return (
        f"SELECT attname AS name FROM pg_attribute WHERE attrelid = '{named(table)}'::regclass"
        " AND attnum = 1"
    )


async def test_every_table_is_in_the_list_of_rights(owner_url: str) -> None:
    there = await asyncio.to_thread(
        run_sql,
        owner_url,
        "SELECT schemaname || '.' || tablename AS name FROM pg_tables"
        " WHERE schemaname IN ('escrow', 'access')",
    )
    assert {row["name"] for row in there} == {named(table) for table in MAY}


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE escrow.own (x int)",
        "CREATE TABLE access.own (x int)",
        "CREATE TABLE public.own (x int)",
        "CREATE SCHEMA own",
        "ALTER TABLE escrow.movement DROP CONSTRAINT movement_pkey",
        "DROP TABLE escrow.movement",
        "CREATE ROLE own",
        f"ALTER ROLE {ROLE} SUPERUSER",
    ],
)
async def test_the_services_login_can_make_and_change_nothing(
    database_url: str, statement: str
) -> None:
    assert await denied(database_url, statement)


async def test_another_services_login_has_no_access(owner_url: str) -> None:
    connection = await asyncpg.connect(owner_url)
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute("CREATE ROLE yike_test_stranger")
        may = await connection.fetch(_STRANGER_SQL)
    finally:
        await transaction.rollback()
        await connection.close()
    assert [tuple(one) for one in may] == []


_STRANGER_SQL = """
SELECT nspname, 'schema' FROM pg_namespace
WHERE nspname IN ('escrow', 'access')
  AND has_schema_privilege('yike_test_stranger', oid, 'USAGE, CREATE')
UNION ALL
SELECT relname, 'table' FROM pg_class
WHERE relnamespace IN ('escrow'::regnamespace, 'access'::regnamespace) AND relkind = 'r'
  AND has_table_privilege('yike_test_stranger', oid, 'SELECT, INSERT, UPDATE, DELETE')
"""


async def books_of(owner_url: str, institution_id: str) -> str:
    """Return everything an institution has, as text."""
    found = {}
    connection = await asyncpg.connect(owner_url)
    try:
        for table in sorted(MAY):
            if table in {"bank", "request", "verification", "feed_epoch", "alembic_version"}:
                continue
            if table.startswith("access."):
                continue
            found[table] = await connection.fetchval(
                f"SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY to_jsonb(t)::text), '[]')"
                f" FROM {named(table)} AS t WHERE t.institution_id = $1",
                institution_id,
            )
    finally:
        await connection.close()
    return json.dumps(found, indent=1)


async def test_a_standing_that_changed_since_it_was_read_is_not_written(
    database_url: str, owner_url: str
) -> None:
    """A posting that forgot the lock must not write over another's."""
    async with offices(database_url, 1) as office:
        books = await office.institution()
        await office.contract(books, "C1", 5, 5)
        later: list[ask.Command] = [books.contract("C2", 2, 200), books.lesson("C1", 1)]
        with pytest.raises(InvariantBroken, match="write_balance wrote 0 rows"):
            await _post_late(office.database, books, later)
        await books.post(books.lesson("C1", 3))
        assert await findings(office.database) == []
        dumped = await books_of(owner_url, books.institution_id)
    assert '"contract_id": "C2"' not in dumped
    assert '\\"lesson_no\\": 1' not in dumped


async def _post_late(database: Database, books: Books, later: list[ask.Command]) -> None:
    """Read and decide, let another post, and only then write."""
    policies = poster_on(database).policies
    async with database.ledger() as tx:
        book = await store.read(tx, store.Keys.of(later), policies)
        decision = decide(book, later, new_id)
        await books.post(books.lesson("C1", 2))
        await store.write(tx, book, decision.changes)


@pytest.fixture
def swallowed(owner_url: str) -> Iterator[Any]:
    """Yield a function that lets a table swallow an institution's rows; the end undoes it."""
    made: list[str] = []

    def swallow(table: str, institution_id: str) -> None:
        run_sql(owner_url, _SWALLOW_SQL)
        run_sql(
            owner_url,
            f"CREATE TRIGGER swallow BEFORE INSERT OR UPDATE ON escrow.{table} FOR EACH ROW"
            f" WHEN (NEW.institution_id = '{institution_id}') EXECUTE FUNCTION escrow.swallow()",
        )
        made.append(table)

    yield swallow
    for table in made:
        run_sql(owner_url, f"DROP TRIGGER swallow ON escrow.{table}")


_SWALLOW_SQL = """
CREATE OR REPLACE FUNCTION escrow.swallow() RETURNS trigger LANGUAGE plpgsql
AS 'BEGIN RETURN NULL; END'
"""


@pytest.mark.parametrize(
    "table",
    [
        *("movement", "lesson", "instruction_line"),  # by COPY
        *("balance", "tuition", "instruction", "event"),  # by arrays
    ],
)
async def test_a_row_that_is_not_written_is_noticed(
    city: City,
    place: Place,
    owner_url: str,
    swallowed: Any,  # noqa: ANN401
    table: str,
) -> None:
    await place.fund("C1")
    before = await books_of(owner_url, place.id)
    swallowed(table, place.id)
    body = {"institution_id": place.id, "items": [place.lesson("C1", 1)]}
    answer = await place.billing.post("/v1/releases", body)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert await books_of(owner_url, place.id) == before


async def test_a_constraint_that_fires_spares_those_gathered_with_it(
    city: City, owner_url: str
) -> None:
    """Two wait for one posting; the fault of the one is its own."""
    poster = city.app.state.escrow.poster
    first, second, broken, spared = [await city.place() for _ in range(4)]
    for place in (first, second, broken, spared):
        await place.fund("C1")
    before = await books_of(owner_url, broken.id)
    await asyncio.to_thread(
        run_sql,
        owner_url,
        "ALTER TABLE escrow.movement ADD CONSTRAINT planted"
        f" CHECK (institution_id <> '{broken.id}') NOT VALID",
    )

    async def claim(place: Place) -> int:
        body = {"institution_id": place.id, "items": [place.lesson("C1", 1)]}
        return (await place.billing.post("/v1/releases", body)).status_code

    async with holding(owner_url, first.id, second.id) as hand:
        busy = [asyncio.create_task(claim(place)) for place in (first, second)]
        await hand.see_waiting(2)  # both lanes wait for their rows
        gathered = [asyncio.create_task(claim(place)) for place in (broken, spared)]
        await _queued(poster, 2)
    assert await asyncio.gather(*busy, *gathered) == [200, 200, 500, 200]
    assert await books_of(owner_url, broken.id) == before
    await asyncio.to_thread(
        run_sql, owner_url, "ALTER TABLE escrow.movement DROP CONSTRAINT planted"
    )
    assert await claim(broken) == 200, "nothing is left behind: the same claim goes through"


async def _queued(poster: Poster, number: int) -> None:
    async with asyncio.timeout(SEEN_S):
        while poster._queued < number:  # noqa: ASYNC110 - nobody else would tell
            await asyncio.sleep(0)  # one turn of the loop

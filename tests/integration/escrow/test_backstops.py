"""What the database itself refuses, whoever asks: a bug of ours must not become a wrong book.

The domain decides and never comes near these; each is met here by hand, as the owner, and the
list is held against the database so that none is left out.
"""

import asyncio

import asyncpg
import pytest

from shared.pg.database import Database
from tests.integration.escrow.books import Day, post_a_day
from tests.integration.escrow.offices import findings
from tests.support.postgres import in_thread, run_sql
from tests.support.tables import cases, rows

# Each row is broken in one way alone, so that its own constraint answers.
IMPOSSIBLE = """
  # table           constraint                  change
  balance           tuition_held_fen            tuition_held_fen=-1
  balance           institution_payable_fen     institution_payable_fen=-1
  balance           institution_receivable_fen  institution_receivable_fen=-1
  balance           refund_payable_fen          refund_payable_fen=-1
  balance           unmatched_receipt_fen       unmatched_receipt_fen=-1
  balance           unbacked_debit_fen          unbacked_debit_fen=-1
  balance           reserve_fen                 reserve_fen=-1
  balance           retained                    retained_fen=-1
  balance           retained                    retained_count=-1
  balance           freezes                     charging_freezes=-1
  balance           freezes                     payout_freezes=-1
  balance           freezes                     full_freezes=-1
  tuition           held_fen                    held_fen=-1,released_fen=funded_fen-refunded_fen+1
  tuition           funded_fen                  paid_fen=funded_fen-1
  tuition           whole                       held_fen=held_fen+1
  tuition           whole                       released_fen=released_fen+1
  tuition           whole                       refunded_fen=refunded_fen+1
  tuition           lessons_released            lessons_released=lessons+1
  tuition           lessons_released            lessons_released=-1
  tuition           state                       state='lost'
  lesson            amount_fen                  amount_fen=0
  movement          amount_fen                  amount_fen=0
  movement          amount_fen                  amount_fen=-amount_fen
  movement          accounts                    debit=credit
  movement          accounts                    debit='pocket'
  movement          accounts                    credit='pocket'
  payable           amount_fen                  amount_fen=0
  instruction       kind                        kind='gift'
  instruction       state                       state='lost'
  instruction       amount_fen                  amount_fen=0
  instruction_line  state                       state='lost'
  instruction_line  amount_fen                  amount_fen=0
  bank_entry        direction                   direction='sideways'
  bank_entry        amount_fen                  amount_fen=0
  bank_entry        unallocated_fen             unallocated_fen=-1
  deposit           amount_fen                  amount_fen=0
  refund            state                       state='lost'
  refund            waiting_fen                 waiting_fen=-1
  event             sequence                    sequence=0
  feed_epoch        epoch                       epoch=0
  bank              delivery                    delivery='pigeon'
  bank              endpoint                    delivery='push',endpoint=NULL
  bank              finality_s                  finality_s=-1
  institution       category                    category='sport'
  institution       delivery                    delivery='pigeon'
  custody_account   kind                        kind='own'
  freeze            scope                       scope='nothing'
  registry_word     sequence                    sequence=0
  registry_word     effect                      effect='ruin'
  verification      scope                       scope='half'
  access.api_key    role                        role='king'
  access.api_key    digest                      digest='short'
  access.api_key    revoked                     revoked_at=now()
  access.clock      only_row                    only_row=false
  access.clock      offset_s                    offset_s=-1
"""

# A row's copy, with these fields changed, meets the key; without any it is the row's own copy.
TWICE = """
  # table           constraint                  changed
  balance           pkey                        {}
  contract          pkey                        {}
  tuition           pkey                        {}
  lesson            pkey                        {"item_id":"x"}
  lesson            item_id_key                 {"lesson_no":99}
  lesson            reversal_item_id_key        {"lesson_no":99,"item_id":"x"}
  movement          pkey                        {}
  payable           pkey                        {}
  instruction       pkey                        {}
  instruction_line  pkey                        {}
  bank_entry        pkey                        {}
  deposit           pkey                        {}
  refund            pkey                        {}
  event             pkey                        {}
  feed_epoch        pkey                        {}
  bank              pkey                        {}
  institution       pkey                        {}
  custody_account   pkey                        {}
  freeze            pkey                        {}
  freeze            registry_event_id_key       {"freeze_id":"00000000-0000-0000-0000-000000000001"}
  freeze_confirmation  pkey                     {}
  registry_word     pkey                        {}
  feed_cursor       pkey                        {}
  feed_set_aside    pkey                        {}
  floor             pkey                        {}
  request           pkey                        {}
  bank_statement    pkey                        {}
  bank_statement    reconciliation_id_key       {"statement_id":"x"}
  verification      pkey                        {}
  verified_balance  pkey                        {}
  access.api_key    pkey                        {}
  access.api_key    prefix_key                  {"id":"00000000-0000-0000-0000-000000000001"}
  access.clock      pkey                        {}
"""


def named(table: str) -> str:
    return table if "." in table else f"escrow.{table}"


def last(table: str) -> str:
    return table.rpartition(".")[2]


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
    "INSERT INTO escrow.feed_cursor VALUES ('registry', 'c1', now())",
    "INSERT INTO escrow.feed_set_aside VALUES ('registry', 'e1', NULL, NULL, 'unreadable')",
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
    table, constraint, change = row
    statement = f"UPDATE {named(table)} SET {change}"
    assert await refused(owner_url, statement) == f"{last(table)}_{constraint}_check"


@cases(TWICE)
async def test_a_row_is_there_once(owner_url: str, day: Day, row: list[str]) -> None:
    table, constraint, changed = named(row[0]), *row[1:]
    keys = ("reversal_item_id", "registry_event_id", "reconciliation_id")
    key = next((one for one in keys if one in constraint), keys[-1])
    having = f"to_jsonb(t) ->> '{key}' IS NOT NULL OR NOT to_jsonb(t) ? '{key}'"
    statement = (
        f"INSERT INTO {table} SELECT (jsonb_populate_record(t, CAST($1 AS jsonb))).*"
        f" FROM {table} AS t WHERE {having} LIMIT 1"
    )
    assert await refused(owner_url, statement, changed) == f"{last(table)}_{constraint}"


async def test_every_constraint_of_the_database_is_met_above(owner_url: str) -> None:
    there = await asyncio.to_thread(run_sql, owner_url, _CONSTRAINTS_SQL)
    met = {f"{last(table)}_{name}_check" for table, name, _ in rows(IMPOSSIBLE)}
    met |= {f"{last(table)}_{name}" for table, name, _ in rows(TWICE)}
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

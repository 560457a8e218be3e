"""Keys in a real table: found, refused, revoked; and what the table itself refuses."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import IntegrityError
from starlette.requests import Request

from shared.errors import Unauthenticated
from shared.pg.database import Database
from shared.web import keys
from shared.web.keys import KeyDirectory, mint
from shared.web.principals import Role
from shared.web.tables import api_key, clock, metadata
from tests.support.postgres import MakeDatabase


@pytest.fixture
async def database(empty_database: MakeDatabase) -> AsyncIterator[Database]:
    database = Database(empty_database(), application="tried")
    async with database.begin() as connection:
        await connection.execute(text("CREATE SCHEMA access"))
        await connection.run_sync(metadata.create_all)
    yield database
    await database.close()


async def add(database: Database, **columns: object) -> str:
    key, prefix, digest = mint()
    row = {"id": uuid4(), "prefix": prefix, "digest": digest, "created_by": "test"} | columns
    async with database.begin() as connection:
        await connection.execute(insert(api_key).values(row))
    return key


def bearing(key: str) -> Request:
    return Request({"type": "http", "headers": [(b"authorization", f"Bearer {key}".encode())]})


async def test_every_role_is_found_with_its_scope(database: Database) -> None:
    directory = KeyDirectory(database)
    for role in Role:
        key = await add(database, role=role, district_code="320600", guardian_ref="G-31")
        principal = await directory.authenticate(bearing(key))
        assert principal is not None
        assert (principal.role, principal.district_code) == (role, "320600")
        assert principal.guardian_ref == "G-31"
        assert principal.institution_id is None


async def test_a_revoked_key_is_refused(database: Database) -> None:
    directory = KeyDirectory(database)
    key = await add(database, role=Role.bank)
    assert await directory.authenticate(bearing(key)) is not None
    async with database.begin() as connection:
        await connection.execute(update(api_key).values(revoked_at=func.now(), revoked_by="test"))
    directory.forget(key.split("_")[1])
    with pytest.raises(Unauthenticated):
        await directory.authenticate(bearing(key))


async def test_a_revoked_key_in_use_holds_for_a_second(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys in use are asked after together; a revoked one is not among those that hold."""
    monkeypatch.setattr(keys, "TTL_S", 0.5)
    directory = KeyDirectory(database)
    key = await add(database, role=Role.bank)
    assert await directory.authenticate(bearing(key)) is not None
    async with database.begin() as connection:
        await connection.execute(update(api_key).values(revoked_at=func.now(), revoked_by="test"))
    await asyncio.sleep(keys.TTL_S)
    with pytest.raises(Unauthenticated):
        await directory.authenticate(bearing(key))


@pytest.mark.parametrize(
    "columns",
    [
        {"role": "king"},
        {"role": "bank", "digest": b"short"},
        {"role": "bank", "revoked_by": "someone"},
        {"role": "bank", "created_by": None},
    ],
)
async def test_the_table_refuses_what_is_no_key(
    database: Database, columns: dict[str, object]
) -> None:
    with pytest.raises(IntegrityError):
        await add(database, **columns)


async def test_the_clock_has_one_row_and_is_never_behind(database: Database) -> None:
    async with database.begin() as connection:
        await connection.execute(insert(clock))
        assert (await connection.execute(select(clock.c.offset_s))).scalar_one() == 0
    for wrong in ({"only_row": True}, {"only_row": False}):
        with pytest.raises(IntegrityError):
            async with database.begin() as connection:
                await connection.execute(insert(clock).values(wrong))
    with pytest.raises(IntegrityError):
        async with database.begin() as connection:
            await connection.execute(update(clock).values(offset_s=-1))

"""Keys: made once, kept as digests, remembered for a second."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast
from uuid import UUID

import pytest
from sqlalchemy import Select
from starlette.requests import Request

from shared.errors import Unauthenticated, Unavailable
from shared.web import keys
from shared.web.keys import KeyDirectory, digest_of, mint
from shared.web.principals import Role


class Rows:
    """Stands for the result of a query."""

    def __init__(self, row: dict[str, Any] | None) -> None:
        self._row = row

    def mappings(self) -> "Rows":
        return self

    def one_or_none(self) -> dict[str, Any] | None:
        return self._row


class Table:
    """Stands for the database: answers by prefix, counts how often it was asked."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.asked = 0
        self.fault: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    def add(self, **columns: object) -> str:
        key, prefix, digest = mint()
        nothing = dict.fromkeys(
            ("label", "institution_id", "bank_id", "district_code", "guardian_ref")
        )
        self.rows[prefix] = nothing | {"id": UUID(int=1), "digest": digest, **columns}
        return key

    @asynccontextmanager
    async def connect(self) -> AsyncIterator["Table"]:
        yield self

    async def execute(self, query: Select[Any]) -> Rows:
        self.asked += 1
        await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        prefix = query.compile().params["prefix_1"]
        return Rows(self.rows.get(prefix))

    async def scalars(self, _: Select[Any], asked: dict[str, list[str]]) -> list[str]:
        self.asked += 1
        await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        return [prefix for prefix in asked["prefixes"] if prefix in self.rows]


@pytest.fixture
async def table() -> Table:
    return Table()


@pytest.fixture
async def directory(table: Table) -> KeyDirectory:
    return KeyDirectory(cast("Any", table))


def bearing(key: str, scheme: str = "Bearer") -> Request:
    headers = [(b"authorization", f"{scheme} {key}".encode())]
    return Request({"type": "http", "headers": headers})


def test_a_key_shows_its_prefix_and_hides_its_secret() -> None:
    key, prefix, digest = mint()
    start, shown, secret = key.split("_", 2)
    assert (start, shown) == ("yk", prefix)
    assert len(prefix) == 8
    assert len(secret) >= 43
    assert digest == hashlib.sha256(secret.encode()).digest()
    assert digest not in key.encode()


def test_no_two_keys_are_alike() -> None:
    made = [mint() for _ in range(200)]
    assert len({key for key, _, _ in made}) == len({prefix for _, prefix, _ in made}) == 200


async def test_a_key_finds_its_principal(table: Table, directory: KeyDirectory) -> None:
    key = table.add(role="bank", bank_id="sandbox", label="the bank")
    for scheme in ("Bearer", "bearer", "BEARER"):
        principal = await directory.authenticate(bearing(key, scheme))
        assert principal is not None
        assert (principal.role, principal.bank_id) == (Role.bank, "sandbox")


async def test_what_carries_no_key_of_ours_is_left_to_others(directory: KeyDirectory) -> None:
    assert await directory.authenticate(Request({"type": "http", "headers": []})) is None
    for value in ("", "eyJhbGciOi.x.y", "yk_short_x", "yk_abcdefgh_" + "s" * 31):
        assert await directory.authenticate(bearing(value)) is None
    assert await directory.authenticate(bearing("yk_abcdefgh_" + "s" * 43, "Basic")) is None


async def test_a_wrong_secret_is_refused(table: Table, directory: KeyDirectory) -> None:
    key = table.add(role="operator")
    for wrong in (key[:-1] + ("a" if key[-1] != "a" else "b"), key + "a"):
        with pytest.raises(Unauthenticated):
            await directory.authenticate(bearing(wrong))


async def test_an_unknown_prefix_is_refused(directory: KeyDirectory) -> None:
    with pytest.raises(Unauthenticated):
        await directory.authenticate(bearing(mint()[0]))


async def test_no_secret_fits_nobody(directory: KeyDirectory) -> None:
    known = keys._Known(digest_of("s" * 43), None, time.monotonic() + 60)
    directory._known["abcdefgh"] = known
    with pytest.raises(Unauthenticated):
        await directory.authenticate(bearing("yk_abcdefgh_" + "s" * 43))


async def test_a_key_is_looked_up_once_a_second(
    table: Table, directory: KeyDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = table.add(role="operator")
    for _ in range(5):
        await directory.authenticate(bearing(key))
    assert table.asked == 1
    later = time.monotonic() + keys.TTL_S + 0.01
    monkeypatch.setattr("shared.web.keys.time.monotonic", lambda: later)
    await directory.authenticate(bearing(key))
    assert table.asked == 2


async def test_a_revoked_key_is_refused_within_a_second(
    table: Table, directory: KeyDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = table.add(role="operator")
    await directory.authenticate(bearing(key))
    table.rows.clear()
    assert await directory.authenticate(bearing(key)) is not None
    later = time.monotonic() + keys.TTL_S + 0.01
    monkeypatch.setattr("shared.web.keys.time.monotonic", lambda: later)
    with pytest.raises(Unauthenticated):
        await directory.authenticate(bearing(key))


async def test_keys_in_use_are_asked_after_together(
    table: Table, directory: KeyDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [table.add(role="operator") for _ in range(20)]
    for key in made:
        await directory.authenticate(bearing(key))
    assert table.asked == 20
    later = time.monotonic() + keys.TTL_S + 0.01
    monkeypatch.setattr("shared.web.keys.time.monotonic", lambda: later)
    for key in made:
        await directory.authenticate(bearing(key))
    assert table.asked == 21
    table.rows.pop(made[3].split("_")[1])
    later += keys.TTL_S + 0.01
    for key in made:
        if key is made[3]:
            with pytest.raises(Unauthenticated):
                await directory.authenticate(bearing(key))
        else:
            await directory.authenticate(bearing(key))
    assert table.asked == 23  # once for all, and once for the one that is gone


async def test_a_key_forgotten_while_it_is_asked_after_is_not_kept(
    table: Table, directory: KeyDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = table.add(role="operator")
    await directory.authenticate(bearing(key))
    later = time.monotonic() + keys.TTL_S + 0.01
    monkeypatch.setattr("shared.web.keys.time.monotonic", lambda: later)
    table.gate.clear()
    asking = asyncio.create_task(directory.authenticate(bearing(key)))
    await asyncio.sleep(0)
    directory.forget(key.split("_")[1])
    table.rows.clear()
    table.gate.set()
    with pytest.raises(Unauthenticated):
        await asking


async def test_while_the_database_fails_no_stale_key_is_believed(
    table: Table, directory: KeyDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = table.add(role="operator")
    await directory.authenticate(bearing(key))
    later = time.monotonic() + keys.TTL_S + 0.01
    monkeypatch.setattr("shared.web.keys.time.monotonic", lambda: later)
    table.fault = Unavailable()
    with pytest.raises(Unavailable):
        await directory.authenticate(bearing(key))
    table.fault = None
    assert await directory.authenticate(bearing(key)) is not None


async def test_a_forgotten_key_is_refused_at_once(table: Table, directory: KeyDirectory) -> None:
    key = table.add(role="operator")
    await directory.authenticate(bearing(key))
    table.rows.clear()
    directory.forget(key.split("_")[1])
    with pytest.raises(Unauthenticated):
        await directory.authenticate(bearing(key))


async def test_unknown_keys_are_remembered_too(table: Table, directory: KeyDirectory) -> None:
    key = mint()[0]
    for _ in range(3):
        with pytest.raises(Unauthenticated):
            await directory.authenticate(bearing(key))
    assert table.asked == 1


async def test_those_who_ask_together_ask_once(table: Table, directory: KeyDirectory) -> None:
    key = table.add(role="operator")
    table.gate.clear()
    asking = [asyncio.create_task(directory.authenticate(bearing(key))) for _ in range(10)]
    await asyncio.sleep(0)
    asking[0].cancel()
    await asyncio.sleep(0)
    table.gate.set()
    found = await asyncio.gather(*asking[1:])
    assert all(found)
    assert table.asked == 1


async def test_what_was_read_before_it_was_forgotten_is_not_kept(
    table: Table, directory: KeyDirectory
) -> None:
    key = table.add(role="operator")
    table.gate.clear()
    asking = asyncio.create_task(directory.authenticate(bearing(key)))
    await asyncio.sleep(0)
    directory.forget(key.split("_")[1])
    table.gate.set()
    await asking
    await asyncio.sleep(0)
    assert directory._known == {}


async def test_a_database_that_fails_is_asked_again(table: Table, directory: KeyDirectory) -> None:
    key = table.add(role="operator")
    table.fault = Unavailable()
    with pytest.raises(Unavailable):
        await directory.authenticate(bearing(key))
    table.fault = None
    assert await directory.authenticate(bearing(key)) is not None


async def test_a_flood_of_keys_stays_bounded(
    directory: KeyDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "KEYS_MAX", 3)
    for _ in range(10):
        with pytest.raises(Unauthenticated):
            await directory.authenticate(bearing(mint()[0]))
    await asyncio.sleep(0)
    assert len(directory._known) == 3
    assert directory._looking == {}

"""A sync that is broken off anywhere leaves all of it or nothing, and the next one goes on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from types import ModuleType
from typing import Any

import asyncpg
import httpx
import pytest

from registry_sync.migrations.ddl_0001 import APPEND_ONLY
from registry_sync.mirror import absence, applying, conflicts, holding, sources
from registry_sync.sync import accept
from registry_sync.sync.run import Outcome, Syncing
from sandbox.bank.transport import WithoutNetwork
from tests.integration.registry.mirrors import Mirror, empty, mirror_on
from tests.integration.registry.truth import differences, untouched
from tests.support.postgres import registry_url, run_sql

SITES = 120
MOMENTS = 16
REVOKED_A_DAY = 5
"""More of one day would wait for people."""
TABLES = ("source", "site", "statement", "institution", "event", "hold", "set_aside")


@pytest.fixture
async def mirror(owner_url: str) -> AsyncIterator[Mirror]:
    empty(owner_url)
    async with mirror_on(owner_url, institutions=SITES) as found:
        assert (await found.sync()).result == "applied"
        yield found


async def everything(mirror: Mirror) -> dict[str, list[dict[str, Any]]]:
    """Return all that is believed, said, told and held."""
    return {
        name: sorted(await mirror.rows(f"SELECT * FROM registry.{name}"), key=str)
        for name in TABLES
    }


async def test_a_sync_killed_anywhere_leaves_all_or_nothing(mirror: Mirror) -> None:
    sites = await untouched(mirror, MOMENTS)
    loop = asyncio.get_running_loop()
    started = loop.time()
    await mirror.sync(everything=True)
    whole_s = loop.time() - started
    for moment, site in enumerate(sites):
        await mirror.revoke(site)
        (before,) = await mirror.rows("SELECT version FROM registry.source")
        task = asyncio.create_task(mirror.sync(everything=moment % 2 == 0))
        await asyncio.sleep(whole_s * moment / MOMENTS)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        (after,) = await mirror.rows("SELECT version FROM registry.source")
        is_told = site["uscc"] in await mirror.freezing()
        assert is_told == (after["version"] > before["version"])
        assert (await mirror.status(site["uscc"]) == "revoked") == is_told
        await mirror.sync()
        if moment % REVOKED_A_DAY == REVOKED_A_DAY - 1:
            await mirror.pass_time(hours=25)
    assert await differences(mirror) == []
    assert sorted(await mirror.freezing()) == sorted(one["uscc"] for one in sites)


async def test_a_fetch_that_was_broken_off_says_so(mirror: Mirror) -> None:
    await sources.begin_fetch(
        mirror.database, "national", "full", 18, await sources.clock(mirror.database)
    )
    await mirror.sync(everything=True)
    (row,) = await mirror.rows("SELECT count(*) AS n FROM registry.fetch WHERE result = 'running'")
    assert row["n"] == 0
    assert await mirror.rows("SELECT kind FROM registry.fetch WHERE result = 'broken_off'")


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (applying, "apply"),
        (applying, "tell_of"),
        (conflicts, "settle"),
        (applying, "note_missing"),
        (absence, "tell_missing"),
        (sources, "write_set_aside"),
        (holding, "write_holds"),
        (accept, "_move_on"),
    ],
)
async def test_a_fault_within_the_transaction_leaves_nothing(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str
) -> None:
    (site,) = await untouched(mirror, 1)
    await mirror.platform.change({"uscc": site["uscc"], "address": "示例新街7号"})
    await mirror.platform.turn(bad_codes=1, mass_revoke=9)
    before = await everything(mirror)
    whole: Callable[..., Awaitable[Any]] = getattr(module, name)

    async def broken(*given: object, **named: object) -> None:
        await whole(*given, **named)
        raise RuntimeError("planted")

    monkeypatch.setattr(module, name, broken)
    with pytest.raises(RuntimeError, match="planted"):
        await mirror.sync(everything=True)
    assert await everything(mirror) == before
    monkeypatch.undo()
    assert (await mirror.sync(everything=True)).withheld == {"mass_revocation": 9}


class Overtaken(httpx.AsyncBaseTransport):
    """A line on which another process syncs just before the first file comes."""

    def __init__(
        self, line: httpx.AsyncBaseTransport, other: Callable[[], Awaitable[Outcome]]
    ) -> None:
        self.line = line
        self.other: Callable[[], Awaitable[Outcome]] | None = other

    async def handle_async_request(  # tidy: allow banned-name - httpx's own word
        self, request: httpx.Request
    ) -> httpx.Response:
        if self.other and request.url.path != "/manifest":
            other, self.other = self.other, None
            await other()
        return await self.line.handle_async_request(request)


@pytest.mark.parametrize("is_full", [True, False])
async def test_an_older_version_never_comes_after_a_newer_one(
    mirror: Mirror, *, is_full: bool
) -> None:
    first, second = await untouched(mirror, 2)
    await mirror.revoke(first)

    async def other() -> Outcome:
        await mirror.revoke(second)
        return await mirror.sync()

    async with httpx.AsyncClient(transport=Overtaken(WithoutNetwork(mirror.app), other)) as client:
        slow = Syncing(mirror.database, client, {"national": 1}, https_only=False, pause_s=0)
        outcome = await slow.sync(mirror.source, everything=is_full)
    assert outcome.result == "overtaken"
    assert await differences(mirror) == []
    assert sorted(await mirror.freezing()) == sorted([first["uscc"], second["uscc"]])


async def test_two_processes_at_once_tell_once(mirror: Mirror) -> None:
    sites = await untouched(mirror, 4)
    async with httpx.AsyncClient(transport=WithoutNetwork(mirror.app)) as client:
        other = Syncing(mirror.database, client, {"national": 1}, https_only=False, pause_s=0)
        for site in sites:
            await mirror.revoke(site)
            await asyncio.gather(mirror.sync(), other.sync(mirror.source))
    assert sorted(await mirror.freezing()) == sorted(one["uscc"] for one in sites)
    assert await differences(mirror) == []


async def test_who_applies_waits_for_who_applies(mirror: Mirror) -> None:
    (site,) = await untouched(mirror, 1)
    await mirror.revoke(site)
    async with mirror.database.ledger() as tx:
        await applying.lock(tx)
        task = asyncio.create_task(mirror.sync())
        while not await mirror.rows(WAITING):
            await asyncio.wait([task], timeout=0.01)
            assert not task.done()
    assert (await task).result == "applied"


WAITING = (
    "SELECT 1 FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database"
    " WHERE l.locktype = 'advisory' AND NOT l.granted AND d.datname = current_database()"
)


A_COLUMN = {
    "statement": "place",
    "set_aside": "place",
    "event": "type",
    "fetch_part": "name",
    "held_site": "district_code",
    "hold_vote": "reason",
}


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("change", ["UPDATE {} SET {} = NULL", "DELETE FROM {}", "TRUNCATE {}"])
async def test_what_was_said_is_never_changed(owner_url: str, table: str, change: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        run_sql(registry_url(owner_url), change.format(f"registry.{table}", A_COLUMN[table]))
